"""Do sentences say something, and do they say it twice?"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from commonbeat.errors import Missing

__all__ = ["near_duplicates", "says_nothing"]

MOST = 20_000  #: different sentences compared; beyond that the first are
ALIKE = 0.85  #: share of common word pairs from which two sentences are near-duplicates
FEWEST_WORDS = 5
_EMPTY = set(["a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "with", "by", "for", "was", "were", "is", "positive", "pos", "contact", "community", "nothing", "further", "made", "interaction", "engagement", "good", "ok", "fine", "see", "above", "n/a", "na", "none", "as", "before", "per", "routine"])  # fmt: skip


def says_nothing(text: str | None) -> bool:
    """Does this sentence leave out what happened?  Missing, or fewer than five words that mean something."""
    return len({w for w in _words(text) if w not in _EMPTY}) < FEWEST_WORDS if text else True


def near_duplicates(texts: list[str]) -> np.ndarray:
    """(pairs, 2) positions of sentences that are the same but for a word or two; each with its nearest earlier twin.

    Method: MinHash over pairs of neighbouring words with locality-sensitive hashing, then the exact share compared.
    """
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        raise Missing("Comparing sentences needs datasketch: pip install 'commonbeat[intake]'.") from None
    first: dict[tuple, int] = {}
    pairs, index = [], MinHashLSH(threshold=ALIKE, num_perm=64)
    grams: dict[int, set] = {}
    for i, text in enumerate(texts):
        words = tuple(_words(text))
        if len(words) < FEWEST_WORDS:
            continue
        if words in first:
            pairs.append((first[words], i))
            continue
        first[words] = i
        if len(grams) >= MOST:
            continue
        grams[i] = set(pairwise(words))
        sketch = MinHash(num_perm=64, seed=1)
        sketch.update_batch([" ".join(g).encode() for g in grams[i]])
        twins = [j for j in index.query(sketch) if len(grams[i] & grams[j]) >= ALIKE * len(grams[i] | grams[j])]
        if twins:
            pairs.append((min(twins), i))
        index.insert(i, sketch)
    return np.array(pairs, int).reshape(-1, 2)


def _words(text: str | None) -> list[str]:
    return re.findall(r"[\w'’/]+", text.lower()) if text else []
