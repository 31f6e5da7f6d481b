"""Somebody's own table of people, read as a plan's [people] says: who was given what, and what each answered when."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from commonbeat.errors import BadInput, Problem
from commonbeat.studies.plan import Plan

__all__ = ["own_rows", "read_people"]

UNKNOWN = (
    "",
    "NA",
    "N/A",
    "NaN",
    "nan",
    "null",
    "NULL",
    "None",
    ".",
)  #: what R, Stata, pandas and people write for nothing
LISTED = 20  #: wrong cells told one by one
ITEM = "as recorded"


def own_rows(plan: Plan, plan_file: str | Path | None = None, given: str | Path | None = None) -> pl.DataFrame | None:
    """The table a plan is run on, from the file that was given or the one its [people] or [panel] names.  None: it names none.

    A file named in a plan lies beside the plan. CSV (or TSV) and Parquet are read.
    """
    named = (plan.people or plan.panel).file if plan.people or plan.panel else None
    if given is None and named is None:
        return None
    path = Path(given) if given is not None else Path(plan_file or ".").parent / named
    what = "table of people" if plan.people else "panel with one row per unit and time"
    try:
        if path.suffix.lower() in (".csv", ".tsv", ".txt"):
            tab = "\t" if path.suffix.lower() == ".tsv" else ","
            return pl.read_csv(path, separator=tab, infer_schema_length=None, null_values=list(UNKNOWN))
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{path} cannot be read as a {what} (a CSV or Parquet file): {error}") from error


def read_people(plan: Plan, frame: pl.DataFrame) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """The codebook's two tables, as far as a study needs them, and what was left out, in sentences.

    frame : the table, one row for each person, or for each person and wave when [people] names a wave column
    Raises BadInput with line, column and value for what cannot be read (line 1 is the header).
    """
    people = plan.people
    _there(plan, frame)
    rows = _known(frame, people.missing).with_row_index("line__", offset=2)
    rows, notes = _armed(plan, rows)
    for name in _never_empty(plan, rows):
        _refuse(
            rows.filter(pl.col(name).is_null()),
            name,
            f"{name} is empty; everybody who was drawn has one, so fill it in or leave the row out",
        )
    who = _each_once(plan, rows)
    answers = _long(plan, rows) if people.wave else _wide(plan, rows)
    return {"respondents": _asked(plan, who), "answers": pl.concat([answers, *_met(plan, rows)])}, notes


def _there(plan, frame):
    """Every column that the plan names stands in the file."""
    people = plan.people
    outcome = [people.outcome] if people.wave else [c for _, columns in people.outcome for c in columns]
    drawn = {
        "blocked": [plan.block],
        "matched_pair": [plan.block],
        "cluster": [plan.cluster],
        "saturation": [plan.block],
    }
    said = {"person": [people.person], "arm": [people.arm], "outcome": outcome, "wave": [people.wave], "weight": [people.weight], "ring": [people.ring],
            "share": [people.share], "date": [people.date], "contact": [plan.contact], "covariates": plan.covariates, "groups": plan.groups,
            "block or cluster": drawn.get(plan.design, ())}  # fmt: skip
    problems = [
        Problem(f'{role} is "{c}", and the table has no such column; it has {", ".join(frame.columns[:40])}', column=c)
        for role, columns in said.items() for c in columns if c and c not in frame.columns
    ]  # fmt: skip
    if problems:
        raise BadInput(problems=problems)
    if not frame.height:
        raise BadInput("the table of people has a header and no rows")


def _known(frame: pl.DataFrame, missing: Iterable[str]) -> pl.DataFrame:
    """Words for "not known" become null, numbers that are NaN too, and labels lose the spaces around them."""
    words = {*UNKNOWN, *missing}
    texts, numbers = pl.col(pl.String).str.strip_chars(), pl.selectors.float()
    out = frame.with_columns(pl.when(~texts.is_in(list(words))).then(texts).name.keep(), numbers.fill_nan(None))
    codes = [float(m) for m in missing if _number(m)]
    columns = pl.selectors.numeric()
    return (
        out.with_columns(pl.when(~columns.cast(pl.Float64).is_in(codes)).then(columns).name.keep()) if codes else out
    )


def _number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _label(name: str, rows: pl.DataFrame) -> pl.Series:
    """A label as text: 1, 1.0 and "1" are one label, however the file was read."""
    column = rows[name]
    if column.dtype.is_float() and (column.drop_nulls() == column.drop_nulls().round()).all():
        column = column.cast(pl.Int64)
    return column.cast(pl.String)


def _armed(plan, rows):
    """Arms in the plan's words; those without one were not drawn, and are left out with a sentence."""
    people, word = plan.people, _label(plan.people.arm, rows)
    turned = word.replace(dict(people.arms)) if people.arms else word
    rows = rows.with_columns(turned.alias("arm__"), said__=word)
    strange = rows.filter(pl.col("arm__").is_not_null() & ~pl.col("arm__").is_in(plan.arms))
    use = f'the plan\'s arms are {", ".join(plan.arms)}. Say which is which: [people] arms = {{ "{strange["said__"][0]}" = "{plan.arms[0]}" }}' if strange.height else ""  # fmt: skip
    _refuse(strange, people.arm, f'{people.arm} is "{{}}", which is no arm of the plan; {use}', value="said__")
    left = int(rows["arm__"].null_count())
    notes = (
        (
            f"{left:,} {'row names' if left == 1 else 'rows name'} no arm and {'was' if left == 1 else 'were'} left out: nobody drew anything there",
        )
        if left
        else ()
    )
    return rows.filter(pl.col("arm__").is_not_null()), notes


def _never_empty(plan, rows):
    """Columns whose silence would quietly change the draw: who, within what, with whom, with which weight or share."""
    names = (
        plan.people.person,
        plan.people.wave,
        plan.people.weight,
        plan.people.ring,
        plan.people.share,
        plan.block,
        plan.cluster,
    )
    return [c for c in dict.fromkeys(names) if c and c in rows.columns]


def _each_once(plan, rows):
    """One row for each person. A long table repeats them: then arm, block and cluster may not change between waves."""
    person, wave = plan.people.person, plan.people.wave
    key = [person, wave] if wave else [person]
    _refuse(rows.filter(~pl.struct(key).is_first_distinct()), person, f"{person} {{}} stands in the table twice" + (" in this wave" if wave else "; a long table needs [people] wave"))  # fmt: skip
    fixed = [
        "arm__",
        *(c for c in (plan.block, plan.cluster, plan.people.ring, plan.people.share) if c in rows.columns),
    ]
    if wave:
        for name in fixed:
            moved = rows.filter(pl.col(name) != pl.col(name).first().over(person))
            _refuse(
                moved,
                person,
                f"{person} {{}} has another {name.removesuffix('__')} than in an earlier row: what was drawn does not change between waves",
            )
        first = rows.sort(_numeric(rows, wave)).group_by(person, maintain_order=True)
        return first.agg(pl.all().drop_nulls().first())  # what is known of somebody is what was known first
    return rows


def _asked(plan, who) -> pl.DataFrame:
    """Respondents as the codebook has them, with the file's own columns beside."""
    people = plan.people
    weight = _numeric(who, people.weight) if people.weight else pl.Series([1.0]).new_from_index(0, who.height)
    _refuse(who.filter(weight < 0), people.weight or "", f"{people.weight} is {{}}; a weight is 0 or more")
    own = ("respondent", "plan_id", "side", "arm", "ring", "weight", "simulated", "share")
    out = who.drop([c for c in own if c in who.columns]).with_columns(
        _label(people.person, who).alias("respondent"), who["arm__"].alias("arm"), weight.alias("weight"),
        plan_id=pl.lit(plan.plan_id), side=pl.lit("resident"), simulated=pl.lit(False),
        **{c: _label(c, who) for c in (plan.block, plan.cluster) if c and c in who.columns},
    )  # fmt: skip
    for name in (n for n in ("prior_trust",) if n not in out.columns):
        out = out.with_columns(pl.lit(None, pl.Float64).alias(name))
    if people.share:
        share = _numeric(who, people.share)
        _refuse(
            who.filter((share < 0) | (share > 1)),
            people.share,
            f"{people.share} is {{}}; a share lies between 0 and 1",
        )
        out = out.with_columns(share.round(9).alias("share"))
        if plan.cluster and plan.cluster not in out.columns:
            out = out.with_columns(
                pl.col("respondent").alias(plan.cluster)
            )  # people were drawn one by one within their group
    return _ringed(plan, who, out)


def _ringed(plan, who, out):
    """Who was how near. Without a column: in a saturation design everybody can tell about every ring, else all are the primary's."""
    if plan.people.ring:
        return out.with_columns(_label(plan.people.ring, who).alias("ring"))
    rings = [r.name for r in plan.rings] if plan.design == "saturation" else [plan.primary.ring]
    return pl.concat([out.with_columns(ring=pl.lit(r)) for r in rings])


def _wide(plan, rows) -> pl.DataFrame:
    """One score for each wave: the mean of its columns, where at least half of them are known."""
    parts = []
    for wave, columns in plan.people.outcome:
        values = pl.DataFrame({str(k): _numeric(rows, c) for k, c in enumerate(columns)})
        known = values.select(pl.sum_horizontal(pl.all().is_not_null()))[:, 0]
        score = values.select(pl.mean_horizontal(pl.all()))[:, 0].zip_with(
            known * 2 >= len(columns), pl.Series([None], dtype=pl.Float64)
        )
        parts.append(_answers(plan, rows, pl.Series([wave]).new_from_index(0, rows.height), score))
    return pl.concat(parts)


def _long(plan, rows) -> pl.DataFrame:
    wave = _numeric(rows, plan.people.wave)
    strange = rows.filter(~wave.is_in([float(w) for w in plan.waves]))
    _refuse(
        strange,
        plan.people.wave,
        f"{plan.people.wave} is {{}}, which is none of the plan's waves ({', '.join(map(str, plan.waves))})",
    )
    return _answers(plan, rows, wave, _numeric(rows, plan.people.outcome))


def _answers(plan, rows, wave, score) -> pl.DataFrame:
    return pl.DataFrame({"respondent": _label(plan.people.person, rows), "wave": wave.cast(pl.Int64), "item": [ITEM] * rows.height, "value": score, "at": _days(plan, rows)})  # fmt: skip


def _days(plan, rows) -> pl.Series:
    """When somebody answered; null without a date column, and then nobody can show that a seal came first."""
    moment, name = pl.Datetime("us", "UTC"), plan.people.date
    if not name:
        return pl.Series([None], dtype=moment).new_from_index(0, rows.height)
    column = rows[name]
    if column.dtype.is_temporal():
        day = column.cast(pl.Date)
    else:
        day = column.cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        _refuse(rows.filter(day.is_null() & column.is_not_null()), name, f"{name} is {{}}; write a day as 2027-03-01")
    return day.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _met(plan, rows) -> list[pl.DataFrame]:
    """Whether a person was met in fact, as an answer to the plan's contact item; in a long table, in any wave."""
    if not plan.contact:
        return []
    met = _answers(plan, rows, pl.Series([0]).new_from_index(0, rows.height), _numeric(rows, plan.contact))
    return [met.with_columns(item=pl.lit(plan.contact))]


def _numeric(rows, name) -> pl.Series:
    column = rows[name]
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64)
    number = column.cast(pl.String).cast(pl.Float64, strict=False)
    _refuse(rows.filter(number.is_null() & column.is_not_null()), name, f'{name} is "{{}}", and has to be a number; name what means "not known" in [people] missing')  # fmt: skip
    return number


def _refuse(wrong: pl.DataFrame, column: str, message: str, *, value: str | None = None) -> None:
    """Raises BadInput when rows are wrong: the first twenty by line, then how many more."""
    if not wrong.height:
        return
    shown = [(row["line__"], row.get(value or column)) for row in wrong.head(LISTED).iter_rows(named=True)]
    problems = [Problem(message.replace("{}", str(v)), line=n, column=column, value=v) for n, v in shown]
    more = f" (and {wrong.height - 1:,} more)" if wrong.height > 1 else ""
    raise BadInput(f"{problems[0]}{more}", problems)
