"""Does a sentence name somebody? Caught before it is saved: phone numbers, plates, addresses, e-mail, names.

It cannot know every name, and it will sometimes take a place for one; that is why it says what it saw and asks for other
words, and never changes a sentence by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

__all__ = ["CHECKED", "Caught", "caught", "wrong_sentences"]

CHECKED = ("place", "activity_words", "opening_words", "happened", "made_positive", "family_words", "outcome")
_PLACES = (
    "park", "street", "avenue", "road", "lane", "square", "school", "elementary", "middle", "high", "center", "centre",
    "library", "church", "mosque", "temple", "plaza", "market", "store", "court", "pool", "beach", "lake", "river", "bridge",
    "station", "field", "garden", "gardens", "hall", "house", "apartments", "club", "drive", "boulevard", "north", "south",
    "east", "west", "day", "night", "festival", "parade", "department", "police", "city", "town", "county",
)  # fmt: skip
_STARTS = set(
    [
        "A",
        "After",
        "All",
        "Also",
        "An",
        "And",
        "As",
        "At",
        "Before",
        "Both",
        "But",
        "By",
        "Children",
        "During",
        "Every",
        "Everybody",
        "For",
        "From",
        "He",
        "Her",
        "His",
        "I",
        "In",
        "It",
        "Its",
        "Many",
        "My",
        "Near",
        "On",
        "One",
        "Our",
        "Outside",
        "People",
        "She",
        "Some",
        "The",
        "Their",
        "Then",
        "There",
        "They",
        "This",
        "Three",
        "Two",
        "Under",
        "We",
        "When",
        "While",
        "With",
        "You",
        "Your",
    ]
)
_CAP = r"\p{Lu}[\p{Ll}'’-]+"
_KINDS = {
    "e-mail address": r"[\w.+-]+@[\w-]+\.\w+",
    "phone number": r"(?:\+?\d[\s.()-]*)?\(?\d{3}\)?[\s.-]*\d{3}[\s.-]*\d{4}\b|\b\d{3}[-.]\d{4}\b",
    "number plate": r"\b(?:[A-Z]{3}[ -]?\d{3,4}|\d{3}[ -]?[A-Z]{3}|\d[A-Z]{3}\d{3})\b",
    "home address": r"(?i)\b\d{1,5} (?:[NSEW]\.? )?(?:\w+ ){1,3}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|blvd|boulevard)\b",
    "name": rf"(?:\b(?:Mr|Mrs|Ms|Miss|Dr|Officer|Sgt|Sergeant|Lt|Lieutenant|Capt|Captain|Deputy|Chief)\.? {_CAP}"
    rf"|\b(?i:named|called|nicknamed|name is|name was) {_CAP}|\b{_CAP}(?: {_CAP})+)",
}


@dataclass(frozen=True, slots=True)
class Caught:
    """What was caught: the kind of thing, and the words."""

    kind: str
    words: str

    def __str__(self) -> str:
        return (
            f'"{self.words}" looks like a {self.kind}; say it without, like "a boy of about ten" or "near the park"'
        )


def caught(sentence: str | None) -> tuple[Caught, ...]:
    """What in this sentence could tell who somebody is?  () when nothing was found."""
    found = wrong_sentences(pl.Series([sentence], dtype=pl.String))
    return tuple(c for _, c in found)


def wrong_sentences(texts: pl.Series) -> list[tuple[int, Caught]]:
    """(row, what was caught) for every sentence of a column that could tell who somebody is."""
    any_kind = "|".join(f"(?:{p})" for p in _KINDS.values())
    suspects = pl.arange(len(texts), eager=True).filter(texts.str.contains(any_kind).fill_null(False))
    return [(int(i), c) for i in suspects for c in _in(texts[int(i)])]


def _in(text: str) -> list[Caught]:
    found = []
    for kind, pattern in _KINDS.items():
        words = pl.Series([text]).str.extract_all(pattern)[0]
        for said in words:
            if kind != "name" or not _a_place(said):
                found.append(Caught(kind, said.strip()))
    return found


def _a_place(said: str) -> bool:
    """A place or an occasion, or one capital word after the word a sentence begins with."""
    words = re.findall(r"\w+", said)
    rest = words[1:] if words[0] in _STARTS else words
    return len(rest) < 2 or bool({w.lower() for w in rest} & set(_PLACES))
