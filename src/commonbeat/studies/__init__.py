"""Ask beforehand, seal, draw, answer: one question put to several rooms, and an answer that cannot be spun."""

from commonbeat.studies.answering import outcome_known, run
from commonbeat.studies.drawing import Assignment, assign, check_draw, commitment, new_seed, next_arm, record_draw
from commonbeat.studies.editions import published
from commonbeat.studies.findings import Finding, Findings
from commonbeat.studies.own_table import own_rows
from commonbeat.studies.plan import Plan
from commonbeat.studies.release import released
from commonbeat.studies.seals import Seal, identity, read_seal, seal, seals_of
from commonbeat.studies.verdicts import VERDICTS, verdict

__all__ = [
    "VERDICTS",
    "Assignment",
    "Finding",
    "Findings",
    "Plan",
    "Seal",
    "assign",
    "check_draw",
    "commitment",
    "identity",
    "new_seed",
    "next_arm",
    "outcome_known",
    "own_rows",
    "published",
    "read_seal",
    "record_draw",
    "released",
    "run",
    "seal",
    "seals_of",
    "verdict",
]
