"""A rollout as a table: units by periods, who starts when, and which cells can be compared with whom."""

from __future__ import annotations

import numpy as np

from commonbeat.design import codes_of
from commonbeat.errors import BadInput
from commonbeat.trust.complete import numbers

__all__ = ["Panel"]


class Panel:
    """Units by periods, cohorts by first treated period (infinite = never)."""

    def __init__(self, frame, unit, time, first, outcome, cluster):
        column = lambda name: frame[name] if name in frame.columns else _no_column(name, frame)  # noqa: E731
        raw = column(first)
        start = numbers(raw, first, endless=True)
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
