"""How far does one good encounter travel, on screens and on the block?

On screens: `read_spread`, `cascade`, `intensity`, `forecast`, `moments`, `tone`, `narrative_balance`. On the block:
`exposure`, `spillover`, `ripple_curve`, and the question that joins both, `reach_and_trust`.
"""

from commonbeat.ripple.balance import Balance, narrative_balance
from commonbeat.ripple.cascade import Cascade, cascade, forest
from commonbeat.ripple.curve import Joined, RippleCurve, reach_and_trust, ripple_curve
from commonbeat.ripple.exposure import Exposure, exposure
from commonbeat.ripple.forecast import Forecast, Story, forecast, scores
from commonbeat.ripple.intensity import DailyFit, Intensity, daily_intensity, intensity
from commonbeat.ripple.moments import Moments, moments
from commonbeat.ripple.pooling import Pooled, pooled
from commonbeat.ripple.randomisation import RippleTest, no_ripple_at_all, no_ripple_beyond
from commonbeat.ripple.reproduction import Reproduction, reproduction, serial_weights
from commonbeat.ripple.rings import rings_by_distance, rings_by_ties
from commonbeat.ripple.sources import FORMATS, SpreadRead, read_spread
from commonbeat.ripple.spillover import Spillover, exposure_effects, spillover
from commonbeat.ripple.tone import Tone, VotesOn, tone, votes_on
from commonbeat.ripple.two_stage import TwoStage, two_stage

__all__ = [
    "FORMATS",
    "Balance",
    "Cascade",
    "DailyFit",
    "Exposure",
    "Forecast",
    "Intensity",
    "Joined",
    "Moments",
    "Pooled",
    "Reproduction",
    "RippleCurve",
    "RippleTest",
    "Spillover",
    "SpreadRead",
    "Story",
    "Tone",
    "TwoStage",
    "VotesOn",
    "cascade",
    "daily_intensity",
    "exposure",
    "exposure_effects",
    "forecast",
    "forest",
    "intensity",
    "moments",
    "narrative_balance",
    "no_ripple_at_all",
    "no_ripple_beyond",
    "pooled",
    "reach_and_trust",
    "read_spread",
    "reproduction",
    "rings_by_distance",
    "rings_by_ties",
    "ripple_curve",
    "scores",
    "serial_weights",
    "spillover",
    "tone",
    "two_stage",
    "votes_on",
]
