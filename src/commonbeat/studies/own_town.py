"""What would this plan see here? The town's own areas, their sizes and what their people answered before stand in for the study's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from commonbeat.errors import BadInput, TooFew
from commonbeat.ledger import Book
from commonbeat.studies import answers as reading
from commonbeat.studies.drawing import assign
from commonbeat.studies.effects import effect
from commonbeat.studies.plan import Plan
from commonbeat.studies.powering import Power, power_from
from commonbeat.studies.scales import spans_of

__all__ = ["OwnTown", "own_town", "power_here"]

ENOUGH = 100  #: earlier answers below which a town's own spread is not known well enough
PER_AREA = 20  #: answers below which an area borrows those of all areas, moved to its own mean
ICC = 0.02  #: how alike those are who are drawn together, where no earlier study says


@dataclass(frozen=True, slots=True)
class OwnTown:
    """What a book says of a town before a study: areas, how many live there, what their people answered.

    areas   : (areas,) ids            share : (areas,) of the adults who live there
    answers : area_id, score, prior_trust of everybody asked earlier; the latest score of each
    units   : (areas,) how many units (streets, patches) can be drawn in each
    icc     : share of the spread that lies between units;  icc_from: where it is from
    """

    areas: np.ndarray
    share: np.ndarray
    answers: pl.DataFrame = field(repr=False)
    units: np.ndarray
    icc: float
    icc_from: str


def own_town(plan: Plan, book: Book, *, units_per_area: int | None = None, icc: float | None = None) -> OwnTown:
    """Reads the town from its book. Raises TooFew when fewer than 100 people answered the plan's questions before."""
    before = _earlier(plan, book)
    areas = (
        np.array(sorted(book.table("areas")["area_id"].to_list()))
        if "areas" in book
        else before["area_id"].unique().sort().to_numpy()
    )
    share = _sizes(book, areas)
    guess, source = (icc, "as you said") if icc is not None else _icc(before)
    return OwnTown(areas, share, before, _units(plan, book, areas, units_per_area), guess, source)


def power_here(plan: Plan, book: Book, *, people: int | None = None, response: float = 0.8, towns: int = 200, units_per_area: int | None = None,
               icc: float | None = None, seed: int = 0, step: Callable[[], None] | None = None) -> Power:  # fmt: skip
    """What could the plan see in this very town?

    people   : asked in the primary ring, both arms together; a tenth of the earlier answers' town by default
    response : share of them that answers the primary wave
    towns    : how often the study is drawn, asked and estimated; with nothing happening, effects are then laid on
    Each time the plan's own draw is made in the town's own areas; people are redrawn from those asked there earlier.
    """
    if plan.design == "stepped":
        raise BadInput(
            'power for design "stepped" is not simulated from a book, which holds no panel; `trust.power` takes any trial you can simulate'
        )
    if plan.design == "saturation" and not (plan.cluster and plan.block):
        raise BadInput(
            "power of a saturation design needs block (the groups, here the town's areas) and cluster (the units within them)"
        )
    if not 0 < response <= 1 or towns < 20:
        raise BadInput(f"response is {response:g} and towns {towns}: a share above 0, and at least 20 towns")
    here = own_town(plan, book, units_per_area=units_per_area, icc=icc)
    asked = people or min(here.answers.height, 2_000)
    rng = np.random.default_rng(seed)
    ring, found = plan.ring(plan.primary.ring), []
    free = replace(plan, seed_commitment=None)  # the real seed is not drawn with before its time
    for _ in range(towns):
        e = effect(plan, ring, _study(free, here, asked, response, rng))
        if e.known:
            found.append(e)
        if step:
            step()
    if not found:
        raise TooFew(
            f"with {asked} people in {len(here.areas)} areas the comparison could not be computed once: ask more people or draw fewer arms"
        )
    what = f"in its own {len(here.areas)} areas with {int(here.units.sum())} units to draw, from {here.answers.height:,} earlier answers; likeness within units {here.icc:.3f} ({here.icc_from})"  # fmt: skip
    return power_from(plan, found, where=what)


def _study(plan: Plan, here: OwnTown, people: int, response: float, rng) -> pl.DataFrame:
    """One study in which nothing happens: units drawn by the plan's own draw, people and answers redrawn from the book's."""
    area = np.repeat(np.arange(len(here.areas)), here.units)
    names = np.array([f"{here.areas[a]}-u{k}" for k, a in enumerate(area)])
    columns = {"unit": names} | {c: v for c, v in ((plan.block, here.areas[area]), (plan.cluster, names)) if c}
    each = rng.multinomial(people, here.share)
    where = np.concatenate(
        [np.flatnonzero(area == a)[rng.integers(0, here.units[a], k)] for a, k in enumerate(each) if k]
    )
    seed = rng.bytes(32).hex()
    chance = None
    if plan.cluster:
        order = np.argsort(np.argsort(names))
        drawn = assign(plan, pl.DataFrame(columns), seed=seed).frame.sort("unit")
        arm, chance = (drawn[c].to_numpy()[order][where] for c in ("arm", "probability"))
    else:
        own = {"unit": np.arange(people).astype(str)} | (
            {plan.block: _blocks(plan, here.areas[area[where]])} if plan.block else {}
        )
        drawn = assign(plan, pl.DataFrame(own), seed=seed).frame
        arm = drawn.sort(pl.col("unit").cast(pl.Int64))["arm"].to_numpy()
    rows = _people(here, area[where], rng)
    spread = np.sqrt(here.icc) * here.answers["score"].std()
    shared = rng.normal(0, spread, len(names))[where]
    score = np.where(rng.random(people) < response, np.clip(rows["score"].to_numpy() + shared, 0, 100), np.nan)
    out = rows.with_columns(
        score=pl.Series(score).fill_nan(None), respondent=pl.Series(np.arange(people).astype(str)), arm=pl.Series(arm),
        at=pl.lit(None, pl.Datetime("us", "UTC")), before=rows["score"], contacted=pl.lit(None, pl.Float64),
        **{c: pl.Series(v) for c, v in ((plan.block, columns.get(plan.block, names)[where] if plan.cluster else own.get(plan.block, names[where])), (plan.cluster, names[where])) if c},
    )  # fmt: skip
    treated, control = plan.primary.treated, plan.primary.control
    if plan.design == "saturation":
        out = out.with_columns(share=pl.Series(np.where(arm == treated, chance, 1 - chance)).round(9))
    return out.filter(pl.col("arm").is_in([treated, control])).with_columns(
        (pl.col("arm") == treated).cast(pl.Int8).alias("treated")
    )


def _blocks(plan, areas):
    """Matched pairs are neighbours of one area; other blocks are the areas."""
    if plan.design != "matched_pair":
        return areas
    order = np.argsort(areas, kind="stable")
    pair = np.empty(len(areas), int)
    pair[order] = np.arange(len(areas)) // 2
    return pair.astype(str)


def _people(here: OwnTown, area: np.ndarray, rng) -> pl.DataFrame:
    """Rows redrawn from those who were asked in the same area; thin areas borrow from all and keep their own mean."""
    every = here.answers
    code = dict(zip(here.areas.tolist(), range(len(here.areas)), strict=True))
    home = np.array([code.get(a, -1) for a in every["area_id"].to_list()])
    pick, shift = np.empty(len(area), int), np.zeros(len(area))
    for a in np.unique(area):
        at, own = np.flatnonzero(area == a), np.flatnonzero(home == a)
        if len(own) >= PER_AREA:
            pick[at] = rng.choice(own, len(at))
        else:
            pick[at] = rng.integers(0, every.height, len(at))
            shift[at] = (
                (every["score"].gather(own).mean() - every["score"].mean()) * len(own) / PER_AREA if len(own) else 0.0
            )
    return every[pick].with_columns(score=pl.Series(every["score"].to_numpy()[pick] + shift))


def _earlier(plan: Plan, book: Book) -> pl.DataFrame:
    """The latest score of everybody who was asked the plan's questions under another plan, or before this one began."""
    for name in ("respondents", "answers"):
        if name not in book:
            raise TooFew(
                f"this book has no {name}, so nothing is known of how its people answer; leave the book out and simulated towns stand in"
            )
    scored = reading.answered(plan, book.table("answers"), spans_of(plan)).filter(pl.col("score").is_not_null())
    people = book.table("respondents").filter((pl.col("side") == "resident") & pl.col("area_id").is_not_null())
    first = people.filter(pl.col("plan_id") != plan.plan_id).select("respondent").with_columns(any_wave=pl.lit(True))
    scored = scored.join(first, on="respondent", how="left").filter((pl.col("wave") == 0) | pl.col("any_wave"))
    last = scored.sort("wave").group_by("respondent", maintain_order=True).agg(pl.col("score").last())
    out = people.join(last, on="respondent").drop("score_right", strict=False)
    if out.height < ENOUGH:
        raise TooFew(
            f"{out.height} people of this book answered the plan's questions before: fewer than {ENOUGH} say too little of a town; leave the book out and simulated towns stand in"
        )
    keep = [
        c
        for c in (
            "respondent",
            "area_id",
            "cluster",
            "prior_trust",
            "race",
            "age_band",
            "sex",
            "recent_enforcement",
            "score",
        )
        if c in out.columns
    ]
    return out.select(keep).rename({"cluster": "earlier_cluster"}).sort("respondent")


def _sizes(book: Book, areas) -> np.ndarray:
    if "population" not in book:
        return np.full(len(areas), 1 / len(areas))
    size = dict(book.table("population").group_by("area_id").agg(pl.col("residents").sum()).iter_rows())
    n = np.array([float(size.get(a) or 0) for a in areas])
    if n.sum() <= 0:
        raise BadInput("the book's population is zero in every area: mend it, or leave it out to weigh areas alike")
    return n / n.sum()


def _units(plan: Plan, book: Book, areas, said: int | None) -> np.ndarray:
    """How many units lie in each area: as told, as drawn before, or as many as the packaged programme draws."""
    if said is not None:
        if said < 2:
            raise BadInput("an area needs at least two units, so that chance can decide between them")
        return np.full(len(areas), said)
    if "assignments" in book and plan.block:
        drawn = book.table("assignments").filter(pl.col("block").is_in(areas.tolist()))
        known = dict(drawn.group_by("block").agg(pl.col("cluster").n_unique()).iter_rows())
        if known:
            return np.array([max(known.get(a, 2), 2) for a in areas])
    return np.full(len(areas), 6)


def _icc(before: pl.DataFrame) -> tuple[float, str]:
    """Intraclass correlation of earlier answers within what was drawn together, one-way analysis of variance."""
    known = before.filter(pl.col("earlier_cluster").is_not_null()).with_columns(
        score=pl.col("score") - pl.col("score").mean().over("area_id")
    )
    each = (
        known.group_by("earlier_cluster")
        .agg(pl.col("score").mean().alias("mean"), pl.col("score").var(ddof=1).alias("var"), pl.len().alias("n"))
        .filter(pl.col("n") > 1)
    )
    if each.height < 20:
        return ICC, "taken, since no earlier study here drew units"
    n = each["n"].to_numpy().astype(float)
    inside = float(np.average(each["var"].to_numpy(), weights=n - 1))
    between = float(np.average(each["mean"].to_numpy() ** 2, weights=n)) * len(n) / (len(n) - 1)
    size = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    share = (size * between - inside) / (size * between + (size - 1) * inside) if inside > 0 else 0.0
    return float(np.clip(share, 0, 0.5)), f"of {len(n)} units drawn before"
