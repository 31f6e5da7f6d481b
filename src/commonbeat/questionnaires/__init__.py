"""What people are asked: wording, answer scale, languages, source and licence, as data that anybody can read.

Each questionnaire is one TOML file. Those that others wrote stay in a folder of their own with their licence.
"""

from commonbeat.questionnaires.model import Item, Questionnaire, Scale, available, load, read
from commonbeat.questionnaires.xlsform import from_xlsform, to_xlsform

__all__ = ["Item", "Questionnaire", "Scale", "available", "from_xlsform", "load", "read", "to_xlsform"]
