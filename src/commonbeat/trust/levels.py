"""What an estimate of a level looks like: one number, or one for each group with how they vary together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from commonbeat.errors import BadInput
from commonbeat.estimate import Estimate, plain

__all__ = ["Level", "Levels"]


@dataclass(frozen=True, slots=True)
class Level(Estimate):
    """An estimate from a designed sample.

    design_effect : variance relative to a simple random sample of the same n, drawn without replacement from as many people
                    as the weights sum to (as R's survey); with replacement where they sum to no more than n
    effective_n   : n / design_effect
    answered, asked : people with an answer, and people in the group
    """

    design_effect: float | None = None
    effective_n: float | None = None
    answered: int | None = None
    asked: int | None = None

    def tidy(self) -> pl.DataFrame:
        """One row: group, estimate, std_error, df, conf_low, conf_high, n, design_effect."""
        return Levels((None,), (self,), None).tidy()


@dataclass(frozen=True, slots=True)
class Levels:
    """One level for each group.

    groups     : names, sorted
    levels     : a Level each
    covariance : (groups, groups) of the values; None where it was not asked for or would not fit
    """

    groups: tuple
    levels: tuple[Level, ...]
    covariance: np.ndarray | None

    def __getitem__(self, group) -> Level:
        try:
            return self.levels[self.groups.index(str(group))]
        except ValueError:
            raise BadInput(f'There is no group "{group}"; there are {", ".join(map(str, self.groups))}.') from None

    def __iter__(self):
        return iter(zip(self.groups, self.levels, strict=True))

    def __len__(self):
        return len(self.groups)

    def contrast(self, weights: dict[str, float]) -> Estimate:
        """By how much do groups differ? `{"H": 1, "E": -1}` is H less E, with what they share in the design."""
        if self.covariance is None:
            raise BadInput(
                "These levels carry no covariance between groups, so their difference has no honest interval."
            )
        c = np.array([float(weights.get(g, 0.0)) for g in self.groups])
        unknown = set(map(str, weights)) - set(self.groups)
        if unknown:
            raise BadInput(f'There is no group "{sorted(unknown)[0]}"; there are {", ".join(map(str, self.groups))}.')
        used = [level for level, k in zip(self.levels, c, strict=True) if k]
        if any(level.value is None or level.std_error is None for level in used):
            return Estimate(
                None, unit=self.levels[0].unit, cautions=("too few to tell: a group in it has no estimate",)
            )
        value = sum(k * level.value for k, level in zip(c, self.levels, strict=True) if k)
        error = float(np.sqrt(max(c @ np.nan_to_num(self.covariance) @ c, 0)))
        df, level = min(x.df for x in used), used[0].level
        half = stats.t.ppf((1 + level) / 2, df) * error if df > 0 else np.nan
        n = sum(x.n or 0 for x in used)
        return Estimate(
            value, error, df, value - half, value + half, level, n, used[0].unit, f"difference, {used[0].method}"
        )

    def tidy(self) -> pl.DataFrame:
        """A row each: group, estimate, std_error, df, conf_low, conf_high, n, design_effect."""
        return pl.DataFrame(
            {
                "group": list(self.groups),
                "estimate": [x.value for x in self.levels],
                "std_error": [x.std_error for x in self.levels],
                "df": [x.df for x in self.levels],
                "conf_low": [x.low for x in self.levels],
                "conf_high": [x.high for x in self.levels],
                "n": [x.n for x in self.levels],
                "design_effect": [x.design_effect for x in self.levels],
            },
            schema_overrides={"group": pl.String, "n": pl.Int64}
            | dict.fromkeys(("estimate", "std_error", "df", "conf_low", "conf_high", "design_effect"), pl.Float64),
        )

    def to_dict(self) -> dict:
        return plain({"levels": [{"group": g, **x.to_dict()} for g, x in self], "covariance": self.covariance})
