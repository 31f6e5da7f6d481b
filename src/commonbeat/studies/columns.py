"""Which column of somebody's own table is what: a rollout's units and times, or a trial's people."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Panel", "People"]


@dataclass(frozen=True, slots=True)
class Panel:
    """Columns of a unit-by-time table, for rollouts in which units start at different times.

    file : the table itself, beside the plan; without it, it is given when the plan is run
    """

    unit: str
    time: str
    first_treated: str
    outcome: str
    never: int | None = None
    method: str = "callaway-santanna"
    control: str = "notyet"
    se: str = "neyman"
    file: str | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Columns of a table of people that somebody else's study left behind, one row each (or one for each person and wave).

    outcome : ((wave, columns), ...), of which the mean is the score; or one column, when `wave` names the wave's
    arms    : ((the file's word, the plan's arm), ...), where they differ
    ring, share, date : columns that say how near somebody was, which share their group drew (saturation), when they answered
    missing : the file's words for "not known", besides an empty cell, NA and NaN
    block, cluster, contact, covariates and groups are named by the plan itself, and are columns of the file too.
    """

    person: str
    arm: str
    outcome: str | tuple[tuple[int, tuple[str, ...]], ...]
    wave: str | None = None
    arms: tuple[tuple[str, str], ...] = ()
    weight: str | None = None
    ring: str | None = None
    share: str | None = None
    date: str | None = None
    missing: tuple[str, ...] = ()
    file: str | None = None

    @classmethod
    def of(cls, said: dict) -> People:
        """From the entries of a plan, checked before."""
        given, outcome = dict(said), said["outcome"]
        if not isinstance(outcome, str):
            pairs = sorted((int(wave), columns) for wave, columns in outcome.items())
            given["outcome"] = tuple((w, (c,) if isinstance(c, str) else tuple(c)) for w, c in pairs)
        given["arms"] = tuple(sorted((str(k), v) for k, v in said.get("arms", {}).items()))
        given["missing"] = tuple(str(m) for m in said.get("missing", ()))
        return cls(**given)

    def said(self) -> dict:
        """The entries again, in the form in which a plan holds them."""
        out = {k: getattr(self, k) for k in ("person", "arm", "wave", "weight", "ring", "share", "date", "file")}
        out = {k: v for k, v in out.items() if v is not None}
        columns = self.outcome
        out["outcome"] = columns if isinstance(columns, str) else {str(w): list(c) for w, c in columns}
        if self.arms:
            out["arms"] = dict(self.arms)
        if self.missing:
            out["missing"] = list(self.missing)
        return out
