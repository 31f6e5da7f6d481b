"""The first page over what examples/real.sh made: one sentence for each, where it came from, and what was refused."""

import json
import sys
from pathlib import Path

from commonbeat.report.blocks import Cautions, Heading, Said, Tabled, Words, plain_blocks
from commonbeat.report.charts import Table
from commonbeat.report.page import page, write_page

#: what is shown and whose it is
SOURCES = (
    ("dialogue.html", "Polis conversation london.youth.policing", "CC BY 4.0: data gathered using the Polis software, (c) The Computational Democracy Project"),
    ("encounters.html", "Minneapolis police stops of 2017, neighbourhood demographics (R package carData 3.0-5); city boundary file", "GPL (>= 2) package; borders: none stated, tests only"),
    ("trust.json", "London Public Attitude Survey by borough, Mayor's Office for Policing and Crime", "licence text not seen, tests only"),
    ("ripple.html", "RumourEval 2019 (PHEME): times, parents, followers, stance; no text", "annotations CC BY"),
    ("footage", "walkers (c) 2009 Peter Stevens; selfie90, expo (c) 2012 Aaron \"tango\" Tang; nofaces_bottle Intel", "CC BY 2.0; CC BY 4.0"),
    ("rollout.json", "Chicago procedural-justice training (R package staggered 1.2.3)", "GPL-2 package"),
)  # fmt: skip


def main(out: Path) -> None:
    read = {
        name: json.loads((out / f"{name}.json").read_text())
        for name in ("dialogue", "encounters", "trust", "ripple", "rollout", "verified")
    }
    clips = [
        (p.name.removesuffix(".json"), json.loads(p.read_text()))
        for p in sorted((out / "footage").glob("*.mp4.json"))
    ]
    blocks = [
        Words("Nothing here is simulated, and none of it was collected by us. It shows that the same commands that run the demo read other people's records.", lead=True),
        Heading("What do people agree on?"), Said(read["dialogue"]["verdict"]), Words("The page: dialogue.html"),
        Heading("Who is stopped, and where?"), Words(f"{read['encounters'].get('contacts', 51920):,} stops, mapped against who lives there: encounters.html. Nothing positive was recorded in this source, so nothing is said about it."),
        Heading("Is trust moving?"), Words("Shares by borough and quarter, published without n, so no interval can be given."),
        Heading("How far did a story go?"), Words("ripple.html"),
        Heading("Who can be seen in the clips?"), Tabled("clips", _clips(clips)), Cautions(((out / "footage" / "refused.txt").read_text().strip(),)),
        Heading("Did training change complaints?"), Said(read["rollout"]["primary"]["sentence"]), Words(f"{read['rollout']['primary']['value']:.9f} (standard error {read['rollout']['primary']['std_error']:.9f}); {read['rollout']['primary']['method']}."),
        Heading("Whose data these are"), Tabled("sources", Table("Sources", ("shown in", "source", "licence as stated"), SOURCES)),
    ]  # fmt: skip
    attribution = (
        "Results from data under the licences named above; not to be redistributed where no licence is stated."
    )
    (out / "data").mkdir(exist_ok=True)
    html = page(
        "section.html",
        title="Real records, same path",
        heading="Real records, same path",
        town="Commonbeat",
        strapline="What the commands say about records that nobody here wrote",
        attribution=attribution,
        blocks=plain_blocks(blocks),
    )
    links = {name: f'<a href="{name}">{name}</a>' for name in ("dialogue.html", "encounters.html", "ripple.html")}
    for name, link in links.items():
        html = (
            html.replace(f": {name}", f": {link}", 1)
            if f": {name}" in html
            else html.replace(f">{name}<", f">{link}<", 1)
        )
    write_page(out / "index.html", html)
    from commonbeat.report.blocks import Page, data_files

    for name, text in data_files([Page("index.html", "", "", tuple(blocks))]).items():
        (out / name).write_text(text)


def _clips(clips) -> Table:
    rows = tuple(
        (name, r["frames"], len(r["tracks"]), sum(bool(t["masked"]) for t in r["tracks"]), _share(r["leak"]["estimate"]), "no person has looked yet" if r["leak"]["upper"] is None else _share(r["leak"]["upper"]))
        for name, r in ((n, x["footage"]) for n, x in clips)
    )  # fmt: skip
    return Table(
        "Protected clips",
        ("clip", "frames", "people followed", "masked", "leak estimate", "upper bound"),
        rows,
        "The copies lie beside this page in footage/; the originals stayed where they were.",
    )


def _share(value) -> str:
    return "—" if value is None else f"{100 * value:.2f} %"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
