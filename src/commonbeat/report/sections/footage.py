"""Who can be seen in what is shown?"""

from __future__ import annotations

import polars as pl

from commonbeat.report.blocks import Cautions, Page, Said, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.report.words import figure

__all__ = ["footage"]


def footage(book) -> Page:
    """Clips, faces followed and masked, and what the second look found."""
    if "footage" not in book or book.rows("footage") == 0:
        return Page(
            "footage.html",
            "Footage",
            "Footage",
            (Words("No footage was recorded."),),
            ("Are people in the footage protected?", "No footage was recorded."),
        )
    clips = book.table("footage")
    out = clips.filter(pl.col("released"))
    protected = clips.filter(pl.col("masked").is_not_null())
    looked = out.filter(pl.col("leak_upper").is_not_null())
    answer = _answer(clips, protected, out)
    rows = tuple(
        (
            r["footage_id"], figure(r["seconds"], 1), r["tracks"], r["masked"], _share(r["leak_estimate"]), _share(r["leak_upper"]),
            "shown" if r["released"] else "not shown",
        )
        for r in clips.sort("footage_id").iter_rows(named=True)
    )  # fmt: skip
    table = Table(
        "Every clip", ("clip", "seconds", "people followed", "masked", "leak estimate", "upper bound", "state"), rows,
        "Leak: share of face-frames that a second, different look still finds in the published copy. The upper bound is empty until a person has looked at sampled frames.",
    )  # fmt: skip
    cannot = (
        ()
        if looked.height == out.height
        else (
            f"how much the {out.height - looked.height} clips leak that no person has checked yet: only the program's estimate exists",
        )
    )
    blocks = (
        Words(
            "Faces are found only to be hidden. Children are hidden unless a parent or guardian agreed; nobody is recognised, and no age or race is guessed.",
            lead=True,
        ),
        Said(answer),
        Tabled("footage", table),
        Cautions(
            (
                "Masked is not anonymous: voice, clothes and street remain.",
                "The finder was not measured on children or on darker skin by anybody we know of; a person has to look.",
            )
        ),
    )
    return Page(
        "footage.html",
        "Footage",
        "Footage: who can be seen",
        blocks,
        ("Are people in the footage protected?", answer),
        cannot,
    )


def _answer(clips, protected, out) -> str:
    """Only protected clips have anybody masked; a clip as it was handed in is seen by nobody."""
    people, masked = int(protected["tracks"].sum()), int(protected["masked"].sum())
    said = f"{clips.height} {'clip' if clips.height == 1 else 'clips'}, {out.height} shown."
    if protected.height:
        others = "" if masked == people else "; the others agreed to be seen"
        said += f" {masked:,} of {people:,} people in the {protected.height} protected ones are masked{others}."
    waiting = clips.height - protected.height
    return said + (
        f" {waiting} not protected yet: {'it is' if waiting == 1 else 'they are'} shown to nobody." if waiting else ""
    )


def _share(value) -> str:
    return "—" if value is None else f"{100 * value:.2f} %"
