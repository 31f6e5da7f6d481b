"""How do people feel treated, and how does it change over time? Levels only; whether something moved them is a study's answer."""

from __future__ import annotations

from commonbeat.estimate import Estimate
from commonbeat.report.blocks import Cautions, Drawn, Heading, Page, Said, Words
from commonbeat.report.charts import Table, dots, line_with_band
from commonbeat.report.promises import town_tracker
from commonbeat.report.trust_page import SAMPLE_WORDS
from commonbeat.report.trust_release import public, public_group
from commonbeat.report.words import figure, interval
from commonbeat.trust import town_trust

__all__ = ["trust"]

FILE, SHORT, QUESTION = "trust.html", "Trust over time", "How do people feel treated?"


def trust(book) -> Page:
    """The town's own tracker first: a level, its questions, its quarters, its areas; other samples named for what they are."""
    if not book.rows("respondents") or not book.rows("answers"):
        return Page(
            FILE, SHORT, SHORT, (Words("Nobody has been asked yet."),), (QUESTION, "Nobody has been asked yet.")
        )
    found = town_trust(book.table("respondents"), book.table("answers"))
    town = town_tracker(found)
    if not town:
        said = "No sample was drawn by chance from the whole town, so no level can be given for it."
        return Page(
            FILE,
            SHORT,
            SHORT,
            (Said(said),),
            (QUESTION, said),
            (f"how people in the town feel treated: {said[0].lower()}{said[1:]}",),
        )
    blocks = [
        Words(
            "Asked about respect, fairness and being heard rather than friendliness. 0 is the worst answer to every question, 100 the best.",
            lead=True,
        )
    ]
    for s in town:
        blocks += _section(s)
    others = sorted(
        {
            f"{s.plan or 'no named study'} ({SAMPLE_WORDS[s.sample]}, {s.people:,} people)"
            for s in found.sections
            if s not in town
        }
    )
    if others:
        blocks += [
            Heading("Not shown as the town's level"),
            Words(
                "; ".join(others)
                + ". People of a study were given different things; people who followed a link chose to."
            ),
        ]
    first = town[0]
    level = public(first.score)
    answer = f"{interval(level)} on a scale from 0 to 100 ({level.n:,} answers). {_moved(first)}"
    return Page(FILE, SHORT, "How people feel treated", tuple(blocks), (QUESTION, answer))


def _section(s):
    name = f"trust-{s.plan or 'town'}-{s.questionnaire}"
    level = public(s.score)
    yield Heading(f"{s.questionnaire}: {SAMPLE_WORDS[s.sample]}")
    yield Said(
        f"{interval(level)} over all questions; {level.n:,} answers."
        if level.known
        else "Too few people answered to give a level."
    )
    if s.track is not None:
        yield Drawn(_line(f"{name}-over-time", list(zip(s.track.waves, s.track.levels, strict=True))))
        yield Words(_moved(s))
        yield Cautions(tuple(s.track.cautions))
    yield Drawn(_dots(f"{name}-questions", "By question", public_group(list(s.measures), total=False)))
    if s.areas is not None:
        pairs = [(a, e if e.n == 0 else public(e)) for a, e in zip(s.areas.names, s.areas.estimates, strict=True)]
        yield Drawn(
            _dots(f"{name}-areas", "By area; where few answered, strength is borrowed from the others", pairs)
        )
    if s.cautions:
        yield Cautions(tuple(s.cautions))


def _moved(s) -> str:
    """The last change that chance between rounds does not make, then the last step: a fall two rounds ago is not over."""
    if s.track is None or not s.track.steps:
        return "Asked once, so nothing can be said about change."
    each = s.track.steps[: len(s.track.waves) - 1]  # after them comes the step from the first round to the last
    last = _step(each[-1])
    if s.track.changes is None:
        return f"{last} Why is another question."
    if not s.track.changes.breaks:
        return f"Over {len(s.track.waves)} rounds it did not change more than chance makes it. {last}"
    at = s.track.changes.breaks[-1] - 1
    told = _step(each[at], "by more than chance does")
    return f"{told} Why is another question." if each[at] is each[-1] else f"{told} {last} Why is another question."


def _step(step, more: str = "") -> str:
    e = public(step.all_answers)
    if not e.known:
        return f"Whether it changed from {step.since} to {step.until} cannot be told."
    moved = "rose" if e.low > 0 else "fell" if e.high < 0 else "did not clearly change"
    return f"From {step.since} to {step.until} it {moved}{' ' + more if more and 'not' not in moved else ''}: {interval(e, signed=True)}."


def _table(title: str, pairs) -> Table:
    rows = tuple(
        (k, figure(e.value), figure(e.low), figure(e.high), "—" if e.n is None else f"{e.n:,}") for k, e in pairs
    )
    return Table(title, ("", "score, 0-100", "from", "to", "answers"), rows, "— : hidden, or cannot be told.")


def _words(pairs) -> str:
    return "; ".join(f"{k}: {interval(e)}" for k, e in pairs)


def _dots(name, title, pairs):
    rows = [{"label": k, "value": e.value, "low": e.low, "high": e.high} for k, e in pairs]
    return dots(
        rows,
        name=name,
        title=title,
        axis="score, 0-100",
        table=_table(title, pairs),
        alternative=_words(pairs),
        zero=False,
    )


def _line(name, waves: list[tuple[str, Estimate]]):
    shown = [(w, public(e)) for w, e in waves]
    rows = [{"x": str(w), "value": e.value, "low": e.low, "high": e.high} for w, e in shown]
    return line_with_band(
        rows,
        name=name,
        title="Over time",
        axis="score, 0-100",
        x_axis="wave",
        table=_table("Over time", shown),
        alternative=_words(shown),
    )
