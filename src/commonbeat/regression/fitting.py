"""Coefficients and their errors from a Gram."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.regression import blocks as b
from commonbeat.regression.gram import Gram
from commonbeat.regression.sandwich import cluster_variance

__all__ = ["ALONE", "HIDDEN", "INTERCEPT", "Fit", "Solved", "finish", "fit", "solve"]

INTERCEPT = "(Intercept)"
FEW, ENOUGH = "few degrees of freedom", 5.0
ALONE = 1e-10  # one less leverage of a row that a coefficient of its own fits exactly
EQUAL = 1e-22  # squared: differences this much smaller than the numbers themselves are rounding
HIDDEN = "\0"  # names of dummies of further fixed effects begin with this and are not shown


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted line: what each term adds, and how sure that is.

    terms     : names of the p coefficients; those dropped for collinearity are in `dropped`
    estimate, std_error, df, statistic, p_value, low, high : (p,)
    vcov      : (p, p)
    n, clusters, rank : rows, clusters (0 without), coefficients including absorbed levels
    """

    terms: tuple[str, ...]
    estimate: np.ndarray
    std_error: np.ndarray
    statistic: np.ndarray
    df: np.ndarray
    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    vcov: np.ndarray = field(repr=False)
    se: str = "CR2"
    level: float = 0.95
    n: int = 0
    clusters: int = 0
    rank: int = 0
    sigma2: float = float("nan")
    dropped: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    method: str = ""

    def tidy(self):
        """A polars frame, one row per term."""
        import polars as pl

        return pl.DataFrame(
            {
                "term": list(self.terms), "estimate": self.estimate, "std_error": self.std_error,
                "statistic": self.statistic, "df": self.df, "p_value": self.p_value, "conf_low": self.low,
                "conf_high": self.high,
            }
        )  # fmt: skip

    def position(self, term: str) -> int:
        """Where a term stands; one that was dropped or never asked for is said."""
        if term not in self.terms:
            why = "was dropped: the others explain it" if term in self.dropped else "is not in the model"
            raise BadInput(f"{term!r} {why}; there are {', '.join(self.terms)}")
        return self.terms.index(term)

    def of(self, term: str, unit: str = "") -> Estimate:
        """One term as an Estimate."""
        i = self.position(term)
        cautions = tuple(c for c in self.cautions if not c.startswith(FEW))
        if self.se == "CR2" and self.df[i] < ENOUGH:
            cautions += (
                f"{FEW} ({self.df[i]:.1f}): few or unequal clusters; confirm with randomisation_test or the wild bootstrap",
            )
        return Estimate(
            self.estimate[i], self.std_error[i], self.df[i], self.low[i], self.high[i], self.level, self.n, unit,
            self.method, cautions,
        )  # fmt: skip

    def only(self, terms) -> Fit:
        """The same fit showing fewer terms."""
        at = [i for i, name in enumerate(self.terms) if name in set(terms)]
        part = {
            k: getattr(self, k)[at] for k in ("estimate", "std_error", "statistic", "df", "p_value", "low", "high")
        }
        kept = tuple(name for name in self.dropped if name in set(terms))
        return replace(
            self, terms=tuple(self.terms[i] for i in at), vcov=self.vcov[np.ix_(at, at)], dropped=kept, **part
        )

    def with_cautions(self, *sentences: str) -> Fit:
        """The same fit with more to be said beside it."""
        return replace(self, cautions=(*self.cautions, *sentences))

    def wald(self, terms) -> tuple[float, int, float]:
        """Are these terms all zero?  (F, how many, p), with the smallest df among them or the residual ones."""
        at = [self.position(t) for t in terms]
        part = self.estimate[at]
        f = float(part @ np.linalg.pinv(self.vcov[np.ix_(at, at)], hermitian=True) @ part) / len(at)
        return f, len(at), float(special.fdtrc(len(at), self.df[at].min(), f))

    def to_dict(self) -> dict:
        names = ("terms", "estimate", "std_error", "statistic", "df", "p_value", "low", "high", "vcov", "se", "level", "n",
                 "clusters", "rank", "sigma2", "dropped", "cautions", "method")  # fmt: skip
        return plain({name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True)
class Solved:
    """The coefficients and what their variance is built from.

    columns       : names of the columns `project` (columns, p) and `error` (columns,) apply to
    turn, shift   : (p, p), (p,) undo the pilot shift of the intercept
    """

    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    columns: tuple[str, ...]
    project: np.ndarray
    error: np.ndarray
    beta: np.ndarray
    turn: np.ndarray
    shift: np.ndarray
    blocks: b.Blocks
    sigma2: float
    rank: int
    notes: tuple[str, ...] = ()


def fit(gram: Gram, y, x, *, instruments=None, se: str = "CR2", level: float = 0.95, show=None, rows=None) -> Fit:
    """How does y change with each x, and how sure is that?  All from the sums of `gram`.

    y           : name of the outcome
    x           : names of the regressors; an intercept is added unless the gram absorbs a fixed effect
    instruments : names that replace the endogenous among x (exogenous x are repeated, as in the two-part formula)
    se          : "CR0", "CR1" (Stata's factor), "CR2" with Bell-McCaffrey df, "CR3", "CRV3" (jackknife), "classical"
    show        : names of the terms wanted, default all; the df of the others are then not worked out
    rows        : Solved -> Members, for callers that hold the rows
    Raises TooFew with one cluster or no spare degree of freedom.
    """
    one = solve(gram, y, x, instruments=instruments, keep_single=gram.weighted and se == "CR2")
    if se == "classical":
        df = np.full(len(one.terms), gram.n - one.rank)
        return finish(one, one.sigma2 * one.blocks.bread, df, se, level, gram.n, 0, method(gram, se, instruments))
    if gram.clusters < 2:
        raise TooFew("there is one cluster: between clusters nothing can be learned; name a finer cluster")
    shown = [i for i, name in enumerate(one.terms) if show is None or name in show]
    members = rows(one) if rows is not None and se == "CR2" else None
    found = cluster_variance(one.blocks, se, one.turn.T[:, shown], n=gram.n, rank=one.rank, members=members)
    variance, df = found[0], np.full(len(one.terms), np.nan)
    df[shown] = found[1]
    cautions = _few(gram.clusters, found[1], se)
    line = method(gram, se, instruments)
    out = finish(one, variance, df, se, level, gram.n, gram.clusters, line, cautions)
    return out if show is None else out.only(show)


def solve(gram, y, x, *, instruments=None, keep_single=False) -> Solved:
    """Coefficients without their variance."""
    x, z = list(x), list(instruments) if instruments is not None else None
    names = list(dict.fromkeys([*x, *(z or []), y]))
    second, first = b.residualised(gram, gram.index(names))
    front = [] if gram.absorbed else [INTERCEPT]
    names = front + names
    whole = second[1 if gram.weighted else 0].sum(0)
    raw = np.diag(_raw_squares(gram, names))
    at = {name: i for i, name in enumerate(names)}
    pick = lambda wanted: [at[name] for name in front + wanted]  # noqa: E731
    kept_z = None
    if z is not None:
        columns = np.array(pick(z))
        kept_z = columns[b.independent(whole[np.ix_(columns, columns)], raw[columns])]
        to_z = b.stable_inverse(whole[np.ix_(kept_z, kept_z)]) @ whole[kept_z]
        whole_x = to_z.T @ whole[np.ix_(kept_z, kept_z)] @ to_z
    else:
        whole_x = whole
    columns = np.array(pick(x), int)
    kept = columns[b.independent(whole_x[np.ix_(columns, columns)], raw[columns])] if len(columns) else columns
    if not len(kept):
        raise TooFew("no regressor varies: nothing can be compared")
    project = np.zeros((len(names), len(kept)))
    if kept_z is None:
        project[kept, np.arange(len(kept))] = 1
    else:
        if len(kept_z) < len(columns):
            raise BadInput(
                f"{len(kept_z)} instruments that differ cannot tell {len(columns)} regressors apart: add instruments"
            )
        project[kept_z] = to_z[:, kept]
    bread = b.stable_inverse(project.T @ whole @ project)
    beta = bread @ (project.T @ whole[:, at[y]])
    error = np.zeros(len(names))
    error[at[y]] = 1
    error[kept] -= beta
    made = b.build(gram, second, first, project, error, bread, keep_single=keep_single)
    rank = len(kept) + gram.levels
    if gram.n <= rank:
        raise TooFew(f"{gram.n} rows for {rank} coefficients: nothing is left to judge the noise by")
    kept_names = tuple(names[i] for i in kept)
    turn, shift = _turn(gram, kept_names, y)
    dropped = tuple(names[i] for i in columns if i not in kept)
    sigma2 = float(error @ whole @ error) / (gram.n - rank)
    notes = _nothing_left(whole[at[y], at[y]], sigma2 * (gram.n - rank), gram.n * gram.shift[gram.index([y])[0]] ** 2)
    return Solved(kept_names, dropped, tuple(names), project, error, beta, turn, shift, made, sigma2, rank, notes)


def _nothing_left(spread, misfit, size):
    """What to say when there is no noise to judge anything by."""
    if spread <= EQUAL * size or spread == 0:
        return ("all answers are equal: nothing varies that could be explained",)
    if misfit <= EQUAL * spread:
        return ("the regressors explain the outcome exactly: there is no noise to judge anything by",)
    return ()


def finish(one, variance, df, se, level, n, clusters, method, cautions=()) -> Fit:
    """Intervals around the coefficients, on the scale of the data."""
    beta = one.turn @ one.beta + one.shift
    vcov = one.turn @ variance @ one.turn.T
    error = np.sqrt(np.maximum(np.diag(vcov), 0))
    df = np.broadcast_to(np.asarray(df, float), beta.shape).copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, beta / error, np.nan)  # not endless: without noise there is no test
    half = special.stdtrit(df, (1 + level) / 2) * error
    cautions = (*cautions, *one.notes)
    gone = [name for name in one.dropped if not name.startswith(HIDDEN)]
    if gone:
        cautions = (*cautions, f"dropped, because the regressors before it explain it: {', '.join(gone)}")
    return Fit(
        one.terms, beta, error, t, df, 2 * special.stdtr(df, -np.abs(t)), beta - half, beta + half, vcov, se, level, n,
        clusters, one.rank, one.sigma2, one.dropped, tuple(cautions), method,
    )  # fmt: skip


def method(gram, se, instruments) -> str:
    """One line a statistician can check."""
    what = "two-stage least squares" if instruments is not None else "least squares"
    parts = [("weighted " if gram.weighted else "") + what]
    if gram.absorbed:
        parts.append(f"{gram.levels} fixed effects absorbed")
    named = {
        "CR1": "CR1 (Stata's factor), t(G-1)",
        "CR2": "CR2 with Bell-McCaffrey df",
        "CRV3": "cluster jackknife CRV3, t(G-1)",
    }
    parts.append(
        named.get(se, se)
        + ("" if se in ("classical", "HAC") or se.startswith("HC") else f", {gram.clusters} clusters")
    )
    return ", ".join(parts)


def _few(clusters, df, se):
    if se == "CR2" and df.size and df.min() < ENOUGH:
        return (f"{FEW} behind a term ({df.min():.1f}): see df in the table",)
    if se != "CR2" and clusters < 30:
        return (f"{clusters} clusters: {se} intervals are too short with few clusters, prefer CR2",)
    return ()


def _raw_squares(gram, names):
    """Cross products before the fixed effect is taken out: the scale a column must keep some of."""
    use = gram.index([name for name in names if name != INTERCEPT])
    k = 1 if gram.weighted else 0
    squares = np.diag(gram.second[k].sum(0))[use]
    return np.diag(np.r_[[gram.total[k].sum()] * (len(names) - len(use)), squares])


def _turn(gram, terms, y):
    """The shifted intercept belongs to shifted columns: b0 = b0' + shift_y - shift_x'b."""
    turn, shift = np.eye(len(terms)), np.zeros(len(terms))
    if terms[0] == INTERCEPT:
        turn[0, 1:] = -gram.shift[gram.index(terms[1:])]
        shift[0] = gram.shift[gram.index([y])[0]]
    return turn, shift
