"""Is the record honest?  Questions for a person, by unit, never by officer; with the chance of a false alarm stated.

Nothing here ranks anybody. Officer references are read by one test only (impossible travel), stay inside it, and units with
fewer than ten officers are taken together, so that no answer points at one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from scipy import stats as law

from commonbeat.encounters.narratives import near_duplicates, says_nothing
from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.privacy import OFFICER_FLOOR
from commonbeat.stats import holm, wilson

__all__ = ["CODES", "Integrity", "Question", "agreement", "integrity"]

#: code -> is it a test against chance, or counted
CODES = {
    "month_end": True, "round_times": True, "same_words": True, "doubled_after_target": True,
    "says_nothing": False, "recorded_late": False, "impossible_travel": False,
}  # fmt: skip
SMALL = "smaller units together"
ALPHA = 0.05  #: chance that an honest record raises any tested question at all (Holm over all of them)
LATE_HOURS, MANY = 48, 0.10  #: counted questions are raised from this share on
KM_PER_HOUR, SLACK_KM = 150.0, 1.0  #: faster than this between two entries is impossible; coordinates are rounded
LAST_DAYS = 3  #: of a month
LEAST, LEAST_MONTHS = 10, 6  #: entries and months below which a test is not made


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person should ask about.

    code : of CODES;  unit: a unit or None for all;  n: entries looked at;  found: how many of them;  expected: by chance or habit
    p    : corrected over all tests (Holm), so that an honest record raises any with at most 5 %; None for what is counted
    """

    code: str
    unit: str | None
    n: int
    found: int
    expected: float | None
    p: float | None

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


@dataclass(frozen=True, slots=True)
class Integrity:
    """The questions raised, how many tests were made, and how often residents confirm what officers wrote.

    agreement : share of positive contacts in which the resident's own word agrees with the officer's, of those with both
    answered  : how many residents answered, of how many positive contacts
    """

    questions: tuple[Question, ...]
    tests: int
    false_alarm: float
    agreement: Estimate | None
    answered: tuple[int, int]
    cautions: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def integrity(contacts, *, announced: date | None = None, zone="UTC", seed=0, draws=4_999) -> Integrity:
    """What should a person ask about this record of positive contacts?

    contacts  : the codebook's table; contacts of a programme are left out, since somebody else plans their days
    announced : the day a target was announced, to ask whether the record doubled after it
    Raises TooFew under 10 positive contacts.
    Method: month ends, sign-flip test over months; round times, exact test against the unit's own other entries;
    same words, near-duplicates (MinHash) against units exchanged; doubling, rank among all other days. Holm over all.
    """
    rows = _with_units(contacts.lazy().collect() if isinstance(contacts, pl.LazyFrame) else contacts, zone)
    own = rows.filter((pl.col("kind") == "positive") & pl.col("programme").is_null())
    if len(own) < LEAST:
        raise TooFew(f"There are {len(own)} positive contacts outside programmes; these checks need {LEAST}.")
    rng = np.random.default_rng(seed)
    tested = [*_month_ends(own, rng, draws), *_round_times(own, rows), *_same_words(own, rng)]
    if announced:
        tested += _doubled(own, announced)
    p = holm([q.p for q in tested])
    raised = [_with_p(q, x) for q, x in zip(tested, p) if x <= ALPHA]
    counted = [q for q in (*_nothing_said(own), *_late(own), *_travel(own)) if q]
    share, answered = agreement(own)
    cautions = () if len(tested) else ("too_few_for_any_test",)
    return Integrity(tuple(raised + counted), len(tested), ALPHA, share, answered, cautions)


def agreement(contacts, *, level=0.95) -> tuple[Estimate | None, tuple[int, int]]:
    """How often does the resident's own word agree with the officer's on being free to leave?  -> (share, (answered, of))."""
    words = contacts.lazy().filter(pl.col("kind") == "positive")
    officer, resident = (pl.col(f"free_to_leave_{w}").cast(pl.String) for w in ("officer", "resident"))
    both = officer.is_in(["yes", "no"]) & resident.is_in(["yes", "no"])
    n, k, answered, of = (
        words.select(both.sum().alias("n"), (both & (officer == resident)).sum().alias("k"), resident.is_not_null().sum().alias("a"), pl.len().alias("of"))
        .collect().row(0)
    )  # fmt: skip
    if not n:
        return None, (answered, of)
    low, high = (float(x) for x in wilson(k, n, level=level))
    return Estimate(k / n, low=low, high=high, level=level, n=n, unit="share", method="Wilson interval"), (
        answered,
        of,
    )


def _with_units(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Local times, and units of fewer than ten officers taken together. A unit whose officers nobody counted stays whole."""
    officers = rows.group_by("unit").agg(pl.col("officer_ref").drop_nulls().n_unique().alias("officers"))
    small = officers.filter(pl.col("officers").is_between(1, OFFICER_FLOOR - 1))["unit"]
    return rows.with_columns(
        pl.col("at").dt.convert_time_zone(zone).alias("local"),
        pl.when(pl.col("unit").is_in(small.implode())).then(pl.lit(SMALL)).otherwise("unit").alias("unit"),
    )


def _parts(own: pl.DataFrame):
    """The whole record, then each unit with enough entries."""
    yield None, own
    units = own["unit"].drop_nulls().unique().sort()
    if len(units) > 1:
        for unit in units:
            part = own.filter(pl.col("unit") == unit)
            if len(part) >= LEAST:
                yield unit, part


def _month_ends(own: pl.DataFrame, rng, draws: int):
    """More in the last three days of months than the rest of the same months would let expect?

    A month's surplus is as likely negative as positive in an honest record, however its contacts cluster.
    """
    days = pl.col("local").dt.date()
    for unit, part in _parts(own):
        day = part.select(
            days.alias("d"),
            (days.dt.month_end() - days).dt.total_days().alias("left"),
            days.dt.truncate("1mo").alias("m"),
        )
        whole = day.filter(
            (pl.col("m") > day["m"].min()) & (pl.col("m") < day["m"].max())
        )  # first and last month are cut
        months = whole.group_by("m").agg(pl.len().alias("n"), (pl.col("left") < LAST_DAYS).sum().alias("end"),
                                         (LAST_DAYS / pl.col("m").dt.month_end().dt.day()).first().alias("share")).sort("m")  # fmt: skip
        if len(months) < LEAST_MONTHS:
            continue
        surplus = (months["end"] - months["n"] * months["share"]).to_numpy()
        flips = rng.choice([-1.0, 1.0], (draws, len(surplus))) @ surplus
        p = (1 + (flips >= surplus.sum() - 1e-9).sum()) / (draws + 1)
        n, found = int(months["n"].sum()), int(months["end"].sum())
        yield Question("month_end", unit, n, found, float((months["n"] * months["share"]).sum()), float(p))


def _round_times(own: pl.DataFrame, rows: pl.DataFrame):
    """Stamped at full and half hours more often than the same unit stamps its other entries?"""
    on_the_half = (pl.col("local").dt.minute() % 30 == 0) & (pl.col("local").dt.second() == 0)
    others = rows.filter(pl.col("kind") != "positive")
    for unit, part in _parts(own):
        habit = others if unit is None else others.filter(pl.col("unit") == unit)
        if len(habit) < LEAST * 5:
            continue
        k, n = int(part.select(on_the_half.sum()).item()), len(part)
        k0, n0 = int(habit.select(on_the_half.sum()).item()), len(habit)
        p = float(law.hypergeom.sf(k - 1, n + n0, k + k0, n))
        yield Question("round_times", unit, n, k, n * k0 / n0, p)


def _same_words(own: pl.DataFrame, rng, draws=999):
    """Near-identical sentences within a unit, more than if the same sentences were dealt to the units by chance?"""
    told = own.filter(pl.col("happened").is_not_null(), pl.col("unit").is_not_null())
    units = told["unit"].unique().sort().to_list()
    if len(told) < LEAST or len(units) < 2:
        return
    pairs = near_duplicates(told["happened"].to_list())
    if not len(pairs):
        return
    label = np.array([units.index(u) for u in told["unit"]])
    seen = _pairs_within(label, pairs, len(units))
    chance = np.array([_pairs_within(rng.permutation(label), pairs, len(units)) for _ in range(draws)])
    size = np.bincount(label, minlength=len(units))
    for i, unit in enumerate(units):
        if size[i] >= LEAST:
            p = (1 + (chance[:, i] >= seen[i]).sum()) / (draws + 1)
            yield Question("same_words", unit, int(size[i]), int(seen[i]), float(chance[:, i].mean()), float(p))


def _pairs_within(label, pairs, units):
    a, b = label[pairs[:, 0]], label[pairs[:, 1]]
    return np.bincount(a[a == b], minlength=units)


def _doubled(own: pl.DataFrame, announced: date, weeks=8):
    """Did the eight weeks after the announcement hold so many more than the eight before, as no other day can show?"""
    span = 7 * weeks
    for unit, part in _parts(own):
        day = part.select(((pl.col("local").dt.date() - pl.lit(announced)).dt.total_days()).alias("d"))[
            "d"
        ].to_numpy()
        edges = np.arange(day.min() + span, day.max() - span + 1)
        if len(edges) < 3 * span or not edges[0] <= 0 <= edges[-1]:
            continue
        daily = np.bincount(day - day.min())
        total = np.concatenate([[0], np.cumsum(daily)])
        at = edges - day.min()
        after, before = total[at + span] - total[at], total[at] - total[at - span]
        jump = np.sqrt(after) - np.sqrt(before)
        here = int(np.flatnonzero(edges == 0)[0])
        far = np.abs(edges) >= 2 * span
        if far.sum() < span:
            continue
        p = (1 + (jump[far] >= jump[here]).sum()) / (far.sum() + 1)
        yield Question(
            "doubled_after_target",
            unit,
            int(after[here] + before[here]),
            int(after[here]),
            float(before[here]),
            float(p),
        )


def _nothing_said(own: pl.DataFrame):
    for unit, part in _parts(own):
        empty = sum(says_nothing(t) for t in part["happened"])
        yield _counted("says_nothing", unit, len(part), empty)


def _late(own: pl.DataFrame):
    late = (pl.col("recorded_at") - pl.col("at")).dt.total_hours() >= LATE_HOURS
    for unit, part in _parts(own.filter(pl.col("recorded_at").is_not_null())):
        yield _counted("recorded_late", unit, len(part), int(part.select(late.sum()).item()))


def _counted(code, unit, n, found) -> Question | None:
    return Question(code, unit, n, found, None, None) if found >= 5 and found >= MANY * n else None


def _travel(own: pl.DataFrame):
    """Two entries of one hand, too far apart for the time between; told as a number per unit, at least three."""
    hand = own.filter(
        pl.col("officer_ref").is_not_null(), pl.col("latitude").is_not_null(), pl.col("longitude").is_not_null()
    )
    hand = hand.sort("officer_ref", "at")
    before = pl.col("latitude", "longitude", "at").shift().over("officer_ref").name.suffix("_0")
    hand = hand.with_columns(before)
    north = (pl.col("latitude") - pl.col("latitude_0")) * 111.2
    east = (pl.col("longitude") - pl.col("longitude_0")) * 111.2 * pl.col("latitude").radians().cos()
    hours = (pl.col("at") - pl.col("at_0")).dt.total_seconds() / 3600
    far = ((north**2 + east**2).sqrt() - SLACK_KM) > KM_PER_HOUR * hours
    for unit, part in _parts(hand):
        found = int(part.select(far.sum()).item() or 0)
        if found >= 3:
            yield Question("impossible_travel", unit, len(part), found, None, None)


def _with_p(q: Question, p: float) -> Question:
    return Question(q.code, q.unit, q.n, q.found, q.expected, float(p))
