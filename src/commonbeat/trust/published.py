"""Trust as others published it: shares by borough and quarter, without the number of people behind them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from commonbeat.errors import BadInput, Problem
from commonbeat.estimate import Estimate, plain

__all__ = ["WITHOUT_N", "PublishedLevels", "read_pas"]

WITHOUT_N = "Published without n: how many people stand behind it, and so how sure it is, nobody outside can say."
_NEEDED = ("Date", "Borough", "Measure", "Proportion")


@dataclass(frozen=True, slots=True)
class PublishedLevels:
    """A published series.

    table    : date, area, measure, share (0-1), town (share of the whole force, null where none)
    renamed  : {spelling: the spelling used}, where an area was spelled in more than one way
    """

    table: pl.DataFrame
    source: str
    renamed: dict
    cautions: tuple[str, ...]

    def levels(self, measure: str, *, on: date | None = None) -> dict[str, Estimate]:
        """Where does each area stand?  Latest date unless told; an Estimate each, without an interval: no n was published."""
        rows = self._of(measure)
        on = on or rows["date"].max()
        return {
            r["area"]: Estimate(
                round(100 * r["share"], 9),
                unit="percent",
                n=None,
                method=f"as published, {r['date']}",
                cautions=(WITHOUT_N,),
            )
            for r in rows.filter(pl.col("date") == on).sort("area").iter_rows(named=True)
        }

    def series(self, measure: str, area: str) -> pl.DataFrame:
        """date and percent of one area, in order."""
        rows = self._of(measure)
        found = rows.filter(pl.col("area").str.to_lowercase() == area.lower())
        if found.is_empty():
            raise BadInput(
                f'There is no area "{area}"; there are {", ".join(rows["area"].unique().sort().to_list())}.'
            )
        return found.sort("date").select("date", (pl.col("share") * 100).round(9).alias("percent"))

    def measures(self) -> list[str]:
        return self.table["measure"].unique().sort().to_list()

    def to_dict(self) -> dict:
        newest = {m: {a: e.to_dict() for a, e in self.levels(m).items()} for m in self.measures()}
        return plain(
            {
                "source": self.source, "areas": self.table["area"].n_unique(), "dates": self.table["date"].n_unique(),
                "first": self.table["date"].min(), "last": self.table["date"].max(), "renamed": self.renamed,
                "levels": newest, "cautions": self.cautions,
            }
        )  # fmt: skip

    def _of(self, measure):
        rows = self.table.filter(pl.col("measure") == measure)
        if rows.is_empty():
            raise BadInput(f'There is no measure "{measure}"; there are {", ".join(self.measures())}.')
        return rows


def read_pas(path) -> PublishedLevels:
    """What did the London Public Attitude Survey's dashboard publish?

    path : its CSV: Date (day/month/year), Borough, Measure, Proportion (decimal comma or point, or percent), perhaps MPS
    Raises BadInput with a Problem for every line that cannot be read; nothing is half-read.
    """
    path = Path(path)
    rows = list(csv.DictReader(io.StringIO(_text(path))))
    missing = [c for c in _NEEDED if not rows or c not in rows[0]]
    if missing:
        raise BadInput(f"{path.name}: no column `{missing[0]}`; {', '.join(_NEEDED)} are needed.")
    problems, read = [], []
    for line, row in enumerate(rows, 2):
        try:
            read.append(
                (
                    _day(row["Date"]),
                    row["Borough"].strip(),
                    row["Measure"].strip(),
                    _share(row["Proportion"]),
                    _share(row.get("MPS") or None),
                )
            )
        except (ValueError, TypeError, AttributeError) as error:
            problems.append(Problem(str(error), file=path.name, line=line))
    if problems:
        raise BadInput(problems=problems)
    renamed = _spellings([r[1] for r in read])
    table = pl.DataFrame(
        [(d, renamed.get(a, a), m, s, t) for d, a, m, s, t in read], orient="row",
        schema={"date": pl.Date, "area": pl.String, "measure": pl.String, "share": pl.Float64, "town": pl.Float64},
    )  # fmt: skip
    _once(table, path.name)
    cautions = [WITHOUT_N]
    cautions += [f'"{a}" and "{b}" were read as one area.' for a, b in renamed.items()]
    return PublishedLevels(table.sort("measure", "area", "date"), path.name, renamed, tuple(cautions))


def _text(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"{path.name} is not text in UTF-8 or Windows-1252.")


def _day(text: str) -> date:
    try:
        d, m, y = (int(part) for part in text.strip().split("/"))
        return date(y, m, d)
    except (ValueError, AttributeError):
        raise ValueError(f'Date "{text}" is not day/month/year, as 31/12/2023.') from None


def _share(text):
    if text is None:
        return None
    clean = text.strip().removesuffix("%").replace(",", ".")
    try:
        share = float(clean) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        raise ValueError(f'Proportion "{text}" is not a number, as 0,67 or 67%.') from None
    if not 0 <= share <= 1:
        raise ValueError(f'Proportion "{text}" is not a share from 0 to 1.')
    return share


def _spellings(areas) -> dict[str, str]:
    """The most frequent of the spellings that differ only in case or spaces."""
    seen: dict[str, Counter] = {}
    for area in areas:
        seen.setdefault(" ".join(area.lower().split()), Counter())[area] += 1
    return {s: c.most_common(1)[0][0] for c in seen.values() if len(c) > 1 for s in c if s != c.most_common(1)[0][0]}


def _once(table, name):
    twice = table.group_by("date", "area", "measure").len().filter(pl.col("len") > 1)
    if len(twice):
        r = twice.row(0, named=True)
        raise BadInput(
            f"{name}: {r['area']}, {r['measure']}, {r['date']} is published {r['len']} times; once was expected."
        )
