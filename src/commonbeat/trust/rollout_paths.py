"""Effects of a rollout and their errors, from the mean paths of its cohorts."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate

__all__ = ["Paths"]


class Paths:
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
