"""Which encounters are told? The stroller, the dance-off, and a few of the many others; with footage and consents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from commonbeat.city.words import stream

__all__ = ["MOMENTS", "Told", "build"]

#: the two moments: story id, activity, place, people and children who fit, title, what happened, story, picture in words
MOMENTS = (
    (
        "stroller", "play", "the crossing by the bus stop", 2, 1, "The baby who laughed at a badge",
        "An officer waiting at a crossing hid behind her hands and came out again until the baby in the stroller laughed out loud.",
        "A baby in a stroller looked at the badge. The officer hid behind her hands, and came out. The baby laughed, so she did it "
        "again. The mother laughed too. Two people at the bus stop stopped looking at their telephones. Then the light changed, "
        "and everybody went home.",
        "A drawn street in evening light. An officer bends towards a stroller and peeks out from behind her hands; a baby laughs; a mother smiles.",
    ),
    (
        "dance-off", "dance", "the corner by the barber's", 4, 3, "Two steps and a spin",
        "Children were dancing on the pavement; they challenged a passing officer, who tried, lost, and asked for the step again.",
        "The speaker stood on the kerb. The children showed a step; the officer tried it and nearly lost a shoe. He asked to see "
        "it again, slowly. By the third try the whole corner was clapping. The children won, and said so.",
        "A drawn sidewalk with bunting. Three children and an officer dance in a row while neighbours clap along.",
    ),
)  # fmt: skip
TITLES = {
    "play": ("Caught, dropped, caught again", "A goalkeeper in uniform", "Chalk on the pavement"),
    "dance": ("The step from the summer party", "Clap, turn, clap"),
    "conversation": (
        "Ten minutes on the front steps",
        "A question about the crossing",
        "What the patrol heard at the market",
    ),
    "help": ("The stalled car on the hill", "A scooter comes home"),
    "event": ("Thirty questions at the summer fair",),
    "other": ("How the bicycle's gears work",),
}
LANGUAGES = ("en", "es", "so")


@dataclass(frozen=True, slots=True)
class Told:
    """Codebook tables `stories`, `footage`, `consents`; `contacts` with the two moments written in; `size` per published story."""

    stories: pl.DataFrame
    footage: pl.DataFrame
    consents: pl.DataFrame
    contacts: pl.DataFrame
    size: np.ndarray


def build(seed, contacts, hidden, *, residents, start, days) -> Told:
    """Chooses encounters to tell, about one per 1,000 residents and never fewer than twelve, two moments first."""
    rng = stream(seed, "stories")
    told, contacts = _chosen(rng, contacts, hidden, max(12, residents // 1000), start, days)
    n = len(told)
    wait = np.r_[3.0, 4.0, rng.uniform(2.5, 12, n - 2)]
    state = np.r_[
        ["published"] * 2,
        rng.choice(["published", "withdrawn", "draft", "consent_check"], n - 2, p=(0.9, 0.04, 0.03, 0.03)),
    ]
    out = np.isin(state, ["published", "withdrawn"])
    published = told["at"] + pl.Series(wait * 86_400e6).cast(pl.Int64).cast(pl.Duration("us"))
    stories = told.select("story_id", "contact_id", "area_id", "title", "story", "alt_text").with_columns(
        footage_id=pl.when(told["footage"]).then(pl.format("f-{}", told["story_id"])),
        language=pl.lit("en"),
        state=pl.Series(state),
        published_at=pl.Series(published.to_list(), dtype=pl.Datetime("us", "UTC")).zip_with(pl.Series(out), pl.Series([None] * n, dtype=pl.Datetime("us", "UTC"))),
        withdrawn_at=pl.when(pl.Series(state == "withdrawn")).then(published + timedelta(days=40)),
        simulated=pl.lit(True),
    )  # fmt: skip
    size = np.r_[160.0, 120.0, rng.lognormal(2.2, 0.7, n - 2)]
    footage = _footage(
        rng, seed, told.filter("footage"), published.filter(told["footage"]), out[told["footage"].to_numpy()]
    )
    return Told(stories, footage, _consents(rng, stories, told), contacts, size)


def _chosen(rng, contacts, hidden, n, start, days):
    """Two moments around the middle of the period, then others by chance, footage and activity as recorded."""
    honest = contacts.join(
        hidden.filter(~pl.col("padded")), on="contact_id", how="semi", maintain_order="left"
    ).filter(
        (pl.col("kind") == "positive")
        & (pl.col("at") < start + timedelta(days=days - 21))
        & pl.col("programme").is_null()
    )
    middle = start + timedelta(days=days * 0.5)
    moments = pl.concat(
        [_fitting(honest, activity, people, children, middle) for _, activity, _, people, children, *_ in MOMENTS]
    )
    rest = honest.join(moments, on="contact_id", how="anti", maintain_order="left")
    rest = rest[np.sort(rng.choice(len(rest), min(n - 2, len(rest)), replace=False))]
    words = {name: pl.Series(value) for name, value in zip(("story_id", "place", "title", "happened", "story", "alt_text"), zip(*((m[0], m[2], *m[5:]) for m in MOMENTS), strict=True), strict=True)}  # fmt: skip
    moments = moments.with_columns(footage=pl.lit(True), made_positive=pl.lit("everybody chose to stay"), **words)
    told = pl.concat([moments, _others(rng, rest)], how="diagonal_relaxed")
    told_anew = ("happened", "place", "footage", "made_positive")
    shown = moments.select("contact_id", *(pl.col(c).alias(f"{c}_new") for c in told_anew))
    contacts = contacts.join(shown, on="contact_id", how="left", maintain_order="left").with_columns(
        pl.coalesce(f"{c}_new", c).alias(c) for c in told_anew
    )
    return told, contacts.select(pl.exclude("^.*_new$"))


def _fitting(honest, activity, people, children, when):
    """The encounter of about that time whose counts are nearest to those of the story that will be told of it."""
    options = honest.filter(pl.col("activity") == activity)
    if options.is_empty():  # a very small town in which nobody danced yet: the moment happens anyway
        options = honest.with_columns(activity=pl.lit(activity))
    near = options.sort((pl.col("at") - when).abs(), "contact_id").head(60)
    apart = (pl.col("people") - people).abs() + 2 * (pl.col("children") - children).abs()
    return near.sort(apart, (pl.col("at") - when).abs(), "contact_id").head(1)


def _others(rng, rest):
    pick = [
        TITLES[a][i % len(TITLES[a])] for a, i in zip(rest["activity"], rng.integers(60, size=len(rest)), strict=True)
    ]
    number = np.arange(3, len(rest) + 3)
    return rest.with_columns(
        story_id=pl.Series([f"s{i:05d}" for i in number], dtype=pl.String),
        title=pl.Series(pick, dtype=pl.String),
        story=pl.col("happened").str.head(1).str.to_uppercase() + pl.col("happened").str.slice(1),
        alt_text=pl.lit(None, pl.String),
    )


def _footage(rng, seed, told, published, out) -> pl.DataFrame:
    """Clips as they were handed in: nobody has masked or reviewed them yet, so nothing is released and no leak is known."""
    recipe = [hashlib.sha256(f"drawn clip {story} of town {seed}".encode()).hexdigest() for story in told["story_id"]]
    seconds = np.r_[6.0, 6.0, rng.uniform(5, 40, max(0, len(told) - 2)).round(1)][: len(told)]
    return pl.DataFrame(
        {
            "footage_id": [f"f-{story}" for story in told["story_id"]],
            "contact_id": told["contact_id"],
            "original_sha256": recipe,
            "seconds": seconds,
            "frames": (seconds * 24).astype(int),
            "tracks": told["people"] + told["onlookers"].clip(0, 4) + 1,
            "released": np.zeros(len(told), bool),
        }
    )


def _consents(rng, stories, told) -> pl.DataFrame:
    """One event per person in the picture and purpose; children through a guardian; withdrawn stories end with a withdrawal."""
    rows = []
    for story, seen in zip(stories.iter_rows(named=True), told.iter_rows(named=True), strict=True):
        if story["footage_id"] is None:
            continue
        for track in range(min(seen["people"] + 1, 6)):
            child, said = track < seen["children"], seen["at"] + timedelta(hours=20 + track)
            common = {"footage_id": story["footage_id"], "story_id": story["story_id"], "track": track,
                      "role": "the child" if child else "the officer" if track == seen["people"] else "a grown-up",
                      "guardian": child, "child": child, "language": LANGUAGES[int(rng.choice(3, p=(0.8, 0.15, 0.05)))],
                      "wording": "w1", "until": said + timedelta(days=730)}  # fmt: skip
            for purpose in ("record", "keep", "publish"):
                rows.append(
                    common
                    | {"event": "given", "purpose": purpose, "at": said, "valid_from": said + timedelta(hours=48)}
                )
            rows.append(common | {"event": "refused", "purpose": "face_visible", "at": said, "valid_from": said})
        if story["state"] == "withdrawn":
            gone = story["withdrawn_at"]
            rows.append(common | {"track": 0, "role": "the child" if seen["children"] else "a grown-up", "event": "withdrawn",
                                  "purpose": "publish", "at": gone, "valid_from": gone})  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.with_columns(consent_id=pl.format("g{}", pl.int_range(1, pl.len() + 1)))
