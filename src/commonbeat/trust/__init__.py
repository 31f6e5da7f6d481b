"""How are people treated, in their own words, and does that change?"""

from commonbeat.trust.flags import Flags, flag_careless, with_and_without
from commonbeat.trust.invariance import Invariance, invariance
from commonbeat.trust.levels import Level, Levels
from commonbeat.trust.published import PublishedLevels, read_pas
from commonbeat.trust.raked_bootstrap import raked_level
from commonbeat.trust.regressions import regress
from commonbeat.trust.reliability import Reliability, reliability
from commonbeat.trust.replicates import Replicates, replicate_weights
from commonbeat.trust.scores import Scores, score
from commonbeat.trust.small_areas import SmallAreas, small_areas, smooth_variances
from commonbeat.trust.survey import estimate_level
from commonbeat.trust.town import TownTrust, town_trust
from commonbeat.trust.track import Track, track
from commonbeat.trust.weights import Weights, calibrate, kish, poststratify, rake, trim

__all__ = [
    "Flags",
    "Invariance",
    "Level",
    "Levels",
    "PublishedLevels",
    "Reliability",
    "Replicates",
    "Scores",
    "SmallAreas",
    "TownTrust",
    "Track",
    "Weights",
    "calibrate",
    "estimate_level",
    "flag_careless",
    "invariance",
    "kish",
    "poststratify",
    "rake",
    "raked_level",
    "read_pas",
    "regress",
    "reliability",
    "replicate_weights",
    "score",
    "small_areas",
    "smooth_variances",
    "town_trust",
    "track",
    "trim",
    "with_and_without",
]
