"""A questionnaire as a value: read from TOML, checked, and able to check answers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from commonbeat.errors import BadInput, Problem
from commonbeat.estimate import plain

__all__ = ["Item", "Questionnaire", "Scale", "available", "load", "read"]

HERE = Path(__file__).parent
SIDES = ("resident", "officer")


@dataclass(frozen=True, slots=True)
class Scale:
    """Answers from low to high in whole steps; labels {language: {answer: words}} for those that carry words."""

    name: str
    low: int
    high: int
    labels: dict = field(hash=False)

    def answers(self) -> range:
        return range(self.low, self.high + 1)

    def says(self, answer: int, language: str) -> str:
        """The words of an answer, or the number itself where the scale gives only its ends words."""
        return self.labels.get(language, {}).get(answer, str(answer))


@dataclass(frozen=True, slots=True)
class Item:
    """One question. wording: {side: {language: words}}; reverse: a higher answer means less of what is measured."""

    id: str
    measures: str
    scale: Scale
    reverse: bool
    wording: dict = field(hash=False)

    @property
    def asked_of(self) -> tuple[str, ...]:
        return tuple(s for s in SIDES if s in self.wording)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A set of questions. `key` (name and version) is what the `answers` table carries."""

    name: str
    version: str
    title: dict = field(hash=False)
    languages: tuple[str, ...]
    items: tuple[Item, ...]
    licence: str
    source: str
    attribution: str
    validated: str

    @property
    def key(self) -> str:
        return f"{self.name}-{self.version}"

    @property
    def reverse(self) -> tuple[str, ...]:
        """Ids of the questions worded the other way round."""
        return tuple(i.id for i in self.items if i.reverse)

    @property
    def ends(self) -> dict[str, tuple[int, int]]:
        """{item: (low, high)}: the theoretical ends of every question's answers."""
        return {i.id: (i.scale.low, i.scale.high) for i in self.items}

    def __getitem__(self, item: str) -> Item:
        for found in self.items:
            if found.id == item:
                return found
        raise BadInput(f'`{self.key}` has no question "{item}"; it has {", ".join(i.id for i in self.items)}.')

    def asked(self, side: str) -> tuple[Item, ...]:
        """The questions a side is asked."""
        if side not in SIDES:
            raise BadInput(f'"{side}" is no side; there are {", ".join(SIDES)}.')
        return tuple(i for i in self.items if side in i.wording)

    def check(self, item, value, *, file: str | None = None, first_line: int = 1) -> None:
        """Are these answers possible?  item, value : (answers,); None or nan is "asked and not answered".

        Raises BadInput with a Problem for every answer to a question that was not asked, or outside its scale.
        """
        ends, problems = self.ends, []
        for line, (i, v) in enumerate(zip(item, value, strict=True), first_line):
            if i not in ends:
                problems.append(Problem(f'"{i}" is no question of {self.key}.', file, line, "item", i))
            elif v is not None and v == v and not (ends[i][0] <= v <= ends[i][1] and float(v).is_integer()):
                low, high = ends[i]
                say = f"the answer {v:g} to {i} is not a whole number from {low} to {high}."
                problems.append(Problem(say, file, line, "value", v))
        if problems:
            raise BadInput(problems=problems)

    def to_dict(self) -> dict:
        return plain(
            {
                "key": self.key, "title": self.title, "languages": self.languages, "licence": self.licence,
                "source": self.source, "attribution": self.attribution, "validated": self.validated,
                "items": [
                    {
                        "id": i.id, "measures": i.measures, "reverse": i.reverse, "low": i.scale.low,
                        "high": i.scale.high, "labels": i.scale.labels, "wording": i.wording,
                    }
                    for i in self.items
                ],
            }
        )  # fmt: skip


def available() -> tuple[str, ...]:
    """Which questionnaires come with the program?"""
    return tuple(sorted(p.stem for p in HERE.rglob("*.toml")))


def load(name: str) -> Questionnaire:
    """A questionnaire that comes with the program, by name ("pulse") or by key ("pulse-1")."""
    for path in sorted(HERE.rglob("*.toml")):
        if path.stem == name:
            return read(path)
        if name.startswith(f"{path.stem}-"):
            found = read(path)
            if found.key == name:
                return found
    raise BadInput(
        f'There is no questionnaire "{name}" here; there are {", ".join(available())}. `read(path)` reads one of yours.'
    )


def read(path) -> Questionnaire:
    """A questionnaire from a TOML file. Raises BadInput naming what is missing and where."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path.name} is not TOML: {error}.") from None
    needed = ("name", "version", "title", "languages", "licence", "source", "validated", "scales", "items")
    missing = [n for n in needed if not data.get(n)]
    if missing:
        raise BadInput(f"{path.name}: `{missing[0]}` is missing; a questionnaire needs {', '.join(needed)}.")
    languages = tuple(data["languages"])
    scales = {name: _scale(name, s, languages, path.name) for name, s in data["scales"].items()}
    items = tuple(_item(i, scales, languages, path.name) for i in data["items"])
    twice = [i.id for k, i in enumerate(items) if i.id in {j.id for j in items[:k]}]
    if twice:
        raise BadInput(f'{path.name}: two questions are called "{twice[0]}".')
    return Questionnaire(
        data["name"], str(data["version"]), dict(data["title"]), languages, items, data["licence"], data["source"],
        data.get("attribution", ""), data["validated"],
    )  # fmt: skip


def _scale(name, data, languages, file) -> Scale:
    low, high = data.get("low"), data.get("high")
    if not isinstance(low, int) or not isinstance(high, int) or not low < high:
        raise BadInput(f"{file}: scale `{name}` needs whole numbers `low` and `high`, low first.")
    labels = {lang: {int(k): v for k, v in words.items()} for lang, words in data.get("labels", {}).items()}
    for language in languages:
        if not {low, high} <= set(labels.get(language, {})):
            raise BadInput(f"{file}: scale `{name}` has no words for its ends {low} and {high} in `{language}`.")
    return Scale(name, low, high, labels)


def _item(data, scales, languages, file) -> Item:
    name = data.get("id")
    if not name or " " in name:
        raise BadInput(f"{file}: every question needs an `id` without spaces.")
    if data.get("scale") not in scales:
        raise BadInput(f'{file}: question {name} has scale "{data.get("scale")}"; there are {", ".join(scales)}.')
    wording = {side: dict(data[side]) for side in SIDES if side in data}
    if not wording:
        raise BadInput(f"{file}: question {name} has no wording for {' or '.join(SIDES)}.")
    for side, words in wording.items():
        silent = [language for language in languages if not words.get(language)]
        if silent:
            raise BadInput(f"{file}: question {name} has no wording for {side} in `{silent[0]}`.")
    return Item(name, data.get("measures", name), scales[data["scale"]], bool(data.get("reverse", False)), wording)
