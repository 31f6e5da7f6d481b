"""Ask beforehand, seal, draw, answer: one question put to several rooms, and an answer that cannot be spun."""

from commonbeat.studies.answering import run
from commonbeat.studies.drawing import Assignment, assign, commitment, new_seed, next_arm
from commonbeat.studies.findings import Finding, Findings
from commonbeat.studies.plan import Plan
from commonbeat.studies.seals import Seal, read_seal, seal, seals_of
from commonbeat.studies.verdicts import VERDICTS, verdict

__all__ = [
    "VERDICTS",
    "Assignment",
    "Finding",
    "Findings",
    "Plan",
    "Seal",
    "assign",
    "commitment",
    "new_seed",
    "next_arm",
    "read_seal",
    "run",
    "seal",
    "seals_of",
    "verdict",
]
