"""Pages in, a folder out: the static report, built beside and swapped in, with its data and nothing from outside."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commonbeat.errors import BookError
from commonbeat.estimate import plain
from commonbeat.report.blocks import Drawn, Page, data_files, plain_blocks
from commonbeat.report.page import page

__all__ = ["Cover", "write_site"]


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on every page."""

    town: str
    strapline: str
    opening: str
    simulated: bool
    snapshot: str
    made: dt.date
    attribution: str = ""


def write_site(out: str | os.PathLike, cover: Cover, pages: Sequence[Page], *, curve: tuple[Drawn, str] | None = None,
               findings: Sequence[dict] = ()) -> Path:  # fmt: skip
    """Writes the report to `out`  -> its first page. What stood there is replaced only when all of it is ready."""
    out = Path(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".report-", dir=out.parent))
    except OSError as error:
        raise BookError(
            f"the report cannot be written to {out}: {error.strerror}. Choose a folder you may write to with --out."
        ) from error
    try:
        for name, text in _files(cover, pages, curve, findings).items():
            target = fresh / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        fresh.chmod(0o755)
        _swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return out / "index.html"


def _files(cover, pages, curve, findings) -> dict[str, str]:
    nav = [{"file": "index.html", "short": "In one minute"}, *({"file": p.file, "short": p.short} for p in pages)]
    common = {
        "town": cover.town, "strapline": cover.strapline, "simulated": cover.simulated, "snapshot": cover.snapshot,
        "made": cover.made.isoformat(), "pages": nav, "attribution": cover.attribution,
    }  # fmt: skip
    files = {}
    for p in pages:
        files[p.file] = page(
            "section.html",
            title=f"{p.title} · {cover.town}",
            heading=p.title,
            blocks=plain_blocks(p.blocks),
            file=p.file,
            **common,
        )
    minute = [{"file": p.file, "question": p.minute[0], "answer": p.minute[1]} for p in pages if p.minute]
    shown = {"chart": curve[0].chart, "key": curve[0].key, "sentence": curve[1]} if curve else None
    cannot = [sentence for p in pages for sentence in p.cannot_tell]
    files["index.html"] = page(
        "index.html", title=f"{cover.town}: the report", heading=f"{cover.town}: contact, stories and trust", opening=cover.opening,
        minute=minute, curve=shown, cannot=cannot, file="index.html", **common,
    )  # fmt: skip
    files |= data_files(pages)
    files |= {name: text for p in pages for name, text in p.files}
    if curve:
        files |= data_files([Page("", "", "", (curve[0],))])
    files["findings.json"] = json.dumps(plain(list(findings)), ensure_ascii=False, indent=2, allow_nan=False)
    return files


def _swap(fresh: Path, out: Path) -> None:
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        if not out.is_dir() or (any(out.iterdir()) and not (out / "index.html").exists()):
            raise BookError(
                f"{out} holds something that is not a report; choose an empty or a new folder with --out."
            )
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
