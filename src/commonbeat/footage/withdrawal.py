"""Somebody takes their consent back: what is written again, what comes down, and where do we have no power?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from commonbeat.errors import BadInput
from commonbeat.estimate import plain
from commonbeat.footage.order import Decision

__all__ = ["Placed", "Withdrawal", "withdraw"]


@dataclass(frozen=True, slots=True)
class Placed:
    """One place a protected clip went to. ours: we can take it down there ourselves; reach: whom to ask where we cannot."""

    clip: str
    where: str
    ours: bool
    reach: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What follows from one withdrawal.

    decisions : {clip: {track: Decision}} for `rerender`; rewrite, take_down: clips written again, clips that come down
    ask       : places beyond our power, each with whom to ask; copies people made for themselves can be in no list
    """

    decisions: dict[str, dict[int, Decision]]
    rewrite: tuple[str, ...]
    take_down: tuple[Placed, ...]
    ask: tuple[Placed, ...]

    def to_dict(self) -> dict:
        places = {name: [asdict(p) for p in getattr(self, name)] for name in ("take_down", "ask")}
        return plain({"clips": sorted(self.decisions), "rewrite": self.rewrite, **places})


def withdraw(
    tracks: Mapping[str, Iterable[int]],
    decisions: Mapping[str, Mapping[int, Decision]],
    placed: Iterable[Placed],
    *,
    purpose: str,
) -> Withdrawal:
    """What must happen now that this person no longer agrees?

    tracks    : {clip: the person's tracks in it}, from the consents; decisions: {clip: {track: Decision}} as they stood
    placed    : where each clip was put
    purpose   : "face_visible" hides the face again and leaves the hidden copy up; "publish" takes the story down as well
    Places beyond our power are listed for both: the old copy there still shows the face. Raises BadInput for another
    purpose and for a person who is in none of the clips.
    """
    if purpose not in ("face_visible", "publish"):
        raise BadInput(f'A consent is taken back for "face_visible" or "publish", not "{purpose}".')
    theirs = {clip: set(ids) for clip, ids in tracks.items() if ids}
    if not theirs:
        raise BadInput("This person is in no track of any clip; look for them at the review desk first.")
    said = {clip: _taken_back(decisions.get(clip, {}), ids) for clip, ids in theirs.items()}
    shown = {
        clip for clip, ids in theirs.items() if any(decisions.get(clip, {}).get(t, Decision()).keep for t in ids)
    }
    touched = shown if purpose == "face_visible" else set(theirs)
    there = sorted((p for p in placed if p.clip in touched), key=lambda p: (p.clip, p.where))
    return Withdrawal(
        decisions=said,
        rewrite=tuple(sorted(shown)),
        take_down=tuple(p for p in there if p.ours),
        ask=tuple(p for p in there if not p.ours),
    )


def _taken_back(before: Mapping[int, Decision], theirs: set[int]) -> dict[int, Decision]:
    taken = {t: replace(before.get(t, Decision()), withdrawn=True) for t in theirs}
    return {**before, **taken}
