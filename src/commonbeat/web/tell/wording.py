"""What people read before they say yes or no. The wording is part of the consent, so its hash is kept with each event."""

from __future__ import annotations

import hashlib

WORDINGS = {
    "ask": {
        "en": (
            "You, or your child, can be seen or heard in a short film of a meeting with the police. You may say no, and no "
            "is what we assume until you say otherwise. Nobody's help or treatment depends on your answer. If you say yes, "
            "nothing is shown for 48 hours, and you can take it back on this page at any time, without giving a reason. "
            "Hidden faces are not the same as being unknown: a voice, clothes or a street can be recognised. What others "
            "have copied we can ask them to delete, and cannot delete ourselves."
        ),
        "es": (
            "Usted, o su hija o hijo, se puede ver u oír en una película corta de un encuentro con la policía. Puede decir que "
            "no, y mientras no diga otra cosa entendemos que no. La ayuda o el trato que reciba no dependen de su respuesta. "
            "Si dice que sí, no se muestra nada durante 48 horas, y puede retirarlo en esta página cuando quiera, sin dar "
            "razones. Tapar la cara no es lo mismo que ser desconocido: la voz, la ropa o la calle se pueden reconocer. Lo que "
            "otros hayan copiado podemos pedir que lo borren, pero no podemos borrarlo nosotros."
        ),
    },
    "withdraw": {
        "en": "I take my consent back. The film and the story come down now.",
        "es": "Retiro mi consentimiento. La película y la historia se quitan ahora.",
    },
}  # fmt: skip


def wording(kind: str, language: str) -> tuple[str, str]:
    """The words in this language, else in English  -> (words, the language they are in)."""
    known = WORDINGS[kind]
    code = language.split("-")[0]
    return (known[code], code) if code in known else (known["en"], "en")


def wording_hash(kind: str, language: str) -> str:
    return hashlib.sha256(wording(kind, language)[0].encode()).hexdigest()
