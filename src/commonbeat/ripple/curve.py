"""How does the effect fade with distance and time?  One estimate per ring and wave, with bands that hold for all at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.regression.rows import ols
from commonbeat.ripple import exposure_kernels as kernels
from commonbeat.ripple.exposure import Exposure
from commonbeat.ripple.spillover import LEAST_UNITS, _Pairs

__all__ = ["CurvePoint", "Joined", "RippleCurve", "reach_and_trust", "ripple_curve"]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Effect in one ring at one wave; effect.low and effect.high are simultaneous. verdict: "positive", "negative",
    "not_shown" (the band holds 0) or "too_few"; how: "randomised" or "observed"."""

    ring: str
    wave: object
    effect: Estimate
    verdict: str
    how: str


@dataclass(frozen=True, slots=True)
class RippleCurve:
    """points : one per ring and wave, nearest ring first
    farthest   : farthest ring whose effect is shown at any wave, None if none is
    critical   : multiple of the standard error that makes all bands hold together
    verdict    : "reaches" (a ring beyond the participants), "participants_only", "none_shown" or "too_few"
    """

    points: tuple[CurvePoint, ...]
    farthest: str | None
    critical: float
    verdict: str
    level: float
    method: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def ripple_curve(y, exposed: Exposure, *, waves, control="none", level=0.95) -> RippleCurve:
    """How far, and for how long, did trust move?

    y     : (units, waves) outcomes, nan where nobody answered; waves: their names (days since the encounter)
    Every cell is the Hajek effect with Aronow-Samii variance; the largest standardised effect over all cells, in replays
    of the draw, sets how wide all bands are together. Needs listed or simulated exposure.
    """
    y = np.asarray(y, float)
    if y.ndim != 2 or y.shape != (exposed.observed.size, len(waves)):
        raise BadInput(
            f"y needs one row per unit and one column per wave: {(exposed.observed.size, len(waves))}, it has {y.shape}."
        )
    base = exposed.conditions.index(control)
    rings = [k for k, n in enumerate(exposed.conditions) if k != base and n != "viewer"]
    cells = [(k, w) for k in rings for w in range(len(waves))]
    effects = {cell: _cell(y[:, cell[1]], exposed, cell[0], base, level) for cell in cells}
    told = [c for c in cells if effects[c].std_error is not None]
    critical = _critical(y, exposed, told, base, level) if told else np.nan
    points = tuple(_point(exposed.conditions[k], waves[w], effects[k, w], critical) for k, w in cells)
    shown = [p.ring for p in points if p.verdict in ("positive", "negative")]
    farthest = next((exposed.conditions[k] for k in reversed(rings) if exposed.conditions[k] in shown), None)
    verdict = (
        "too_few"
        if not told
        else "none_shown"
        if farthest is None
        else ("participants_only" if farthest == "participant" else "reaches")
    )
    method = f"Hajek effects; simultaneous bands from {exposed.draws} replays of: {exposed.sentence}"
    return RippleCurve(points, farthest, float(critical), verdict, level, method)


def _cell(y, exposed, k, base, level):
    p, known = exposed.probability, np.isfinite(y)
    could = known & (p[:, k] > 0) & (p[:, base] > 0)
    n = int((could & (exposed.observed == k)).sum()), int((could & (exposed.observed == base)).sum())
    if min(n) < LEAST_UNITS:
        return Estimate(
            None, n=sum(n), level=level, cautions=(f"{n[0]} and {n[1]} units; {LEAST_UNITS} are needed in each.",)
        )
    pairs = _Pairs.of(y, exposed, known, usable=could)
    value = pairs.mean(k) - pairs.mean(base)
    variance = pairs.effect_variance(k, base, pairs.mean(k), pairs.mean(base)) / pairs.y.size**2
    return Estimate(
        value,
        std_error=np.sqrt(variance) if variance > 0 else None,
        n=sum(n),
        level=level,
        method="Hajek, Aronow & Samii (2017)",
    )


def _critical(y, exposed, cells, base, level):
    """Quantile of the largest |effect| / spread over the cells when outcomes do not depend on the draw.

    Outcomes are first freed of the effects found, so that a real ripple does not widen its own band.
    """
    largest = np.zeros(exposed.draws)
    for k, w in cells:
        known = np.isfinite(y[:, w])
        r = np.where(known, y[:, w], 0.0)
        for c in range(len(exposed.conditions)):
            rows = known & (exposed.observed == c)
            if rows.any():
                r[rows] -= r[rows].mean()
        p = exposed.probability
        weight = [np.where(known & (p[:, c] > 0), 1 / np.maximum(p[:, c], 1e-12), 0.0) for c in (k, base)]
        part = kernels.sums_by_draw(exposed.bits[[k, base]], np.stack([weight[0] * r, weight[1] * r]), exposed.draws)
        total = kernels.sums_by_draw(exposed.bits[[k, base]], np.stack(weight), exposed.draws)
        with np.errstate(invalid="ignore", divide="ignore"):
            effect = part[0] / total[0] - part[1] / total[1]
        effect = np.where(np.isfinite(effect), effect, 0.0)
        spread = effect.std()
        if spread > 0:
            largest = np.maximum(largest, np.abs(effect) / spread)
    return float(np.quantile(largest, level, method="higher"))


def _point(ring, wave, effect, critical):
    if effect.std_error is None:
        return CurvePoint(ring, wave, effect, "too_few", "randomised")
    low, high = effect.value - critical * effect.std_error, effect.value + critical * effect.std_error
    banded = Estimate(
        effect.value,
        effect.std_error,
        None,
        low,
        high,
        effect.level,
        effect.n,
        effect.unit,
        effect.method + ", simultaneous band",
    )
    verdict = "positive" if low > 0 else ("negative" if high < 0 else "not_shown")
    return CurvePoint(ring, wave, banded, verdict, "randomised")


@dataclass(frozen=True, slots=True)
class Joined:
    """slope : change of trust per unit of reach, among those who did not take part; naive: the same over everybody
    how      : "randomised" when chance decided where the story was shown first, else "observed"
    verdict  : "more_where_reached", "less_where_reached", "not_shown" or "too_few"
    must_hold: what would have to be true for an association to be an effect
    """

    slope: Estimate
    naive: float | None
    how: str
    verdict: str
    left_out: int
    must_hold: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain(asdict(self))


def reach_and_trust(change, reach, took_part, area, *, offered=None, level=0.95) -> Joined:
    """Did trust change more where the story reached more, among people who did not take part?

    change    : (people,) change of trust, nan where unknown; took_part (people,) bool; area (people,) labels
    reach     : (people,) how much the story reached their area (views per resident)
    offered   : (people,) areas where chance decided to show the story first; then the slope is the effect of that offer
    Errors are clustered by area (CR2). Raises TooFew under 5 areas.
    """
    change, reach, took_part = np.asarray(change, float), np.asarray(reach, float), np.asarray(took_part, bool)
    area = np.asarray(area)
    known = np.isfinite(change) & np.isfinite(reach)
    rows = known & ~took_part
    areas = len(np.unique(area[rows])) if rows.any() else 0
    if areas < 5:
        raise TooFew(f"{areas} areas with people who did not take part; comparing places needs 5.")
    x = reach if offered is None else np.asarray(offered, float)
    if np.ptp(x[rows]) == 0:
        raise TooFew("The story reached every area alike; nothing can be compared.")
    slope = ols(change[rows], x[rows][:, None], ["reach"], clusters=[area[rows]], level=level).of("reach")
    naive = float(np.polyfit(reach[known], change[known], 1)[0]) if np.ptp(reach[known]) > 0 else None
    how = "observed" if offered is None else "randomised"
    must = (
        ("areas_reached_more_would_have_changed_alike", "reach_measured_alike_everywhere") if offered is None else ()
    )
    verdict = "more_where_reached" if slope.low > 0 else ("less_where_reached" if slope.high < 0 else "not_shown")
    return Joined(slope, naive, how, verdict, int((known & took_part).sum()), must)
