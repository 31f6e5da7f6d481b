"""A conversation's verdict and its findings as sentences a resident reads."""

from __future__ import annotations

__all__ = ["ground_sentence", "sentences", "verdict"]

WHY_NONE = {
    "nobody": "nobody has voted yet",
    "too_few": "too few people have voted, or everybody voted alike",
    "no_gain": "knowing a person's group would not help to foretell votes that were put aside",
    "chance": "votes without any structure look just as divided",
    "unstable": "other draws of the same people divide differently, or leave a group of fewer than five",
}


def verdict(answer: dict) -> str:
    """One sentence: how many groups the votes support, how surely, and why none."""
    k, code, placed = answer["supported_groups"], answer["verdict_code"], answer["people_placed"]
    if answer["legacy"]:
        return f"As a Polis server would show them on a cold start: {k} groups of {placed} people, not tested."
    if k == 0:
        return f"Among {placed} people placed on the map, no separate groups supported: {WHY_NONE.get(code, code)}."
    gain = next(row["gain"] for row in answer["held_out"] if row["k"] == k)
    word = {"stable": "stable", "tentative": "tentative", "unchecked": "not checked for chance or stability"}[code]
    again = (
        ""
        if answer["stability"] is None
        else f", agreement of {answer['stability']:.2f} when a fifth of the people is left out"
    )
    return (
        f"Among {placed} people placed on the map, {k} groups are supported ({word}): knowing a person's group foretells "
        f"votes that were put aside {100 * gain:.0f} % better{again}."
    )


def sentences(answer: dict) -> list[str]:
    """What the terminal says under the verdict: the common ground first."""
    over = answer["common_ground_over"]
    shown = [g["name"] for g in answer["known_groups"]]
    names = "everyone" if over == "everyone" else ", ".join(shown) or "the groups that were named"
    rows = [r for r in answer["common_ground"] if r["p_every_group"] is not None or r["band"]]
    out = [f"Common ground of {names}:" if rows else f"No statement can be judged yet for {names}."]
    return out + [ground_sentence(r) for r in rows[:5]]


def ground_sentence(row: dict) -> str:
    """`17 "…": almost certain that most in every group agree`, or the exact probability."""
    said = f'{row["statement_id"]} "{row["text"]}"'
    alone = list(row["n_by_group"]) == ["everyone"]
    who = "everyone" if alone else "every group"
    if row["p_every_group"] is None:
        return f"{said}: {row['band']} that more than half of {who} agree"
    least = "" if alone else f"the least keen, {row['least_keen']}, "
    return (
        f"{said}: probability {row['p_every_group']:.3f} that more than half of {who} agree; {least}"
        f"at least {100 * row['lower']:.0f} %"
    )
