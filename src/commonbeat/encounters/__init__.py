"""Who is met, where, how, and is the record honest?"""

from commonbeat.encounters.counting import Window
from commonbeat.encounters.integrity import CODES, Integrity, Question, agreement, integrity
from commonbeat.encounters.measuring import closed_in_time, measured, trained
from commonbeat.encounters.pooling import pooled
from commonbeat.encounters.practice import AfterStories, Practice, spread_of_practice
from commonbeat.encounters.present import Present, by_people_present
from commonbeat.encounters.promises import STATUSES, Commitment, commitments
from commonbeat.encounters.rates import equity, rates
from commonbeat.encounters.ratios import positive_to_enforcement, rate_ratio, share_ratio, within_areas
from commonbeat.encounters.reaching import reach
from commonbeat.encounters.results import VERDICTS, Cell, Equity, Rate, Reach, Versus

__all__ = [
    "CODES",
    "STATUSES",
    "VERDICTS",
    "AfterStories",
    "Cell",
    "Commitment",
    "Equity",
    "Integrity",
    "Practice",
    "Present",
    "Question",
    "Rate",
    "Reach",
    "Versus",
    "Window",
    "agreement",
    "by_people_present",
    "closed_in_time",
    "commitments",
    "equity",
    "integrity",
    "measured",
    "pooled",
    "positive_to_enforcement",
    "rate_ratio",
    "rates",
    "reach",
    "share_ratio",
    "spread_of_practice",
    "trained",
    "within_areas",
]
