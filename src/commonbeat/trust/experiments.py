"""What did being assigned do, on average?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import special

from commonbeat.design import codes_of
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate
from commonbeat.regression import Fit, ols
from commonbeat.trust.complete import left_out, matrix, numbers, rows

__all__ = ["adjusted_effect", "difference_in_means", "interacted"]


def difference_in_means(y, arm, *, block=None, cluster=None, weights=None, level=0.95, control=None, treated=None,
                        unit="") -> Estimate:  # fmt: skip
    """How much higher is y among those assigned, as the trial was drawn?

    y, arm          : (n,) outcome; (n,) arm, the smaller label is control unless `control` and `treated` say
    block, cluster  : (n,) what the draw was made within, and what was drawn; blocks of one treated and one control are
                      matched pairs
    weights         : (n,) positive
    Method: Welch (one draw), Neyman within blocks weighted by their size, CR2 with Bell-McCaffrey df for clusters, the
    variance between pairs for matched pairs (Imai, King & Nall 2009). Always intention to treat.
    Raises TooFew when an arm is empty, or one block has a single treated or control while others are larger.
    """
    y, arm, block, cluster, weights, n_out, what = _two_arms(y, arm, block, cluster, weights, control, treated)
    common = {"level": level, "n": len(y), "unit": unit}
    if block is None:
        value, error, df, method = _one_draw(y, arm, cluster, weights)
    elif _paired(arm, block, cluster):
        value, error, df, method = _pairs(y, arm, block, cluster, weights)
    else:
        value, error, df, method = _blocked(y, arm, block, cluster, weights)
    half = special.stdtrit(df, (1 + level) / 2) * error
    cautions = (*what, *left_out(n_out), *_all_equal(y), *_few_clusters(arm, cluster, df))
    return Estimate(value, error, df, value - half, value + half, method=method, cautions=cautions, **common)


def adjusted_effect(y, arm, covariates, *, block=None, cluster=None, weights=None, se=None, level=0.95, control=None,
                    treated=None, unit="") -> Estimate:  # fmt: skip
    """How much higher is y among those assigned, with chance differences before the trial taken out?

    covariates : (n, p) array or frame measured before assignment; centred here (with the weights, after incomplete rows
                 went) and interacted with the arm, which cannot hurt in large trials (Lin 2013)
    block      : (n,) block labels join the covariates, so that each block counts by its size and not by p(1-p)
    se         : None = CR2 with clusters, HC2 without
    Otherwise as `difference_in_means`.
    """
    fit, at, what = _interacted(y, arm, covariates, block, cluster, weights, se, level, control, treated, alone=True)
    one = fit.of(at, unit)
    return replace(one, method="Lin's interacted adjustment, " + one.method, cautions=(*what, *one.cautions))


def interacted(y, arm, covariates, *, block=None, cluster=None, weights=None, se=None, level=0.95) -> Fit:
    """All coefficients behind `adjusted_effect`: an intercept, each arm, each centred covariate, and their products."""
    return _interacted(y, arm, covariates, block, cluster, weights, se, level, None, None)[0]


def _all_equal(y):
    return ("all answers are equal: nothing varies that could be explained",) if (y == y[0]).all() else ()


# -- without covariates ---------------------------------------------------------------------------------------------------


def _one_draw(y, arm, cluster, weights):
    if cluster is None and weights is None:
        parts = [(v.mean(), v.var(ddof=1) / len(v), len(v)) for v in (y[arm == 0], y[arm == 1])]
        (m0, v0, n0), (m1, v1, n1) = parts
        total = v0 + v1
        df = total**2 / (v0**2 / (n0 - 1) + v1**2 / (n1 - 1)) if total > 0 else n0 + n1 - 2
        return m1 - m0, np.sqrt(total), df, "difference in means, Neyman variance, Welch df"
    fit = ols(y, arm.astype(float), ["arm"], clusters=[] if cluster is None else [cluster], weights=weights)
    return fit.estimate[1], fit.std_error[1], fit.df[1], "difference in means, " + fit.method


def _blocked(y, arm, block, cluster, weights):
    values, variances, sizes = [], [], []
    labels, code = codes_of(block, "block")
    for b, label in enumerate(labels):
        here = code == b
        units = _units(arm[here], None if cluster is None else cluster[here])
        if min(units) < 2:
            raise TooFew(
                f"block {label!r} has {units[1]} treated and {units[0]} control "
                f"{'clusters' if cluster is not None else 'people'}: the noise inside it cannot be seen from one. "
                "Join it with a similar block, or use randomisation_test"
            )
        part = [None if v is None else v[here] for v in (cluster, weights)]
        value, error, _, _ = _one_draw(y[here], arm[here], *part)
        values.append(value)
        variances.append(error**2)
        sizes.append(here.sum())
    share = np.array(sizes) / sum(sizes)
    n = len(y) if cluster is None else len(np.unique(cluster))
    method = f"difference in means within {len(labels)} blocks, weighted by size"
    method += ", CR2 within blocks" if cluster is not None else ", Neyman variance"
    df = n - 2 * len(labels)
    return share @ values, np.sqrt(share**2 @ variances), df, method


def _pairs(y, arm, block, cluster, weights):
    """Between pairs: the spread of pair differences carries the noise within pairs (Imai, King & Nall 2009)."""
    labels, code = codes_of(block, "pair")
    w = np.ones(len(y)) if weights is None else weights
    mean = lambda a: np.bincount(code[arm == a], (w * y)[arm == a]) / np.bincount(code[arm == a], w[arm == a])  # noqa: E731
    difference, size, k = mean(1) - mean(0), np.bincount(code).astype(float), len(labels)
    if k < 2:
        raise TooFew("one pair shows a difference but not its noise: at least two pairs are needed")
    value = size @ difference / size.sum()
    variance = k / ((k - 1) * size.sum() ** 2) * ((size * difference - size.sum() * value / k) ** 2).sum()
    return value, np.sqrt(variance), k - 1, f"difference within {k} matched pairs, variance between pairs"


def _units(arm, cluster):
    if cluster is not None:
        _, first = np.unique(cluster, return_index=True)
        arm = arm[first]
    return np.bincount(arm, minlength=2)


def _paired(arm, block, cluster):
    code = codes_of(block, "block")[1]
    if cluster is not None:
        _, first = np.unique(cluster, return_index=True)
        code, arm = code[first], arm[first]
    return (np.bincount(code) == 2).all() and (np.bincount(code, arm) == 1).all()


def _few_clusters(arm, cluster, df):
    if cluster is None:
        return ()
    smallest = int(_units(arm, cluster).min())
    if smallest < 5 or df < 5:
        return (
            f"only {smallest} clusters in the smaller arm ({df:.1f} degrees of freedom): "
            "confirm with randomisation_test, which replays the draw",
        )
    return ()


def _two_arms(y, arm, block, cluster, weights, control, treated):
    """Complete rows of the two arms compared, arm as 0 and 1."""
    r = rows(y=y, arm=arm, block=block, cluster=cluster, weights=weights)
    found, code = codes_of(r["arm"], "arm")
    control, treated, what = _which(found, control, treated)
    what = _unanswered(y, arm, control, treated) + what
    here = (code == found.index(control)) | (code == found.index(treated))
    arm = (code[here] == found.index(treated)).astype(np.int64)
    part = [None if name not in r else r[name][here] for name in ("block", "cluster", "weights")]
    if part[1] is not None:
        _whole_clusters(arm, part[1])
    if min(_units(arm, part[1])) < 2:
        n0, n1 = _units(arm, part[1])
        raise TooFew(
            f"{n1} treated and {n0} control {'clusters' if part[1] is not None else 'people'}: each arm needs two"
        )
    return r["y"][here], arm, *part, r.dropped, what


def _unanswered(y, arm, control, treated):
    """Who did not answer is said before any effect."""
    missing = np.isnan(numbers(y, "y"))
    if not missing.any():
        return ()
    arm = np.asarray(arm.to_list() if hasattr(arm, "to_list") else arm)
    t, c = (100 * float(missing[arm == name].mean()) for name in (treated, control))
    sentence = f"no answer from {t:.1f} % of those assigned and {c:.1f} % of control"
    return (sentence + ("; more than 5 points apart, read `bounds` before the effect" if abs(t - c) > 5 else ""),)


def _which(found, control, treated):
    if len(found) < 2:
        raise TooFew(f"everybody is in arm {found[0]!r}: there is nobody to compare with")
    control = found[0] if control is None else control
    treated = (found[1] if found[0] == control else found[0]) if treated is None else treated
    for name in (control, treated):
        if name not in found:
            raise TooFew(f"nobody is in arm {name!r}: the arms are {', '.join(map(repr, found))}")
    others = [name for name in found if name not in (control, treated)]
    what = (
        (f"compares {treated!r} with {control!r}; also assigned: {', '.join(map(repr, others))}",) if others else ()
    )
    return control, treated, what


def _constant(arm, cluster):
    _, first, code = np.unique(cluster, return_index=True, return_inverse=True)
    return (arm == arm[first][code]).all()


def _whole_clusters(arm, cluster):
    if not _constant(arm, cluster):
        _, first, code = np.unique(cluster, return_index=True, return_inverse=True)
        row = int(np.flatnonzero(arm != arm[first][code])[0])
        raise BadInput(
            f"cluster {cluster[row]} holds both arms, so it was not what was assigned: leave `cluster` out, or name it as "
            "`block` when the draw was made within it"
        )


# -- with covariates ------------------------------------------------------------------------------------------------------


def _interacted(y, arm, covariates, block, cluster, weights, se, level, control, treated, alone=False):
    x, names = matrix(covariates, "covariates")
    r = rows(y=numbers(y, "y"), arm=arm, x=x, block=block, cluster=cluster, weights=weights)
    found, code = codes_of(r["arm"], "arm")
    control, treated, what = _which(found, control, treated)
    x, w = r["x"], r.get("weights")
    if block is not None:
        labels, b = codes_of(r["block"], "block")
        x = np.column_stack([x, b[:, None] == np.arange(1, len(labels))])
        names = [*names, *(f"block[{label}]" for label in labels[1:])]
    centred = x - np.average(x, axis=0, weights=w)
    others = [i for i, label in enumerate(found) if label != control]
    arms = {i: (code == i).astype(float) for i in others}
    label = {i: "arm" if len(found) == 2 else f"arm[{found[i]}]" for i in others}
    columns = [arms[i] for i in others] + list(centred.T) + [arms[i] * c for i in others for c in centred.T]
    all_names = [label[i] for i in others] + names + [f"{label[i]}:{name}" for i in others for name in names]
    clusters, at = [] if cluster is None else [r["cluster"]], label[found.index(treated)]
    show = [at] if alone else None
    fit = ols(
        r["y"], np.column_stack(columns), all_names, clusters=clusters, weights=w, se=se, level=level, show=show
    )
    cautions = left_out(r.dropped)
    if cluster is not None and len(found) == 2 and _constant(code, r["cluster"]):
        cautions += _few_clusters((code == others[0]).astype(int), r["cluster"], fit.df[fit.position(at)])
    return fit.with_cautions(*cautions), at, what
