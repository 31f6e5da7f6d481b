"""What a plan may say: designs, estimators, how a ring is known. One place, so that the check and the reader agree."""

from __future__ import annotations

__all__ = ["DESIGNS", "ESTIMATORS", "IDENTIFIED", "MULTIPLICITY", "REFERENTS"]

DESIGNS = (
    "individual", "blocked", "cluster", "matched_pair", "stepped", "saturation", "story_experiment", "before_after",
)  # fmt: skip
IDENTIFIED = ("randomised", "encouraged", "observed")  #: how much a comparison can carry, from most to least
ESTIMATORS = (
    "difference_in_means", "adjusted_effect", "complier_effect", "randomisation_test", "difference_in_differences",
    "staggered_effect", "spillover", "anytime",
)  # fmt: skip
MULTIPLICITY = ("sidak", "none")
REFERENTS = ("my_area", "in_general")
