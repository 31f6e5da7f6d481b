"""How probable is one cascade under fixed parameters?  The kernels of the cascade literature, pair by pair and exact.

phi(t) = K theta e^(-theta t) (EXP) or K (t + c)^-(1 + theta) (PL); with m in front each event counts its mark^beta;
with N behind, the pull fades as a population of N is used up (HawkesN: Rizoiu et al. 2018; Kong, Rizoiu & Xie 2020).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from commonbeat.errors import BadInput

__all__ = ["KERNELS", "branching_factor", "expected_total", "negative_log_likelihood"]

KERNELS = ("EXP", "mEXP", "PL", "mPL", "EXPN", "mEXPN", "PLN", "mPLN")
MARK_TAIL = 2.016  #: exponent of the follower counts in Mishra, Rizoiu & Xie (2016)


def negative_log_likelihood(
    times, *, kernel, K, theta, until, c=None, beta=0.0, N=None, marks=None, ties="separate"
) -> float:
    """-log-likelihood of the events after the first.

    times : (events,) in any order, from the first event; those after `until` are left out with their marks
    ties  : "separate": equal times do not excite each other (ours); "ordered": in the order given, they do (evently's)
    """
    if kernel not in KERNELS:
        raise BadInput(f'kernel "{kernel}" is not one of {", ".join(KERNELS)}.')
    if ties not in ("separate", "ordered"):
        raise BadInput('ties is "separate" or "ordered".')
    power, limited = "PL" in kernel, kernel.endswith("N")
    if (power and c is None) or (limited and N is None):
        raise BadInput(f"{kernel} needs {'c' if power and c is None else 'N'}.")
    t = np.asarray(times, float)
    w = np.ones(t.size)
    if kernel.startswith("m"):
        if marks is None:
            raise BadInput(f"{kernel} needs marks: how many could see each event.")
        w = np.asarray(marks, float) ** beta
    inside = t <= until
    order = np.argsort(t[inside], kind="stable")
    t, w = t[inside][order], w[inside][order]
    return float(_nll(t, w, K, theta, c or 0.0, float(N or 0.0), float(until), power, ties == "separate"))


def branching_factor(*, kernel, K, theta=None, c=None, beta=0.0, mark_tail=MARK_TAIL) -> float | None:
    """Expected direct offspring of one event  -> n*, None where marks are so heavy that no mean exists."""
    base = K / (theta * c**theta) if "PL" in kernel else K
    if not kernel.startswith("m"):
        return base
    return base * (mark_tail - 1) / (mark_tail - 1 - beta) if beta < mark_tail - 1 else None


@njit(cache=True)
def _kernel(u, theta, c, power):
    return (u + c) ** -(1.0 + theta) if power else theta * np.exp(-theta * u)


@njit(cache=True)
def _spent(u, theta, c, power):
    return (c**-theta - (u + c) ** -theta) / theta if power else 1.0 - np.exp(-theta * u)


@njit(cache=True)
def _nll(t, w, K, theta, c, N, until, power, separate):
    n, out = t.size, 0.0
    for i in range(1, n):
        rate = 0.0
        for j in range(i):
            if t[j] < t[i] or not separate:
                rate += w[j] * _kernel(t[i] - t[j], theta, c, power)
        rate *= K * ((N - i) / N if N > 0.0 else 1.0)
        if rate > 0.0:
            out -= np.log(rate)
        elif t[i] > t[0]:
            return np.inf
    for j in range(n):
        if N == 0.0:
            out += K * w[j] * _spent(until - t[j], theta, c, power)
            continue
        before = 0.0
        for i in range(j + 1, n + 1):  # between the i-th event and the next, N - i are left
            u = (t[i] if i < n else until) - t[j]
            spent = _spent(u, theta, c, power)
            out += K * w[j] * max(N - i, 0.0) / N * (spent - before)
            before = spent
    return out


def expected_total(
    times, *, kernel, K, theta, until, c=None, beta=0.0, marks=None, mark_tail=MARK_TAIL
) -> float | None:
    """How many events will there be in the end, under these parameters?  None at a branching factor of 1 or more.

    Method: direct offspring still to come, each with its own tree (Mishra, Rizoiu & Xie 2016); not for finite populations.
    """
    if kernel not in KERNELS or kernel.endswith("N"):
        raise BadInput(f'kernel "{kernel}" has no closed form here; use EXP, mEXP, PL or mPL.')
    factor = branching_factor(kernel=kernel, K=K, theta=theta, c=c, beta=beta, mark_tail=mark_tail)
    if factor is None or factor >= 1:
        return None
    t = np.asarray(times, float)
    inside = t <= until
    w = (
        np.asarray(marks, float)[inside] ** beta
        if kernel.startswith("m") and marks is not None
        else np.ones(inside.sum())
    )
    u = until - t[inside]
    waiting = (u + c) ** -theta / theta if "PL" in kernel else np.exp(-theta * u)
    return float(inside.sum() + (K * w * waiting).sum() / (1 - factor))
