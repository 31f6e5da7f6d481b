"""How does one thing change with others, when other things are held equal?"""

from __future__ import annotations

import numpy as np

from commonbeat import regression
from commonbeat.errors import BadInput, Missing
from commonbeat.regression import Fit, WildBootstrap, gram, ols
from commonbeat.trust.complete import labels, left_out, matrix, numbers, rows

__all__ = ["regress", "wild_bootstrap"]


def regress(y, X, *, fixed_effects=None, cluster=None, weights=None, se=None, level=0.95, instruments=None,
            lags=None) -> Fit:  # fmt: skip
    """How much does y change with each column of X, and how sure is that?

    y, X          : (n,) outcome and (n, p) regressors (array, frame or dict); or a formula and the frame it speaks of:
                    regress("trust ~ treated + age | area", frame, cluster="area"), after | come fixed effects, and
                    "trust ~ age | area | contacted ~ invited" adds an endogenous regressor with its instrument
    fixed_effects : (n,) labels, or a list of them, or names of columns with a formula
    cluster       : (n,) labels; two of them, as a list, for two-way clusters
    se            : None = CR2 with Bell-McCaffrey df when there are clusters, else HC2; also "classical", HC0, HC1, HC3,
                    "HAC", CR0, CR1 (Stata), CR3, CRV3 (jackknife)
    instruments   : (n, r) all instruments, exogenous columns of X repeated: two-stage least squares
    Returns a Fit with `.tidy()`: term, estimate, std_error, statistic, df, p_value, conf_low, conf_high.
    An intercept is added unless fixed effects are absorbed. Incomplete rows are dropped and counted. Collinear columns
    are dropped, later ones first, and named. Raises BadInput for negative or zero weights, TooFew for one cluster.
    """
    if isinstance(y, str):
        y, X, instruments, fixed_effects, cluster, weights = _formula(y, X, fixed_effects, cluster, weights)
    x, names = matrix(X)
    given = {"y": numbers(y, "y"), "x": x, "weights": weights}
    z_names = None
    if instruments is not None:
        given["z"], z_names = matrix(instruments, "instruments")
        z_names = _same_name(given["z"], z_names, x, names)
    factors, groups = _several(fixed_effects), _several(cluster)
    given |= {f"fe_{i}": f for i, f in enumerate(factors)} | {f"cluster_{i}": c for i, c in enumerate(groups)}
    r = rows(**given)
    out = ols(
        r["y"], r["x"], names, instruments=r.get("z"), instrument_names=z_names,
        fixed_effects=[r[f"fe_{i}"] for i in range(len(factors))],
        clusters=[r[f"cluster_{i}"] for i in range(len(groups))],
        weights=r.get("weights"), se=se, lags=lags, level=level,
    )  # fmt: skip
    return out.with_cautions(*left_out(r.dropped))


def wild_bootstrap(y, X, term, *, cluster, fixed_effects=None, weights=None, null=0.0, draws=9999, seed=0,
                   level=0.95) -> WildBootstrap:  # fmt: skip
    """Is the effect of `term` different from `null`, judged by flipping the residuals of whole clusters?

    y, X, cluster, weights : as for `regress`, or a formula and its frame; fixed_effects: at most one factor
    term                   : a column of X, by name (x1, x2 ... for an array)
    For few clusters: every pattern of signs is used once when there are at most 4,096, else `draws` of them. With few
    treated clusters it is cautious; `randomisation_test` is then the better witness.
    Raises TooFew with fewer than four clusters, or when `term` was dropped. Method: Cameron, Gelbach & Miller (2008).
    """
    if isinstance(y, str):
        y, X, instruments, fixed_effects, cluster, weights = _formula(y, X, fixed_effects, cluster, weights)
        if instruments is not None:
            raise BadInput("the wild bootstrap here has no instruments: see complier_effect for an honest interval")
    x, names = matrix(X)
    factors, groups = _several(fixed_effects), _several(cluster)
    if len(factors) > 1 or len(groups) != 1:
        raise BadInput(
            f"{len(groups)} clusterings and {len(factors)} fixed effects: give one cluster, and at most one factor"
        )
    r = rows(y=numbers(y, "y"), x=x, weights=weights, cluster=groups[0], fe=factors[0] if factors else None)
    table = gram(
        np.column_stack([r["y"], r["x"]]), ["the outcome", *names], cluster=r["cluster"], fixed_effects=r.get("fe"),
        weights=r.get("weights"),
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    return regression.wild_bootstrap(table, "the outcome", names, term, null=null, draws=draws, rng=rng, level=level)


def _several(value):
    """None, one column, a list of columns or a frame of them, as a list of columns."""
    if value is None:
        return []
    if hasattr(value, "columns") or hasattr(value, "column_names"):
        names = getattr(value, "column_names", None) or value.columns
        return [labels(value[name], str(name)) for name in names]
    if isinstance(value, (list, tuple)) and any(hasattr(v, "__len__") and not isinstance(v, str) for v in value):
        return [labels(v, "labels") for v in value if v is not None]
    array = np.asarray(value) if isinstance(value, np.ndarray) else labels(value, "labels")
    return [array] if array.ndim == 1 else list(array.T)


def _same_name(z, z_names, x, names):
    """An instrument that is a column of X takes its name, so that it is summed once."""
    taken = list(z_names)
    for i in range(z.shape[1]):
        same = [names[j] for j in range(x.shape[1]) if np.array_equal(z[:, i], x[:, j], equal_nan=True)]
        taken[i] = same[0] if same else (f"instrument {z_names[i]}" if z_names[i] in names else z_names[i])
    return taken


def _formula(text, frame, fixed_effects, cluster, weights):
    """Parts of "y ~ x | fe | endogenous ~ instrument" as columns of `frame`."""
    if text.count("~") not in (1, 2) or "~" not in text.split("|")[0]:
        raise BadInput(f"formula {text!r}: write it as 'y ~ a + b', with '| area' after it for fixed effects")
    parts = [part.strip() for part in text.split("|")]
    if any(part.count("~") > 1 or part.strip("~ ") == "" for part in parts):
        raise BadInput(f"formula {text!r} cannot be read: one ~ in each part, and something on both sides of |")
    outcome, right = (side.strip() for side in parts[0].split("~"))
    iv = [part for part in parts[1:] if "~" in part]
    fe = [name.strip() for part in parts[1:] if "~" not in part for name in part.split("+")]

    def by_name(c):
        if isinstance(c, str):
            return _column(frame, c)
        return [_column(frame, k) for k in c] if isinstance(c, (list, tuple)) and isinstance(c[0], str) else c

    exogenous = _design(right, frame)
    instruments, x = None, exogenous
    if iv:
        endogenous, instrument = (_design(side, frame) for side in iv[0].split("~"))
        x, instruments = endogenous | exogenous, instrument | exogenous
    factors = [_column(frame, name) for name in fe] if fe else by_name(fixed_effects)
    y = _column(frame, outcome) if outcome in _names(frame) else next(iter(_design(outcome, frame).values()))
    return y, x, instruments, factors, by_name(cluster), by_name(weights)


def _names(frame):
    return [str(name) for name in (getattr(frame, "column_names", None) or frame.columns)]


def _column(frame, name):
    if name not in _names(frame):
        raise BadInput(f"there is no column {name!r}; there are {', '.join(_names(frame))}")
    return frame[name]


def _design(right, frame) -> dict:
    """Columns of a formula's right side, without the intercept."""
    if right.strip() in ("1", ""):
        return {}
    try:
        import formulaic
    except ImportError:
        raise Missing(
            "formulas need formulaic: pip install 'commonbeat[formulas]', or give arrays instead of a formula"
        ) from None
    try:
        made = formulaic.model_matrix(right, _as_frame(frame), na_action="ignore", output="numpy")
    except formulaic.errors.FormulaicError as error:
        raise BadInput(
            f"the formula's {right!r} cannot be read: {error} The columns are {', '.join(_names(frame))}"
        ) from None
    names = list(made.model_spec.column_names)
    values = np.asarray(made, float)
    return {name: values[:, i] for i, name in enumerate(names) if name != "Intercept"}


def _as_frame(frame):
    import narwhals as nw

    return nw.from_native(frame).to_native()
