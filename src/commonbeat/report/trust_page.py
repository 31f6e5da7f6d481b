"""Trust on one page: levels with their intervals, group by group, area by area, wave by wave. Small cells stay inside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from commonbeat.estimate import Estimate, plain
from commonbeat.privacy import BANDED_BELOW, FLOOR
from commonbeat.report.charts import Chart, Table, dots, line_with_band
from commonbeat.report.page import page, write_page
from commonbeat.report.words import figure

__all__ = ["HIDDEN", "public", "public_group", "trust_page", "write_trust_page"]

HIDDEN = f"hidden: fewer than {FLOOR} people, or it would give such a group away"
SAMPLE_WORDS = {
    "probability": "drawn by chance",
    "panel": "a panel that people joined: not drawn by chance",
    "open_link": "whoever followed a link: not drawn by chance",
}


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
            "stayed": x.stayed if analyst or (x.same_people and (x.same_people.n or 0) >= BANDED_BELOW) else None,
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
        "changes": None if s.track is None or few else s.track.changes, "areas": areas,
        "reliability": None if s.reliability is None or few else {"alpha": s.reliability.alpha, "omega": s.reliability.omega, "cautions": s.reliability.cautions},
        "careless": {"everybody": _shown(door(s.careless.everybody)), "without_flagged": _shown(door(s.careless.without_flagged)),
                     "flagged": s.careless.flagged if analyst or s.careless.flagged >= FLOOR else None},
        "weighting": None if s.weighting is None else s.weighting, "cautions": s.cautions,
    }  # fmt: skip


def _shown(e) -> dict:
    return e.to_dict()


def trust_page(found, *, town="Commonbeat", simulated=False, snapshot=None, analyst=False) -> str:
    """HTML of one page for everything that was found."""
    blocks = []
    for s in found.sections:
        blocks += list(_blocks(s, found.by, analyst))
    return page(
        "section.html", title=f"Trust · {town}", heading="How are people treated, in their own words?", blocks=blocks, town=town,
        simulated=simulated, snapshot=snapshot, file="trust.html",
    )  # fmt: skip


def write_trust_page(path, found, **shown) -> Path:
    """Writes the page  -> its path."""
    path = Path(path)
    target = path / "trust.html" if path.is_dir() or not path.suffix else path
    write_page(target, trust_page(found, **shown))
    return target


def _block(kind, it):
    return {"kind": kind, "it": it}


def _blocks(s, by, analyst):
    group = list if analyst else public_group
    who = {"resident": "Residents", "officer": "Officers"}[s.side]
    name = f"{s.plan or 'study'}-{s.side}-{s.questionnaire}"
    yield _block("heading", {"text": f"{who}, {s.plan or 'no named study'} ({s.questionnaire})"})
    yield _block("words", {"text": f"{SAMPLE_WORDS[s.sample].capitalize()}.", "lead": False})
    yield _block("said", {"text": f"Score over all questions: {_words(s.score if analyst else public(s.score))}."})
    if s.cautions or s.score.cautions:
        yield _block("cautions", {"sentences": (*s.cautions, *s.score.cautions)})
    yield _block(
        "drawn",
        {
            "chart": _dots(
                f"{name}-measures", "By question", group(list(s.measures), **({} if analyst else {"total": False}))
            ),
            "key": (),
        },
    )
    if s.by is not None:
        yield _block("drawn", {"chart": _dots(f"{name}-by", f"By {by}", group(list(s.by))), "key": ()})
        yield _block("cautions", {"sentences": _comparable(s)})
    if s.track is not None:
        waves = group(list(zip(s.track.waves, s.track.levels, strict=True)), **({} if analyst else {"total": False}))
        yield _block("drawn", {"chart": _line(f"{name}-track", waves), "key": ()})
        yield _block("cautions", {"sentences": s.track.cautions})
    if s.areas is not None:
        yield _block("drawn", {"chart": _areas(f"{name}-areas", s.areas, analyst), "key": ()})


def _comparable(s):
    if s.comparable is None:
        return (
            "Too few people answered every question in some group to check whether the questions mean the same to all.",
        )
    return s.comparable.cautions


def _words(e: Estimate) -> str:
    if e.value is None:
        return e.cautions[0] if e.cautions else "cannot tell"
    n = f", n = {e.n:,}" if e.n is not None else ", published without n"
    if e.low is None or e.high is None:
        return f"{figure(e.value)} (no margin of error{n})"
    return f"{figure(e.value)} ({figure(e.low)} to {figure(e.high)}{n})"


def _table(title, pairs) -> Table:
    rows = tuple(
        (name, figure(e.value), figure(e.low), figure(e.high), "—" if e.n is None else f"{e.n:,}")
        for name, e in pairs
    )
    return Table(
        title,
        ("", "score, 0-100", "from", "to", "people"),
        rows,
        HIDDEN if any(HIDDEN in e.cautions for _, e in pairs) else "",
    )


def _rows(pairs):
    return [{"label": k, "value": e.value, "low": e.low, "high": e.high} for k, e in pairs]


def _dots(name, title, pairs) -> Chart:
    said = "; ".join(f"{k}: {_words(e)}" for k, e in pairs)
    return dots(
        _rows(pairs),
        name=name,
        title=title,
        axis="score, 0-100",
        table=_table(title, pairs),
        alternative=said,
        zero=False,
    )


def _line(name, waves) -> Chart:
    rows = [{"x": k, "value": e.value, "low": e.low, "high": e.high} for k, (_, e) in enumerate(waves)]
    said = "; ".join(f"{w}: {_words(e)}" for w, e in waves)
    return line_with_band(
        rows,
        name=name,
        title="Over time",
        axis="score, 0-100",
        x_axis=f"waves: {', '.join(w for w, _ in waves)}",
        table=_table("Over time", waves),
        alternative=said,
    )


def _areas(name, areas, analyst) -> Chart:
    pairs = [(a, e if analyst or e.n == 0 else public(e)) for a, e in zip(areas.names, areas.estimates, strict=True)]
    return _dots(name, "By area, borrowing strength from the others where few answered", pairs)
