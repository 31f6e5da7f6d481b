"""The page of `commonbeat encounters --html`: both kinds of contact side by side, questions, promises; one file, nothing fetched."""

from __future__ import annotations

from pathlib import Path

from commonbeat.report.charts import Table, dots
from commonbeat.report.encounters_words import (
    caution_words,
    cell_sentence,
    practice_words,
    promise_words,
    question_words,
    shown_span,
    versus_words,
)
from commonbeat.report.page import page, write_page
from commonbeat.report.verdict_map import verdict_map
from commonbeat.report.words import figure

__all__ = ["encounters_page", "write_encounters_page"]

SHOWN = 60  #: areas drawn; a town with more gets them as a table only


def encounters_page(answer: dict, names: dict, *, areas=None, town="Commonbeat") -> str:
    """HTML of a released answer (what the command prints as JSON).  names: area_id -> what people call it; areas: for a map."""
    return page(
        "encounters.html", title=f"Encounters · {town}", heading="Who is met, where and how?", town=town,
        simulated=answer["simulated"], snapshot=answer["snapshot"], file="encounters.html", answer=answer, lead=_lead(answer),
        chart=_chart(answer, names), map=_map(answer, names, areas), table=_cells_table(answer, names), versus=[versus_words(v) for v in answer["versus"]],
        reach=_reach(answer, names), questions=[question_words(q) for q in (answer["integrity"] or {}).get("questions", ())],
        integrity=answer["integrity"], practice=answer["practice"] and practice_words(answer["practice"]),
        promises=_promises(answer), present=_present(answer, names), cautions=caution_words(answer["cautions"]), appendix=_appendix(answer, names),
    )  # fmt: skip


def write_encounters_page(path, answer: dict, names: dict, **shown) -> Path:
    """Writes the page  -> its path."""
    path = Path(path)
    target = path / "encounters.html" if path.is_dir() else path
    write_page(target, encounters_page(answer, names, **shown))
    return target


def _lead(answer: dict) -> str:
    return cell_sentence(answer["town"], "Over the whole town")


def _name(cell: dict, names: dict) -> str:
    place = "outside every area" if cell["area"] is None else names.get(cell["area"], cell["area"])
    return f"{place}, {cell['group']}" if cell["group"] else place


def _chart(answer: dict, names: dict):
    """Enforcement and positive contact, area by area; None where there is nothing, or too much, to draw."""
    use = answer["town_groups"] if answer["by"] else answer["cells"]
    rows = [
        {"label": c["group"] if answer["by"] else _name(c, names), "series": word} | dict(zip(("low", "high"), shown_span(c[kind]) or (None, None)))
        | {"value": c[kind]["rate"]}
        for c in use for word, kind in (("enforcement", "enforcement"), ("positive", "positive"))
        if c[kind]["rate"] is not None
    ]  # fmt: skip
    if not rows or len(rows) > 2 * SHOWN:
        return None
    said = ". ".join(f"{r['label']}, {r['series']}: {figure(r['low'], 1)} to {figure(r['high'], 1)}" for r in rows)
    table = Table("Contacts per 1,000 residents and year", ("", "kind", "rate", "from", "to"), tuple(
        (r["label"], r["series"], figure(r["value"]), figure(r["low"]), figure(r["high"])) for r in rows))  # fmt: skip
    title = "By group, over the town" if answer["by"] else "Area by area"
    return dots(
        rows, name="rates", title=title, axis="contacts per 1,000 residents and year", table=table, alternative=said
    )


def _map(answer: dict, names: dict, areas):
    """Verdicts where people live; none when cells are split by group, since an area then has several."""
    if areas is None or answer["by"]:
        return None
    return verdict_map(
        areas, {c["area"]: c["verdict"] for c in answer["cells"] if c["area"]}, table=_cells_table(answer, names)
    )


def _cells_table(answer: dict, names: dict) -> Table:
    rows = tuple(
        (_name(c, names), _count(c["enforcement"]), _span(c["enforcement"]), _count(c["positive"]), _span(c["positive"]),
         c["verdict"].replace("_", " "))
        for c in answer["cells"]
    )  # fmt: skip
    note = "Counts under 5, and one more where a total would give them away, are hidden." if any(
        c["suppressed"] for c in answer["cells"]) else ""  # fmt: skip
    headings = (
        "",
        "enforcement",
        "per 1,000 and year",
        "positive",
        "per 1,000 and year",
        "enforcement against the rest of the town",
    )
    return Table("Contacts by area" + (" and group" if answer["by"] else ""), headings, rows, note)


def _count(r: dict) -> str:
    return "hidden" if r["count"] is None else f"{r['count']:,}"


def _span(r: dict) -> str:
    span = shown_span(r)
    return "—" if span is None else f"{figure(span[0])} to {figure(span[1])}"


def _reach(answer: dict, names: dict) -> str | None:
    r = answer["reach"]
    if not r:
        return None
    s, i = r["share"], r["index"]
    return (
        f"The most enforced areas ({', '.join(names.get(a, a) for a in r['areas'])}) are home to {figure(100 * r['of_residents'], 0)} of a "
        f"hundred residents and saw {figure(100 * s['value'], 0)} ({figure(100 * s['low'], 0)} to {figure(100 * s['high'], 0)}) of a hundred "
        f"positive contacts (n = {s['n']:,}). Concentration index {figure(i['value'], 2)} ({figure(i['low'], 2)} to {figure(i['high'], 2)}): "
        "above 0 leans towards the most enforced places, below 0 away from them."
    )


def _present(answer: dict, names: dict) -> Table | None:
    rows = tuple(
        (names.get(r["area"], r["area"]), r["kind"], f"{r['people']:,.0f}", _count(r), _span(r))
        for r in answer.get("present", ())
    )
    note = "The numbers of people present are taken as known; residents are counted above."
    head = ("", "kind", "people present", "contacts", "per 1,000 present and year")
    return Table("The same contacts by people present", head, rows, note) if rows else None


def _promises(answer: dict) -> Table | None:
    rows = tuple(
        (c["promise"], f"{c['by']}, until {c['until']}", promise_words(c), c["evidence"] or "—")
        for c in answer["commitments"] or ()
    )
    return (
        Table("What was promised, and how it stands", ("promise", "by whom and when", "today", "evidence"), rows)
        if rows
        else None
    )


def _appendix(answer: dict, names: dict) -> Table:
    rows = []
    for c in answer["cells"]:
        r = c["appendix"]["positive_to_enforcement"]
        rows.append((_name(c, names), "—" if r["value"] is None else figure(r["value"], 2),
                     "—" if r["low"] is None or r["high"] is None else f"{figure(r['low'], 2)} to {figure(r['high'], 2)}"))  # fmt: skip
    return Table("Positive contacts for one of enforcement", ("", "ratio", "interval"), tuple(rows),
                 "A ratio is improved by logging more, which is why it stands here at the end.")  # fmt: skip
