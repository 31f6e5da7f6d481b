"""What else was told about the police in the same town and weeks?  Two people's codes, the source's own tone, or nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
from scipy import stats

from commonbeat.errors import BadInput
from commonbeat.estimate import Estimate, plain
from commonbeat.tables import as_polars

__all__ = ["CODES", "LEAST_CODED", "Balance", "kappa", "narrative_balance"]

CODES = ("positive", "neutral", "negative")
LEAST_CODED = 300  #: items both people have coded before a balance is shown
LEAST_KAPPA = 0.6  #: lower bound of agreement under which the codes are shown as disputed


@dataclass(frozen=True, slots=True)
class Balance:
    """verdict : "measured", "disputed" (the coders agree too little), "source_tone" (not coded; the news source's own) or
               "not_measured"
    shares     : share of items per code with interval; kappa: agreement of the two coders
    items, coded : how many items there are, and how many both have coded; unlabelled: share not coded by both
    weeks      : week (Monday), items, mean share per code
    """

    verdict: str
    shares: dict
    kappa: Estimate | None
    items: int
    coded: int
    unlabelled: float
    weeks: tuple[dict, ...]
    why: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def narrative_balance(items, *, neutral=1.0, level=0.95) -> Balance:
    """How much of the coverage of the police was good, neutral or bad news?

    items   : one row per item of coverage; columns first and second (codes of two people, empty where not coded), or
              tone (the source's own, GDELT); at or week where known
    neutral : tones from -neutral to +neutral count as neutral, when there are no codes
    Never mixes the two: coded items decide as soon as both people have coded 300.
    """
    table = as_polars(items)
    if {"first", "second"} <= set(table.columns):
        both = table.filter(
            pl.col("first").is_not_null()
            & pl.col("second").is_not_null()
            & (pl.col("first") != "")
            & (pl.col("second") != "")
        )
        if len(both) >= LEAST_CODED:
            return _coded(table, both, level)
        if "tone" not in table.columns:
            return _nothing(
                len(table), len(both), f"{len(both)} items are coded by two people; {LEAST_CODED} are needed."
            )
    if "tone" not in table.columns or not table["tone"].count():
        return _nothing(len(table), 0, "Nobody coded these items, and their source gives no tone.")
    return _toned(table, neutral, level)


def kappa(first, second, *, codes=CODES, level=0.95) -> Estimate:
    """How far do two people agree beyond chance?  Cohen's kappa with its large-sample interval (Fleiss, Cohen & Everitt 1969)."""
    first, second = list(first), list(second)
    wrong = next((v for v in (*first, *second) if v not in codes), None)
    if wrong is not None:
        raise BadInput(f'a code is "{wrong}"; use {", ".join(codes)}.')
    n, k = len(first), len(codes)
    if n < 2:
        return Estimate(None, n=n, method="Cohen's kappa")
    p = np.zeros((k, k))
    np.add.at(p, ([codes.index(v) for v in first], [codes.index(v) for v in second]), 1 / n)
    row, column = p.sum(1), p.sum(0)
    seen, chance = np.trace(p), row @ column
    if chance >= 1 - 1e-12:
        return Estimate(
            None,
            n=n,
            method="Cohen's kappa",
            cautions=("Both used one code only; agreement beyond chance cannot be told.",),
        )
    value = (seen - chance) / (1 - chance)
    diagonal = (np.diag(p) * ((1 - chance) - (row + column) * (1 - seen)) ** 2).sum()
    off = p * (column[:, None] + row[None, :]) ** 2
    around = (1 - seen) ** 2 * (off.sum() - np.trace(off)) - (seen * chance - 2 * chance + seen) ** 2
    error = np.sqrt(max(diagonal + around, 0.0) / n) / (1 - chance) ** 2
    half = stats.norm.ppf((1 + level) / 2) * error
    return Estimate(
        value,
        std_error=error,
        low=max(value - half, -1.0),
        high=min(value + half, 1.0),
        level=level,
        n=n,
        method="Cohen's kappa",
    )


def _coded(table, both, level) -> Balance:
    agreement = kappa(both["first"], both["second"], level=level)
    each = {
        c: ((both["first"] == c).cast(pl.Float64) + (both["second"] == c).cast(pl.Float64)).to_numpy() / 2
        for c in CODES
    }
    shares = {c: _mean(x, level, "mean of two coders") for c, x in each.items()}
    disputed = agreement.low is None or agreement.low < LEAST_KAPPA
    why = f"Two people coded {len(both)} of {len(table)} items." + (
        " They agree too little for the shares to be relied on." if disputed else ""
    )
    return Balance(
        "disputed" if disputed else "measured",
        shares,
        agreement,
        len(table),
        len(both),
        1 - len(both) / len(table),
        _weeks(both, each),
        why,
    )


def _toned(table, neutral, level) -> Balance:
    known = table.filter(pl.col("tone").is_not_null())
    x = known["tone"].cast(pl.Float64).to_numpy()
    each = {
        "positive": (x > neutral) * 1.0,
        "neutral": (np.abs(x) <= neutral) * 1.0,
        "negative": (x < -neutral) * 1.0,
    }
    shares = {c: _mean(v, level, "the source's own tone") for c, v in each.items()}
    why = f"Not coded by people: the tone is the news source's own, within {neutral:g} of zero counted as neutral."
    return Balance("source_tone", shares, None, len(table), 0, 1 - len(known) / len(table), _weeks(known, each), why)


def _nothing(items, coded, why) -> Balance:
    return Balance(
        "not_measured", dict.fromkeys(CODES), None, items, coded, 1.0 if not items else 1 - coded / items, (), why
    )


def _mean(x, level, method):
    error = x.std(ddof=1) / np.sqrt(x.size) if x.size > 1 else None
    if not error:
        return Estimate(x.mean() if x.size else None, n=x.size, method=method)
    half = stats.t.ppf((1 + level) / 2, x.size - 1) * error
    return Estimate(
        x.mean(),
        std_error=error,
        low=max(x.mean() - half, 0.0),
        high=min(x.mean() + half, 1.0),
        level=level,
        n=x.size,
        method=method,
    )


def _weeks(rows, each):
    if "at" not in rows.columns or not rows.schema["at"].is_temporal():
        return ()
    frame = pl.DataFrame({"week": rows["at"].dt.truncate("1w").dt.date(), **each})
    by = frame.group_by("week").agg(pl.len().alias("items"), *(pl.col(c).mean() for c in CODES)).sort("week")
    return tuple(by.iter_rows(named=True))
