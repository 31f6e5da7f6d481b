"""How many people, how many waves, to see an effect worth having?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, special, stats

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.stats import clopper_pearson

__all__ = ["Plan", "Power", "people_needed", "power", "power_of_means", "power_of_regression", "power_of_shares"]


@dataclass(frozen=True, slots=True)
class Power:
    """What the planned analysis would find if the effect were as supposed.

    power       : share of simulated trials whose interval excludes zero, exact interval for the simulation itself
    covers      : share of intervals that cover the supposed effect: below 93 % the analysis is not to be trusted
    wrong_sign  : among those that exclude zero, the share on the wrong side
    exaggeration: among those, how many times too large the effect looks on average
    """

    power: Estimate
    covers: Estimate
    wrong_sign: float
    exaggeration: float
    effect: float
    draws: int
    seed: int
    cautions: tuple[str, ...] = ()
    estimates: np.ndarray = field(repr=False, default=None)

    def to_dict(self) -> dict:
        names = ("power", "covers", "wrong_sign", "exaggeration", "effect", "draws", "seed", "cautions")
        return plain({name: getattr(self, name) for name in names})


def power(draw, analyse, *, effect, draws=1000, seed=0, level=0.95) -> Power:
    """How often would the planned trial, with its planned analysis, see this effect?

    draw    : rng -> a simulated trial with the effect in it (anything `analyse` takes)
    analyse : trial -> Estimate: the very function that will be used on the real one, clusters, attrition and all
    effect  : the effect `draw` puts in;  draws: simulated trials
    Raises TooFew when more than one trial in ten could not be analysed at all.
    Method: simulation; wrong sign and exaggeration after Gelman & Carlin (2014).
    """
    rng = np.random.default_rng(seed)
    rows, failed, why = [], 0, ""
    for _ in range(draws):
        try:
            e = analyse(draw(rng))
            rows.append((e.value, e.low, e.high) if e.known else (np.nan, -np.inf, np.inf))
        except TooFew as problem:
            failed, why = failed + 1, str(problem)
    if failed > draws / 10:
        raise TooFew(f"{failed} of {draws} simulated trials could not be analysed ({why}): plan a larger one")
    value, low, high = np.array(rows).T
    seen = (low > 0) | (high < 0)
    shown = value[seen]
    wrong = float((np.sign(shown) != np.sign(effect)).mean()) if len(shown) and effect else float("nan")
    larger = float(np.abs(shown).mean() / abs(effect)) if len(shown) and effect else float("nan")
    covered = (low <= effect) & (effect <= high)
    cautions = (f"{failed} simulated trials could not be analysed and count as not seeing it",) if failed else ()
    if clopper_pearson(covered.sum(), len(covered), level=0.999)[1] < 0.93 * level / 0.95:
        cautions += (f"intervals cover the true effect in {100 * covered.mean():.0f} %: choose another analysis",)
    return Power(
        _share(seen.sum(), draws, "power"), _share(covered.sum(), len(covered), "coverage"), wrong, larger, effect, draws, seed,
        cautions, value,
    )  # fmt: skip


def _share(k, n, what):
    low, high = clopper_pearson(k, n)
    return Estimate(k / n, None, None, low, high, 0.95, n, "share", f"{what} by simulation, Clopper-Pearson")


def power_of_means(effect, *, sd=1.0, n=None, n_control=None, power=None, level=0.95, strict=False):
    """Power of Welch-free two-sample t for n people in each arm (or n and n_control); or n per arm for a wanted power.

    Exact for normal answers: noncentral t. strict also counts the wrong tail. Give n or power, the other is returned.
    """

    def at(m1, m0):
        df, shift = m1 + m0 - 2, effect / (sd * np.sqrt(1 / m1 + 1 / m0))
        cut = stats.t.ppf((1 + level) / 2, df)
        up = stats.nct.sf(cut, df, abs(shift))
        return up + (stats.nct.cdf(-cut, df, abs(shift)) if strict else 0)

    return _solved(lambda m: at(m, n_control or m), n, power, effect)


def power_of_shares(p1, p2, *, n=None, power=None, level=0.95, method="score", strict=False):
    """Power to tell two shares apart with n people in each arm; or n per arm for a wanted power.

    method : "score" (normal test with the pooled error under no difference) or "arcsine" (Cohen's h)
    """
    for p in (p1, p2):
        if not 0 < p < 1:
            raise BadInput(f"share {p:g}: it lies strictly between 0 and 1")
    z = special.ndtri((1 + level) / 2)

    def at(m):
        if method == "arcsine":
            shift = abs(2 * np.arcsin(np.sqrt(p1)) - 2 * np.arcsin(np.sqrt(p2))) * np.sqrt(m / 2)
            return special.ndtr(shift - z) + special.ndtr(-shift - z)
        pooled = (p1 + p2) * (1 - (p1 + p2) / 2)
        error = np.sqrt(p1 * (1 - p1) + p2 * (1 - p2))
        gap = np.sqrt(m) * abs(p1 - p2)
        out = special.ndtr((gap - z * np.sqrt(pooled)) / error)
        return out + (special.ndtr((-gap - z * np.sqrt(pooled)) / error) if strict else 0)

    return _solved(at, n, power, p1 - p2)


def power_of_regression(f2, *, terms, spare, level=0.95):
    """Power of the joint F test of `terms` coefficients with `spare` residual df, for effect size f2 (Cohen 1988)."""
    if not (f2 >= 0 and terms >= 1 and spare >= 1):
        raise BadInput(f"f2={f2:g}, terms={terms}, spare={spare}: f2 is at least 0, the others at least 1")
    cut = stats.f.ppf(level, terms, spare)
    return float(stats.ncf.sf(cut, terms, spare, f2 * (terms + spare + 1)))


def _solved(at, n, wanted, effect):
    if (n is None) == (wanted is None):
        raise BadInput("give either n or power; the other one is what is returned")
    if n is not None:
        if n < 2:
            raise TooFew(f"n={n}: at least two people in each arm")
        return float(at(n))
    if not effect or not 0 < wanted < 1:
        raise BadInput(f"effect={effect:g}, power={wanted:g}: no n gives that")
    top = 4.0
    while at(top) < wanted:
        top *= 2
    if at(2.0) >= wanted:
        return 2.0
    return float(optimize.brentq(lambda m: at(m) - wanted, 2.0, top, xtol=1e-10))


@dataclass(frozen=True, slots=True)
class Plan:
    """People per arm, answers and clusters a trial needs, and what each step did to that number."""

    people: int
    answers: int
    clusters: float
    alone: float
    factors: dict
    method: str

    def to_dict(self) -> dict:
        return plain({n: getattr(self, n) for n in ("people", "answers", "clusters", "alone", "factors", "method")})


def people_needed(effect, *, sd, power=0.8, waves=1, before=0, correlation=0.0, cluster_size=1.0, icc=0.0, attrition=0.0,
                  level=0.95) -> Plan:  # fmt: skip
    """How many people, how many waves, to see `effect` points?  People to assign, in each arm.

    sd           : spread of one answer;  waves: answers after assignment, averaged;  before: answers before, adjusted for
    correlation  : between two answers of one person;  cluster_size, icc: people drawn together, and how alike they are
    attrition    : share who will not answer
    A check beside `power`, which simulates: exact for one answer by each of many people, first-order otherwise.
    Method: noncentral t; 1 + (m - 1) icc for clusters; (1 + (waves - 1) r) / waves - before r^2 / (1 + (before - 1) r) for
    repeated answers (Frison & Pocock 1992).
    """
    if not (
        0 <= correlation < 1
        and 0 <= icc <= 1
        and 0 <= attrition < 1
        and waves >= 1
        and before >= 0
        and cluster_size >= 1
    ):
        raise BadInput(
            "correlation, icc and attrition are shares; waves and cluster_size at least 1, before at least 0"
        )
    alone = power_of_means(effect, sd=sd, power=power, level=level)
    r = correlation
    repeated = (1 + (waves - 1) * r) / waves - (before * r**2 / (1 + (before - 1) * r) if before else 0)
    factors = {"repeated": repeated, "clusters": 1 + (cluster_size - 1) * icc, "attrition": 1 / (1 - attrition)}
    people = int(np.ceil(alone * np.prod(list(factors.values())) - 1e-9))
    answers = int(np.ceil(people * (1 - attrition))) * (waves + before)
    return Plan(people, answers, people / cluster_size, alone, factors, "noncentral t, design effects multiplied")
