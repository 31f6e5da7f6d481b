"""What was done to a clip, in numbers only: no face, no name, no path."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from commonbeat.estimate import plain

__all__ = ["FootageRecord", "Leak", "TrackLine"]


@dataclass(frozen=True, slots=True)
class TrackLine:
    """One track in the record: numbers and a reason code (see `decide.REASONS`), no boxes."""

    id: int
    first: int
    last: int
    frames: int
    masked: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Leak:
    """What can still be seen in this very copy?

    estimate       : share of face-frames still visible, as found by the second pass; None when it was not run
    upper          : what the share is below with 95 % confidence; None until a person has looked at sampled frames
    longest_run    : most frames in a row in which one face was still visible
    checked_frames : frames whose output pixels were looked at again
    method         : how, in a line
    smallest_face  : side of the smallest face followed, in pixels; visible: (frame, x0, y0, x1, y1) of what was found
    """

    estimate: float | None = None
    upper: float | None = None
    longest_run: int = 0
    checked_frames: int = 0
    method: str = "not checked"
    smallest_face: float | None = None
    visible: tuple[tuple[int, float, float, float, float], ...] = ()

    def to_dict(self) -> dict:
        return plain(
            {
                "estimate": self.estimate,
                "upper": self.upper,
                "longest_run": self.longest_run,
                "checked_frames": self.checked_frames,
                "method": self.method,
            }
        )


@dataclass(frozen=True, slots=True)
class FootageRecord:
    """Who was followed, who is masked, what is silent, and what may still leak.

    `to_dict()` is what a program reads. `original`, `output` are sha256; `cautions` sentences for people;
    `light` is the mean brightness, 0 to 255;
    `plan` holds
    the boxes as `Plan.to_dict` gives them; it is private and leaves neither in `to_dict` nor in the detached record.
    """

    frames: int
    fps: float
    duration_seconds: float
    tracks: tuple[TrackLine, ...]
    muted: tuple[tuple[float, float], ...]
    leak: Leak
    seconds: float
    versions: dict
    original: str = ""
    output: str = ""
    sound: str = "drop"
    style: str = "solid"
    regions: int = 0
    extra: int = 0
    cautions: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    light: float | None = None
    plan: dict | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict:
        return plain(
            {
                "frames": self.frames,
                "fps": self.fps,
                "duration_seconds": self.duration_seconds,
                "tracks": [
                    {
                        "id": t.id,
                        "first": t.first,
                        "last": t.last,
                        "frames": t.frames,
                        "masked": t.masked,
                        "reason": t.reason,
                    }
                    for t in self.tracks
                ],
                "muted": self.muted,
                "leak": self.leak,
                "seconds": self.seconds,
                "versions": self.versions,
            }
        )

    def with_leak(self, leak: Leak, *reviewers: str) -> FootageRecord:
        """The same record after somebody, or the second pass, looked again."""
        return replace(self, leak=leak, reviewers=(*self.reviewers, *reviewers))

    def sent(self) -> dict:
        """Everything, the private plan too, as JSON can hold it: for a worker's answer and the site's store."""
        return plain(
            {
                **self.to_dict(),
                **{name: getattr(self, name) for name in _BESIDE},
                "visible": self.leak.visible,
                "smallest_face": self.leak.smallest_face,
            }
        )

    @classmethod
    def of(cls, data: dict) -> FootageRecord:
        """The record that `sent` wrote."""
        data = {**data}
        seen = {
            "visible": tuple(tuple(v) for v in data.pop("visible", ())),
            "smallest_face": data.pop("smallest_face", None),
        }
        data["leak"] = Leak(**data["leak"], **seen)
        data["tracks"] = tuple(TrackLine(**t) for t in data["tracks"])
        for name in ("muted", "cautions", "reviewers"):
            data[name] = tuple(tuple(v) if isinstance(v, list) else v for v in data.get(name, ()))
        return cls(**data)


_BESIDE = ("original", "output", "sound", "style", "regions", "extra", "cautions", "reviewers", "light", "plan")
