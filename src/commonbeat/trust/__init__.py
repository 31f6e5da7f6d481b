"""How are people treated, in their own words, and does that change?"""

from commonbeat.trust.answer_weights import effect_weighted_for_answering
from commonbeat.trust.anytime import Anytime, anytime, share_sequence
from commonbeat.trust.attrition import Bounds, Response, bounds, response
from commonbeat.trust.compliers import ComplierEffect, complier_effect, instrument_checks
from commonbeat.trust.decay import Curve, fit_curve
from commonbeat.trust.experiments import adjusted_effect, difference_in_means, interacted
from commonbeat.trust.flags import Flags, flag_careless, with_and_without
from commonbeat.trust.groups import GroupEffects, by_group
from commonbeat.trust.invariance import Invariance, invariance
from commonbeat.trust.levels import Level, Levels
from commonbeat.trust.parallel_trends import TrendSensitivity, trend_sensitivity
from commonbeat.trust.persistence import Persistence, cadence, decay, persistence
from commonbeat.trust.power import (
    Plan,
    Power,
    people_needed,
    power,
    power_of_means,
    power_of_regression,
    power_of_shares,
)
from commonbeat.trust.published import PublishedLevels, read_pas
from commonbeat.trust.raked_bootstrap import raked_level
from commonbeat.trust.randomisation import RandomisationTest, max_t, randomisation_test
from commonbeat.trust.regressions import regress, wild_bootstrap
from commonbeat.trust.reliability import Reliability, reliability
from commonbeat.trust.replicates import Replicates, replicate_weights
from commonbeat.trust.scores import Scores, score
from commonbeat.trust.small_areas import SmallAreas, small_areas, smooth_variances
from commonbeat.trust.staggered import StaggeredEffect, staggered_effect
from commonbeat.trust.survey import estimate_level
from commonbeat.trust.town import TownTrust, town_trust
from commonbeat.trust.track import Track, track
from commonbeat.trust.weights import Weights, calibrate, kish, poststratify, rake, trim

__all__ = [
    "Anytime",
    "Bounds",
    "ComplierEffect",
    "Curve",
    "Flags",
    "GroupEffects",
    "Invariance",
    "Level",
    "Levels",
    "Persistence",
    "Plan",
    "Power",
    "PublishedLevels",
    "RandomisationTest",
    "Reliability",
    "Replicates",
    "Response",
    "Scores",
    "SmallAreas",
    "StaggeredEffect",
    "TownTrust",
    "Track",
    "TrendSensitivity",
    "Weights",
    "adjusted_effect",
    "anytime",
    "bounds",
    "by_group",
    "cadence",
    "calibrate",
    "complier_effect",
    "decay",
    "difference_in_means",
    "effect_weighted_for_answering",
    "estimate_level",
    "fit_curve",
    "flag_careless",
    "instrument_checks",
    "interacted",
    "invariance",
    "kish",
    "max_t",
    "people_needed",
    "persistence",
    "poststratify",
    "power",
    "power_of_means",
    "power_of_regression",
    "power_of_shares",
    "rake",
    "raked_level",
    "randomisation_test",
    "read_pas",
    "regress",
    "reliability",
    "replicate_weights",
    "response",
    "score",
    "share_sequence",
    "small_areas",
    "smooth_variances",
    "staggered_effect",
    "town_trust",
    "track",
    "trend_sensitivity",
    "trim",
    "wild_bootstrap",
    "with_and_without",
]
