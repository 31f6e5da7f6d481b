"""What may leave: the floor under every public cell, and shares in bands where few people stand behind them.

`report`, the command line and the site ask here before they show a number about people.
"""

from __future__ import annotations

__all__ = ["BANDED_BELOW", "FLOOR", "OFFICER_FLOOR", "band_of_share", "shown_count"]

FLOOR = 5  #: fewest people behind a public cell
OFFICER_FLOOR = 10  #: fewest officers behind a public cell, and fewest people behind a Gram matrix
BANDED_BELOW = 20  #: a share behind fewer people is shown as a band

_BANDS = (
    (0.0, 0.2, "few"),
    (0.2, 0.4, "a minority"),
    (0.4, 0.6, "about half"),
    (0.6, 0.8, "most"),
    (0.8, 1.01, "nearly all"),
)


def shown_count(n: int | None, *, floor: int = FLOOR) -> int | None:
    """The count itself, or None where it stands for fewer people than the floor (0 is hidden too: it tells of everyone)."""
    return None if n is None or n < floor else int(n)


def band_of_share(share: float | None, n: int | None) -> str | None:
    """A share behind fewer than 20 people in words, since an exact share and n invert to the exact count; under the floor None."""
    if share is None or n is None or n < FLOOR:
        return None
    return next(word for low, high, word in _BANDS if low <= share < high)
