"""What do people think together?"""

from __future__ import annotations

from commonbeat import dialogue as room
from commonbeat.report.blocks import Cautions, Heading, Page, Said, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.report.dialogue_release import released, surely_shared
from commonbeat.report.dialogue_words import verdict

__all__ = ["dialogue"]

FILE, SHORT = "common-ground.html", "Common ground"


def dialogue(book, *, seed: int = 0) -> Page:
    """Common ground across known groups first, then how many opinion groups the votes support, none included."""
    if "votes" not in book or "statements" not in book or book.rows("votes") == 0:
        return Page(
            FILE,
            SHORT,
            SHORT,
            (Words("Nobody has voted on statements yet."),),
            ("What do people agree on?", "Nobody has voted yet."),
        )
    votes = room.votes_from_frame(book.table("votes"), book.table("statements"))
    known = room.known_groups(votes, votes.recorded) if votes.recorded is not None else None
    raw = room.conversation(votes, known, seed=seed).to_dict()
    shown = released(raw)
    ground = [r for r in shown["common_ground"] if surely_shared(r)]
    names = ", ".join(g["name"] for g in shown["known_groups"]) or "everyone"
    answer = f"{shown['people']:,} people cast {shown['votes']:,} votes. " + (
        f"Every group ({names}) agrees on {len(ground)} statements, first: “{ground[0]['text']}”"
        if ground
        else "No statement is surely shared by every group."
    )
    blocks = [
        Words(
            "One short statement at a time; agree, disagree or pass. A statement is common ground when more than half of every known group agrees, judged by the group that agrees least, so that a large group cannot carry it.",
            lead=True,
        ),
        Said(answer),
        Tabled("common-ground", _table("What every group agrees with", ground)),
    ]
    against = [r for r in shown["shared_disagreement"] if surely_shared(r)]
    if against:
        blocks.append(Tabled("shared-disagreement", _table("What every group rejects", against)))
    blocks += [Heading("Are there camps?"), Words(verdict(raw)), *_waiting(shown), *_withheld(shown)]
    return Page(
        FILE, SHORT, "What people think together", tuple(blocks), ("What do people agree on?", answer), _cannot(shown)
    )


def _table(caption, rows) -> Table:
    told = tuple((r["text"], _sure(r), r["least_keen"], _least(r)) for r in rows[:12])
    note = "Sure: probability that more than half of every group would agree, from the votes alone. Bands stand where fewer than 20 people are behind a share."
    return Table(caption, ("statement", "how sure", "agrees least", "of them at least"), told, note)


def _sure(row) -> str:
    return row["band"] or f"{row['p_every_group']:.3f}"


def _least(row) -> str:
    return "—" if row["lower"] is None else f"{100 * row['lower']:.0f} of a hundred"


def _waiting(shown):
    n = len(shown["not_enough_votes"])
    return (
        [Words(f"{n} statements cannot be judged yet, because some group has fewer than five votes on them.")]
        if n
        else []
    )


def _withheld(shown):
    rows = shown["suppressed"]
    return [Cautions(tuple(f"Withheld: {r['what']} ({r['values']}), {r['why']}." for r in rows))] if rows else []


def _cannot(shown) -> tuple[str, ...]:
    n = len(shown["not_enough_votes"])
    return (f"what some groups think of {n} statements: too few of them have voted",) if n else ()
