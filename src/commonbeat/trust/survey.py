"""Where does trust stand? Means, totals, shares, quantiles and ratios from samples as they were really drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from commonbeat.errors import BadInput
from commonbeat.trust.columns import labels, numbers
from commonbeat.trust.levels import Level, Levels
from commonbeat.trust.quantiles import QUANTILE_RULES, weighted_quantile
from commonbeat.trust.replicates import Replicates, as_replicates
from commonbeat.trust.sampling import SampleDesign, sample_design
from commonbeat.trust.share_intervals import share_interval

__all__ = ["KINDS", "estimate_level"]

KINDS = ("mean", "total", "share", "quantile", "ratio")
NOT_A_SAMPLE = (
    "These people chose to answer; nobody drew them. Weights make them resemble the population in what was counted, not in "
    "what made them answer, so there is no margin of error."
)
_MOST_CELLS = 20_000_000  #: rows x groups up to which the covariance between groups is kept


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything asked of one call, checked."""

    y: np.ndarray
    below: np.ndarray | None
    kind: str
    q: float
    rule: str
    interval: str
    level: float
    sample: str
    design_effect: str
    fewest: int
    design: SampleDesign
    replicates: Replicates | None
    answered: np.ndarray


def estimate_level(
    y, *, kind="mean", by=None, weights=None, strata=None, cluster=None, fpc=None, replicates=None, level=0.95,
    denominator=None, q=0.5, rule="math", interval="logit", lonely_psu="fail", sample="probability",
    design_effect="srs", fewest=2,
):  # fmt: skip
    """Where does an answer stand in the population, and how sure is that?  -> Level; with `by` -> Levels.

    y           : (people,) nan or None where there is no answer; for a share 1/0 or true/false; for a ratio the numerator
    kind        : mean, total, share, quantile (of share `q`, by `rule`), ratio (over `denominator`)
    by          : (people,) or several columns; each group keeps the whole design (a group is not a smaller sample)
    weights     : (people,) or the result of `rake`, `poststratify`, `calibrate`, whose variance is then of residuals
    strata, cluster, fpc : how people were drawn; `cluster` and `fpc` may have one column for each stage
    replicates  : Replicates (or a (people, draws) array of bootstrap weights) in place of strata and clusters
    sample      : "probability", or "panel" / "open_link" for people who chose to answer: value and n, never a margin of error
    lonely_psu  : a stratum with one cluster: "fail", "certainty", "adjust" or "average"
    interval    : of a share: logit, beta, likelihood, asin, mean
    design_effect : against sampling without ("srs") or with replacement ("replace")
    fewest      : people with an answer below which there is only "too few to tell"
    Method: Taylor linearisation or replicates, t with clusters less strata; quantiles by Woodruff 1952. As R's survey.
    """
    asked = _asked(
        y, denominator, kind, q, rule, interval, level, sample, design_effect, fewest, weights, strata, cluster, fpc,
        replicates, lonely_psu,
    )  # fmt: skip
    if by is None:
        return _levels(asked, [np.ones(len(asked.y), bool)], (None,)).levels[0]
    codes, names = labels(by, "by", rows=len(asked.y))
    return _levels(asked, [codes == k for k in range(len(names))], tuple(names))


def _asked(
    y, denominator, kind, q, rule, interval, level, sample, effect, fewest, weights, strata, cluster, fpc, reps, lonely
) -> Asked:  # fmt: skip
    for name, value, allowed in (
        ("kind", kind, KINDS),
        ("rule", rule, QUANTILE_RULES),
        ("sample", sample, ("probability", "panel", "open_link")),
        ("design_effect", effect, ("srs", "replace")),
    ):
        if value not in allowed:
            raise BadInput(f'`{name}` is "{value}"; it may be {", ".join(allowed)}.')
    if not 0 < level < 1 or not 0 < q < 1:
        raise BadInput("`level` and `q` are shares between 0 and 1, as 0.95.")
    if kind == "ratio" and denominator is None:
        y, denominator = _pair(y)
    value = numbers(y, "y", low=0 if kind == "share" else None, high=1 if kind == "share" else None)
    if kind == "share" and not np.isin(value[~np.isnan(value)], (0.0, 1.0)).all():
        raise BadInput("A share is of people who do or do not: `y` may only be 1 and 0, true and false.")
    below = None if denominator is None else numbers(denominator, "denominator", rows=len(value))
    if not len(value):
        raise BadInput("`y` is empty: nobody was asked.")
    design = sample_design(
        len(value), weights=weights if reps is None or weights is not None else as_replicates(reps).base, strata=strata,
        cluster=cluster, fpc=fpc, lonely_psu=lonely,
    )  # fmt: skip
    answered = ~np.isnan(value) & (design.weights != 0)
    if below is not None:
        answered &= ~np.isnan(below)
    replicates = None if reps is None else as_replicates(reps, base=design.weights)
    return Asked(
        np.nan_to_num(value), None if below is None else np.nan_to_num(below), kind, q, rule, interval, level, sample,
        effect, fewest, design, replicates, answered,
    )  # fmt: skip


def _levels(a: Asked, groups, names) -> Levels:
    inside = [g & a.answered for g in groups]
    values = [_value(a, a.design.weights, g) for g in inside]
    if a.sample != "probability":
        covariance = np.full((len(groups), len(groups)), np.nan)
    elif a.replicates is not None:
        covariance = _replicate_covariance(a, inside, values)
    else:
        covariance = _covariance(a, inside, values)
    made = tuple(
        _level(a, g, i, v, covariance[k, k]) for k, (g, i, v) in enumerate(zip(groups, inside, values, strict=True))
    )
    keep = a.sample == "probability" and np.isfinite(covariance).any() and a.kind != "quantile"
    return Levels(names, made, covariance if keep else None)


def _value(a: Asked, w, inside) -> float:
    w = np.where(inside, w, 0.0)
    if not np.any(w):
        return np.nan
    if a.kind == "quantile":
        return float(weighted_quantile(a.y, w, a.q, rule=a.rule))
    top = w @ a.y
    if a.kind == "total":
        return float(top)
    under = w @ a.below if a.kind == "ratio" else w.sum()
    return float(top / under) if under else np.nan


def _influence(a: Asked, inside, value) -> np.ndarray:
    w = np.where(inside, a.design.weights, 0.0)
    if a.kind == "total":
        return w * a.y
    if a.kind == "ratio":
        return w * (a.y - value * a.below) / (w @ a.below)
    at = (a.y <= value).astype(float) if a.kind == "quantile" else a.y
    return w * (at - (w @ at) / w.sum()) / w.sum()  # a quantile's interval is read off the share below it


def _covariance(a: Asked, inside, values) -> np.ndarray:
    k = len(inside)
    out = np.full((k, k), np.nan)
    if a.design.df() < 1:
        return out  # one cluster in every stratum: nothing shows how samples would differ
    told = [j for j in range(k) if not np.isnan(values[j]) and inside[j].sum() >= a.fewest]
    if k * len(a.y) <= _MOST_CELLS and told:
        z = np.column_stack([_influence(a, inside[j], values[j]) for j in told])
        out[np.ix_(told, told)] = a.design.covariance(z)
        return out
    for j in told:
        out[j, j] = a.design.covariance(_influence(a, inside[j], values[j]))[0, 0]
    return out


def _replicate_covariance(a: Asked, inside, values) -> np.ndarray:
    draws = np.array([[_value(a, w, g) for g in inside] for w in a.replicates.weights.T])
    return a.replicates.covariance(draws, np.array(values))


def _level(a: Asked, group, inside, value, variance) -> Level:
    n, asked_n = int(inside.sum()), int((group & (a.design.weights != 0)).sum())
    common = {"level": a.level, "n": n, "unit": _unit(a), "method": _method(a), "answered": n, "asked": asked_n}
    cautions = list(a.design.cautions)
    if n < asked_n:
        cautions.append(f"{asked_n - n:,} of {asked_n:,} gave no answer and are left out.")
    if n < a.fewest or np.isnan(value):
        return Level(
            None, **common, cautions=(f"too few to tell: {n} with an answer, at least {a.fewest} needed", *cautions)
        )
    if a.sample != "probability":
        return Level(value, **common, cautions=(NOT_A_SAMPLE, *cautions))
    df = a.replicates.df if a.replicates is not None else a.design.df(inside)
    if df < 1 or np.isnan(variance):
        return Level(value, **common, cautions=("too few clusters to tell how sure this is", *cautions))
    error, low, high = _interval(a, inside, value, variance, n, df)
    effect = _design_effect(a, inside, error * error)
    if n > 1 and np.ptp(a.y[inside]) == 0 and a.kind in ("mean", "quantile"):
        cautions.append("Everybody answered the same, so the sample cannot show how much answers differ.")
        low, high = None, None
    elif df < 10:
        cautions.append(f"Only {df} degrees of freedom stand behind this interval.")
    return Level(
        value, error, df, low, high, **common, cautions=tuple(cautions), design_effect=effect,
        effective_n=n / effect if effect else None,
    )  # fmt: skip


def _interval(a: Asked, inside, value, variance, n, df):
    t = stats.t.ppf((1 + a.level) / 2, df)
    error = float(np.sqrt(max(variance, 0.0)))
    if a.kind == "share":
        return error, *share_interval(value, variance, n, df, how=a.interval, level=a.level)
    if a.kind == "quantile" and a.replicates is None:
        w = np.where(inside, a.design.weights, 0.0)
        below = float(w @ (a.y <= value) / w.sum())
        low, high = weighted_quantile(a.y, w, np.array([below - t * error, below + t * error]), rule=a.rule)
        return float((high - low) / (2 * t)), float(low), float(high)
    return error, value - t * error, value + t * error


def _design_effect(a: Asked, inside, variance) -> float | None:
    n = int(inside.sum())
    w = np.where(inside, a.design.weights, 0.0)
    if n < 2 or a.kind in ("quantile", "ratio"):
        return None
    mean = w @ a.y / w.sum()
    simple = (w @ (a.y - mean) ** 2) / w.sum() * n / (n - 1) / n
    people = w.sum()
    if a.design_effect == "srs" and people > n:
        simple *= (people - n) / people
    if a.kind == "total":
        simple *= people**2
    return float(variance / simple) if simple > 0 else None


def _unit(a: Asked) -> str:
    return {"share": "share", "total": "sum over the population", "ratio": "ratio"}.get(a.kind, "answer")


def _method(a: Asked) -> str:
    what = {
        "quantile": f"weighted quantile {a.q:g} ({a.rule}), Woodruff interval",
        "share": f"weighted share, {a.interval} interval",
    }
    how = (
        a.replicates.kind
        if a.replicates is not None
        else "linearised" + (f" ({a.design.words})" if a.design.words else "")
    )
    if a.sample != "probability":
        how = "no sampling error: not a probability sample"
    known = f", {a.design.calibrated.method}" if a.design.calibrated else ""
    return f"{what.get(a.kind, 'weighted ' + a.kind)}, {how}{known}"


def _pair(y):
    raw = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if raw.ndim == 2 and 2 in raw.shape:
        return (raw[:, 0], raw[:, 1]) if raw.shape[1] == 2 else (raw[0], raw[1])
    raise BadInput("A ratio needs what it is of: give `denominator`, or `y` with two columns.")
