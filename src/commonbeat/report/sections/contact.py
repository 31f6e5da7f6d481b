"""Who is met, where and how? Positive and enforcement contact side by side, never as one ratio on the first page."""

from __future__ import annotations

from commonbeat import encounters as room
from commonbeat.privacy import FLOOR
from commonbeat.report.blocks import Cautions, Drawn, Heading, Page, Said, Tabled, Words
from commonbeat.report.charts import Table, dots
from commonbeat.report.encounters_words import caution_words
from commonbeat.report.maps import area_map
from commonbeat.report.words import figure, interval

__all__ = ["contact"]

KEY = ("● enforcement", "◆ positive, nothing enforced")
FILE, SHORT, QUESTION = "contact.html", "Who gets which contact", "Who is met, and how?"


def contact(book) -> Page:
    """Rates for the town, its groups and areas; whether positive contact reaches the places with most enforcement."""
    if not book.rows("population"):
        said = "Nobody's number of residents is in this book, so no rate can be given."
        return Page(FILE, SHORT, SHORT, (Said(said),), (QUESTION, said), (said,))
    contacts, population = book.table("contacts"), book.table("population")
    people = book.table("people") if book.rows("people") else None
    found = room.equity(contacts, population, people=people, by="race" if people is not None else None)
    areas = room.rates(contacts, population)
    names = dict(book.table("areas").select("area_id", "name").iter_rows()) if book.rows("areas") else {}
    answer = f"In a year, {_pair(found.town)}."
    blocks = [
        Words(
            "Two rates, side by side, each with the range its count allows. A ratio of the two stands in the appendix only: it improves when more good deeds are written down.",
            lead=True,
        ),
        Said(answer),
        *_groups(found),
        *_areas(book, areas, names),
        *_reach(contacts, population, names),
        Heading("What to keep in mind"),
        Cautions(caution_words(found.cautions)),
        Heading("Appendix: positive for one of enforcement"),
        Tabled("positive-to-enforcement", _ratios(found)),
    ]
    cannot = (
        (
            f"rates where no one counted the residents: {', '.join(names.get(a, a) for a in found.without_residents[:8])}",
        )
        if found.without_residents
        else ()
    )
    return Page(
        FILE,
        SHORT,
        "Who gets which kind of contact",
        tuple(blocks),
        (QUESTION, answer[0].upper() + answer[1:]),
        cannot,
    )


def _pair(cell) -> str:
    return f"officers made {_span(cell.enforcement)} enforcement contacts per 1,000 residents, and {_span(cell.positive)} positive ones"


def _span(rate) -> str:
    if rate.low is None:
        return "an unknown number of"
    digits = 0 if rate.high >= 10 else 1
    low, high = figure(rate.low, digits), figure(rate.high, digits)
    return low if low == high else f"{low} to {high}"


def _shown(rate) -> bool:
    return rate.rate is not None and rate.count >= FLOOR


def _rows(label, cell):
    for series, rate in (("enforcement", cell.enforcement), ("positive", cell.positive)):
        if _shown(rate):
            yield {"label": label, "series": series, "value": rate.rate, "low": rate.low, "high": rate.high}


def _table(title, pairs) -> Table:
    rows = tuple(
        (
            label,
            *(_cell(r) for r in (cell.enforcement, cell.positive)),
            f"{cell.enforcement.residents:,}" if cell.enforcement.residents else "not counted",
            _verdict(cell),
        )
        for label, cell in pairs
    )
    note = f"Contacts per 1,000 residents and year with their exact 95 % interval, and the count. Counts under {FLOOR} are hidden."
    return Table(
        title, ("who", "enforcement", "positive", "residents", "enforcement against the rest of the town"), rows, note
    )


def _cell(rate) -> str:
    if not _shown(rate):
        return f"fewer than {FLOOR}" if rate.count < FLOOR else f"{rate.count:,}, no residents counted"
    return f"{figure(rate.rate)} ({figure(rate.low)} to {figure(rate.high)}); {rate.count:,}"


def _verdict(cell) -> str:
    words = {
        "above_town": "clearly above",
        "not_clearly_above": "not clearly above",
        "too_few": "too few to tell",
        "no_denominator": "cannot be told",
    }
    return words.get(cell.verdict, cell.verdict)


def _groups(found):
    cells = [(c.group or "everybody", c) for c in found.town_groups]
    if not cells:
        return []
    rows = [r for label, cell in cells for r in _rows(label, cell)]
    said = "; ".join(f"{label}: {_pair(cell)}" for label, cell in cells if cell.enforcement.rate is not None)
    chart = dots(
        rows,
        name="contact-by-group",
        title="By group, over the whole town",
        axis="contacts per 1,000 residents and year",
        table=_table("By group", cells),
        alternative=said,
    )
    out = [Heading("By group"), Drawn(chart, KEY)]
    told = [
        f"{v.group} against {v.against}: {v.kind} contact {interval(v.crude, 2)} times as often over the town"
        + (
            f", {interval(v.within, 2)} times within the same areas"
            if v.within is not None and v.within.known
            else ""
        )
        + "."
        for v in found.versus
        if v.crude.known
    ]
    if told:
        out += [
            Words(
                "The same people, two comparisons: over the town, where people live plays a part; within areas it does not."
            ),
            *(Words(t[0].upper() + t[1:]) for t in told),
        ]
    return out


def _areas(book, found, names):
    cells = [(names.get(c.area, c.area or "outside every area"), c) for c in found.cells]
    cells.sort(key=lambda pair: -(pair[1].enforcement.rate or -1))
    table = _table("By area", cells)
    value = {c.area: c.enforcement.rate if _shown(c.enforcement) else None for c in found.cells if c.area}
    out = [Heading("By area")]
    picture = (
        area_map(
            book.table("areas"),
            value,
            name="contact-map",
            title="Enforcement contacts per 1,000 residents and year",
            legend="per 1,000 residents",
            table=table,
        )
        if names
        else None
    )
    rows = [r for label, cell in cells[:30] for r in _rows(label, cell)]
    if picture:
        out.append(Drawn(picture))
    said = "; ".join(f"{label}: {_pair(cell)}" for label, cell in cells[:30] if cell.enforcement.rate is not None)
    out.append(
        Drawn(
            dots(
                rows,
                name="contact-by-area",
                title="By area, most enforcement first",
                axis="contacts per 1,000 residents and year",
                table=table,
                alternative=said,
            )
        )
    )
    above = [label for label, c in cells if c.verdict == "above_town"]
    q = f"{100 * found.false_discovery_rate:.0f}"
    out.append(
        Words(
            (
                f"Clearly above the rest of the town: {', '.join(above)}."
                if above
                else "No area stands clearly above the rest of the town."
            )
            + f" Of all areas named so, at most {q} of a hundred are expected to be named by chance."
        )
    )
    return out


def _reach(contacts, population, names):
    from commonbeat.errors import CommonbeatError

    try:
        found = room.reach(contacts, population)
    except CommonbeatError as error:
        return [Heading("Does good contact reach the hard places?"), Words(str(error))]
    where = ", ".join(names.get(a, a) for a in found.areas)
    said = (
        f"The places with the most enforcement ({where}) are home to {100 * found.of_residents:.0f} of a hundred residents and saw "
        f"{100 * found.share.value:.0f} of a hundred positive contacts ({100 * found.share.low:.0f} to {100 * found.share.high:.0f}; n {found.share.n:,})."
    )
    return [
        Heading("Does good contact reach the hard places?"),
        Said(said),
        Words(
            f"Over all areas, from −1 (all positive contact where enforcement is least) to +1 (all of it where enforcement is most): {interval(found.index, 2, signed=True)}."
        ),
    ]


def _ratios(found) -> Table:
    rows = []
    for label, cell in [("the town", found.town), *((c.group or "everybody", c) for c in found.town_groups)]:
        value, low, high = cell.ratio
        hidden = cell.positive.count < FLOOR or cell.enforcement.count < FLOOR
        rows.append((label, "hidden" if hidden else f"{figure(value, 2)} ({figure(low, 2)} to {figure(high, 2)})"))
    return Table(
        "Positive contacts for one of enforcement",
        ("who", "ratio"),
        tuple(rows),
        "A ratio rises when more positive contacts are logged, whether or not anything changed.",
    )
