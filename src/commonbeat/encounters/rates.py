"""Who is met, where and how?  Rates per resident with exact intervals, pooled rates, and a verdict per area."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from scipy import special

from commonbeat.encounters.counting import (
    KINDS,
    Record,
    Window,
    counted,
    midnight,
    record_of,
    residents_of,
    window_of,
)
from commonbeat.encounters.pooling import pooled
from commonbeat.encounters.ratios import positive_to_enforcement, rate_ratio, within_areas
from commonbeat.encounters.results import Cell, Equity, Rate, Versus
from commonbeat.errors import TooFew
from commonbeat.stats import benjamini_hochberg, garwood

__all__ = ["FDR", "PER", "equity", "rates"]

PER = 1_000  #: residents
FDR = 0.05  #: share of false "above the town" among all verdicts of that kind
FEWEST = 5  #: expected contacts below which no verdict is given
_METHOD = (
    "Contacts per 1,000 residents and year; exact intervals (Garwood); pooled: gamma-Poisson over areas; verdict: exact "
    "conditional test against the rest of the town, one-sided, Benjamini-Hochberg over all areas and groups"
)


def rates(contacts, population, *, window: tuple[date, date] | None = None, zone="UTC", level=0.95) -> Equity:
    """How often are people met, area by area, and in which way?  Both kinds side by side, for everybody together.

    contacts, population : tables of the codebook (frames, lazy or not);  window: first and last day, else the record's span
    zone : the town's own, for its days.  Raises TooFew for an empty or very short record.
    """
    return equity(contacts, population, window=window, zone=zone, level=level)


def equity(
    contacts, population, *, people=None, by: str | None = None, against: str | None = None,
    window: tuple[date, date] | None = None, zone="UTC", level=0.95,
) -> Equity:  # fmt: skip
    """Who gets which kind of contact, by area and group?

    people  : table of groups present; by: race, age_band or sex
    against : the group others are compared with; None: the one with most residents
    The denominator is residents, and residents are not everyone present: said in `cautions`, never corrected silently.
    """
    record = record_of(contacts, ids=by is not None)
    span = window_of(record, window, zone)
    counts = counted(record, span, zone, people=people, by=by)
    table = cells_of(counts, residents_of(population, by), by)
    scatter = {kind: _dispersion(record, span, zone, kind) for kind in KINDS}
    cells = _with_verdicts(table, span, by, scatter, level)
    everybody = counts if by is None else counted(record, span, zone)
    town = _town(everybody, residents_of(population), span, scatter, level)
    without = sorted(
        {c.area for c in cells if c.area is not None and c.verdict == "no_denominator" and c.group is None}
    )
    if by is not None:
        without = sorted({*table["area_id"].drop_nulls()} - {*residents_of(population)["area_id"]})
    groups = _town_groups(table, span, scatter, level) if by else ()
    versus = _versus(table, against, level) if by else ()
    return Equity(
        span, by, town, groups, cells, versus, scatter["enforcement"], record.simulated, level, FDR, tuple(without), _METHOD,
        _cautions(cells, scatter, without, by),
    )  # fmt: skip


def cells_of(counts: pl.DataFrame, residents: pl.DataFrame, by: str | None) -> pl.DataFrame:
    """One row per area and group, with a column per kind: areas where nobody was met are rows too."""
    on = ["area_id", "group"] if by else ["area_id"]
    wide = counts.pivot("kind", index=on, values="count", aggregate_function="sum")
    missing = [pl.lit(0, pl.Int64).alias(k) for k in KINDS if k not in wide.columns]
    wide = wide.with_columns(missing).select(*on, *KINDS)
    both = wide.join(residents, on=on, how="full", coalesce=True, nulls_equal=True)
    both = both.with_columns(pl.col(KINDS).fill_null(0))
    return both.sort(on, nulls_last=True)


def _with_verdicts(table: pl.DataFrame, span: Window, by, scatter, level) -> tuple[Cell, ...]:
    groups = table["group"].unique(maintain_order=True).to_list() if by else [None]
    numbers = {k: _numbers(table, k, groups, by, span, scatter[k], level) for k in KINDS}
    phi = scatter["enforcement"]
    p = np.full(len(table), np.nan)
    for g in groups:
        rows = _rows_of(table, g, by)
        p[rows] = _p_above(table["enforcement"].to_numpy()[rows], table["residents"].to_numpy()[rows], phi)
    q = benjamini_hochberg(p)
    ratios = positive_to_enforcement(table["positive"].to_numpy(), table["enforcement"].to_numpy(), level=level)
    group = table["group"].to_list() if by else [None] * len(table)
    columns = (table["area_id"].to_list(), group, *(numbers[k] for k in KINDS), table["residents"].to_list(), p, q,
               _all_known(q), zip(*map(_all_known, ratios)))  # fmt: skip
    return tuple(
        Cell(area, g, *kinds, _verdict(area, residents, chance, fdr), shown, ratio)
        for area, g, *kinds, residents, chance, fdr, shown, ratio in zip(*columns)
    )


def _numbers(table: pl.DataFrame, kind: str, groups, by, span: Window, phi, level) -> list[Rate]:
    count = table[kind].to_numpy()
    exposure = table["residents"].cast(pl.Float64).fill_null(np.nan).to_numpy() * span.years / PER
    low, high = garwood(count, np.nan_to_num(exposure), level=level)
    borrowed = np.full((len(table), 3), np.nan)
    for g in groups:
        rows = _rows_of(table, g, by)
        borrowed[rows] = np.column_stack(pooled(count[rows], exposure[rows], level=level))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(exposure > 0, count / exposure, np.nan)
    shared = [None if np.isnan(b[0]) else tuple(b) for b in borrowed.tolist()]
    wide = _widened(count, exposure, phi, level)
    columns = (count.tolist(), table["residents"].to_list(), *map(_all_known, (rate, low, high)), shared, wide)
    return [Rate(*row) for row in zip(*columns)]


def _widened(count, exposure, phi, level) -> list[tuple[float, float] | None]:
    """Garwood's interval where each contact counts for less (quasi-Poisson): for counts that come in clusters."""
    if phi is None or phi <= 1:
        return [None] * len(count)
    low, high = garwood(count / phi, np.nan_to_num(exposure) / phi, level=level)
    return [tuple(pair) if exposed > 0 else None for exposed, *pair in zip(exposure, low.tolist(), high.tolist())]


def _p_above(count, residents, phi):
    """(cells,) how likely is such a count, if the area were like the rest of the town?  nan where that cannot be asked.

    Given the sum, an area's count is binomial with its share of the residents. Scatter beyond chance (phi > 1) makes every
    contact count for less; the binomial tail is then continued between whole numbers (regularised incomplete beta).
    """
    r = np.nan_to_num(np.asarray(residents, float))
    k = np.where(r > 0, np.asarray(count, float), 0.0)
    total, share = k.sum() / max(phi or 1.0, 1.0), r / max(r.sum(), 1.0)
    k = k / max(phi or 1.0, 1.0)
    ask = (r > 0) & (share < 1) & (total * share >= FEWEST / max(phi or 1.0, 1.0))
    with np.errstate(invalid="ignore"):
        p = np.where(k > 0, special.betainc(np.maximum(k, 1e-12), total - k + 1, share), 1.0)
    return np.where(ask, p, np.nan)


def _verdict(area: str | None, residents: int | None, p: float, q: float) -> str:
    if area is None or not residents:
        return "no_denominator"
    if np.isnan(p):
        return "too_few"
    return "above_town" if q <= FDR else "not_clearly_above"


def _dispersion(record: Record, span: Window, zone: str, kind="enforcement") -> float | None:
    """How much more do monthly counts of areas scatter than chance would?  None under six months.

    Pearson's chi-square of area x month against area and month effects, over its degrees of freedom; at least 1. Months
    are equal twelfths of a year, so that their length is no scatter.
    """
    areas = len(record.areas) - 1
    use = record.inside(span, zone) & (record.cell % len(KINDS) == KINDS.index(kind))
    use &= record.cell < areas * len(KINDS)
    first = record.at[use] - int(pl.select(midnight(span.first, zone)).to_series().dt.timestamp("us")[0])
    month, area = first // (86_400_000_000 * 365.25 / 12), record.cell[use] // len(KINDS)
    months = int(month.max(initial=-1)) + 1
    n = np.bincount(area * months + month.astype(int), minlength=areas * months).reshape(areas, -1).astype(float)
    n = n[n.sum(1) > 0][:, n.sum(0) > 0]
    if n.shape[1] < 6 or n.shape[0] < 2:
        return None
    n = n[n.sum(1) >= FEWEST * n.shape[1] / 5]
    if len(n) < 2:
        return None
    expected = n.sum(1, keepdims=True) * n.sum(0, keepdims=True) / n.sum()
    chi2 = np.divide((n - expected) ** 2, expected, out=np.zeros_like(n), where=expected > 0).sum()
    return max(1.0, float(chi2 / ((n.shape[0] - 1) * (n.shape[1] - 1))))


def _town(counts: pl.DataFrame, residents: pl.DataFrame, span: Window, scatter, level) -> Cell:
    table = cells_of(counts, residents, None).filter(pl.col("residents") > 0)
    return _sum(table, span, scatter, level, None)


def _town_groups(table: pl.DataFrame, span: Window, scatter, level) -> tuple[Cell, ...]:
    """Each group over the whole town; its contacts in areas where nobody counted it have no denominator."""
    out = []
    for g in table["group"].unique().sort().to_list():
        rows = table.filter(pl.col("group") == g)
        known = rows.filter(pl.col("residents") > 0)
        out.append(_sum(known if len(known) else rows, span, scatter, level, g))
    return tuple(out)


def _sum(table: pl.DataFrame, span: Window, scatter, level, group) -> Cell:
    one = table.select(pl.lit("all").alias("area_id"), pl.col("residents").sum(), pl.col(KINDS).sum()).head(1)
    numbers = [_numbers(one, k, [None], None, span, scatter[k], level)[0] for k in KINDS]
    ratio = positive_to_enforcement(numbers[0].count, numbers[2].count, level=level)
    verdict = "not_clearly_above" if one["residents"][0] else "no_denominator"
    if not one["residents"][0]:
        numbers = [Rate(n.count, None, None, None, None) for n in numbers]
    return Cell("all", group, *numbers, verdict, None, tuple(_known(x) for x in ratio))


def _versus(table: pl.DataFrame, against: str | None, level) -> tuple[Versus, ...]:
    known = table.filter(pl.col("residents") > 0, pl.col("area_id").is_not_null())
    size = known.group_by("group").agg(pl.col("residents").sum()).sort("residents", "group", descending=[True, False])
    if size.is_empty():
        return ()
    against = against or size["group"][0]
    out = []
    for kind in ("enforcement", "positive"):
        wide = {g: known.filter(pl.col("group") == g).select("area_id", kind, "residents") for g in size["group"]}
        for g in sorted(set(wide) - {against}):
            both = wide[g].join(wide[against], on="area_id", suffix="_0")
            try:
                crude = rate_ratio(wide[g][kind].sum(), wide[g]["residents"].sum(), wide[against][kind].sum(),
                                   wide[against]["residents"].sum(), level=level)  # fmt: skip
            except TooFew:
                continue
            args = [both[c].to_numpy() for c in (kind, "residents", f"{kind}_0", "residents_0")]
            try:
                within = within_areas(*args, level=level)
            except TooFew:
                within = None
            out.append(Versus(g, against, kind, crude, within))
    return tuple(out)


def _cautions(cells, scatter, without, by) -> tuple[str, ...]:
    said = ["residents_are_not_everyone_present"]
    if any(phi is not None and phi > 1.2 for phi in scatter.values()):
        said.append("counts_scatter_more_than_chance")
    if without:
        said.append("areas_without_residents")
    if any(c.area is None for c in cells):
        said.append("contacts_outside_every_area")
    if by and any(c.group == "unknown" for c in cells):
        said.append("group_unknown_is_its_own_row")
    return tuple(said)


def _rows_of(table: pl.DataFrame, group, by) -> np.ndarray:
    return np.flatnonzero(table["group"].eq_missing(group).to_numpy()) if by else np.arange(len(table))


def _known(x) -> float | None:
    return float(x) if np.isfinite(x) else None


def _all_known(x: np.ndarray) -> list[float | None]:
    return [v if known else None for v, known in zip(x.tolist(), np.isfinite(x).tolist())]
