"""Trust on one page: levels with their intervals, group by group, area by area, wave by wave. Small cells stay inside."""

from __future__ import annotations

from pathlib import Path

from commonbeat.estimate import Estimate
from commonbeat.report.charts import Chart, Table, dots, line_with_band
from commonbeat.report.page import as_csv, page, write_page
from commonbeat.report.trust_release import HIDDEN, public, public_group
from commonbeat.report.words import figure

__all__ = ["SAMPLE_WORDS", "trust_page", "write_trust_page"]

SAMPLE_WORDS = {
    "probability": "drawn by chance",
    "panel": "a panel that people joined: not drawn by chance",
    "open_link": "whoever followed a link: not drawn by chance",
}


def trust_page(found, *, town="Commonbeat", simulated=False, snapshot=None, analyst=False, file="trust.html") -> str:
    """HTML of one page for everything that was found; its tables are to stand in `data/` beside it."""
    return page(
        "section.html", title=f"Trust · {town}", heading="How are people treated, in their own words?", town=town,
        blocks=[block for s in found.sections for block in _blocks(s, found.by, analyst)], simulated=simulated,
        snapshot=snapshot, file=file, home=file,
    )  # fmt: skip


def write_trust_page(path, found, *, analyst=False, **shown) -> Path:
    """Writes the page, and the table of every chart as CSV into `data/` beside it  -> the page's path."""
    path = Path(path)
    target = path / "trust.html" if path.is_dir() or not path.suffix else path
    for s in found.sections:
        for block in _blocks(s, found.by, analyst):
            if block["kind"] == "drawn":
                chart = block["it"]["chart"]
                write_page(target.parent / "data" / f"{chart.name}.csv", as_csv(chart.table))
    write_page(target, trust_page(found, analyst=analyst, file=target.name, **shown))
    return target


def _block(kind, it):
    return {"kind": kind, "it": it}


def _blocks(s, by, analyst):
    group = list if analyst else public_group
    who = {"resident": "Residents", "officer": "Officers"}[s.side]
    name = f"{s.plan or 'study'}-{s.side}-{s.questionnaire}"
    yield _block("heading", {"text": f"{who}, {s.plan or 'no named study'} ({s.questionnaire})"})
    yield _block("words", {"text": f"{SAMPLE_WORDS[s.sample].capitalize()}.", "lead": False})
    yield _block("said", {"text": f"Score over all questions: {_words(s.score if analyst else public(s.score))}."})
    if s.cautions or s.score.cautions:
        yield _block("cautions", {"sentences": (*s.cautions, *s.score.cautions)})
    yield _block(
        "drawn",
        {
            "chart": _dots(
                f"{name}-measures", "By question", group(list(s.measures), **({} if analyst else {"total": False}))
            ),
            "key": (),
        },
    )
    if s.by is not None:
        yield _block("drawn", {"chart": _dots(f"{name}-by", f"By {by}", group(list(s.by))), "key": ()})
        yield _block("cautions", {"sentences": _comparable(s)})
    if s.track is not None:
        waves = group(list(zip(s.track.waves, s.track.levels, strict=True)), **({} if analyst else {"total": False}))
        yield _block("drawn", {"chart": _line(f"{name}-track", waves), "key": ()})
        yield _block("cautions", {"sentences": s.track.cautions})
    if s.areas is not None:
        yield _block("drawn", {"chart": _areas(f"{name}-areas", s.areas, analyst), "key": ()})


def _comparable(s):
    if s.comparable is None:
        return (
            "Too few people answered every question in some group to check whether the questions mean the same to all.",
        )
    return s.comparable.cautions


def _words(e: Estimate) -> str:
    if e.value is None:
        return e.cautions[0] if e.cautions else "cannot tell"
    n = f", n = {e.n:,}" if e.n is not None else ", published without n"
    if e.low is None or e.high is None:
        return f"{figure(e.value)} (no margin of error{n})"
    return f"{figure(e.value)} ({figure(e.low)} to {figure(e.high)}{n})"


def _table(title, pairs) -> Table:
    rows = tuple(
        (name, figure(e.value), figure(e.low), figure(e.high), "—" if e.n is None else f"{e.n:,}")
        for name, e in pairs
    )
    return Table(
        title,
        ("", "score, 0-100", "from", "to", "people"),
        rows,
        HIDDEN if any(HIDDEN in e.cautions for _, e in pairs) else "",
    )


def _rows(pairs):
    return [{"label": k, "value": e.value, "low": e.low, "high": e.high} for k, e in pairs]


def _dots(name, title, pairs) -> Chart:
    said = "; ".join(f"{k}: {_words(e)}" for k, e in pairs)
    return dots(
        _rows(pairs),
        name=name,
        title=title,
        axis="score, 0-100",
        table=_table(title, pairs),
        alternative=said,
        zero=False,
    )


def _line(name, waves) -> Chart:
    rows = [{"x": str(w), "value": e.value, "low": e.low, "high": e.high} for w, e in waves]
    said = "; ".join(f"{w}: {_words(e)}" for w, e in waves)
    return line_with_band(
        rows,
        name=name,
        title="Over time",
        axis="score, 0-100",
        x_axis="wave",
        table=_table("Over time", waves),
        alternative=said,
    )


def _areas(name, areas, analyst) -> Chart:
    pairs = [(a, e if analyst or e.n == 0 else public(e)) for a, e in zip(areas.names, areas.estimates, strict=True)]
    return _dots(name, "By area, borrowing strength from the others where few answered", pairs)
