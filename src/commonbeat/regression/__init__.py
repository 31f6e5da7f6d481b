"""Straight lines with honest errors: one small cross-product matrix per cluster, and everything that follows from it.

gram(table, columns, cluster=, fixed_effects=, weights=)   one GROUP BY, or arrays in memory
fit(gram, y, x)              coefficients, CR0 / CR1 / CR2 with Bell-McCaffrey df / CR3 / CRV3, two-stage least squares
wild_bootstrap(gram, ...)    restricted wild cluster bootstrap-t from the same matrices
ols(y, X, ...)               the row-level face: HC0-HC3, HAC, one- and two-way clusters, fixed effects, instruments
robust_scan(source, fitted)  the second scan that HC0-HC3 need when the rows are not in memory
"""

from commonbeat.regression.fitting import Fit, fit
from commonbeat.regression.gram import Gram, gram
from commonbeat.regression.rows import ols
from commonbeat.regression.scan import robust_scan
from commonbeat.regression.wild import WildBootstrap, wild_bootstrap

__all__ = ["Fit", "Gram", "WildBootstrap", "fit", "gram", "ols", "robust_scan", "wild_bootstrap"]
