"""Does this account read as a complaint or a cry for help? Then it goes to the independent body, not to the desk."""

from __future__ import annotations

import re

#: words that send an account through the harm door, by language. Too many is the safe side: a person reads it either way.
CRISIS = re.compile(
    r"\b(suicid\w*|kill myself|end my life|want to die|hurt myself|quiero morir|matarme|suicid\w*|hacerme daño)\b",
    re.IGNORECASE,
)
COMPLAINT = re.compile(
    r"\b(complain\w*|hit me|beat me|pushed me|grabbed|choke\w*|threat\w*|racis\w*|slur|touched me|searched me|handcuff\w*|"
    r"hurt me|afraid|scared|humiliat\w*|forced|wouldn'?t let|not let (me|us|him|her|them)|queja\w*|golpe\w*|peg[oó]\w*|"
    r"empuj\w*|amenaz\w*|racis\w*|miedo|humill\w*|esposa(s|ron|do)|me obligó|no me dej[oó]\w*)\b",
    re.IGNORECASE,
)


def reads_as(words: str) -> str | None:
    """ "crisis", "complaint" or None."""
    if CRISIS.search(words):
        return "crisis"
    return "complaint" if COMPLAINT.search(words) else None
