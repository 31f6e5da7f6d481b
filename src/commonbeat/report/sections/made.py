"""How was this made? Snapshot, versions, plans and their seals, sources and licences: what a reviewer asks first."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import numpy as np
import polars as pl

from commonbeat import __version__
from commonbeat.report.blocks import Heading, Page, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.studies.findings import Findings

__all__ = ["made"]


def made(book, findings: Sequence[Findings] = ()) -> Page:
    rows = tuple((t, f"{book.rows(t):,}") for t in book.tables)
    versions = (
        ("commonbeat", __version__),
        ("numpy", np.__version__),
        ("polars", pl.__version__),
        ("python", platform.python_version()),
    )
    blocks = [
        Words("Whoever holds the book can make this report again and must get the same numbers.", lead=True),
        Heading("The record"),
        Words(f"Snapshot {book.snapshot}. `commonbeat verify BOOK` says whether a byte of it has changed."),
        Tabled("book-tables", Table("Tables of the book", ("table", "rows"), rows)),
    ]
    if "receipts" in book and book.rows("receipts"):
        r = book.table("receipts").select("table", "file", "sha256", "at", "licence", "rows")
        receipts = tuple(
            (t, f, h[:16] + "…", f"{at:%Y-%m-%d}", lic or "none stated", f"{n:,}")
            for t, f, h, at, lic, n in r.iter_rows()
        )
        blocks += [
            Tabled(
                "receipts",
                Table("Where rows came from", ("table", "file", "SHA-256", "day", "licence", "rows"), receipts),
            )
        ]
    if findings:
        rows = tuple(
            (
                f.plan["title"],
                f.plan_hash[:16] + "…",
                f.sealed_at[:10] if f.sealed_at else "never",
                "yes" if f.sealed_before_data else "no",
                f.seed,
            )
            for f in findings
        )
        blocks += [
            Heading("Plans and seals"),
            Tabled(
                "plans",
                Table(
                    "Studies in this report", ("study", "plan's hash", "sealed on", "before the data", "seed"), rows
                ),
            ),
        ]
    blocks += [Heading("Programs"), Tabled("versions", Table("Versions", ("program", "version"), versions))]
    return Page("made.html", "How it was made", "How this was made", tuple(blocks))
