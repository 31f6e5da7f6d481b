"""What of a conversation may be shown to everybody: small cells withheld, their complements too, shares in bands.

A probability, a bound and an n together give back the exact count, so they are shown or withheld as one: exact where at
least twenty people of every group stand behind a statement, in words from the floor up, not at all below it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from commonbeat.privacy import BANDED_BELOW, FLOOR, OFFICER_FLOOR, band_of_share

__all__ = ["SURE", "complemented", "floor_of", "released", "surely_shared"]

OFFICERS = ("officer", "police")
SURE = ((0.975, "almost certain"), (0.9, "very likely"), (0.7, "likely"), (0.3, "open"), (0.0, "unlikely"))
EXACT = (
    "p_every_group",
    "lower",
    "share_by_size",
    "low_by_size",
    "high_by_size",
    "group_consensus",
    "group_consensus_mean",
)
BY_GROUP = ("share_by_group", "low_by_group", "high_by_group")
SMALL = "a group under the floor"


def released(answer: dict, *, floor: int = FLOOR) -> dict:
    """The answer (`Conversation.to_dict()`) as it may leave. `suppressed` says what was withheld, and why."""
    withheld: Counter = Counter()
    out = dict(answer)
    out["groups"] = _opinion_groups(answer["groups"], floor, withheld)
    known = answer["common_ground_over"] == "known groups"
    sizes = {g["name"]: g["size"] for g in answer["known_groups"]}
    shown = complemented(sizes, total=answer["people"] if known else None, floor=floor)
    names = {n: n if shown[n] is not None or sizes[n] >= floor_of(n, floor) else SMALL for n in sizes}
    out["known_groups"] = [{"name": n, "size": shown[n]} for n in sizes if names[n] != SMALL]
    withheld["size of a group"] += sum(s is None for s in shown.values())
    for key in ("common_ground", "shared_disagreement"):
        out[key] = _in_order([_ground(row, names, floor, withheld) for row in answer[key]])
    out["not_enough_votes"] = [
        row | {"groups": sorted({names.get(g, SMALL) for g in row["groups"]})} for row in answer["not_enough_votes"]
    ]
    out["abuse"] = _abuse(answer["abuse"], floor, withheld)
    why = {
        "shares in bands": f"fewer than {BANDED_BELOW} people of a group stand behind them",
        "statement of a group": f"fewer than {floor} people stand behind it, or it would give such a cell away",
    }
    out["suppressed"] = [
        {"what": what, "values": n, "why": why.get(what, f"fewer than {floor} people, or the cell beside such a one")}
        for what, n in sorted(withheld.items())
        if n
    ]
    return out


def surely_shared(row: dict) -> bool:
    """Is a released statement one that, very likely or surely, more than half of every group shares?"""
    return (row["p_every_group"] or 0) >= 0.9 or row["band"] in ("almost certain", "very likely")


def floor_of(name: str, floor: int = FLOOR) -> int:
    """Fewest people behind a cell of this group: more for officers, whom colleagues know."""
    return max(floor, OFFICER_FLOOR) if any(w in name.lower() for w in OFFICERS) else floor


def complemented(counts: dict, *, total: int | None = None, floor: int = FLOOR) -> dict:
    """Counts that may stand together: small ones None, and if one alone is hidden, the next smallest with it.

    total : if it is published too, what is in none of the cells is itself a cell
    """
    hidden = {n for n, c in counts.items() if c < floor_of(n, floor)}
    rest = None if total is None else total - sum(counts.values())
    alone = len(hidden) + (rest is not None and 0 < rest < floor) == 1
    if alone and len(counts) > len(hidden) and (total is not None or len(counts) > 1):
        hidden.add(min((n for n in counts if n not in hidden), key=lambda n: (counts[n], n)))
    return {n: None if n in hidden else c for n, c in counts.items()}


def _opinion_groups(groups: Sequence[dict], floor, withheld) -> list[dict]:
    shown = complemented({g["name"]: g["size"] for g in groups}, floor=floor)
    out = []
    for g in groups:
        withheld["size of an opinion group"] += shown[g["name"]] is None
        rows = [_said(s, floor, withheld) for s in g["statements"]] if shown[g["name"]] is not None else []
        withheld["statement of a group"] += len(g["statements"]) - len([r for r in rows if r])
        out.append(g | {"size": shown[g["name"]], "statements": [r for r in rows if r]})
    return out


def _said(row: dict, floor, withheld) -> dict | None:
    """One statement of an opinion group. Exact only if every group has twenty votes on it: pooled shares subtract."""
    if row["n"] < floor or row["n_of_others"] < floor:
        return None
    if row["fewest_in_a_group"] >= BANDED_BELOW:
        return row
    withheld["shares in bands"] += 1
    bands = {
        "share_band": band_of_share(row["share"], row["n"]),
        "share_of_others_band": band_of_share(row["share_of_others"], row["n_of_others"]),
    }
    hide = dict.fromkeys(
        (
            "agree",
            "share",
            "low",
            "high",
            "share_of_others",
            "low_of_others",
            "high_of_others",
            "p_value",
            "p_adjusted",
            "fewest_in_a_group",
            "n",
            "n_of_others",
        )
    )
    return row | hide | bands


def _ground(row: dict, names: dict, floor, withheld) -> dict:
    """One statement across groups: everything exact, or everything in words, or nothing."""
    n = row["n_by_group"]
    few = [g for g, m in n.items() if m < floor_of(g, floor)]
    shown = {g: m for g, m in complemented(n, floor=floor).items() if names[g] != SMALL}
    if not few and min(n.values(), default=0) >= BANDED_BELOW:
        return row | {"band": None, "share_band_by_group": None}
    out = row | dict.fromkeys(EXACT) | dict.fromkeys(BY_GROUP) | {"n_by_group": shown}
    withheld["shares in bands" if not few else "statement across groups"] += 1
    if few:
        return out | {"least_keen": None, "band": None, "share_band_by_group": None}
    words = {g: band_of_share(row["share_by_group"][g], n[g]) for g in n}
    keen = row["least_keen"] if list(words.values()).count(words[row["least_keen"]]) == 1 else None
    return out | {"least_keen": keen, "band": _sure(row["p_every_group"]), "share_band_by_group": words}


def _sure(p: float) -> str:
    return next(word for low, word in SURE if p >= low)


def _in_order(rows: list[dict]) -> list[dict]:
    """The exact order, unless some are in words: their places would tell more than the words do."""
    if all(r["p_every_group"] is not None for r in rows):
        return rows
    rank = {word: k for k, (_, word) in enumerate(SURE)} | {None: len(SURE)}
    return sorted(rows, key=lambda r: (rank[r["band"] or (_sure(r["p_every_group"]) if r["p_every_group"] else None)],
                                       _natural(r["statement_id"])))  # fmt: skip


def _natural(statement_id):
    return (0, statement_id, "") if isinstance(statement_id, int) else (1, 0, str(statement_id))


def _abuse(abuse: dict, floor, withheld) -> dict:
    def shown(count):
        withheld["count of flagged people"] += 0 < count < floor
        return None if 0 < count < floor else count

    total = shown(abuse["flagged_people"])
    kinds = {k: shown(c) if total is not None else None for k, c in abuse["by_kind"].items()}
    out = abuse | {"flagged_people": total, "by_kind": kinds}
    for side in ("with_flagged", "without_flagged"):
        if abuse[side] is not None:
            first = sorted((r["statement_id"] for r in abuse[side]["common_ground"]), key=_natural)
            people = abuse[side]["people"] if total is not None else None
            out[side] = abuse[side] | {"common_ground": first, "people": people}
    return out
