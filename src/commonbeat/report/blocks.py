"""What a page of the report is made of: a handful of blocks, each a value, laid out by one template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from commonbeat.report.charts import Chart, Table
from commonbeat.report.page import as_csv

__all__ = ["Cautions", "Drawn", "Heading", "Page", "Said", "Tabled", "Words", "data_files", "plain_blocks"]


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; `lead` for the first one of a page."""

    text: str
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A finding in one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Cautions:
    """What must be read beside the numbers."""

    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with its key; its table becomes a CSV to download."""

    chart: Chart
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tabled:
    """A table, to read and to download as `name`.csv."""

    name: str
    table: Table


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the site. short: its name in the navigation; minute: (verdict, sentence, link text) for the first page.

    files : (name, text) of what lies beside the page to be taken along
    """

    file: str
    short: str
    title: str
    blocks: tuple = field(repr=False)
    minute: tuple[str, str] | None = None
    cannot_tell: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


def data_files(pages: Sequence[Page]) -> dict[str, str]:
    """`data/name.csv` -> its text, for every chart and table of the report."""
    found = {}
    for page in pages:
        for block in page.blocks:
            if isinstance(block, Drawn):
                found[f"data/{block.chart.name}.csv"] = as_csv(block.chart.table)
            elif isinstance(block, Tabled):
                found[f"data/{block.name}.csv"] = as_csv(block.table)
    return found


def plain_blocks(blocks) -> list[dict]:
    """Blocks as the template reads them: their kind beside their parts."""
    return [{"kind": type(b).__name__.lower(), "it": b} for b in blocks]
