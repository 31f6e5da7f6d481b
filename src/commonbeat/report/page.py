"""One page: a template, the house's sheet, nothing from outside. Everything is escaped unless we drew it ourselves."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from commonbeat import __version__
from commonbeat.privacy import FLOOR
from commonbeat.report import words
from commonbeat.report.charts import Table

__all__ = ["as_csv", "page", "write_page"]

_HERE = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(words=words, zip=zip)
    return env


def page(template: str, *, title: str, town: str = "Commonbeat", strapline: str = "", simulated: bool = False, snapshot: str | None = None,
         made: str | None = None, pages=(), file: str = "index.html", language: str = "en", attribution: str = "", home: str = "index.html", **content) -> str:  # fmt: skip
    """HTML of one page. template: a file in `report/templates` that extends base.html; `content` is what it shows."""
    style = Markup((_HERE / "style.css").read_text(encoding="utf-8"))
    return (
        _environment()
        .get_template(template)
        .render(
            title=title, town=town, strapline=strapline, simulated=simulated, snapshot=snapshot, made=made, pages=pages, file=file,
            language=language, attribution=attribution, home=home, style=style, version=__version__, floor=FLOOR, **content,
        )
    )  # fmt: skip


def write_page(path: Path, html: str) -> None:
    """Writes beside and swaps in, so that a reader never meets half a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(html, encoding="utf-8")
    fresh.replace(path)


def as_csv(table: Table) -> str:
    """A table for a spreadsheet. A cell that a spreadsheet would run as a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.headings)
    writer.writerows([_safe(cell) for cell in row] for row in table.rows)
    return out.getvalue()


def _safe(cell):
    text = "" if cell is None else str(cell)
    return "'" + text if text[:1] in "=+-@\t\r" and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return False
    return True
