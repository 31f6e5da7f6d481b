"""What did a programme do that reached places one after another?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import special, stats

from commonbeat.design import codes_of
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.trust.complete import numbers

__all__ = ["StaggeredEffect", "staggered_effect"]


@dataclass(frozen=True, slots=True)
class StaggeredEffect:
    """Effects of a rollout: one number, by time since it began, by cohort, by calendar.

    simple                   : over all treated unit-periods
    dynamic, group, calendar : {time since start | first period | period: Estimate}; dynamic < 0 is before the start
    cells                    : {(first period, period): Estimate}
    pretrend                 : (chi2, df, p) of "no difference before the start"; df 0 when nothing can be checked
    two_way                  : what two-way fixed effects would have said, and the share of its weights that is negative
    """

    simple: Estimate
    dynamic: dict
    group: dict
    calendar: dict
    cells: dict = field(repr=False)
    pretrend: tuple[float, int, float]
    two_way: tuple[float, float]
    method: str = ""
    cautions: tuple[str, ...] = ()

    def tidy(self):
        """A polars frame: kind (simple, dynamic, group, calendar), at, and the usual columns."""
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
        return pl.DataFrame(columns)

    def to_dict(self) -> dict:
        names = ("simple", "dynamic", "group", "calendar", "pretrend", "two_way", "method", "cautions")
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
    panel = _Panel(frame, unit, time, first_treated, outcome, cluster)
    cells = panel.cells(control)
    if not any(t >= g for g, t in cells):
        raise TooFew("no cohort has both a period before its start and controls after it: nothing can be compared")
    judge = _Judge(panel, cells, method, se, level, label)
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
    e = lambda key: {k: judge.of(w) for k, w in sorted(panel.groups(cells, key).items())}  # noqa: E731
    return StaggeredEffect(
        judge.of(panel.simple(cells)), e("dynamic"), e("group"), e("calendar"),
        {c: judge.of({c: 1.0}) for c in cells}, pretrend, (two_way, negative), judge.method(control), tuple(cautions),
    )  # fmt: skip


class _Panel:
    """Units by periods, cohorts by first treated period (infinite = never)."""

    def __init__(self, frame, unit, time, first, outcome, cluster):
        column = lambda name: frame[name] if name in frame.columns else _no_column(name, frame)  # noqa: E731
        raw = column(first)
        start = numbers(raw, first)
        start = np.where(np.isnan(start) | (start == 0), np.inf, start)
        self.labels, u = codes_of(column(unit).to_numpy(), unit)
        self.times, t = codes_of(column(time).to_numpy(), time)
        y = numbers(column(outcome), outcome)
        self._check(u, t, start, y, unit, time, first)
        n, periods = len(self.labels), len(self.times)
        self.y, self.start = np.empty((n, periods)), np.empty(n)
        self.y[u, t], self.start[u] = y, start
        self.cluster = None
        if cluster is not None:
            self.cluster = np.empty(n, np.int64)
            self.cluster[u] = codes_of(column(cluster).to_numpy(), cluster)[1]
        self.cautions = []
        early = self.start <= self.times[0]
        if early.any():
            self.cautions.append(
                f"{int(early.sum())} units treated from the first period on are left out: they have no before"
            )
        self.keep = ~early
        self.cohorts = tuple(np.unique(self.start[self.keep]).tolist())
        self.size = {g: int((self.start == g).sum()) for g in self.cohorts}

    def _check(self, u, t, start, y, unit, time, first):
        n, periods = len(self.labels), len(self.times)
        times = np.bincount(u * periods + t, minlength=n * periods)
        if (times > 1).any():
            at = int(np.flatnonzero(times > 1)[0])
            raise BadInput(
                f"{unit} {self.labels[at // periods]!r} has two rows at {time} {self.times[at % periods]!r}: keep one"
            )
        if (times == 0).any():
            at = int(np.flatnonzero(times == 0)[0])
            raise BadInput(
                f"{unit} {self.labels[at // periods]!r} has no row at {time} {self.times[at % periods]!r}: every unit needs "
                "every period; drop the unit or the period"
            )
        if np.isnan(y).any():
            row = int(np.flatnonzero(np.isnan(y))[0])
            raise BadInput(f"the outcome is missing in row {row}: fill it in, or drop that unit from every period")
        known = np.empty(n)
        known[u] = start
        if (known[u] != start).any():
            row = int(np.flatnonzero(known[u] != start)[0])
            raise BadInput(f"{first} changes within {unit} {self.labels[u[row]]!r}: a start happens once")

    def controls(self, g, t, base, control):
        late = np.inf if control == "never" else max(self.times[t], self.times[base])
        return [c for c in self.cohorts if c != g and (c == np.inf if control == "never" else c > late)]

    def cells(self, control):
        """{(first period, period): (treated cohort, period index, base index, control cohorts)}."""
        out = {}
        for g in self.cohorts:
            if g == np.inf:
                continue
            before = max(i for i, s in enumerate(self.times) if s < g)
            for t in range(1, len(self.times)):
                base = before if self.times[t] >= g else t - 1
                others = self.controls(g, t, base, control)
                if others:
                    out[(g, self.times[t])] = (g, t, base, others)
        return out

    def simple(self, cells):
        return _shares({c: self.size[c[0]] for c in cells if c[1] >= c[0]})

    def groups(self, cells, kind):
        """Weights over cells for each time since start, each cohort, each period."""
        place = {"dynamic": lambda g, t: self._since(g, t), "group": lambda g, t: g, "calendar": lambda g, t: t}[kind]
        out = {}
        for g, t in cells:
            if t >= g or kind == "dynamic":
                out.setdefault(place(g, t), {})[(g, t)] = self.size[g]
        return {k: _shares(w) for k, w in out.items()}

    def _since(self, g, t):
        """Periods since the start, counted in periods seen: gaps in the calendar do not matter."""
        if all(isinstance(s, int) for s in self.times) and float(g).is_integer():
            return int(t - g)
        return self.times.index(t) - next(i for i, s in enumerate(self.times) if s >= g)

    def two_way(self):
        """(estimate, share of negative weight on treated cells) of two-way fixed effects (de Chaisemartin & D'Haultfoeuille)."""
        y = self.y[self.keep]
        d = (np.array(self.times)[None] >= self.start[self.keep][:, None]).astype(float)
        e = d - d.mean(1, keepdims=True) - d.mean(0, keepdims=True) + d.mean()
        weight = e[d == 1]
        if not (e**2).sum():
            return float("nan"), 0.0
        return float((e * y).sum() / (e * d).sum()), float(-weight[weight < 0].sum() / np.abs(weight).sum())


def _no_column(name, frame):
    raise BadInput(f"there is no column {name!r}; there are {', '.join(map(str, frame.columns))}")


def _shares(sizes):
    total = sum(sizes.values())
    return {k: v / total for k, v in sizes.items()}


class _Judge:
    """Every estimand is linear in the cohorts' mean paths; errors follow from the paths' covariances."""

    def __init__(self, panel, cells, method, se, level, unit):
        self.p, self.cells, self.efficient, self.se = panel, cells, method == "roth-santanna", se
        self.level, self.unit = level, unit
        self.paths = {g: panel.y[panel.start == g] for g in panel.cohorts}
        self.mean = {g: v.mean(0) for g, v in self.paths.items()}
        self.n = int(panel.keep.sum())
        self.psi = {c: self._influence(*cells[c]) for c in cells} if se == "influence" else None
        if se == "neyman":
            alone = [g for g, v in self.paths.items() if len(v) < 2]
            if alone:
                raise TooFew(
                    f"the cohort starting at {alone[0]:g} has one unit: its spread cannot be seen; join it with the next "
                    "cohort, or use se='influence'"
                )
            self.cov = np.stack([np.cov(v.T) / len(v) for v in self.paths.values()])
        self.path = np.stack(list(self.mean.values()))
        self.row = {g: i for i, g in enumerate(panel.cohorts)}

    def _lines(self, weights):
        """(2, cohorts, periods) coefficients on the mean paths: the contrast now, and the same contrast at the base."""
        out = np.zeros((2, len(self.row), len(self.p.times)))
        for cell, w in weights.items():
            g, t, base, others = self.cells[cell]
            size = np.array([self.p.size[c] for c in others], float)
            at = [self.row[c] for c in others]
            for line, period in ((0, t), (1, base)):
                out[line, self.row[g], period] += w
                out[line, at, period] -= w * size / size.sum()
        return out

    def _pair(self, a, b):
        """Covariance of two contrasts; periods neither touches are skipped."""
        used = np.flatnonzero((np.abs(a) + np.abs(b)).sum(0))
        return float(
            np.einsum("ct,ctu,cu->", a[:, used], self.cov[:, used[:, None], used], b[:, used], optimize=True)
        )

    def _adjusted(self, weights):
        """The contrast now less beta times the contrast before: beta 1 is difference in differences."""
        now, before = self._lines(weights)
        spread = self._pair(before, before) if self.efficient else 0.0
        return now - (self._pair(before, now) / spread if spread > 0 else 1.0) * before

    def of(self, weights):
        line = self._adjusted(weights)
        value = (line * self.path).sum()
        error = self._spread(self._combined(weights)) if self.se == "influence" else np.sqrt(self._pair(line, line))
        half = special.ndtri((1 + self.level) / 2) * error
        return Estimate(value, error, None, value - half, value + half, self.level, self.n, self.unit, self.line())

    def _influence(self, g, t, base, others):
        p = self.p
        start, change = p.start, p.y[:, t] - p.y[:, base]
        treated, waiting = start == g, np.isin(start, others)
        out = np.zeros(len(start))
        out[treated] = (change[treated] - change[treated].mean()) * self.n / treated.sum()
        out[waiting] = -(change[waiting] - change[waiting].mean()) * self.n / waiting.sum()
        return out[p.keep]

    def _combined(self, weights):
        """Influence of a weighted mean of cells whose weights, the cohort shares, are estimated too."""
        out = sum(w * self.psi[c] for c, w in weights.items())
        total = sum(self.p.size[c[0]] for c in weights) / self.n
        value = {c: self._att(c) for c in weights}
        mean = sum(w * value[c] for c, w in weights.items())
        start = self.p.start[self.p.keep]
        for c in weights:
            out = out + ((start == c[0]) - self.p.size[c[0]] / self.n) * (value[c] - mean) / total
        return out

    def _att(self, cell):
        g, t, base, others = self.cells[cell]
        size = np.array([self.p.size[c] for c in others], float)
        path = sum(s * (self.mean[c][t] - self.mean[c][base]) for s, c in zip(size, others)) / size.sum()
        return self.mean[g][t] - self.mean[g][base] - path

    def _spread(self, psi):
        if self.p.cluster is not None:
            psi = np.bincount(self.p.cluster[self.p.keep], psi)
        return np.sqrt((psi**2).sum()) / self.n

    def covariance(self, list_of_weights):
        """Joint covariance of several estimands."""
        if self.se == "influence":
            psi = np.stack([self._combined(w) for w in list_of_weights])
            if self.p.cluster is not None:
                psi = np.stack([np.bincount(self.p.cluster[self.p.keep], row) for row in psi])
            return psi @ psi.T / self.n**2
        lines = [self._adjusted(w) for w in list_of_weights]
        return np.array([[self._pair(a, b) for b in lines] for a in lines])

    def pretrend(self):
        """Joint test of all effects before the start, by time since start."""
        early = [w for k, w in self.p.groups(self.cells, "dynamic").items() if k < 0]
        if (
            not early or self.efficient
        ):  # under a drawn timing the adjusted contrasts before the start are zero by design
            return 0.0, 0, float("nan")
        value = np.array([self.of(w).value for w in early])
        v = self.covariance(early)
        rank = int(np.linalg.matrix_rank(v, hermitian=True))
        chi2 = float(value @ np.linalg.pinv(v, hermitian=True) @ value)
        return chi2, rank, float(stats.chi2.sf(chi2, rank))

    def line(self):
        name = "Roth-Sant'Anna efficient" if self.efficient else "Callaway-Sant'Anna"
        by = (
            "Neyman"
            if self.se == "neyman"
            else "influence function" + (", clustered" if self.p.cluster is not None else "")
        )
        return f"{name}, {by} error, normal"

    def method(self, control):
        who = "not yet treated" if control == "notyet" else "never treated"
        return f"{self.line()}; controls {who}; {len(self.p.cohorts)} cohorts, {len(self.p.times)} periods"
