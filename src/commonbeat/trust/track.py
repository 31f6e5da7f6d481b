"""Is trust rising or falling? Levels wave by wave, what the same people say apart from what different people say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.changes import LEAST_POINTS, Changes, changepoints
from commonbeat.errors import BadInput, Problem, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.trust.columns import labels, numbers
from commonbeat.trust.levels import Level
from commonbeat.trust.survey import estimate_level

__all__ = ["Step", "Track", "track"]


@dataclass(frozen=True, slots=True)
class Step:
    """What changed from one wave to a later one.

    all_answers : everybody of each wave, whoever they are
    same_people : people who answered both times, each compared with himself or herself; None when nobody can be followed
    stayed      : share of the earlier wave that answered the later one
    """

    since: str
    until: str
    all_answers: Estimate
    same_people: Estimate | None
    stayed: float | None


@dataclass(frozen=True, slots=True)
class Track:
    """Trust over time.

    waves, levels : a Level for each wave in order
    steps         : from each wave to the next, then from the first to the last
    changes       : where the series changed beyond noise; None with fewer than four waves or without intervals
    kind          : "panel" (the same people), "cross_sections" (different people) or "mixed"
    """

    waves: tuple[str, ...]
    levels: tuple[Level, ...]
    steps: tuple[Step, ...]
    changes: Changes | None
    kind: str
    cautions: tuple[str, ...]

    def tidy(self) -> pl.DataFrame:
        """A row for each wave: wave, estimate, std_error, df, conf_low, conf_high, n."""
        rows = [
            {
                "wave": w, "estimate": x.value, "std_error": x.std_error, "df": x.df, "conf_low": x.low,
                "conf_high": x.high, "n": x.n,
            }
            for w, x in zip(self.waves, self.levels, strict=True)
        ]  # fmt: skip
        floats = dict.fromkeys(("estimate", "std_error", "df", "conf_low", "conf_high"), pl.Float64)
        return pl.DataFrame(rows, schema_overrides=floats | {"n": pl.Int64})

    def to_dict(self) -> dict:
        steps = [
            {
                "since": s.since,
                "until": s.until,
                "all_answers": s.all_answers,
                "same_people": s.same_people,
                "stayed": s.stayed,
            }
            for s in self.steps
        ]
        levels = [{"wave": w, **x.to_dict()} for w, x in zip(self.waves, self.levels, strict=True)]
        return plain(
            {"kind": self.kind, "waves": levels, "steps": steps, "changes": self.changes, "cautions": self.cautions}
        )


def track(
    y, wave, *, person=None, weights=None, strata=None, cluster=None, sample="probability", level=0.95, rng=None, fewest=2
) -> Track:  # fmt: skip
    """Is trust rising or falling, and is it the people or their minds that changed?

    y      : (answers,) a score each; wave : (answers,) a number, a date or a name that sorts in order
    person : (answers,) who answered, where the same people were asked again
    rng    : seed of the noise that changepoints are tested against; needed for four waves or more
    Answers of one person in two waves are not independent: without clusters the person is the cluster.
    Raises BadInput when a person answers twice in one wave, TooFew with fewer than two waves.
    """
    value = numbers(y, "y")
    codes, waves = _waves(wave, len(value))
    if len(waves) < 2:
        raise TooFew(f"There is one wave ({waves[0]}): a change needs at least two.")
    people = None if person is None else labels(person, "person", rows=len(value))[0]
    if people is not None:
        _once(people, codes, waves)
    design = {
        "weights": weights, "strata": strata, "level": level, "sample": sample,
        "cluster": cluster if cluster is not None else None if people is None else _alone(people),
    }  # fmt: skip
    by = estimate_level(value, by=[waves[c] for c in codes], fewest=fewest, **design)
    pairs = [(k, k + 1) for k in range(len(waves) - 1)] + ([(0, len(waves) - 1)] if len(waves) > 2 else [])
    steps = tuple(_step(value, codes, waves, people, a, b, by, design, fewest) for a, b in pairs)
    levels = tuple(by[w] for w in waves)
    kind = _kind(steps)
    return Track(tuple(waves), levels, steps, _changes(levels, rng, sample), kind, tuple(_cautions(kind, steps)))


def _step(value, codes, waves, people, a, b, by, design, fewest) -> Step:
    if design["sample"] == "probability":
        whole = by.contrast({waves[b]: 1, waves[a]: -1})
    else:
        pair = [by[waves[k]].value for k in (a, b)]
        gone = None in pair
        whole = Estimate(None if gone else pair[1] - pair[0], n=sum(by[waves[k]].n for k in (a, b)), unit="answer",
                         method="difference", cautions=by[waves[b]].cautions[:1])  # fmt: skip
    if people is None:
        return Step(waves[a], waves[b], whole, None, None)
    told = ~np.isnan(value)
    first = {p: i for i, p in zip(np.flatnonzero((codes == a) & told), people[(codes == a) & told], strict=True)}
    rows = [
        (first[p], i)
        for i, p in zip(np.flatnonzero((codes == b) & told), people[(codes == b) & told], strict=True)
        if p in first
    ]
    stayed = len(rows) / len(first) if first else None
    if not rows:
        return Step(waves[a], waves[b], whole, None, stayed)
    early, late = np.array(rows).T
    inner = {
        k: (None if v is None or isinstance(v, (str, float)) else np.asarray(v)[late]) for k, v in design.items()
    }
    inner |= {"level": design["level"], "sample": design["sample"]}
    same = estimate_level(value[late] - value[early], fewest=fewest, lonely_psu="adjust", **inner)
    same = same.with_caution(
        f"Rests on the {len(rows):,} of {len(first):,} people who answered again; those who left may differ."
    )
    return Step(waves[a], waves[b], whole, same, stayed)


def _waves(wave, rows):
    raw = wave.to_numpy() if hasattr(wave, "to_numpy") else np.asarray(wave)
    if len(raw) != rows:
        raise BadInput(f"`wave` has {len(raw)} values where {rows} were needed: one for each answer.")
    try:
        order, codes = np.unique(raw, return_inverse=True)  # numbers and dates sort as themselves, not as words
    except TypeError:
        raise BadInput("`wave` mixes numbers and words, so the waves have no order. Use one kind.") from None
    if (order.dtype.kind == "f" and np.isnan(order).any()) or None in order.tolist():
        raise BadInput("`wave` is missing for some answers: when were they given?")
    return codes, [
        str(w)[:10] if order.dtype.kind == "M" else str(w) for w in order.tolist()
    ] if order.dtype.kind != "M" else [str(w)[:10] for w in order.astype("datetime64[D]")]


def _once(people, codes, waves):
    pair = np.column_stack([people, codes])[people >= 0]
    rows = np.flatnonzero(people >= 0)
    _, first, count = np.unique(pair, axis=0, return_index=True, return_counts=True)
    if (count > 1).any():
        again = [
            Problem(
                f"this person has {c} answers in wave {waves[codes[rows[i]]]}; one was expected.",
                line=int(rows[i]) + 1,
            )
            for i, c in zip(first[count > 1][:20], count[count > 1][:20], strict=True)
        ]
        raise BadInput(problems=again)


def _alone(people):
    """Nobody named stands alone: an unknown person is a cluster of one."""
    alone = people.copy()
    unknown = alone < 0
    alone[unknown] = alone.max() + 1 + np.arange(unknown.sum())
    return alone


def _changes(levels, rng, sample):
    told = [x for x in levels if x.value is not None]
    if rng is None or sample != "probability" or len(told) < max(LEAST_POINTS, len(levels)):
        return None
    errors = [x.std_error for x in told]
    if not all(e and e > 0 for e in errors):
        return None
    return changepoints([x.value for x in told], rng=np.random.default_rng(rng), std_error=errors)


def _kind(steps):
    stayed = [s.stayed for s in steps if s.stayed is not None]
    if not stayed or max(stayed) == 0:
        return "cross_sections"
    return "panel" if min(stayed) > 0.5 else "mixed"


def _cautions(kind, steps):
    if kind == "cross_sections":
        yield "Different people were asked each time: a change may be of minds or of who answered."
    lost = [s for s in steps if s.stayed is not None and 0 < s.stayed < 0.8]
    if lost:
        worst = min(lost, key=lambda s: s.stayed)
        yield f"From {worst.since} to {worst.until} {worst.stayed:.0%} of the people answered again; what those who left think is unknown."
