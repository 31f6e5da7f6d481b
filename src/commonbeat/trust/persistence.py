"""Does it last, and how often must it be done again?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import special, stats

from commonbeat.design import codes_of
from commonbeat.errors import BadInput, Refused, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.regression import ols
from commonbeat.trust.complete import left_out, rows
from commonbeat.trust.decay import FAMILIES, Curve, fit_curve
from commonbeat.trust.experiments import _which
from commonbeat.trust.redrawn_waves import redraw_half_life

__all__ = ["Persistence", "cadence", "decay", "persistence"]

WAVES_TO_CHOOSE = 5  # with fewer, curves that mean opposite things fit alike
NEAR = 2.0  # curves whose AIC is this close cannot be told apart


@dataclass(frozen=True, slots=True)
class Persistence:
    """The effect at each wave and what becomes of it.

    times, effects : (k,) time of each wave, its Estimate;  covariance (k, k)
    curves     : every family that could be fitted
    chosen     : family with the smallest AIC; None with fewer than five waves
    half_life  : Estimate; its value is None, with the reason in `cautions`, when it cannot be told
    decays     : (chi2, df, p) of "the effect stays as it is" against any change between waves
    verdict    : "fades", "plateau", "no decay seen" or "cannot tell"
    randomised : whether arms were drawn by chance, as the caller says
    balanced   : the same effects among people who answered every wave, where people are known
    bootstrap  : (low, high) of the half-life by redrawing people, None when not asked for
    """

    times: np.ndarray
    effects: tuple[Estimate, ...]
    covariance: np.ndarray = field(repr=False)
    curves: dict
    chosen: str | None
    half_life: Estimate
    decays: tuple[float, int, float]
    verdict: str
    randomised: bool
    balanced: tuple[Estimate, ...] | None = None
    bootstrap: tuple[float, float] | None = None
    cautions: tuple[str, ...] = ()

    def tidy(self):
        """A polars frame, one row per wave."""
        import polars as pl

        columns = {"time": self.times}
        for name, key in (
            ("estimate", "value"),
            ("std_error", "std_error"),
            ("conf_low", "low"),
            ("conf_high", "high"),
            ("n", "n"),
        ):
            columns[name] = [getattr(e, key) for e in self.effects]
        return pl.DataFrame(columns)

    def to_dict(self) -> dict:
        names = ("times", "effects", "covariance", "curves", "chosen", "half_life", "decays", "verdict", "randomised",
                 "balanced", "bootstrap", "cautions")  # fmt: skip
        return plain({name: getattr(self, name) for name in names})


def persistence(y, arm, wave, *, person=None, block=None, cluster=None, weights=None, level=0.95, randomised=True,
                bootstrap=0, seed=0, control=None, treated=None, unit="") -> Persistence:  # fmt: skip
    """How large is the effect at each wave, and does it last?

    y, arm, wave : (n,) one row per answer; wave is the time since the programme (0, 3, 21 days), a number
    person       : (n,) who answered, so that answers of one person go together; cluster: what was assigned, if larger
    bootstrap    : redraws of people (or clusters) for a second interval of the half-life
    Raises BadInput when a person answers a wave twice, TooFew with one wave or a wave without both arms.
    The effect at every wave compares whole arms; decay among those who stayed alone would be survivorship.
    """
    r = rows(
        y=y, arm=arm, wave=np.asarray(wave, float), group_person=person, block=block, cluster=cluster, weights=weights
    )
    found, code = codes_of(r["arm"], "arm")
    control, treated, what = _which(found, control, treated)
    here = (code == found.index(control)) | (code == found.index(treated))
    r, dropped = {name: value[here] for name, value in r.items()}, r.dropped
    z = (code[here] == found.index(treated)).astype(float)
    times, w = codes_of(r["wave"], "wave")
    _check_waves(r, z, times, w)
    _, effects, covariance = _by_wave(r, z, times, w, level, unit)
    out = decay(
        times, [e.value for e in effects], covariance, level=level, unit=unit, randomised=randomised, n=len(z)
    )
    redrawn = (
        redraw_half_life(r, z, times, w, covariance, draws=bootstrap, seed=seed, level=level) if bootstrap else None
    )
    balanced, more = _balanced(r, z, times, w, level, unit)
    return Persistence(
        out.times, effects, covariance, out.curves, out.chosen, out.half_life, out.decays, out.verdict, randomised, balanced,
        redrawn, (*what, *left_out(dropped), *more, *out.cautions),
    )  # fmt: skip


def decay(times, effects, covariance, *, level=0.95, unit="", randomised=True, n=None) -> Persistence:
    """What do effects at several times, with their joint covariance, say about lasting?

    times, effects, covariance : (k,), (k,), (k, k), times increasing
    Curves are chosen between only with five waves or more: a town that plateaus must not be told a half-life.
    """
    t, y, v = np.asarray(times, float), np.asarray(effects, float), np.asarray(covariance, float)
    if (np.diff(t) <= 0).any():
        raise BadInput(f"waves are out of order or repeated: {t.tolist()}; give each time once, in order")
    if len(t) < 2:
        raise TooFew("one wave shows an effect but not whether it lasts")
    z = special.ndtri((1 + level) / 2)
    error = np.sqrt(np.diag(v))
    shown = tuple(
        Estimate(a, e, None, a - z * e, a + z * e, level, n, unit, "given effect, normal") for a, e in zip(y, error)
    )
    curves = _curves(t, y, v, level, unit)
    chosen = min(curves, key=lambda f: curves[f].aic) if len(t) >= WAVES_TO_CHOOSE else None
    chi2 = curves["constant"].misfit
    decays = (chi2, len(t) - 1, float(stats.chi2.sf(chi2, len(t) - 1)))
    half, verdict, why = _judged(y, error, t, curves, chosen, level, z)
    return Persistence(t, shown, v, curves, chosen, half, decays, verdict, randomised, cautions=tuple(why))


def cadence(found: Persistence, *, keep=0.5, per="area") -> Estimate:
    """How often must the programme come back so that at least `keep` of its effect is always there?  In units of time.

    found : from a randomised programme; keep : share of the first effect that must be left when the next round comes
    Raises Refused for officers and for programmes that were not drawn by chance.
    Method: the time at which the exponential curve has fallen to `keep`; interval from the profile of its rate.
    """
    if per != "area":
        raise Refused(
            f"a cadence per {per!r} is not given: it would become a quota. It is for areas; ask for per='area'"
        )
    if not found.randomised:
        raise Refused(
            "a cadence needs a programme whose places were drawn by chance: without that, fading and selection look alike"
        )
    if not 0 < keep < 1:
        raise BadInput(f"keep={keep:g}: the share to hold lies between 0 and 1")
    method = f"time until {100 * keep:g} % of the first effect is left, exponential curve"
    level = found.half_life.level
    if not found.half_life.known:
        return Estimate(None, level=level, n=len(found.times), method=method, cautions=found.half_life.cautions)
    curve, need = found.curves["exponential"], -np.log(keep)
    rate = curve.parameters["rate"]
    return Estimate(
        need / rate.value, need * rate.std_error / rate.value**2, None, need / curve.rate_high, need / curve.rate_low, level,
        len(found.times), "", method, ("each round is taken to do what the first did",),
    )  # fmt: skip


def _curves(t, y, v, level, unit) -> dict[str, Curve]:
    out = {}
    for family, (_, names) in FAMILIES.items():
        if len(names) <= len(t):
            out[family] = fit_curve(t, y, v, family=family, level=level, unit=unit)
    return out


def _judged(y, error, t, curves, chosen, level, z):
    """(half-life, verdict, cautions): each reason why it cannot be told is a sentence."""

    def cannot(verdict, why):
        return Estimate(None, level=level, n=len(t), method="log(2) / rate", cautions=(why,)), verdict, (why,)

    if abs(y[0]) < z * error[0]:
        return cannot("cannot tell", "not identified: the first effect is not clearly different from zero")
    if chosen is None:
        why = f"cannot tell: {len(t)} waves cannot choose between fading, a plateau and no decay; five can"
        return cannot("cannot tell", why)
    if chosen == "constant":
        return cannot("no decay seen", "no decay seen: a constant effect fits as well as any curve")
    if chosen == "plateau":
        return cannot("plateau", "the effect falls to a level that stays: a half-life of the whole does not exist")
    if chosen == "power":
        return cannot("fades", "the effect fades more and more slowly: a power curve has no half-life")
    curve = curves["exponential"]
    if curve.rate_low is None or curve.rate_low <= 0 or curve.half_life is None:
        return cannot("cannot tell", "not identified: the interval of the rate covers no decay")
    near = [f for f in curves if f != chosen and curves[f].aic < curve.aic + NEAR]
    why = (
        (f"the {' and the '.join(near)} curve fits nearly as well, and says something else about lasting",)
        if near
        else ()
    )
    return curve.half_life.with_caution(*why), "fades", why


def _check_waves(r, z, times, w):
    if len(times) < 2:
        raise TooFew("one wave shows an effect but not whether it lasts")
    for k, time in enumerate(times):
        if len(np.unique(z[w == k])) < 2:
            raise TooFew(f"wave {time:g} has answers from one arm only: drop the wave")
    if "group_person" in r:
        p = codes_of(r["group_person"], "person")[1]
        twice = np.bincount(p * len(times) + w)
        if (twice > 1).any():
            at = int(np.flatnonzero(twice > 1)[0])
            who = r["group_person"][p == at // len(times)][0]
            raise BadInput(f"person {who!r} answers wave {times[at % len(times)]:g} twice: keep one answer")


def _by_wave(r, z, times, w, level, unit):
    """One fit with the effect of every wave, so that their covariance is known."""
    inside = (w[:, None] == np.arange(len(times))).astype(float)
    terms = [f"effect[{k}]" for k in range(len(times))]
    group = r.get("cluster", r.get("group_person"))
    x, names = (
        np.column_stack([inside * z[:, None], inside[:, 1:]]),
        terms + [f"wave[{k}]" for k in range(1, len(times))],
    )
    fit = ols(
        r["y"], x, names, fixed_effects=[r["block"]] if "block" in r else [], clusters=[] if group is None else [group],
        weights=r.get("weights"), level=level, show=terms,
    )  # fmt: skip
    at = [fit.position(t) for t in terms]
    effects = []
    for k, i in enumerate(at):
        effects.append(Estimate(
            fit.estimate[i], fit.std_error[i], fit.df[i], fit.low[i], fit.high[i], level, int((w == k).sum()), unit,
            fit.method, fit.cautions,
        ))  # fmt: skip
    return fit, tuple(effects), fit.vcov[np.ix_(at, at)]


def _balanced(r, z, times, w, level, unit):
    if "group_person" not in r:
        return None, ()
    p = codes_of(r["group_person"], "person")[1]
    always = (np.bincount(p) == len(times))[p]
    if always.all():
        return None, ()
    try:
        part = {name: value[always] for name, value in r.items()}
        return _by_wave(part, z[always], times, w[always], level, unit)[1], _stayed(p, always)
    except TooFew:
        return None, (*_stayed(p, always), "too few people answered every wave to estimate among them")


def _stayed(p, always):
    share = 100 * len(np.unique(p[always])) / len(np.unique(p))
    return (
        f"{share:.0f} % of the people answered every wave; decay among them alone would be decay of those who stay",
    )
