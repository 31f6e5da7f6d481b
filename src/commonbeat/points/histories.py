"""What people give, as the kernels take it: sequences sorted, shifted to their own zero and joined; their background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.points import kernels

__all__ = ["KERNELS", "LEAST_EVENTS", "Histories", "prepare", "shortest_gap"]

KERNELS = ("exponential", "power_law")
LEAST_EVENTS = 10  #: explained events below which no fit is tried


@dataclass(frozen=True, slots=True)
class Histories:
    times: np.ndarray  # each sequence from its own zero
    offsets: np.ndarray
    ends: np.ndarray
    log_marks: np.ndarray | None
    shape: np.ndarray
    passed: np.ndarray  # background shape integrated to each event
    shape_total: float
    kernel: str
    background: str
    nodes: np.ndarray
    exponent: float | None  # None: to be fitted
    push: float | None = None  # when something outside (a large account) began to send people
    brought: np.ndarray | None = None  # (events,) chance that it sent each one: 1 or 0 where that is recorded

    @property
    def explained(self) -> int:
        return self.times.size - (np.diff(self.offsets) > 0).sum() * (self.background == "none")

    @property
    def names(self) -> tuple[str, ...]:
        names = [] if self.background == "none" else ["background"]
        names += ["ratio", "half_life"]
        names += ["tail"] * (self.kernel == "power_law")
        names += ["exponent"] * (self.log_marks is not None and self.exponent is None)
        names += ["push_size", "push_half_life"] * (self.push is not None)
        names += ["push_pull"] * (self.brought is not None)
        return tuple(names)


def prepare(times, window, marks, exponent, kernel, background, share=None) -> Histories:
    """Sequences sorted, shifted to their own zero and joined, as `value` takes them; arguments as in `fit`."""
    if kernel not in KERNELS:
        raise BadInput(f'kernel="{kernel}" is not one of {", ".join(KERNELS)}.')
    several = isinstance(times, (list, tuple)) and len(times) > 0 and np.ndim(times[0]) > 0
    times = [np.asarray(t, float) for t in (times if several else [times])]
    marks = None if marks is None else [np.asarray(m, float) for m in (marks if several else [marks])]
    spans = _windows(times, window)
    for k, t in enumerate(times):
        order = None if bool((t[1:] >= t[:-1]).all()) else np.argsort(t, kind="stable")
        times[k] = _shifted(t if order is None else t[order], spans[k])
        if marks is not None:
            if marks[k].shape != t.shape or not np.isfinite(marks[k]).all() or (marks[k] < 0).any():
                raise BadInput("marks need one finite number >= 0 per event.")
            marks[k] = marks[k] if order is None else marks[k][order]
    offsets = np.concatenate([[0], np.cumsum([t.size for t in times])])
    ends = np.array([b - a for a, b in spans])
    joined = times[0] if len(times) == 1 else np.concatenate(times)
    logs = None if marks is None else np.log(np.maximum(np.concatenate(marks), 1e-300))
    shape, passed, total, name = _background(background, times, ends, _shares(share, len(times)))
    nodes = np.empty(0)
    if kernel == "power_law":
        nodes = kernels.power_law_nodes(shortest_gap(joined, ends) / 4, 2 * float(ends.max(initial=1.0)) + 1e-300)
    return Histories(
        joined, offsets, ends, logs, shape, passed, total, kernel, name, nodes, exponent if logs is not None else None
    )


def _windows(times, window):
    if window is None:
        return [(float(t.min()), float(t.max())) if t.size else (0.0, 0.0) for t in times]
    spans = np.atleast_2d(np.asarray(window, float))
    if spans.shape == (1, 2):
        spans = np.repeat(spans, len(times), axis=0)
    if spans.shape != (len(times), 2) or not np.isfinite(spans).all() or (spans[:, 1] < spans[:, 0]).any():
        raise BadInput("window is (start, end) with start <= end, or one such pair for each sequence.")
    return [(float(a), float(b)) for a, b in spans]


def _shifted(t, span):
    if t.size and not (np.isfinite(t[0]) and np.isfinite(t[-1])):
        raise BadInput("times must be finite numbers.")
    if t.size and (t[0] < span[0] or t[-1] > span[1]):
        raise BadInput(f"times run from {t[0]:g} to {t[-1]:g}, outside the window {span[0]:g} to {span[1]:g}.")
    return t if span[0] == 0 else t - span[0]


def shortest_gap(times, ends):
    """The shortest time scale a fit looks at: a hundredth of the typical gap, or the shortest gap if that is longer."""
    gaps = np.diff(times[:1_000_001])  # of a longer history the beginning says enough
    gaps = gaps[gaps > 0]
    longest = float(ends.max(initial=0.0)) or 1.0
    if not gaps.size:
        return longest * 1e-3
    return max(float(gaps.min()), float(np.median(gaps)) / 100, longest * 1e-9)


def _shares(share, sequences):
    if share is None:
        return None
    share = np.asarray(share, float)
    if share.shape != (sequences,) or not np.isfinite(share).all() or (share < 0).any() or share.sum() == 0:
        raise BadInput("share needs one number >= 0 for each sequence, not all 0.")
    return share / share.mean()


def _background(background, times, ends, share=None):
    empty = np.empty(0)
    if isinstance(background, str):
        if background not in ("constant", "none"):
            raise BadInput(f'background="{background}" is not "constant", "none" or a list of rates.')
        if share is not None and background == "constant":
            return _background([1.0], times, ends, share)
        total = float(ends.sum()) if background == "constant" else 0.0
        return empty, empty, total, background
    rates = np.asarray(background, float)
    if rates.ndim != 1 or not rates.size or not np.isfinite(rates).all() or (rates < 0).any() or rates.sum() == 0:
        raise BadInput(
            "background rates are a list of numbers >= 0, not all 0: one for each of equal bins over the window."
        )
    rates = rates / rates.mean()
    share = np.ones(len(times)) if share is None else share
    shapes, passed = [], []
    for t, end, much in zip(times, ends, share):
        at = np.clip(t / (end or 1.0) * rates.size, 0, rates.size)
        shapes.append(much * rates[np.minimum(at.astype(int), rates.size - 1)])
        whole = np.interp(at, np.arange(rates.size + 1), np.concatenate([[0], np.cumsum(rates)]))
        passed.append(much * whole * (end / rates.size))
    return np.concatenate(shapes), np.concatenate(passed), float((ends * share).sum()), "given"
