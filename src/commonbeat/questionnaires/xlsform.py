"""To and from XLSForm, the spreadsheet that field tools (ODK, KoboToolbox, SurveyCTO) read."""

from __future__ import annotations

import re
from pathlib import Path

from commonbeat.errors import BadInput, Missing, Problem
from commonbeat.questionnaires.model import Item, Questionnaire, Scale

__all__ = ["from_xlsform", "to_xlsform"]

NAMES = {"en": "English (en)", "es": "Español (es)"}
#: rows of a form that ask nobody anything
_SILENT = (
    "note",
    "begin group",
    "begin_group",
    "end group",
    "end_group",
    "start",
    "end",
    "today",
    "calculate",
    "deviceid",
)


def to_xlsform(questionnaire: Questionnaire, path, *, side: str = "resident") -> None:
    """Writes the questions one side is asked as an XLSForm; nobody is made to answer, so no row is required."""
    book = _openpyxl().Workbook()
    survey, choices, settings = book.active, book.create_sheet("choices"), book.create_sheet("settings")
    survey.title = "survey"
    labels = [f"label::{NAMES.get(x, f'{x} ({x})')}" for x in questionnaire.languages]
    items = questionnaire.asked(side)
    if not items:
        raise BadInput(f"`{questionnaire.key}` asks {side}s nothing.")
    survey.append(["type", "name", *labels, "required", "measures", "reverse"])
    for i in items:
        words = [i.wording[side][x] for x in questionnaire.languages]
        survey.append([f"select_one {i.scale.name}", i.id, *words, "no", i.measures, "yes" if i.reverse else "no"])
    choices.append(["list_name", "name", *labels])
    for scale in dict.fromkeys(i.scale.name for i in items):
        chosen = next(i.scale for i in items if i.scale.name == scale)
        for answer in chosen.answers():
            choices.append([scale, str(answer), *(chosen.says(answer, x) for x in questionnaire.languages)])
    language = questionnaire.languages[0]
    settings.append(
        [
            "form_title",
            "form_id",
            "version",
            "default_language",
            "side",
            "licence",
            "source",
            "attribution",
            "validated",
        ]
    )
    settings.append(
        [
            questionnaire.title[language], questionnaire.name, questionnaire.version, NAMES.get(language, language), side,
            questionnaire.licence, questionnaire.source, questionnaire.attribution, questionnaire.validated,
        ]
    )  # fmt: skip
    book.save(Path(path))


def from_xlsform(path, *, side: str | None = None) -> Questionnaire:
    """A questionnaire from an XLSForm: select_one questions whose answers are whole numbers in a row, and ranges.

    side : who was asked, where the form does not say (resident)
    Raises BadInput with a Problem for every row that is no such question: free text, places and pictures are not scored.
    """
    path = Path(path)
    book = _openpyxl().load_workbook(path, read_only=True, data_only=True)
    survey, choices = _rows(book, "survey", path.name), _rows(book, "choices", path.name, needed=False)
    settings = (_rows(book, "settings", path.name, needed=False) or [(2, {})])[0][1]
    languages = _languages(survey)
    side = side or settings.get("side") or "resident"
    lists, problems = _lists(choices, languages), []
    items = []
    for line, row in survey:
        kind = " ".join((row.get("type") or "").split())
        if not kind or kind in _SILENT:
            continue
        try:
            items.append(_item(row, kind, lists, languages, side))
        except ValueError as error:
            problems.append(Problem(str(error), f"{path.name}, sheet survey", line, "type", kind))
    if problems:
        raise BadInput(problems=problems)
    if not items:
        raise BadInput(f"{path.name} asks no question that can be scored.")
    name = settings.get("form_id") or path.stem
    title = settings.get("form_title") or name
    return Questionnaire(
        name, str(settings.get("version") or "1"), dict.fromkeys(languages, title), languages, tuple(items),
        settings.get("licence") or "not stated", settings.get("source") or path.name, settings.get("attribution") or "",
        settings.get("validated") or "not stated",
    )  # fmt: skip


def _item(row, kind, lists, languages, side) -> Item:
    name = row.get("name")
    if not name:
        raise ValueError("the question has no `name`.")
    if kind.startswith("select_one "):
        list_name = kind.split(" ", 1)[1]
        if list_name not in lists:
            raise ValueError(f'question {name}: sheet choices has no list "{list_name}".')
        scale = lists[list_name]
        if isinstance(scale, str):
            raise ValueError(f"question {name}: {scale}")
    elif kind == "range":
        scale = _range(name, row.get("parameters") or "", languages)
    else:
        raise ValueError(
            f'question {name} is of type "{kind}"; only select_one and range can be scored. Leave it out of this import.'
        )
    words = {x: row.get(_label(row, x)) for x in languages}
    if not all(words.values()):
        silent = next(x for x in languages if not words[x])
        raise ValueError(f"question {name} has no label in `{silent}`.")
    reverse = (row.get("reverse") or "no").lower() in ("yes", "true", "1")
    return Item(name, row.get("measures") or name, scale, reverse, {side: words})


def _range(name, parameters, languages) -> Scale:
    found = dict(re.findall(r"(start|end|step)\s*=\s*(-?\d+)", parameters))
    if not {"start", "end"} <= set(found) or found.get("step", "1") != "1":
        raise ValueError(f"question {name}: a range needs whole numbers, as start=0 end=10 step=1.")
    low, high = int(found["start"]), int(found["end"])
    return Scale(f"{name}_range", low, high, {x: {low: str(low), high: str(high)} for x in languages})


def _lists(choices, languages):
    """{list: Scale}, or a sentence why it is no scale."""
    grouped: dict[str, list] = {}
    for _, row in choices:
        if row.get("list_name"):
            grouped.setdefault(row["list_name"], []).append(row)
    out = {}
    for name, rows in grouped.items():
        values = [r.get("name") or "" for r in rows]
        if not all(re.fullmatch(r"-?\d+", v) for v in values):
            out[name] = f'the answers of list "{name}" are not whole numbers, so they have no order to be scored by.'
            continue
        numbers = sorted(int(v) for v in values)
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or len(numbers) < 2:
            out[name] = f'the answers of list "{name}" ({", ".join(map(str, numbers))}) do not follow one another.'
            continue
        labels = {x: {int(r["name"]): r.get(_label(r, x)) or r["name"] for r in rows} for x in languages}
        out[name] = Scale(name, numbers[0], numbers[-1], labels)
    return out


def _languages(survey):
    heads = {k for _, row in survey for k in row}
    found = [m.group(1) for k in sorted(heads) if (m := re.fullmatch(r"label::?.*\((\w+)\)", k))]
    return tuple(sorted(set(found), key=lambda x: (x != "en", x))) or ("en",)


def _label(row, language):
    return next((k for k in row if re.fullmatch(rf"label::?.*\({language}\)", k)), "label")


def _rows(book, sheet, file, needed=True):
    """(line, {heading: text}) of every row."""
    if sheet not in book.sheetnames:
        if needed:
            raise BadInput(f'{file} has no sheet "{sheet}"; an XLSForm has survey, choices and settings.')
        return []
    rows = list(book[sheet].iter_rows(values_only=True))
    heads = [str(h).strip() if h is not None else "" for h in rows[0]] if rows else []
    return [
        (line, {h: _text(v) for h, v in zip(heads, row, strict=False) if h and v is not None})
        for line, row in enumerate(rows[1:], 2)
        if any(v is not None for v in row)
    ]


def _text(value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _openpyxl():
    try:
        import openpyxl
    except ImportError:
        raise Missing("Spreadsheets need openpyxl: pip install 'commonbeat[intake]'.") from None
    return openpyxl
