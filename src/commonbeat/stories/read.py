"""How hard is this to read, and is there a kinder word?"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from commonbeat.estimate import plain

__all__ = ["Reading", "hints", "reading"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?…]+(?:\s|$)")

#: word -> better, by language. People first, no hunting words, no pity, nothing that turns residents into a crowd.
_BETTER = {
    "en": {
        "subject": "person", "subjects": "people", "suspect": "person", "target": "person", "civilians": "residents",
        "civilian": "resident", "natives": "residents", "the homeless": "people without a home",
        "wheelchair-bound": "uses a wheelchair", "suffers from": "has", "illegal immigrant": "person without papers",
        "juvenile": "child or young person", "juveniles": "children", "minority": "name the group, if it matters",
        "thugs": "people", "bad neighborhood": "name the place", "officer-involved": "say who did what",
        "boys and girls": "children", "policeman": "officer", "policemen": "officers",
    },
    "es": {
        "sujeto": "persona", "sujetos": "personas", "sospechoso": "persona", "civiles": "vecinos",
        "ilegales": "personas sin papeles", "minusválido": "persona con discapacidad", "menores": "niñas y niños",
        "minoría": "nombre al grupo, si importa", "barrio malo": "nombre el lugar", "indigentes": "personas sin hogar",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """How hard a text is. `scale`: "grade" (years of school, more is harder) or "ease" (0-100, more is easier).

    value is None below 30 words: too few to tell.
    """

    value: float | None
    scale: str
    words: int
    sentences: int
    method: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def reading(text: str, language: str = "en") -> Reading:
    """How hard is this to read?

    English: Flesch-Kincaid grade (Kincaid et al. 1975). Spanish: Fernández Huerta's ease (1959), with the sentence length
    in words as in its corrected form. Syllables are counted by vowel groups, so the value is a guide, not a measurement.
    """
    words = _WORD.findall(text)
    sentences = max(1, len(_SENTENCE.findall(text.strip())))
    spanish = language.split("-")[0] == "es"
    scale, method = ("ease", "Fernández Huerta 1959") if spanish else ("grade", "Flesch-Kincaid 1975")
    if len(words) < 30:
        return Reading(None, scale, len(words), sentences, method)
    per_sentence = len(words) / sentences
    per_word = sum(map(_syllables_es if spanish else _syllables_en, words)) / len(words)
    value = 206.84 - 60 * per_word - 1.02 * per_sentence if spanish else 0.39 * per_sentence + 11.8 * per_word - 15.59
    return Reading(round(value, 1), scale, len(words), sentences, method)


def hints(text: str, language: str = "en") -> tuple[tuple[str, str], ...]:
    """Which words might hurt or hide, and what else could be said?  -> (found, better), in order of the list."""
    found = []
    for word, better in _BETTER.get(language.split("-")[0], {}).items():
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
            found.append((word, better))
    return tuple(found)


def _syllables_en(word: str) -> int:
    word = word.lower().strip("'’")
    count = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and count > 1
    return max(1, count - silent)


def _syllables_es(word: str) -> int:
    """Diphthongs are one syllable; an accented i or u, or two strong vowels side by side, are two."""
    word = word.lower().replace("qu", "q").replace("gue", "ge").replace("gui", "gi")
    count, before = 0, ""
    for letter in word:
        strong, weak = letter in "aeoáéóíú", letter in "iuü"
        if (
            (strong and not (before in "iuü" and letter in "aeoáéó" and before))
            or (weak and before not in "aeoáéóiuü")
            or (letter in "aeoáéó" and before in "aeoáéóíú")
        ):
            count += 1
        before = letter if strong or weak else ""
    return max(1, count)
