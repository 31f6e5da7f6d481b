"""How do people answer a story, and how does the news tell it?  Only what somebody labelled is a measurement."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
from scipy import stats as distributions

from commonbeat import stats
from commonbeat.codebook.words import STANCES
from commonbeat.errors import BadInput
from commonbeat.estimate import Estimate, plain
from commonbeat.tables import as_polars

__all__ = ["LEAST_CLUSTERS", "Tone", "ToneWindow", "VotesOn", "tone", "votes_on"]

#: other names for the same answers, as published codings use them
SAME = {"support": "agree", "deny": "object", "query": "question", "disagree": "object", "pass": "comment"}
LEAST_CLUSTERS = 10
SHOWN_FROM = 20  #: people who voted, below which shares are not shown in public


@dataclass(frozen=True, slots=True)
class ToneWindow:
    """start, end in seconds since the first event; shares of the labelled answers by stance; how many nobody labelled."""

    start: float
    end: float
    shares: dict
    labelled: int
    unlabelled: int


@dataclass(frozen=True, slots=True)
class Tone:
    """verdict : "measured", "too_few" (under 10 labels) or "not_labelled"
    overall    : the whole span; windows: over time
    news       : mean tone as the source itself gives it (GDELT: words of one tone minus the other, per 100), None without
    """

    verdict: str
    overall: ToneWindow
    windows: tuple[ToneWindow, ...]
    news: Estimate | None
    method: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class VotesOn:
    """How people voted on one statement about a story: shares of agree, object and pass with interval, and how many voted."""

    statement_id: str
    text: str | None
    shares: dict
    people: int

    def to_dict(self, *, public: bool = False) -> dict:
        hidden = public and self.people < SHOWN_FROM
        shares = dict.fromkeys(self.shares) if hidden else self.shares
        return plain({"statement_id": self.statement_id, "text": self.text, "shares": shares,
                      "people": None if hidden else self.people, "suppressed": hidden})  # fmt: skip


def votes_on(votes, *, level=0.95) -> tuple[VotesOn, ...]:
    """Do people agree with what a story says, as they voted in a conversation about it?

    votes : person, statement_id, value (1 agree, -1 disagree, 0 pass), at where known, text where known; the last vote counts
    Those who vote chose to: shares of voters, not of the town. Raises BadInput for another value.
    """
    table = as_polars(votes)
    wrong = table.filter(~pl.col("value").is_in([-1, 0, 1]).fill_null(False))
    if len(wrong):
        raise BadInput(f"a vote is {wrong['value'][0]}; use 1 agree, -1 disagree or 0 pass.")
    if "at" in table.columns:
        table = table.sort("at", maintain_order=True)
    last = table.unique(["person", "statement_id"], keep="last", maintain_order=True)
    out = []
    for (name,), rows in last.sort("statement_id").group_by(["statement_id"], maintain_order=True):
        n, shares = len(rows), {}
        for stance, value in (("agree", 1), ("object", -1), ("pass", 0)):
            k = int((rows["value"] == value).sum())
            low, high = stats.wilson(k, n, level=level)
            shares[stance] = Estimate(k / n, low=low, high=high, level=level, n=n, method="Wilson")
        out.append(VotesOn(str(name), rows["text"][0] if "text" in rows.columns else None, shares, n))
    return tuple(out)


def tone(events, *, windows=4, level=0.95) -> Tone:
    """Do people agree, object or ask, and does that change as a story travels?

    events  : frame or mapping with stance (agree, object, question, comment; support, deny, query are understood),
              and where known at, kind, story_id, tone; votes of a dialogue fit in with their time and choice
    windows : how many windows of equal label counts
    Answers are the replies (all events where no kind is given). With 10 or more stories, intervals respect that answers
    to one story resemble each other; with fewer they are Wilson's and say nothing about other stories.
    """
    table = as_polars(events)
    table = table.with_columns(stance=_stances(table), when=_when(table))
    answers = table.filter(pl.col("kind").cast(pl.String).is_in(["reply"])) if "kind" in table.columns else table
    answers = answers.sort("when", maintain_order=True)
    cluster = (
        answers["story_id"].cast(pl.String).to_numpy() if "story_id" in answers.columns else np.zeros(len(answers))
    )
    grouped = len(np.unique(cluster)) >= LEAST_CLUSTERS
    labelled = int(answers["stance"].count())
    overall = _window(answers, cluster, grouped, level)
    verdict = "not_labelled" if labelled == 0 else ("too_few" if labelled < 10 else "measured")
    parts = _split(answers, windows) if labelled >= 10 * windows else []
    over_time = tuple(_window(answers[a:b], cluster[a:b], grouped, level) for a, b in parts)
    method = "linearised ratio, clustered by story" if grouped else "Wilson, answers taken as separate"
    return Tone(verdict, overall, over_time, _news(table, level), method)


def _stances(table):
    if "stance" not in table.columns:
        return pl.lit(None, pl.String)
    given = table["stance"].cast(pl.String)
    known = given.replace(SAME)
    wrong = given.filter(known.is_not_null() & ~known.is_in(list(STANCES)) & (given != ""))
    if len(wrong):
        raise BadInput(
            f'stance is "{wrong[0]}"; use {", ".join(STANCES)}, or leave it empty where nobody labelled it.'
        )
    return pl.Series("stance", known).replace("", None)


def _when(table):
    if "at" not in table.columns:
        return pl.int_range(pl.len()).cast(pl.Float64)
    seconds = (
        pl.col("at").dt.timestamp("us") / 1e6 if table.schema["at"].is_temporal() else pl.col("at").cast(pl.Float64)
    )
    return seconds - seconds.min()


def _split(answers, windows):
    """Row ranges with about the same number of labels in each."""
    seen = np.cumsum(answers["stance"].is_not_null().to_numpy())
    cuts = np.searchsorted(seen, np.linspace(0, seen[-1], windows + 1)[1:-1])
    return list(zip([0, *(cuts + 1)], [*(cuts + 1), len(answers)]))


def _window(rows, cluster, grouped, level) -> ToneWindow:
    stance = rows["stance"].to_list()
    known = np.array([s is not None for s in stance], bool)
    n = int(known.sum())
    shares = {
        s: _share(np.array([x == s for x in stance], float)[known], cluster[known], grouped, level) for s in STANCES
    }
    when = rows["when"].to_numpy() if len(rows) else np.array([np.nan])
    return ToneWindow(float(when[0]), float(when[-1]), shares, n, len(rows) - n)


def _share(is_it, cluster, grouped, level):
    n = is_it.size
    if n == 0:
        return Estimate(None, n=0)
    p = is_it.mean()
    if not grouped or len(np.unique(cluster)) < 2:
        low, high = stats.wilson(is_it.sum(), n, level=level)
        return Estimate(p, low=low, high=high, level=level, n=n, method="Wilson")
    names, code = np.unique(cluster, return_inverse=True)
    g = len(names)
    residual = np.bincount(code, is_it - p)
    error = np.sqrt(g / (g - 1) * (residual**2).sum()) / n
    # on the logit, so that the interval stays a share; a share of 0 or 1 falls back on Wilson over the stories
    if p in (0.0, 1.0) or error == 0:
        low, high = stats.wilson(p * g, g, level=level)
        return Estimate(p, low=low, high=high, level=level, n=n, method="Wilson over stories")
    half = distributions.t.ppf((1 + level) / 2, g - 1) * error / (p * (1 - p))
    logit = np.log(p / (1 - p))
    low, high = (1 / (1 + np.exp(-(logit + s * half))) for s in (-1, 1))
    return Estimate(
        p,
        std_error=error,
        df=g - 1,
        low=low,
        high=high,
        level=level,
        n=n,
        method="linearised ratio, clustered by story",
    )


def _news(table, level):
    if "tone" not in table.columns or not table["tone"].count():
        return None
    x = table["tone"].drop_nulls().cast(pl.Float64).to_numpy()
    if x.size < 2:
        return Estimate(x[0], n=1, unit="GDELT tone", method="a single article")
    error = x.std(ddof=1) / np.sqrt(x.size)
    half = distributions.t.ppf((1 + level) / 2, x.size - 1) * error
    return Estimate(x.mean(), std_error=error, df=x.size - 1, low=x.mean() - half, high=x.mean() + half, level=level, n=x.size,
                    unit="GDELT tone", method="mean over articles; the source's own tone, not a measurement of ours")  # fmt: skip
