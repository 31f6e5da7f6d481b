"""Could chance alone, used as it was used, have made a difference this large?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from commonbeat.design import Design, codes_of
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import plain
from commonbeat.stats import step_down
from commonbeat.trust.complete import left_out, rows
from commonbeat.trust.experiments import _which

__all__ = ["RandomisationTest", "max_t", "randomisation_test"]

SLACK = 1e-9  # ties count as reached, whatever the last bit says
CHUNK = 20_000_000  # person-draws held at once
LIKERT = 24  # outcomes with at most this many values are drawn by the hypergeometric law


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """How often would redrawing the assignment give a statistic as extreme as the one seen?

    effect      : difference in means (by block size with blocks)
    observed    : the statistic; p_value is never 0
    low, high   : effects, the same for everybody, that are not rejected at 1 - level (nan when not asked for)
    redraws     : (draws,) the statistic of every redrawn assignment
    exact       : every possible assignment was used once
    """

    effect: float
    observed: float
    p_value: float
    low: float
    high: float
    level: float
    alternative: str
    statistic: str
    draws: int
    exact: bool
    seed: int | None
    design: Design
    n: int
    redraws: np.ndarray = field(repr=False)
    cautions: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        how = "all assignments" if self.exact else f"{self.draws:,} redraws, seed {self.seed}"
        return f"randomisation test, {self.statistic}, {how}; {self.design.sentence()}"

    def to_dict(self) -> dict:
        names = ("effect", "observed", "p_value", "low", "high", "level", "alternative", "statistic", "draws", "exact",
                 "seed", "n", "cautions", "method")  # fmt: skip
        return plain({name: getattr(self, name) for name in names} | {"design": self.design.to_dict()})


def randomisation_test(y, arm, *, block=None, cluster=None, design=None, statistic="studentised", alternative="two-sided",
                       draws=10_000, seed=0, level=0.95, interval=True, accept=None, control=None,
                       treated=None) -> RandomisationTest:  # fmt: skip
    """Could the difference between arms come from the draw alone?

    block, cluster : how the draw was made; or `design`, a Design that says it (Bernoulli, saturated, pairs)
    statistic   : "studentised" (difference over its error: also right for the average effect when effects differ between
                  people) or "difference" (right for no effect on anybody)
    alternative : "two-sided", "greater" (treated higher), "less"
    accept      : (n,) 0/1 -> bool, for trials that redrew until balance was good: only such assignments count
    draws, seed : all assignments are listed when there are no more than `draws`; else p = (1 + #) / (1 + draws)
    interval    : effects not rejected, the same for everybody, found by inverting the test
    Raises TooFew when an arm is empty or the draw could only have come out one way.
    """
    r, design, z, what = _prepared(y, arm, block, cluster, design, control, treated)
    if alternative not in ("two-sided", "greater", "less") or statistic not in ("studentised", "difference"):
        raise BadInput(
            f"alternative={alternative!r}, statistic={statistic!r}: see randomisation_test's text for the choices"
        )
    if design.size() < 2:
        raise TooFew(
            "the draw could only have come out one way: a randomisation test needs more clusters or larger blocks"
        )
    exact = design.kind == "complete" and design.size() <= draws and accept is None
    cells = _Cells(r["y"], z, design, statistic)
    sums = cells.redrawn(design, z, draws, seed, exact, accept, interval)
    at = lambda effect: cells.statistic(sums, effect)  # noqa: E731
    seen = lambda effect: cells.statistic(cells.observed, effect)[0]  # noqa: E731
    p_of = lambda effect: _p(seen(effect), at(effect), alternative, exact)  # noqa: E731
    effect = float(cells.difference(cells.observed, 0.0)[0])
    low = high = float("nan")
    if interval:
        low, high = _inverted(p_of, effect, cells.scale, 1 - level, alternative)
    cautions = (*what, *left_out(r.dropped))
    if exact and 1 / design.size() > (1 - level) / 2:
        cautions += (
            f"only {design.size():.0f} assignments were possible: p cannot fall below {1 / design.size():.2g}",
        )
    redraws = at(0.0)
    return RandomisationTest(
        effect, float(seen(0.0)), p_of(0.0), low, high, level, alternative, statistic, len(redraws), exact,
        None if exact else seed, design, len(z), redraws, cautions,
    )  # fmt: skip


def max_t(observed, redraws):
    """Which of several outcomes moved, each adjusted for having looked at all of them?  -> (k,) adjusted p.

    observed : (k,) |t| of each outcome;  redraws : (draws, k) |t| under redrawn assignments, the same draw in a row
    Method: step-down maxT, p = (1 + #) / (1 + draws) (Westfall & Young 1993).
    """
    return step_down(observed, redraws)


def _prepared(y, arm, block, cluster, design, control, treated):
    if design is not None and (block is not None or cluster is not None):
        raise BadInput("give block and cluster, or a design that holds them, not both")
    r = rows(y=y, arm=arm, block=block, cluster=cluster)
    found, code = codes_of(r["arm"], "arm")
    control, treated, what = _which(found, control, treated)
    here = (code == found.index(control)) | (code == found.index(treated))
    z = (code[here] == found.index(treated)).astype(np.int8)
    for name in ("y", "block", "cluster"):
        if name in r:
            r[name] = r[name][here]
    if design is None:
        design = Design.observed(z, block=r.get("block"), cluster=r.get("cluster"))
    elif design.n != len(z):
        raise BadInput(
            f"the design assigns {design.n} people, there are {len(z)} complete rows: build it from those rows"
        )
    if len(design.arms) != 2:
        raise BadInput(f"the design has {len(design.arms)} arms: compare two, with a design of those two")
    return r, design, z, what


class _Cells:
    """Sums by draw from which the statistic follows for every constant effect.

    Units are what was drawn (clusters' totals, or people). Sums over treated units of n, Y, n^2, nY, Y^2, and, since an
    effect e changes Y by e A (A = people of the unit who were treated in truth): A, nA, A^2, AY.
    """

    def __init__(self, y, z, design, statistic):
        self.studentised = statistic == "studentised"
        self.plain = not design.clustered and design.kind == "complete" and not design.block.any()
        self.scale = float(np.std(y)) or 1.0
        if self.plain:
            self._people(y, z)
        else:
            self._drawn_units(y, z, design)
        self.share = self.whole[1, 0] / self.whole[1, 0].sum()
        self._check_pairs()

    def _people(self, y, z):
        """One draw among people: a few sums say all, whatever n is."""
        t = y[z == 1]
        n, m, total, yy = len(y), len(t), y.sum(), y @ y
        treated = (t.sum(), t @ t)
        self.y, self.z = y, z
        self.whole = np.array([n, n, total, n, total, yy, m, m, m, treated[0]], float)[:, None, None]
        self.observed = np.array([m, m, treated[0], m, treated[0], treated[1], m, m, m, treated[0]], float)[
            :, None, None
        ]

    def _drawn_units(self, y, z, design):
        count, total, moved = (np.bincount(design.cluster, v).astype(float) for v in (None, y, z))
        self.first = np.unique(design.cluster, return_index=True)[1]
        block = design.block[self.first] if design.kind == "complete" else np.zeros(len(count), np.int64)
        self.order = np.argsort(block, kind="stable")
        self.starts = np.searchsorted(block[self.order], np.arange(block.max() + 1))
        self.columns = np.stack(
            [
                np.ones(len(count)),
                count,
                total,
                count**2,
                count * total,
                total**2,
                moved,
                count * moved,
                moved**2,
                moved * total,
            ]
        )[:, self.order]
        self.whole = np.add.reduceat(self.columns, self.starts, axis=1)[:, None]
        self.observed = self._of(z[self.first].astype(float)[None])

    def _check_pairs(self):
        treated = self.observed[0, 0]
        least = np.minimum(treated, self.whole[0, 0] - treated)
        self.paired = bool((self.whole[0, 0] == 2).all() and len(self.starts) > 1)
        if self.studentised and not self.paired and (least < 2).any():
            raise TooFew(
                "a block (or the trial) has one treated or one control: the studentised statistic needs two; "
                "use statistic='difference'"
            )

    def _of(self, z):
        """(10, draws, blocks) sums over the treated units of z (draws, units)."""
        z = z[:, self.order]
        return np.stack([np.add.reduceat(z * c, self.starts, axis=1) for c in self.columns])

    def redrawn(self, design, z, draws, seed, exact, accept, interval):
        if self.plain and accept is None and not exact:
            return self._fast(int(z.sum()), draws, seed, interval)
        if self.plain:
            self._drawn_units(self.y, self.z, design)
        if exact:
            every = design.enumerate(limit=draws)
            return self._of(every[:, self.first].astype(float))
        rng, parts, got = np.random.default_rng(seed), [], 0
        size = max(1, CHUNK // (design.n * 4))
        tried = 0
        while got < draws:
            drawn = design.draw(rng, min(size, draws - got) if accept is None else min(size, 1000))
            tried += len(drawn)
            if accept is not None:
                drawn = drawn[[bool(accept(row)) for row in drawn]][: draws - got]
                if tried > 1000 * max(1, got + len(drawn)) and tried >= 10_000:
                    raise TooFew("fewer than one assignment in a thousand is accepted: loosen the balance rule")
            parts.append(self._of(drawn[:, self.first].astype(float)))
            got += len(drawn)
        return np.concatenate(parts, axis=1)

    def _fast(self, m, draws, seed, interval):
        """Complete randomisation of people: no assignment is ever written down."""
        y, a = self.y, (self.z.astype(float) if interval else None)
        if len(np.unique(y[:2000])) <= LIKERT and len(values := np.unique(y)) <= LIKERT:
            sums = _hypergeometric(values, y, a, m, draws, seed)
        else:
            from commonbeat.trust.redraws import treated_sums

            wanted = {"Y": y} | ({"A": a} if interval else {}) | ({"YY": y**2} if self.studentised else {})
            wanted |= {"AY": a * y} if self.studentised and interval else {}
            sums = dict(zip(wanted, treated_sums(np.stack(list(wanted.values())), m, draws, seed).T))
        ones, none = np.full(draws, float(m)), np.zeros(draws)
        y, yy, a, a_y = (sums.get(k, none) for k in ("Y", "YY", "A", "AY"))
        return np.stack((ones, ones, y, ones, y, yy, a, a, a, a_y))[:, :, None]

    def statistic(self, sums, effect):
        """(draws,) the statistic of y - effect for those treated in truth."""
        gap = self.difference(sums, effect)
        if not self.studentised:
            return gap
        if self.paired:
            error = self._pair_error(sums, effect)
        else:
            error = np.sqrt(
                sum((self.share**2 * self._variance(s, effect)).sum(1) for s in (sums, self.whole - sums))
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(error > 0, gap / error, np.where(np.abs(gap) > SLACK, np.sign(gap) * np.inf, 0.0))

    def _gaps(self, sums, effect):
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = self.whole - sums
            return (sums[2] - effect * sums[6]) / sums[1] - (rest[2] - effect * rest[6]) / rest[1]

    def difference(self, sums, effect):
        return self._gaps(sums, effect) @ self.share

    @staticmethod
    def _variance(s, effect):
        """Of one arm's mean: k / (k - 1) sum (Y - mean n)^2 / N^2 over its units; s^2 / n when units are people."""
        k, n, total, nn, n_y, yy, a, n_a, aa, a_y = s
        mean = (total - effect * a) / n
        yy, n_y = yy - 2 * effect * a_y + effect**2 * aa, n_y - effect * n_a
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.maximum(k / (k - 1) * (yy - 2 * mean * n_y + mean**2 * nn) / n**2, 0)

    def _pair_error(self, sums, effect):
        gap, k = self._gaps(sums, effect), len(self.share)
        weighted = gap * self.share
        return np.sqrt(k / (k - 1) * ((weighted - weighted.mean(1, keepdims=True)) ** 2).sum(1))


def _hypergeometric(values, y, a, m, draws, seed):
    """With few answers it is enough to draw how many of each answer are treated: the exact law, whatever n is."""
    arms = 1 if a is None else 2
    code = np.searchsorted(values, y) * arms + (0 if a is None else a.astype(np.int64))
    count = np.bincount(code, minlength=arms * len(values))
    dealt = (
        np.random.default_rng(seed)
        .multivariate_hypergeometric(count, m, size=draws, method="marginals")
        .astype(float)
    )
    y, a = np.repeat(values, arms), np.arange(arms * len(values)) % arms
    return {"Y": dealt @ y, "A": dealt @ a, "YY": dealt @ y**2, "AY": dealt @ (a * y)}


def _p(observed, redraws, alternative, exact):
    slack = SLACK * max(1.0, abs(observed)) if np.isfinite(observed) else 0
    if alternative == "two-sided":
        reached = np.abs(redraws) >= abs(observed) - slack
    else:
        reached = redraws >= observed - slack if alternative == "greater" else redraws <= observed + slack
    count = int(reached.sum())
    return count / len(redraws) if exact else (1 + count) / (1 + len(redraws))


def _inverted(p_of, effect, scale, alpha, alternative):
    """Both ends of the effects that are not rejected."""
    low = -np.inf if alternative == "less" else _edge(p_of, effect, -scale, alpha)
    high = np.inf if alternative == "greater" else _edge(p_of, effect, scale, alpha)
    return low, high


def _edge(p_of, inner, step, alpha):
    outer = inner + step / 8
    for _ in range(40):
        if p_of(outer) <= alpha:
            break
        inner, outer = outer, outer + (outer - inner) * 2
    else:
        return float(np.sign(step) * np.inf)
    for _ in range(40):
        middle = (inner + outer) / 2
        inner, outer = (inner, middle) if p_of(middle) <= alpha else (middle, outer)
    return float((inner + outer) / 2)
