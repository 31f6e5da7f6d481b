"""What did a programme do that reached places one after another?"""

from __future__ import annotations

from dataclasses import dataclass, field

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.stats import largest_t
from commonbeat.trust.rollout import Panel
from commonbeat.trust.rollout_paths import Paths

__all__ = ["StaggeredEffect", "staggered_effect"]

SIMULATED = 40_000  # draws of the largest |t|; the critical value is good to about 0.02


@dataclass(frozen=True, slots=True)
class StaggeredEffect:
    """Effects of a rollout: one number, by time since it began, by cohort, by calendar.

    simple                   : over all treated unit-periods
    dynamic, group, calendar : {time since start | first period | period: Estimate}; dynamic < 0 is before the start
    cells                    : {(first period, period): Estimate}
    pretrend                 : (chi2, df, p) of "no difference before the start"; df 0 when nothing can be checked
    two_way                  : what two-way fixed effects would have said, and the share of its weights that is negative
    covariance               : {"dynamic" | "group" | "calendar": (k, k) of the effects of that kind, in their order}
    """

    simple: Estimate
    dynamic: dict
    group: dict
    calendar: dict
    cells: dict = field(repr=False)
    pretrend: tuple[float, int, float]
    two_way: tuple[float, float]
    covariance: dict = field(repr=False)
    method: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def critical(self) -> dict:
        """{kind: how many errors wide intervals must be so that all of that kind hold at once}."""
        return {kind: largest_t(v, level=self.simple.level, draws=SIMULATED) for kind, v in self.covariance.items()}

    def tidy(self):
        """A polars frame: kind (simple, dynamic, group, calendar), at, the usual columns, and band_low, band_high: the ends
        that hold for all effects of a kind at once."""
        import polars as pl

        rows = [("simple", None, self.simple)]
        rows += [(kind, at, e) for kind in ("dynamic", "group", "calendar") for at, e in getattr(self, kind).items()]
        columns = {"kind": [r[0] for r in rows], "at": [None if r[1] is None else float(r[1]) for r in rows]}
        for name, key in (
            ("estimate", "value"),
            ("std_error", "std_error"),
            ("conf_low", "low"),
            ("conf_high", "high"),
        ):
            columns[name] = [getattr(r[2], key) for r in rows]
        critical = self.critical
        for name, side in (("band_low", -1), ("band_high", 1)):
            columns[name] = [
                e.value + side * critical[kind] * e.std_error if kind in critical else None for kind, _, e in rows
            ]
        return pl.DataFrame(columns)

    def to_dict(self) -> dict:
        names = ("simple", "dynamic", "group", "calendar", "pretrend", "two_way", "critical", "method", "cautions")
        cells = [{"first": g, "at": t, "effect": e} for (g, t), e in self.cells.items()]
        return plain({name: getattr(self, name) for name in names} | {"cells": cells})


def staggered_effect(frame, *, unit, time, first_treated, outcome, method="callaway-santanna", control="notyet", se="neyman",
                     cluster=None, level=0.95, label="") -> StaggeredEffect:  # fmt: skip
    """What did the programme do, comparing those it had reached only with those it had not?

    frame   : one row per unit and period; unit, time, first_treated, outcome, cluster are its column names.
              first_treated: first treated period; null, 0 or infinity = never
    method  : "callaway-santanna" (difference in differences, needs parallel trends) or "roth-santanna" (most precise when
              the timing was drawn by chance)
    control : "notyet" (not yet treated, never treated among them) or "never"
    se      : "neyman" (by design, conservative; cohort weights fixed) or "influence" (sampling of units)
    cluster : column; influence errors summed within it
    Raises BadInput for a unit with two rows in a period, a missing period or a changing start; TooFew without controls.
    Method: Callaway & Sant'Anna (2021); Roth & Sant'Anna (2023).
    """
    if (
        method not in ("callaway-santanna", "roth-santanna")
        or control not in ("never", "notyet")
        or se not in ("neyman", "influence")
    ):
        raise BadInput(
            f"method={method!r}, control={control!r}, se={se!r}: see staggered_effect's text for the choices"
        )
    if method == "roth-santanna" and se == "influence":
        raise BadInput("roth-santanna rests on the draw of the timing: its error is se='neyman'")
    if cluster is not None and se == "neyman":
        raise BadInput("clusters go with se='influence': the Neyman error is of units drawn one by one")
    panel = Panel(frame, unit, time, first_treated, outcome, cluster)
    cells = panel.cells(control)
    if not any(t >= g for g, t in cells):
        raise TooFew("no cohort has both a period before its start and controls after it: nothing can be compared")
    judge = Paths(panel, cells, method, se, level, label)
    two_way, negative = panel.two_way()
    cautions = list(panel.cautions)
    if negative > 0.005:
        cautions.append(
            f"two-way fixed effects would say {two_way:.4g} and give {100 * negative:.0f} % of its weight negatively: do not use it"
        )
    pretrend = judge.pretrend()
    if pretrend[1] and pretrend[2] < 0.05:
        cautions.append(
            f"before the start the cohorts already differed (p = {pretrend[2]:.3f}): the effect may be that difference"
        )
    shares = {kind: dict(sorted(panel.groups(cells, kind).items())) for kind in ("dynamic", "group", "calendar")}
    effects = {kind: {k: judge.of(w) for k, w in part.items()} for kind, part in shares.items()}
    together = {kind: judge.covariance(list(part.values())) for kind, part in shares.items()}
    return StaggeredEffect(
        judge.of(panel.simple(cells)), **effects, cells={c: judge.of({c: 1.0}) for c in cells}, pretrend=pretrend,
        two_way=(two_way, negative), covariance=together, method=judge.method(control),
        cautions=tuple(cautions),
    )  # fmt: skip
