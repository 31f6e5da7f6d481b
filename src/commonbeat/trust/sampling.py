"""How the people in a sample were drawn, and what that does to the variance of anything counted from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.errors import BadInput, TooFew
from commonbeat.trust.columns import labels, numbered, numbers
from commonbeat.trust.weights import Weights

__all__ = ["LONELY", "SampleDesign", "sample_design"]

#: what to do with a stratum in which only one cluster was drawn, so that it cannot show its own variance
LONELY = ("fail", "certainty", "adjust", "average")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the draw: units within strata, and the share of each stratum that was drawn.

    unit    : (rows,) which unit of this stage a row belongs to
    stratum : (units,) the stratum of each unit
    drawn   : (strata,) units drawn
    left    : (strata,) 1 - drawn / there; 1 when nothing is known of how many there were
    above   : (strata,) product of the sampling fractions of the stages above
    """

    unit: np.ndarray
    stratum: np.ndarray
    drawn: np.ndarray
    left: np.ndarray
    above: np.ndarray


@dataclass(frozen=True, slots=True)
class SampleDesign:
    """Weights, stages and calibration of a sample; `variance` answers for any linearised quantity."""

    weights: np.ndarray
    stages: tuple[Stage, ...]
    calibrated: Weights | None
    lonely_psu: str
    words: str
    has_fpc: bool
    cautions: tuple[str, ...]

    def covariance(self, z) -> np.ndarray:
        """How much would these totals vary from one such sample to the next?  (rows, k) weighted influences -> (k, k).

        Method: Taylor linearisation with strata, clusters and finite populations at every stage whose population is given
        (Cochran 1977, ch. 11); calibrated weights by the residuals of the calibration (Deville & Sarndal 1992).
        """
        z = np.asarray(z, float).reshape(len(self.weights), -1)
        if self.calibrated is not None:
            z = self.calibrated.residuals(z)
        total = np.zeros((z.shape[1], z.shape[1]))
        for number, stage in enumerate(self.stages):
            total += _one_stage(z, stage, self.lonely_psu, number)
        return total

    def df(self, inside=None) -> int:
        """Clusters less strata, counted where anybody of the group was met (Korn & Graubard 1999, 5.2)."""
        first = self.stages[0]
        used = self.weights > 0 if inside is None else (self.weights > 0) & inside
        met, strata = np.zeros(len(first.stratum), bool), np.zeros(len(first.drawn), bool)
        met[first.unit[used]] = True
        strata[first.stratum[met]] = True
        return int(met.sum()) - int(strata.sum())


def sample_design(rows, *, weights=None, strata=None, cluster=None, fpc=None, lonely_psu="fail") -> SampleDesign:
    """How was this sample drawn? Checks the parts and puts them together.

    weights : (rows,) or the result of `rake`, `poststratify`, `calibrate`; without them `fpc` gives them, else 1
    strata  : (rows,)
    cluster : (rows,) or (rows, stages), outermost first; without it every row was drawn by itself
    fpc     : (rows,) or (rows, stages): units in the stratum's population, or the share drawn when all are below 1
    """
    if lonely_psu not in LONELY:
        raise BadInput(f'`lonely_psu` is "{lonely_psu}"; it may be {", ".join(LONELY)}.')
    calibrated = weights if isinstance(weights, Weights) and weights.calibrated else None
    stratum = np.zeros(rows, int) if strata is None else _whole(strata, "strata", rows)
    levels = _columns(np.arange(rows) if cluster is None else cluster)
    pops = () if fpc is None else _columns(fpc)
    if len(pops) > len(levels):
        raise BadInput(
            f"`fpc` has {len(pops)} stages and `cluster` has {len(levels)}: give a cluster for every stage."
        )
    stages, cautions, chance = [], [], np.ones(rows)
    above, parent = np.ones(int(stratum.max()) + 1 if rows else 1), stratum
    for number, level in enumerate(levels):
        if number and number >= len(pops):
            break  # without population sizes the first stage carries the whole variance
        stage, fraction = _stage(level, parent, pops[number] if number < len(pops) else None, above, number)
        if number == 0 and strata is not None and len(stage.stratum) > _distinct(level):
            cautions.append("Cluster names repeat across strata and were read as different clusters in each.")
        stages.append(stage)
        chance *= fraction[stage.stratum[stage.unit]]
        above, parent = (above * fraction)[stage.stratum], stage.unit
    w = _weights(weights, rows, 1 / chance if fpc is not None else np.ones(rows))
    words = ", ".join(
        ["strata"] * (strata is not None) + ["clusters"] * (cluster is not None) + ["finite population"] * bool(pops)
    )
    return SampleDesign(w, tuple(stages), calibrated, lonely_psu, words, bool(pops), tuple(cautions))


def _one_stage(z, stage: Stage, lonely: str, number: int) -> np.ndarray:
    units, strata = len(stage.stratum), len(stage.drawn)
    totals = z if units == len(z) and np.array_equal(stage.unit, np.arange(units)) else _sums(z, stage.unit, units)
    mean = _sums(totals, stage.stratum, strata) / stage.drawn[:, None]
    alone = (stage.drawn == 1) & (stage.left > 1e-7)
    if alone.any() and lonely == "fail":
        raise TooFew(
            f"{int(alone.sum())} stratum or strata hold one cluster only (stage {number + 1}), which cannot show a variance. "
            f'Join strata, or say lonely_psu="adjust", "average" or "certainty".'
        )
    if lonely == "adjust":
        mean[alone] = 0.0  # influences sum to zero over the sample, so 0 is the grand mean
    spread = totals - mean[stage.stratum]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = stage.left * np.where(stage.drawn > 1, stage.drawn / (stage.drawn - 1), 1.0) * stage.above
    v = spread.T @ (spread * scale[stage.stratum][:, None])
    if lonely == "average" and alone.any() and not alone.all():
        v *= strata / (strata - alone.sum())
    return v


def _sums(z, code, size):
    return np.column_stack([np.bincount(code, z[:, j], size) for j in range(z.shape[1])])


def _stage(level, parent, population, above, number):
    ids = _whole(level, "cluster", len(parent))
    _, unit = numbered(parent.astype(np.int64) * (int(ids.max()) + 1) + ids)
    first = np.empty(int(unit.max()) + 1, np.int64)
    first[unit[::-1]] = np.arange(len(unit))[::-1]  # the first row of each unit is written last
    stratum = parent[first]
    drawn = np.bincount(stratum, minlength=len(above)).astype(float)
    there = np.full(len(above), np.inf)
    if population is not None:
        there = _population(numbers(population, "fpc", rows=len(parent), low=0), parent, drawn, number)
    fraction = np.where(np.isinf(there), 1.0, drawn / there)
    left = np.where(np.isinf(there), 1.0, 1 - drawn / there)
    return Stage(unit, stratum, np.maximum(drawn, 1), left, above), fraction


def _population(value, stratum, drawn, number):
    if np.isnan(value).any():
        raise BadInput(
            "`fpc` is missing for some rows; every row needs the size of the population it was drawn from."
        )
    there = np.zeros(len(drawn))
    there[stratum] = value
    if not np.allclose(there[stratum], value, rtol=1e-9):
        raise BadInput(
            f"`fpc` changes inside a stratum (stage {number + 1}); one population size per stratum is needed."
        )
    if (value < 1).any():
        if (value > 1).any() or (value == 0).any():
            raise BadInput("`fpc` mixes shares (below 1) and population sizes; give one or the other.")
        there = np.divide(drawn, there, out=np.ones_like(drawn), where=there > 0)
    there = np.maximum(there, 1e-300)
    if (drawn > there * (1 + 1e-9)).any():
        at = int(np.argmax(drawn - there))
        raise BadInput(f"`fpc` says a stratum holds {there[at]:g} units, but {drawn[at]:g} were drawn from it.")
    return there


def _whole(column, name, rows):
    codes, _ = labels(column, name, rows=rows)
    if (codes < 0).any():
        line = int(np.argmax(codes < 0)) + 1
        raise BadInput(f"`{name}`, row {line}: missing. Every row of a sample belongs to a stratum and a cluster.")
    return codes


def _columns(thing):
    raw = np.asarray(thing.to_numpy() if hasattr(thing, "to_numpy") else thing)
    if isinstance(thing, (list, tuple)) and raw.ndim == 2 and raw.shape[0] < raw.shape[1]:
        raw = raw.T  # a list of columns rather than of rows
    return (raw,) if raw.ndim == 1 else tuple(raw[:, j] for j in range(raw.shape[1]))


def _distinct(column):
    return len(labels(column, "cluster")[1])


def _weights(weights, rows, otherwise):
    if weights is None:
        return otherwise
    w = numbers(np.asarray(weights) if isinstance(weights, Weights) else weights, "weights", rows=rows, low=0)
    if np.isnan(w).any():
        line = int(np.argmax(np.isnan(w))) + 1
        raise BadInput(f"`weights`, row {line}: missing. Give 0 to a person who shall not count.")
    if not w.sum() > 0:
        raise BadInput("`weights` are all 0: nobody counts.")
    return w
