"""Simulated towns of which the truth is known, taken through the whole path: assign, ask, lose some, run, judge.

`one(claim, seed)` is one town as a small record; `rates(records)` is what many of them say about our promises. The quick
tests ask a few towns for each claim, `python tests/truth/towns_asked.py OUT.jsonl` asks hundreds, and may be stopped and
started again: every town stands in OUT.jsonl once it was asked.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

from commonbeat import city, studies
from commonbeat.city import population, programme, survey, town
from commonbeat.stats import clopper_pearson
from commonbeat.studies.plan import Plan

NEAR = ("participant", "onlooker", "neighbour")
VISITS = {"waves": [0, 3, 21], "contact": "met_officers"}
STORY = {
    "plan_id": "story", "design": "story_experiment", "estimator": "anytime", "arms": [*survey.STORY_ARMS], "waves": [0, 21],
    "rings": {"viewer": {"how": "randomised"}}, "block": "", "cluster": "",
    "primary": {"ring": "viewer", "wave": 0, "treated": "story", "control": "neutral"},
}  # fmt: skip
ROUNDS = {
    "plan_id": "rounds", "design": "saturation", "estimator": "spillover", "arms": ["rounds", "none"], "waves": [0, 21], "shares": [0.25, 0.75],
    "covariates": [], "rings": {r: {"how": "randomised"} for r in ("participant", "neighbour")},
    "primary": {"ring": "participant", "wave": 21, "treated": "rounds", "control": "none"},
}  # fmt: skip
FIVE = (0, 3, 10, 21, 45, 90)
#: claim -> (world, what is changed in it, what is changed in the packaged plan)
CLAIMS = {
    "zero": ("null", {}, VISITS),
    "positive": ("only_participants", {}, VISITS),
    "negative": ("backfire", {}, VISITS),
    "decaying": ("only_participants", {"effect": dict.fromkeys(NEAR, 0.0) | {"participant": 24.0, "officer": 0.0, "viewer": 0.0},
                                       "half_life": 30.0, "waves": FIVE}, VISITS | {"waves": [*FIVE]}),
    "lasting": ("lasting", {"waves": FIVE}, VISITS | {"waves": [*FIVE]}),
    "only viewers": ("only_viewers", {"effect": dict.fromkeys(NEAR, 0.0) | {"viewer": 7.0, "officer": 0.0}}, VISITS),
    "only low trust": ("only_low_trust", {"effect": dict.fromkeys(NEAR, 0.0) | {"participant": 12.0, "officer": 0.0, "viewer": 0.0}},
                       VISITS | {"groups": ["prior_trust"]}),
    "spillover": ("leaky", {}, VISITS),
    "leaving by trust": ("distrust_attrition", {}, VISITS),
    "a page read daily": ("null", {}, STORY),
    "a page read daily that works": ("only_viewers", {}, STORY),
    "two stages": ("two_stages", {"effect": dict.fromkeys(NEAR, 0.0) | {"participant": 8.0, "neighbour": 8.0, "officer": 0.0, "viewer": 0.0}}, ROUNDS),
    "two stages without effect": ("null", {"rounds": True}, ROUNDS),
}  # fmt: skip
ORDER = ("zero", "positive", "negative", "only viewers", "only low trust", "decaying", "spillover", "leaving by trust",
         "a page read daily", "a page read daily that works", "lasting", "two stages", "two stages without effect")  # fmt: skip


@lru_cache(maxsize=2)
def the_map(design: str = "cluster"):
    """Eight areas of twelve patches: as many clusters as the packaged town, fewer blocks to absorb; more areas where they are drawn."""
    return (
        town.build(7, areas=24, patches_per_area=8)
        if design == "saturation"
        else town.build(7, areas=8, patches_per_area=12)
    )


@lru_cache(maxsize=1)
def the_plan():
    return Plan.read(Path(studies.__file__).parent / "plans" / "visits.toml").to_dict() | {
        "robustness": [],
        "groups": [],
    }


def drawn(asked: Plan, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(patches,) which of them get it, by the study's own draw; (patches,) the share their area drew, or chance of it."""
    place = the_map(asked.design)
    units = pl.DataFrame(
        {
            "unit": place.patch_ids,
            "block": place.areas["area_id"].to_numpy()[place.patch_area],
            "cluster": place.patch_ids,
        }
    )
    given = studies.assign(asked, units, seed=f"{seed:064x}").frame
    of = {
        u: (arm == asked.primary.treated, p) for u, arm, p in given.select("unit", "arm", "probability").iter_rows()
    }
    gets = np.array([of[p][0] for p in place.patch_ids])
    return gets, np.where(gets, [of[p][1] for p in place.patch_ids], [1 - of[p][1] for p in place.patch_ids])


def surveyed(seed, world, asked, *, residents=8_000, panel=2_400):
    """(respondents and answers, hidden truth) of one town: drawn, visited, asked, with those who did not answer gone."""
    place = the_map(asked.design)
    who, _, _ = population.build(seed, place, residents)
    given = drawn(asked, seed) if asked.cluster else None
    rounds = asked.design == "saturation"
    ran = programme.build(
        seed, world, place, who, days=730, published=369.0, visited=None if rounds or given is None else given[0]
    )
    said = survey.build(
        seed, world, place, who, ran, start=city.START, days=730, panel=panel, drawn=given if rounds else None
    )
    return {"respondents": said.respondents, "answers": said.answers, "assignments": said.assignments}, said.hidden


def one(claim: str, seed: int) -> dict:
    """One town, and what its study said of each ring, wave and group beside what was true there."""
    name, changes, more = CLAIMS[claim]
    world = city.world(name).but(**changes)
    asked = Plan.from_dict(the_plan() | more)
    large = "viewers" in claim or "page" in claim  # visitors of the square are a twentieth of the residents
    tables, hidden = surveyed(seed, world, asked, residents=24_000 if large else 8_000)
    found = studies.run(asked, tables, seed=seed)
    people = tables["respondents"].join(hidden, on="respondent")
    point = lambda f: _beside(f, people, asked)  # noqa: E731
    half = (found.persistence or {}).get("half_life") or {}
    bounds = found.attrition.bounds
    return {
        "claim": claim, "seed": seed, "primary": point(found.primary), "rings": [point(f) for f in found.rings],
        "groups": [point(f) for f in found.groups], "bounds": [bounds.low, bounds.high] if bounds else None,
        "naive": [[n.effect.low, n.effect.value, n.effect.high] for n in found.naive],
        "fades": (found.persistence or {}).get("verdict"), "half_life": [half.get(k) for k in ("low", "value", "high")],
        "true_half_life": world.half_life, "alarm": any(moved(d.verdict) for d in found.running),
    }  # fmt: skip


def _beside(f, people, asked):
    truth, e = _truth(f, people, asked), f.effect
    return {"ring": f.ring, "wave": f.wave, "value": f.value, "verdict": f.verdict, "truth": truth, "low": e.low, "high": e.high,
            "error": e.std_error, "df": e.df, "level": e.level, "estimate": e.value}  # fmt: skip


def _truth(f, people, asked) -> float | None:
    """What the plan gave those who were asked, on average: with it minus without it, weighted as the estimate is."""
    source = asked.ring(f.ring).respondents or asked.plan_id
    here = people.filter((pl.col("plan_id") == source) & (pl.col("ring") == f.ring) & (pl.col("wave") == f.wave))
    if f.ring == "viewer":
        here = here.filter(pl.col("arm") == "story")  # the others' pages were other pages
    if f.value:
        low, high = {"low earlier trust": (0, 40), "middle earlier trust": (40, 60), "high earlier trust": (60, 101)}[
            f.value
        ]
        here = here.filter((pl.col("prior_trust") >= low) & (pl.col("prior_trust") < high))
    if here.height == 0:
        return None
    if asked.design == "saturation":  # every area counts once, and as many are asked in each
        most = "most_with" if f.ring == "participant" else "most_without"
        return float((here[most] - here["least_without"]).mean())
    return float(np.average(here["y1"] - here["y0"], weights=here["weight"].fill_null(1.0)))


def moved(verdict: str) -> bool:
    return verdict in ("moved", "moved_less_than_matters", "wrong_way")


# -- what many towns say ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """One promise: how often it was kept, between which rates it has to lie; low, high: exact interval at 99.9 %."""

    claim: str
    promise: str
    hits: int
    n: int
    least: float
    most: float

    @property
    def interval(self):
        return clopper_pearson(self.hits, self.n, level=0.999) if self.n else (0.0, 1.0)

    @property
    def broken(self) -> bool:
        low, high = self.interval
        return bool(high < self.least or low > self.most)

    def __str__(self):
        low, high = clopper_pearson(self.hits, self.n) if self.n else (0.0, 1.0)
        share = f"{100 * self.hits / self.n:.1f} %" if self.n else "-"
        band = f"{100 * self.least:g} to {100 * self.most:g} %"
        return f"| {self.claim} | {self.promise} | {self.hits} of {self.n} | {share} ({100 * low:.1f} to {100 * high:.1f}) | {band} |{' BROKEN' if self.broken else ''}"


def rates(records) -> list[Rate]:
    """Every promise over every claim that was asked; those nobody was asked about are left out."""
    by = {c: [r for r in records if r["claim"] == c] for c in ORDER}
    out = [r for claim, rows in by.items() if rows for r in _about(claim, rows)]
    drawn = [r for c in ("zero", "positive", "negative", "only viewers", "only low trust") for r in by[c]]
    still = [r for c in ("zero", "positive", "only viewers") for r in by[c]]
    if drawn:
        out.append(
            _rate(
                "all of them",
                "the primary interval holds the truth",
                [_covers(r["primary"]) for r in drawn],
                0.93,
                0.97,
            )
        )
        out.append(_rate("all of them", "all rings' and waves' intervals hold their truths at once", [all(map(_covers, _known(r))) for r in drawn], 0.93, 1))  # fmt: skip
    if still:
        out.append(
            _rate("all of them", "a ring is named in which nothing happened", [_false(r) for r in still], 0, 0.05)
        )
    return [r for r in out if r.n]


def _about(claim, rows):
    first, known = (
        [r["primary"] for r in rows],
        claim in ("zero", "positive", "negative", "only viewers", "only low trust"),
    )
    if known:
        yield _rate(claim, "the primary interval holds the truth", map(_covers, first), 0.93, 0.97)
    if claim == "zero":
        yield _rate(claim, "the primary answer says it moved", [moved(p["verdict"]) for p in first], 0, 0.05)
        yield _rate(
            claim,
            "naive, met against not met: excludes zero",
            [r["naive"][0][0] > 0 or r["naive"][0][2] < 0 for r in rows],
            0,
            1,
        )
        yield _rate(
            claim,
            "naive, before and after: excludes zero",
            [r["naive"][1][0] > 0 or r["naive"][1][2] < 0 for r in rows],
            0,
            1,
        )
    if claim in ("two stages", "two stages without effect"):
        for k, what in enumerate(("total", "indirect")):
            yield _rate(
                claim,
                f"the {what} effect's interval holds the truth",
                [_covers(r["rings"][k]) for r in rows],
                0.93,
                1,
            )
    if claim in ("zero", "positive", "only viewers", "two stages without effect"):
        yield _rate(claim, "a ring is named in which nothing happened", map(_false, rows), 0, 0.05)
    if claim in ("positive", "negative", "only viewers", "decaying", "only low trust", "lasting", "two stages"):
        yield from _named(claim, rows)
    if claim in ("negative", "spillover"):
        turned = (lambda v: v.startswith("moved")) if claim == "negative" else (lambda v: v == "wrong_way")
        yield _rate(claim, "a ring is named with the wrong sign", [any(turned(f["verdict"]) for f in _known(r) if f["ring"] in NEAR) for r in rows], 0, 0.05)  # fmt: skip
    if claim == "only low trust":
        high = [f for r in rows for f in r["groups"] if f["value"] == "high earlier trust"]
        yield _rate(
            claim, "high earlier trust is named, where nothing happened", [moved(f["verdict"]) for f in high], 0, 0.05
        )
    if claim == "decaying":
        told = [r for r in rows if r["half_life"][0] is not None and r["half_life"][2] is not None]
        yield _rate(claim, "the half-life's interval holds the truth, where one is given", [r["half_life"][0] <= r["true_half_life"] <= r["half_life"][2] for r in told], 0.9, 1)  # fmt: skip
        yield _rate(claim, "a half-life is given", [r["half_life"][1] is not None for r in rows], 0, 1)
        yield _rate(claim, "said to stay as it is", [r["fades"] == "no decay seen" for r in rows], 0, 0.05)
    if claim == "lasting":
        yield _rate(
            claim, "a half-life is given, where nothing fades", [r["half_life"][1] is not None for r in rows], 0, 0.05
        )
    if claim == "spillover":
        yield _rate(claim, "the primary interval holds the effect without leaks (biased towards zero, and said so)", map(_covers, first), 0, 1)  # fmt: skip
    if claim == "leaving by trust":
        yield _rate(claim, "the bounds hold the truth", [b[0] <= p["truth"] <= b[1] for r, p in zip(rows, first, strict=True) if (b := r["bounds"])], 0.93, 1)  # fmt: skip
        yield _rate(
            claim, "the interval among those who answered holds it (nothing promises that)", map(_covers, first), 0, 1
        )
    if claim == "a page read daily":
        yield _rate(claim, "it says on any day that trust moved", [r["alarm"] for r in rows], 0, 0.05)
    if claim == "a page read daily that works":
        yield _rate(claim, "its last interval holds the truth", map(_covers, first), 0.93, 1)
        yield _rate(claim, "the last page says that trust moved", [moved(p["verdict"]) for p in first], 0, 1)


def _rate(claim, promise, kept, least, most):
    kept = [k for k in kept if k is not None]
    return Rate(claim, promise, sum(map(bool, kept)), len(kept), least, most)


def _known(r):
    return [f for f in r["rings"] if f["low"] is not None and f["truth"] is not None]


def _covers(f):
    return None if f["low"] is None else f["low"] <= f["truth"] <= f["high"]


def _false(r) -> bool:
    """Was a ring named that stayed as it was? Officers and viewers are asked too, so they count."""
    return any(moved(f["verdict"]) for f in _known(r) if f["truth"] == 0)


def _named(claim, rows):
    """Rings (or groups) that power gives at least an 80 % chance: the median error of all towns, and each town's truth."""
    where = "groups" if claim == "only low trust" else "rings"
    cells = {(f["ring"], f["wave"], f["value"]) for r in rows for f in r[where]}
    for cell in sorted(cells):
        here = [f for r in rows for f in r[where] if (f["ring"], f["wave"], f["value"]) == cell and f["error"]]
        if not here or abs(truth := np.mean([f["truth"] for f in here])) < 0.1:
            continue
        error, df = (np.median([f[k] or 1e6 for f in here]) for k in ("error", "df"))
        chance = stats.nct.sf(stats.t.ppf((1 + here[0]["level"]) / 2, df), df, abs(truth) / error)
        if chance < 0.5:
            continue  # power says that it would be seen by luck only
        name = f"{cell[0]}s after {cell[1]} days" + (f", {cell[2]}" if cell[2] else "")
        right = [f["verdict"].startswith("moved") if f["truth"] > 0 else f["verdict"] == "wrong_way" for f in here]
        yield _rate(claim, f"{name} are named (power says {100 * chance:.0f} %)", right, 0.8 if chance >= 0.8 else max(chance - 0.1, 0), 1)  # fmt: skip


# -- the long run -----------------------------------------------------------------------------------------------------


def read(path) -> list[dict]:
    """Every town that was asked already; a line that was cut off when the run was stopped is asked again."""
    if not Path(path).exists():
        return []
    out = {}
    for line in filter(str.strip, Path(path).read_text().splitlines()):
        try:
            one_town = json.loads(line)
        except json.JSONDecodeError:
            continue
        out[one_town["claim"], one_town["seed"]] = one_town  # two runs into one file ask a town twice
    return list(out.values())


def ask_many(path, *, towns=500, minutes=8.0, claims=ORDER) -> bool:
    """Asks on from where the file ends, until the time is over  -> is everything asked?"""
    done = Counter(r["claim"] for r in read(path))
    stop = time.monotonic() + 60 * minutes
    with Path(path).open("a") as file:
        file.write("\n")  # after a line that was cut off
        for claim in claims:
            start = time.monotonic()
            for k, seed in enumerate(range(done[claim], towns)):
                if time.monotonic() > stop:
                    return False
                file.write(json.dumps(one(claim, 10_000 * ORDER.index(claim) + seed)) + "\n")
                file.flush()
                if k % 50 == 49:
                    print(
                        f"{claim}: {seed + 1} of {towns}, {(time.monotonic() - start) / (k + 1):.2f} s a town",
                        flush=True,
                    )
    return True


def main(path, towns="500", minutes="8", claims=""):
    whole = ask_many(path, towns=int(towns), minutes=float(minutes), claims=claims.split(",") if claims else ORDER)
    print("| claim | what is counted | how often | rate (95 % interval) | promised |\n|---|---|---|---|---|")
    for rate in rates(read(path)):
        print(rate)
    print("Everything was asked." if whole else "To be continued: start it again with the same file.")


if __name__ == "__main__":
    main(*sys.argv[1:])
