"""What may be asked of one clip? Plain values, light to import, so that the caller stays small while a worker
does the work."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from commonbeat.errors import BadInput, Problem, Refused
from commonbeat.estimate import plain

__all__ = [
    "KINDS",
    "PART",
    "POSTER",
    "REASONS",
    "SOUNDS",
    "STYLES",
    "Decision",
    "Limits",
    "Order",
    "Region",
    "keeps",
    "read_regions",
    "spans",
]

PART, POSTER = "video.part", "poster.jpg"  #: in the work folder, before they get their names
STYLES = ("solid", "mosaic")
SOUNDS = ("drop", "keep", "lower")
KINDS = ("face", "plate", "paper", "screen", "tattoo", "house_number", "uniform", "other")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large may a file be before it is refused?

    seconds : longest clip; megapixels : largest picture; memory_gb : address space of the process that decodes
    file_gb : largest file, read or written; patience : CPU seconds allowed for one megapixel second of video
    """

    seconds: float = 3 * 3600
    megapixels: float = 36.0
    memory_gb: float = 8.0
    file_gb: float = 50.0
    patience: float = 60.0


#: why a track is masked or shown, as it stands in the record
REASONS = {
    "no_consent": "masked: nobody recorded a consent",
    "consent": "shown: a consent is recorded for this use",
    "consent_unclear_frames_masked": "shown with consent, but masked where it may be mixed up with somebody else",
    "child": "masked: a child without a guardian's consent",
    "withdrawn": "masked: the consent was withdrawn or has ended",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one track.

    keep    : show this person; consent: the consent's number in the book (needed to show a child)
    child   : this is a child; guardian: a guardian's consent is recorded
    withdrawn : the consent was taken back or has ended
    """

    keep: bool = False
    consent: str | None = None
    child: bool = False
    guardian: bool = False
    withdrawn: bool = False

    def __post_init__(self):
        if self.keep and self.child and not (self.guardian and self.consent):
            raise Refused(
                "A child is shown only with a guardian's consent on record. Record that consent first, or leave "
                "the child masked."
            )

    @property
    def reason(self) -> str:
        if self.withdrawn:
            return "withdrawn"
        if self.child and not self.keep:
            return "child"
        return "consent" if self.keep else "no_consent"


def keeps(text: str) -> dict[int, Decision]:
    """Which tracks may be shown? "3,5" gives decisions to keep 3 and 5; raises BadInput."""
    wanted = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        if not part.isdigit():
            raise BadInput(
                f'--keep "{part}": give track numbers, as in 3,5. `commonbeat protect` lists them in its record.'
            )
        wanted[int(part)] = Decision(keep=True, consent="command line")
    return wanted


def spans(text: str) -> list[tuple[float, float]]:
    """Which seconds are to be silent? "3.2-4.5,10-12" gives [(3.2, 4.5), (10.0, 12.0)]; raises BadInput."""
    found = []
    for part in text.split(","):
        try:
            start, stop = (float(number) for number in part.strip().split("-"))
        except ValueError:
            start, stop = 0.0, -1.0
        if not 0 <= start < stop < 1e7:
            raise BadInput(
                f'--mute "{part.strip()}": give seconds from-to, the first smaller, as in 3.2-4.5 or 3.2-4.5,10-12.'
            )
        found.append((start, stop))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Region:
    """One rectangle somebody drew. Seconds; pixels; `box` None hides the whole picture."""

    kind: str
    at: float
    box: tuple[float, float, float, float] | None
    start: float
    until: float
    follow: bool = True


def read_regions(path: str | Path) -> list[Region]:
    """Which rectangles did somebody draw? Every mistake in the file is named; raises BadInput.

    A regions file is JSON: a list of {"kind": "plate", "at": 2.5, "box": [x0, y0, x1, y1], "from": 0, "until": 8,
    "follow": true}. `box` in pixels of the upright picture, or "all" for the whole picture; `at`, `from`, `until`
    in seconds.
    """
    name = Path(path).name
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{name}: a JSON list of regions is needed ({error}).") from None
    if not isinstance(rows, list):
        raise BadInput(f"{name}: a JSON list of regions is needed, not {type(rows).__name__}.")
    regions, problems = [], []
    for number, row in enumerate(rows, 1):
        try:
            regions.append(_region(row))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(
                Problem(
                    f'region {number} is not readable ({error}): give "kind", "at" in seconds and '
                    '"box": [x0, y0, x1, y1] with x0 < x1, y0 < y1, or "all".',
                    name,
                    value=row,
                )
            )
    if problems:
        raise BadInput(problems=problems)
    return regions


def _region(row: dict) -> Region:
    kind = row.get("kind", "other")
    if kind not in KINDS:
        raise ValueError(f'kind "{kind}" is none of {", ".join(KINDS)}')
    at = float(row["at"])
    start, until = float(row.get("from", at)), float(row.get("until", 1e9))
    if not 0 <= start <= at <= until:
        raise ValueError('"from" <= "at" <= "until" is needed')
    if row["box"] == "all":
        return Region(kind, at, None, start, until, False)
    x0, y0, x1, y1 = (float(v) for v in row["box"])
    if not (x0 < x1 and y0 < y1):
        raise ValueError("the box is empty")
    return Region(kind, at, (x0, y0, x1, y1), start, until, bool(row.get("follow", True)))


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that was asked for one clip. Travels as JSON to the fenced process."""

    source: str
    out: str
    decisions: dict[int, Decision] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    muted: tuple[tuple[float, float], ...] = ()
    extra: dict[int, list] = field(default_factory=dict)
    style: str = "solid"
    sound: str = "drop"
    turned: str = "auto"
    check: bool = True
    poster: bool = False
    plan: dict | None = None
    threads: int = 2
    limits: Limits = field(default_factory=Limits)

    @property
    def desk(self) -> Path:
        """The private folder beside the copy where it comes into being."""
        return Path(self.out).with_name(f".{Path(self.out).name}.work")

    def to_dict(self) -> dict:
        return plain(asdict(self))

    @classmethod
    def of(cls, data: dict) -> Order:
        """The order that `to_dict` wrote."""
        known = {**data}
        known["decisions"] = {int(k): Decision(**v) for k, v in data["decisions"].items()}
        known["regions"] = tuple(
            Region(**{**r, "box": tuple(r["box"]) if r["box"] else None}) for r in data["regions"]
        )
        known["muted"] = tuple(tuple(span) for span in data["muted"])
        known["extra"] = {int(k): [tuple(box) for box in v] for k, v in data["extra"].items()}
        known["limits"] = Limits(**data["limits"])
        return cls(**known)
