"""Who is hidden, and by which rule? Everybody, unless a recorded consent says otherwise, and children always."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.footage.order import Decision
from commonbeat.footage.tracks import Track

__all__ = ["decide", "hidden_at"]


def decide(tracks: Iterable[Track], decisions: Mapping[int, Decision]) -> dict[int, np.ndarray]:
    """In which of its frames is each track hidden? {track id: (frames,) bool}.

    A kept track is hidden where it may be mixed up with another, whatever the consent. Raises BadInput for a decision
    about a track that does not exist, since a wrong number would show the wrong person.
    """
    tracks = list(tracks)
    unknown = sorted(set(decisions) - {t.id for t in tracks})
    if unknown:
        last = max((t.id for t in tracks), default=0)
        raise BadInput(
            f"There is no track {unknown[0]} in this clip: it has {last or 'none'}"
            f"{', numbered from 1' if last else ''}. Look at the record for the numbers."
        )
    hidden = {}
    for t in tracks:
        choice = decisions.get(t.id, Decision())
        shown = choice.keep and not choice.withdrawn
        hidden[t.id] = t.ambiguous.copy() if shown else np.ones(len(t.boxes), bool)
    return hidden


def hidden_at(tracks: Iterable[Track], hidden: Mapping[int, np.ndarray]) -> Callable[[int], list[np.ndarray]]:
    """Which boxes are covered in a frame? `at(frame)` gives [box, ...]; asked frame by frame, so that memory stays flat."""
    tracks = list(tracks)
    first, last = np.array([[t.first, t.last] for t in tracks], int).reshape(-1, 2).T

    def at(frame: int) -> list[np.ndarray]:
        there = [tracks[i] for i in np.flatnonzero((first <= frame) & (frame <= last))]
        return [t.boxes[frame - t.first] for t in there if hidden[t.id][frame - t.first]]

    return at
