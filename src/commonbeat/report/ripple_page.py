"""The page of how a story spread: sentences first, then one picture of events over time, then what is not known."""

from __future__ import annotations

from commonbeat.report.charts import Table
from commonbeat.report.page import page
from commonbeat.report.words import figure

__all__ = ["FORECASTS", "coverage_words", "ripple_page", "ripple_words"]

FORECASTS = {
    "too_early": "It is too early for a forecast.",
    "no_past": "There are too few past stories to learn from how wrong a forecast would be, so none is given.",
    "supercritical": "The story still grows faster than it fades: there is no finite forecast.",
}
RATIOS = {
    "not_identified": "Whether sharing feeds itself cannot be told from these events: the interval of the branching ratio reaches 1.",
    "no_excitation_seen": "These events look like people coming by themselves; no sign that one share brings another.",
    "too_few": "There are too few events to tell whether sharing feeds itself.",
    "no_interval": "The branching ratio was not computed with an interval.",
}
FITS = {
    True: "The model fits the times of the events.",
    False: "The model does not fit the times of the events well; read its numbers with care.",
}
LISTED = 200


def ripple_words(data: dict) -> list[str]:
    """The answer as sentences, for the terminal and the top of the page."""
    if "stories" not in data:
        return _story(data)
    largest = [f"{s['story_id']}: {figure(s['events'], 0)} events" for s in data["stories"][:10]]
    return [*_town(data), *largest, "For one of them: --story ID"]


def ripple_page(data: dict, *, simulated: bool = False, snapshot: str | None = None) -> str:
    """HTML of `StoryRipple.to_dict(public=True)` or `TownRipple.to_dict()`: self-contained, everything escaped."""
    tables = (
        [_stories(data)]
        if "stories" in data
        else [
            t
            for t in (
                _shape(data),
                _growth(data),
                _answers(data),
                _votes(data),
                _coverage(data),
                _places(data),
                _scores(data),
            )
            if t
        ]
    )
    title = "How stories spread" if "stories" in data else f"How the story {data['story_id']} spread"
    return page("ripple.html", title=title, strapline="Counts of what was shared, never of who watched", simulated=simulated, snapshot=snapshot,
                sentences=_town(data) if "stories" in data else _story(data), tables=tables, warnings=data["warnings"])  # fmt: skip


def _story(d):
    out = [f"{figure(d['events'], 0)} events in all."]
    if d["reach"] is not None:
        out.append(
            f"At most {figure(d['reach'], 0)} people could have seen it: the sum of all audiences, in which many are counted more than once."
        )
    if d["size"]:
        low, high = d["depth_bounds"]
        deep = (
            f"{low} steps"
            if low == high
            else f"somewhere between {low} and {high} steps, since not every parent is known"
        )
        out.append(
            f"From the first event to the farthest it took {deep}; at most {d['max_breadth']} events stood side by side."
        )
    low, high = d["structural_virality_bounds"] or (None, None)
    if d["structural_virality"] is not None and low != high:
        out.append(
            f"How far two events lie apart on average (structural virality) is known only within {figure(low, 2)} to {figure(high, 2)}: some parents are unknown."
        )
    elif d["structural_virality"] is not None:
        out.append(
            f"Two events lie {figure(d['structural_virality'], 2)} steps apart on average (structural virality)."
        )
    out.append(_half(d["half_life_seconds"]))
    ratio = d["branching_ratio"]
    if d["verdict"] == "identified":
        out.append(
            f"One share called forth {figure(ratio['value'], 2)} others directly ({figure(ratio['low'], 2)} to {figure(ratio['high'], 2)})."
        )
    else:
        out.append(RATIOS[d["verdict"]])
    if d["fit_ok"] is not None:
        out.append(FITS[d["fit_ok"]])
    return [
        *[o for o in out if o],
        *_account(d["large_account"]),
        *_growing(d["reproduction"]),
        *_forecast(d["forecast"]),
        *coverage_words(d["coverage"]),
    ]


def coverage_words(c) -> list[str]:
    """Was the happy story seen in context? One sentence from `Balance.to_dict()`."""
    if c is None:
        return []
    if c["verdict"] == "not_measured":
        return [
            "What else was told about the police in these weeks is not measured: "
            + c["why"][0].lower()
            + c["why"][1:]
        ]
    shares = ", ".join(
        f"{round(100 * e['value'])} % {code}" for code, e in c["shares"].items() if e and e["value"] is not None
    )
    return [f"Of what was told about the police in these weeks: {shares}. {c['why']}"]


def _account(a):
    if a is None:
        return []
    b, whose = a["brought"], "A news item" if a["kind"] == "mention" and not a["audience"] else "A large account"
    between = (
        f" ({figure(b['low'], 0)} to {figure(b['high'], 0)})"
        if b["low"] is not None and b["high"] is not None
        else ""
    )
    return [
        f"{whose} picked it up after {figure(a['seconds'] / 3600, 1)} hours and brought about {figure(b['value'], 0)} shares by itself{between}; they are modelled apart from those that people called forth."
    ]


def _growing(g):
    if g is None or not g["days"] or g["verdict"] == "too_few":
        return []
    last = g["days"][-1]
    said = {
        "growing": "it was still growing",
        "fading": "it was fading",
        "cannot_tell": "whether it grew or faded cannot be told",
    }
    return [
        f"On the last full day one event brought {figure(last['value'], 2)} others ({figure(last['low'], 2)} to {figure(last['high'], 2)}), those who came by themselves counted as brought: {said[g['verdict']]}."
    ]


def _half(e):
    if e["value"] is None:
        return None
    hours = lambda s: figure(s / 3600, 1)  # noqa: E731
    between = f" ({hours(e['low'])} to {hours(e['high'])})" if e["low"] is not None and e["high"] is not None else ""
    return f"Half of all events had happened after {hours(e['value'])} hours{between}."


def _forecast(f):
    if f is None:
        return []
    if f["verdict"] != "forecast":
        return [FORECASTS[f["verdict"]]]
    t = f["total"]
    share = f"{round(t['level'] * 100)} of 100"
    return [
        f"In the end there will be about {figure(t['value'], 0)} events; in {share} stories like it between {figure(t['low'], 0)} and {figure(t['high'], 0)} ({t['method']})."
    ]


def _town(d):
    out = [f"{len(d['stories'])} stories with {figure(sum(s['events'] for s in d['stories']), 0)} events."]
    if d["town"]:
        r = d["town"]["ratio"]
        if d["town"]["verdict"] == "identified":
            out.append(
                f"In this town one share calls forth {figure(r['value'], 2)} others on average ({figure(r['low'], 2)} to {figure(r['high'], 2)})."
            )
        else:
            out.append(RATIOS["not_identified"])
    return out


def _stories(d):
    rows = tuple(
        (
            s["story_id"],
            s["events"],
            _or(s.get("depth")),
            _or(s.get("max_breadth")),
            _virality(s.get("structural_virality")),
            _or(s.get("unknown")),
        )
        for s in d["stories"][:LISTED]
    )
    more = len(d["stories"]) - len(rows)
    return Table(
        "Stories, most events first",
        ("Story", "Events", "Depth", "Breadth", "Virality", "Unknown parents"),
        rows,
        f"{more} more stories are not listed." if more > 0 else "",
    )


def _shape(d):
    if not d.get("size"):
        return None
    (dl, dh), (bl, bh), (vl, vh) = d["depth_bounds"], d["max_breadth_bounds"], d["structural_virality_bounds"]
    rows = [("Depth", d["depth"], f"{dl} to {dh}"), ("Greatest breadth", d["max_breadth"], f"{bl} to {bh}"),
            ("Structural virality", _virality(d["structural_virality"]), f"{_virality(vl)} to {_virality(vh)}")]  # fmt: skip
    p = d["parents"]
    note = f"Links declared {p['declared']}, inferred {p['inferred']}, unknown {p['unknown']}. The last column holds every reading of the unknown ones that was computed."
    return Table("The shape of the cascade", ("", "As recorded", "Between"), tuple(rows), note)


def _answers(d):
    if not d["tone"] or d["tone"]["verdict"] == "not_labelled":
        return None
    o = d["tone"]["overall"]
    rows = tuple(
        (s, f"{round(100 * e['value'])} %", f"{round(100 * e['low'])} to {round(100 * e['high'])} %")
        for s, e in o["shares"].items()
        if e["value"] is not None
    )
    return Table(
        "How people answered",
        ("Answer", "Share", "Interval"),
        rows,
        f"{o['labelled']} answers are labelled, {o['unlabelled']} are not and count for nothing here.",
    )


def _growth(d):
    g = d["reproduction"]
    if not g or not g["days"]:
        return None
    rows = tuple(
        (f"{figure(day['until_seconds'] / 86_400, 1)} days", day["n"], _virality(day["value"]), _between(day))
        for day in g["days"]
    )
    note = "How many others one event brought, day by day (Cori et al. 2013). People who come by themselves count as brought; a day with fewer than 12 events says nothing."
    return Table("Is it still growing?", ("The day up to", "Events", "Each brought", "Interval"), rows, note)


def _between(e):
    return "" if e["low"] is None else f"{figure(e['low'], 2)} to {figure(e['high'], 2)}"


def _votes(d):
    if not d["votes"]:
        return None
    rows = []
    for v in d["votes"]:
        shares = ["fewer than 20 people"] * 3
        if not v["suppressed"]:
            shares = [
                f"{round(100 * v['shares'][s]['value'])} % ({round(100 * v['shares'][s]['low'])} to {round(100 * v['shares'][s]['high'])})"
                for s in ("agree", "object", "pass")
            ]
        rows.append((v["text"] or v["statement_id"], "" if v["suppressed"] else v["people"], *shares))
    return Table("How people voted on it", ("Statement", "People", "Agree", "Disagree", "Pass"), tuple(rows),
                 "Votes in the conversation about this story. Who voted chose to.")  # fmt: skip


def _coverage(d):
    c = d["coverage"]
    if not c or c["verdict"] == "not_measured":
        return None
    rows = tuple((code, f"{round(100 * e['value'])} %", "" if e["low"] is None else f"{round(100 * e['low'])} to {round(100 * e['high'])} %")
                 for code, e in c["shares"].items() if e and e["value"] is not None)  # fmt: skip
    kappa = c["kappa"]
    agreed = (
        f" The two people agree with a kappa of {figure(kappa['value'], 2)} ({_between(kappa)})."
        if kappa and kappa["value"] is not None
        else ""
    )
    note = f"{c['items']:,} items, {round(100 * c['unlabelled'])} % of them without a label. {c['why']}{agreed}"
    return Table("What else was told about the police in these weeks", ("", "Share", "Interval"), rows, note)


def _places(d):
    if not d["places"]:
        return None
    return Table(
        "Where",
        ("Place", "Events"),
        tuple((p["place"], p["events"]) for p in d["places"]),
        "Coarse places as the source states them.",
    )


def _scores(d):
    f = d["forecast"]
    if not f or not f["scores"]:
        return None
    rows = tuple(
        (
            s["method"],
            s["n"],
            _percent(s["coverage"]["value"]),
            _virality(s["width"]),
            _percent(s["median_ape"]),
            _virality(s["spearman"]),
            _virality(s["log_score"]),
        )
        for s in f["scores"]
    )
    return Table(
        "How good each forecast was on past stories",
        (
            "Method",
            "Stories",
            "Inside the interval",
            "Width (times)",
            "Typical error",
            "Rank correlation",
            "Log score",
        ),
        rows,
        "Each past story was forecast without itself.",
    )


def _virality(v):
    return "cannot tell" if v is None else figure(v, 2)


def _percent(v):
    return "cannot tell" if v is None else f"{round(100 * v)} %"


def _or(v):
    return "" if v is None else v
