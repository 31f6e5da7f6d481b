"""Who stopped answering, and what can still be said?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.trust.complete import numbers, rows
from commonbeat.trust.experiments import _which, difference_in_means

__all__ = ["Bounds", "Response", "bounds", "response"]

APART = 0.05  # difference in response between arms from which bounds are to be read before any effect


@dataclass(frozen=True, slots=True)
class Response:
    """Share that answered in each arm, and their difference. verdict: "alike", "apart" or "cannot tell"."""

    treated: float
    control: float
    difference: Estimate
    verdict: str

    def to_dict(self) -> dict:
        return plain({name: getattr(self, name) for name in ("treated", "control", "difference", "verdict")})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which effects does the truth lie, whatever the missing would have said?

    response  : said first, because it decides how far apart the ends are
    lower, upper : the ends as estimates;  low, high : interval that covers the true effect (Imbens & Manski 2004)
    trimmed   : share of the arm that answered more which was set aside (Lee), else 0
    """

    response: Response
    lower: Estimate
    upper: Estimate
    low: float
    high: float
    level: float
    kind: str
    trimmed: float
    n: int
    method: str
    cautions: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        names = ("response", "lower", "upper", "low", "high", "level", "kind", "trimmed", "n", "method", "cautions")
        return plain({name: getattr(self, name) for name in names})


def response(y, arm, *, block=None, cluster=None, level=0.95, control=None, treated=None) -> Response:
    """Did one arm answer more than the other?  y: (n,) with nan where a person did not answer."""
    answered = np.isfinite(numbers(y, "y")).astype(float)
    shares = [np.nan, np.nan]
    r = rows(a=answered, arm=arm)
    found = tuple(np.unique(r["arm"]).tolist())
    control, treated, _ = _which(found, control, treated)
    for i, name in enumerate((control, treated)):
        shares[i] = float(r["a"][r["arm"] == name].mean())
    gap = difference_in_means(
        answered, arm, block=block, cluster=cluster, level=level, control=control, treated=treated, unit="share"
    )
    verdict = (
        "apart" if abs(gap.value) > APART else "alike" if max(abs(gap.low), abs(gap.high)) <= APART else "cannot tell"
    )
    return Response(shares[1], shares[0], gap, verdict)


def bounds(y, arm, *, kind="lee", low=None, high=None, cluster=None, level=0.95, control=None, treated=None, unit="") -> Bounds:  # fmt: skip
    """What can be said about the effect when some did not answer?

    y, arm : (n,) outcome with nan for those who did not answer; (n,) arm
    kind   : "lee": the effect on those who would answer in either arm, if assignment moves answering one way only
             (Lee 2009); "manski": the effect on everybody, no assumption but the scale's own ends `low` and `high`
    cluster: (n,) what was assigned; errors by leaving one cluster out
    Raises BadInput when an answer lies outside low..high, TooFew when an arm has fewer than two answers.
    """
    r, z, common = _answers(y, arm, cluster, control, treated)
    told = response(y, arm, cluster=cluster, level=level, control=control, treated=treated)
    if kind == "manski":
        _check_ends(r["y"], low, high)
        made = lambda keep: _manski(r["y"][keep], z[keep], low, high)[0]  # noqa: E731
        ends, variance, trimmed = *_manski(r["y"], z, low, high), 0.0
        method = f"Manski bounds on a scale from {low:g} to {high:g}"
        cautions = ()
    elif kind == "lee":
        made = lambda keep: _lee(r["y"][keep], z[keep])[0]  # noqa: E731
        ends, variance, trimmed = _lee(r["y"], z)
        method = f"Lee bounds, {100 * trimmed:.1f} % of the arm that answered more set aside"
        cautions = (
            "about people who would answer in either arm; assumes assignment moves answering in one direction only",
        )
    else:
        raise BadInput(f"kind={kind!r}: choose 'lee' or 'manski'")
    if cluster is not None:
        variance = _jackknife(made, r["cluster"])
        method += ", errors by leaving one cluster out"
    error = np.sqrt(variance)
    df = len(np.unique(r["cluster"])) - 1 if cluster is not None else np.inf
    reach = _reach(ends[1] - ends[0], error.max(), level, df)
    shown = [Estimate(v, e, None, None, None, level, len(z), unit, method) for v, e in zip(ends, error)]
    return Bounds(
        told, *shown, float(ends[0] - reach * error[0]), float(ends[1] + reach * error[1]), level, kind, float(trimmed),
        len(z), method, common + cautions,
    )  # fmt: skip


def _answers(y, arm, cluster, control, treated):
    y = numbers(y, "y")
    r = rows(arm=arm, cluster=cluster)
    r["y"] = y[r.kept]
    found = tuple(np.unique(r["arm"]).tolist())
    control, treated, what = _which(found, control, treated)
    here = np.isin(r["arm"], [control, treated])
    for name in list(r):
        r[name] = r[name][here]
    z = (r["arm"] == treated).astype(int)
    for a, name in ((0, control), (1, treated)):
        answers = int(np.isfinite(r["y"][z == a]).sum())
        if answers < 2:
            raise TooFew(f"{answers} answers in arm {name!r}: at least two are needed in each")
    return r, z, what


def _check_ends(y, low, high):
    if low is None or high is None or not low < high:
        raise BadInput("Manski bounds need the scale's theoretical ends: low=1, high=5 for a five-point answer")
    wrong = np.flatnonzero((y < low) | (y > high))
    if wrong.size:
        raise BadInput(f"answer {y[wrong[0]]:g} in row {wrong[0]} lies outside the scale {low:g} to {high:g}")


def _manski(y, z, low, high):
    """((2,) ends, (2,) variances): the missing filled with the scale's ends."""
    ends, variance = np.empty(2), np.empty(2)
    for side, (fill1, fill0) in enumerate(((low, high), (high, low))):
        one, zero = np.where(np.isnan(y), fill1, y)[z == 1], np.where(np.isnan(y), fill0, y)[z == 0]
        ends[side] = one.mean() - zero.mean()
        variance[side] = one.var(ddof=1) / len(one) + zero.var(ddof=1) / len(zero)
    return ends, variance


def _lee(y, z):
    """((2,) ends, (2,) variances, trimmed share); the arm that answered more loses its surplus from above or below."""
    arms = [y[z == a] for a in (0, 1)]
    rate = [np.isfinite(a).mean() for a in arms]
    seen = [np.sort(a[np.isfinite(a)]) for a in arms]
    more = int(rate[1] >= rate[0])
    share = 1 - rate[1 - more] / rate[more]
    other, n = seen[1 - more], [len(a) for a in arms]
    noise = other.var(ddof=1) / len(other)
    ends, variance = np.empty(2), np.empty(2)
    for side, part in enumerate((seen[more], -seen[more][::-1])):  # lowest kept, then (mirrored) highest kept
        mean, edge, spread = _lowest(part, 1 - share)
        sign = 1 if side == 0 else -1
        keep = len(part) * (1 - share)
        in_share = (1 - rate[more]) / rate[more] / n[more] + (1 - rate[1 - more]) / rate[1 - more] / n[1 - more]
        v = spread / keep + (edge - mean) ** 2 * share / keep + (edge - mean) ** 2 * in_share
        end = sign * mean - other.mean()
        at = side if more == 1 else 1 - side
        ends[at], variance[at] = (end if more == 1 else -end), v + noise
    return ends, variance, share


def _lowest(ordered, share):
    """Mean, upper edge and variance of the lowest `share` of sorted values, the last one counted in part."""
    keep = len(ordered) * share
    weight = np.clip(keep - np.arange(len(ordered)), 0, 1)
    mean = weight @ ordered / keep
    edge = ordered[min(int(np.ceil(keep - 1e-9)), len(ordered)) - 1]
    return mean, edge, max(weight @ (ordered - mean) ** 2 / max(keep - 1, 1), 0.0)


def _jackknife(made, cluster):
    labels = np.unique(cluster)
    if len(labels) < 4:
        raise TooFew(f"{len(labels)} clusters: bounds by leaving one out need at least four")
    ends = np.array([made(cluster != label) for label in labels])
    return (len(labels) - 1) / len(labels) * ((ends - ends.mean(0)) ** 2).sum(0)


def _reach(width, error, level, df):
    """How many errors beyond the ends cover the true effect, which can be near one end only (Imbens & Manski 2004)."""
    if error == 0:
        return 0.0
    cdf = special.ndtr if np.isinf(df) else (lambda t: special.stdtr(df, t))
    return optimize.brentq(lambda c: cdf(c + max(width, 0) / error) - cdf(-c) - level, 0, 200)
