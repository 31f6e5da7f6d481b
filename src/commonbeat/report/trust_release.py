"""What may leave of the trust room: every number with how sure it is, and no small cell, nor what would give one away."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import NormalDist

from commonbeat.estimate import Estimate, plain
from commonbeat.privacy import BANDED_BELOW, FLOOR
from commonbeat.stats import wilson

__all__ = ["HIDDEN", "public", "public_dict", "public_group"]

HIDDEN = f"hidden: fewer than {FLOOR} people, or it would give such a group away"


def public(e: Estimate) -> Estimate:
    """An estimate as it may leave: nothing under the floor, whole points where few people stand behind it."""
    if e.n is None:
        return e
    if e.n < FLOOR:
        return _hidden(e)
    if e.n < BANDED_BELOW and e.value is not None:
        low, high = (None if v is None else round(v) for v in (e.low, e.high))
        return replace(e, value=round(e.value), low=low, high=high, std_error=None)
    return e


def public_group(levels, *, total=True) -> list[tuple[str, Estimate]]:
    """Groups of one breakdown as they may leave. Where the total is known and one group is hidden, the total less the
    others gives it away, so the next smallest is hidden with it."""
    shown = [(str(name), public(e)) for name, e in levels]
    small = [k for k, (_, e) in enumerate(levels) if e.n is not None and e.n < FLOOR]
    if total and len(small) == 1 and len(shown) > 1:
        rest = [k for k in range(len(shown)) if k not in small]
        also = min(rest, key=lambda k: levels[k][1].n or 0)
        shown[also] = (shown[also][0], _hidden(levels[also][1]))
    return shown


def _hidden(e: Estimate) -> Estimate:
    return Estimate(None, level=e.level, n=None, unit=e.unit, method=e.method, cautions=(HIDDEN,))


def public_dict(found, *, analyst=False) -> dict:
    """What the command prints as JSON: every number with value, low, high, level, n, unit, method and cautions."""
    return plain({"by": found.by, "sections": [_section_dict(s, analyst) for s in found.sections]})


def _section_dict(s, analyst) -> dict:
    door = (lambda e: e) if analyst else public
    group = list if analyst else public_group
    few = s.score.n is not None and s.score.n < FLOOR and not analyst
    waves = (
        []
        if s.track is None
        else group(list(zip(s.track.waves, s.track.levels, strict=True)), **({} if analyst else {"total": False}))
    )
    steps = [] if s.track is None else [
        {
            "since": x.since, "until": x.until, "all_answers": _shown(door(x.all_answers)), "same_people": _shown(door(x.same_people)) if x.same_people else None,
            "stayed": _stayed(x) if analyst or (x.same_people and (x.same_people.n or 0) >= BANDED_BELOW) else None,
        }
        for x in s.track.steps
    ]  # fmt: skip
    areas = [] if s.areas is None else [
        {"area": a, "own_share": o, **_shown(e if e.n == 0 or analyst else public(e))}
        for a, o, e in zip(s.areas.names, s.areas.own_share, s.areas.estimates, strict=True)
    ]  # fmt: skip
    return {
        "plan": s.plan, "side": s.side, "questionnaire": s.questionnaire, "sample": s.sample,
        "people": s.people if analyst or s.people >= FLOOR else None,
        "score": _shown(door(s.score)), "measures": {k: _shown(door(e)) for k, e in s.measures},
        "by": None if s.by is None else {k: _shown(e) for k, e in group(list(s.by))},
        "comparable": None if s.comparable is None else {"holds": s.comparable.holds, "means_compare": s.comparable.means_compare, "cautions": s.comparable.cautions},
        "waves": [{"wave": w, **_shown(e)} for w, e in waves], "steps": steps,
        "changes": None if s.track is None or few else _changes(s.track), "areas": areas,
        "reliability": None if s.reliability is None or few else {"alpha": s.reliability.alpha, "omega": _omega(s.reliability), "cautions": s.reliability.cautions},
        "careless": {"everybody": _shown(door(s.careless.everybody)), "without_flagged": _shown(door(s.careless.without_flagged)),
                     "flagged": s.careless.flagged if analyst or s.careless.flagged >= FLOOR else None},
        "weighting": None if s.weighting is None else s.weighting, "cautions": s.cautions,
    }  # fmt: skip


def _shown(e) -> dict:
    return e.to_dict()


def _stayed(step) -> dict | None:
    """Which share of those asked before answered again, with Wilson's interval."""
    if step.stayed is None or step.same_people is None or not step.stayed:
        return None
    again = step.same_people.n or 0
    asked = round(again / step.stayed)
    low, high = (float(v) for v in wilson(again, asked))
    return Estimate(step.stayed, low=low, high=high, n=asked, unit="share", method="share, Wilson interval").to_dict()


def _omega(r) -> dict | None:
    if r.omega is None:
        return None
    method = "omega of one factor by maximum likelihood (McDonald 1999)"
    return Estimate(
        r.omega, level=r.alpha.level, n=r.alpha.n, unit="share of variance", method=method, cautions=("no interval is given: see alpha's",)
    ).to_dict()  # fmt: skip


def _changes(track) -> dict | None:
    """Where the series changed, each level with the error that its waves leave it."""
    found = track.changes
    if found is None:
        return None
    edges = [0, *found.breaks, len(track.levels)]
    levels = [_mean(track.levels[a:b]) for a, b in pairwise(edges)]
    waves = [track.waves[k] for k in found.breaks]
    return {
        "waves": waves, "p_value": found.p_value, "false_alarm": found.false_alarm, "method": found.method,
        "levels": [_shown(public(e)) for e in levels],
    }  # fmt: skip


def _mean(levels) -> Estimate:
    """Mean of the waves of one stretch, each by its precision, as the search for changes weighs them."""
    told = [e for e in levels if e.value is not None and e.std_error]
    weight = [1 / e.std_error**2 for e in told]
    value = sum(w * e.value for w, e in zip(weight, told, strict=True)) / sum(weight)
    error, z = sum(weight) ** -0.5, NormalDist().inv_cdf((1 + told[0].level) / 2)
    n = sum(e.n or 0 for e in told)
    return Estimate(
        value,
        error,
        None,
        value - z * error,
        value + z * error,
        told[0].level,
        n,
        "points, 0-100",
        "mean of waves by precision, normal",
    )
