"""From rows as they arrive to each person's last vote on each statement, in an order made from the votes alone."""

from __future__ import annotations

import numpy as np

from commonbeat.dialogue.kernels import reorder, split
from commonbeat.dialogue.votes import Log, Votes
from commonbeat.errors import BadInput

__all__ = ["codes", "gather"]

CHUNK = 1 << 18  # rows looked at together: small enough to stay in the processor's cache


def codes(labels) -> tuple[np.ndarray, np.ndarray]:
    """Which label is each row?  -> (sorted labels, int32 place of each row among them).

    Whole numbers in a narrow range are counted, not sorted: at 30 million rows that is the difference between
    a tenth of a second and several.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind in "iu" and len(labels):
        low, high = int(labels.min()), int(labels.max())
        if high - low < 4 * len(labels) + 1_000_000:
            return _counted(labels, low, high)
    unique, place = np.unique(labels, return_inverse=True)
    return unique, place.astype(np.int32)


def _counted(labels, low, high):
    present = np.zeros(high - low + 1, bool)
    parts = [slice(a, a + CHUNK) for a in range(0, len(labels), CHUNK)]
    for part in parts:
        present[labels[part].astype(np.int64) - low] = True
    if present.all():
        return np.arange(low, high + 1), (labels - low if low else labels).astype(np.int32, copy=False)
    rank = np.cumsum(present, dtype=np.int32) - 1
    place = np.empty(len(labels), np.int32)
    for part in parts:
        place[part] = rank[labels[part].astype(np.int64) - low]
    return np.flatnonzero(present) + low, place


def gather(
    people, person, statement, value, *, statement_ids, texts, attribute, moderated, at=None, source=None, notes=()
) -> Votes:
    """What did each person last say on each statement?

    people    : (P,)   labels; only those with a vote are kept
    person    : (rows,) int32 place in `people`;  statement : (rows,) int32 place in `statement_ids`
    value     : (rows,) -1, 0, 1
    at        : (rows,) int64 milliseconds, or None; source : (rows,) int32 or None
    Two votes of one person on one statement at the same instant that disagree cannot be told apart: they count as a
    pass, and the notes say how many. Without times they are refused.
    """
    size = max(len(statement_ids), 1)
    key = np.multiply(person, size, dtype=np.int64)
    key += statement
    key <<= 2
    key += value
    key += 1
    key.sort()
    notes = tuple(notes)
    made = _split(key, len(people), size)
    if made is None:
        key, undecided = _last(key, person, statement, value, size, at)
        made = _split(key, len(people), size)
        if undecided:
            notes += (
                f"{undecided} votes were given twice at the same instant with different values; each counts as a pass.",
            )
    del key
    start, said_on, said, mark = made
    voters = np.flatnonzero(np.diff(start))
    order = voters[np.argsort(mark[voters], kind="stable")]
    rows = np.empty(len(order) + 1, np.int64), np.empty_like(said_on), np.empty_like(said)
    reorder(start, said_on, said, order, *rows)
    return Votes(
        np.asarray(people)[order], *rows, tuple(statement_ids), tuple(texts), np.asarray(attribute, bool),
        np.asarray(moderated, np.int8), len(person), log=_log(person, at, source, order, len(people)), notes=notes,
    )  # fmt: skip


def _split(key, people, size):
    """Rows, statements, values, and for each person a mark made from their votes alone; None if a pair occurs twice.

    Ordering people by the mark lets equal voters stand together and numbering play no part.
    """
    salt = np.random.default_rng(20_150_630).integers(0, 1 << 63, size=3 * size, dtype=np.uint64)
    start, mark = np.zeros(people + 1, np.int64), np.zeros(max(people, 1), np.uint64)
    statement, value = np.empty(len(key), np.int32), np.empty(len(key), np.int8)
    whole = split(key, size, salt, start, statement, value, mark)
    return (start, statement, value, mark) if whole else None


def _log(person, at, source, order, people):
    if at is None:
        return None
    place = np.full(people, -1, np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Log(place[person], np.asarray(at, np.int64), source)


def _last(key, person, statement, value, size, at):
    """Keeps one key per (person, statement): the latest. Touches only the pairs that occur more than once."""
    pair = key >> 2
    first = np.ones(len(pair), bool)
    np.not_equal(pair[1:], pair[:-1], out=first[1:])
    twice = np.unique(pair[~first])
    single = key[first & ~np.isin(pair, twice, kind="sort")]
    mine = np.multiply(person, size, dtype=np.int64) + statement
    place = np.minimum(np.searchsorted(twice, mine), len(twice) - 1)
    rows = np.flatnonzero(twice[place] == mine)
    place, said = place[rows], np.asarray(value)[rows].astype(np.int64)
    if at is None:
        low, high = np.full(len(twice), 1), np.full(len(twice), -1)
        np.minimum.at(low, place, said)
        np.maximum.at(high, place, said)
        if (low < high).any():
            k = int(rows[np.isin(place, np.flatnonzero(low < high))][1])
            raise BadInput(
                f"row {k + 1}: a person votes differently twice on one statement and there is no time to tell which "
                "vote was the last; add a column `at`, or keep only the last vote."
            )
        latest = np.ones(len(rows), bool)
    else:
        newest = np.full(len(twice), np.iinfo(np.int64).min)
        np.maximum.at(newest, place, at[rows])
        latest = at[rows] == newest[place]
    low, high = np.full(len(twice), 1), np.full(len(twice), -1)
    np.minimum.at(low, place[latest], said[latest])
    np.maximum.at(high, place[latest], said[latest])
    kept = np.where(low == high, low, 0)
    key = np.concatenate([single, (twice << 2) + kept + 1])
    key.sort()
    return key, int(np.count_nonzero(low != high))
