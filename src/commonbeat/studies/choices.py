"""What a plan may say: designs, estimators, how a ring is known. One place, so that the check and the reader agree."""

from __future__ import annotations

__all__ = ["DESIGNS", "ESTIMATORS", "GROUPS", "IDENTIFIED", "MULTIPLICITY", "REFERENTS"]

DESIGNS = (
    "individual", "blocked", "cluster", "matched_pair", "stepped", "saturation", "story_experiment", "before_after",
)  # fmt: skip
IDENTIFIED = ("randomised", "encouraged", "observed")  #: how much a comparison can carry, from most to least
ESTIMATORS = (
    "difference_in_means", "adjusted_effect", "complier_effect", "randomisation_test", "difference_in_differences",
    "staggered_effect", "spillover", "anytime",
)  # fmt: skip
MULTIPLICITY = ("sidak", "max_t", "none")
REFERENTS = ("my_area", "in_general")
#: what is known of everybody who is asked, and can therefore be a group
GROUPS = ("race", "age_band", "sex", "area_id", "recent_enforcement", "prior_trust")
