"""Ids for rows whose source gives none: made from all their values and how often those were said before in the file."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

__all__ = ["RowIds"]

RUNS = 16  #: sorted runs of hashes kept apart before they are merged


class RowIds:
    """Names the rows of a file batch by batch, remembering eight bytes for each."""

    def __init__(self):
        self._runs: list[np.ndarray] = []

    def of(self, frame: pl.DataFrame) -> pl.Series:
        """(rows,) twenty hexadecimal digits; `-2` behind them for the second row that says the same, and so on."""
        if frame.is_empty():
            return pl.Series(dtype=pl.String)
        joined = frame.select(pl.concat_str(pl.all().cast(pl.String).fill_null("\x00"), separator="\x1f")).to_series()
        names = [hashlib.blake2b(said.encode(), digest_size=10).digest() for said in joined]
        short = np.frombuffer(b"".join(name[:8] for name in names), np.uint64)
        nth = pl.DataFrame({"short": short}).select(pl.int_range(pl.len()).over("short")).to_series().to_numpy()
        nth = nth + self._before(short) + 1
        return pl.Series(
            [n.hex() if k == 1 else f"{n.hex()}-{k}" for n, k in zip(names, nth.tolist())], dtype=pl.String
        )

    def _before(self, short: np.ndarray) -> np.ndarray:
        """(rows,) how often each was said in earlier batches; then remembers these."""
        times = np.zeros(len(short), np.int64)
        for run in self._runs:
            times += np.searchsorted(run, short, "right") - np.searchsorted(run, short, "left")
        self._runs.append(np.sort(short))
        if len(self._runs) > RUNS:
            self._runs = [np.sort(np.concatenate(self._runs))]
        return times
