"""Honest records are left in peace, padded ones are found, and no path leads to a ranking of officers."""

import ast
import inspect
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import commonbeat
from commonbeat import city, codebook, encounters, ledger, tables
from commonbeat.encounters.narratives import near_duplicates, says_nothing
from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson

LONG = os.environ.get("COMMONBEAT_TRUTH") == "long"
SRC = Path(commonbeat.__file__).parent


def town(seed, **world):
    """Only the street of a simulated town: its contacts, without surveys, stories and office."""
    place = city.town.build(seed, areas=10)
    who, rates, _ = city.population.build(seed, place, 8_000)
    nobody = (np.empty(0), np.empty(0, int), np.empty(0, bool))
    chosen = city.world("default").but(**world) if world else city.world("default")
    return city.contacts.build(seed, chosen, place, who, rates, start=city.START, days=729, visits=nobody).contacts


def rows(n, **columns):
    start = datetime(2025, 1, 2, 10, 7, 13, tzinfo=UTC)
    frame = [
        {"contact_id": f"c{i}", "at": start + timedelta(hours=31.7 * i), "kind": "positive", "activity": "dance", "simulated": False,
         "free_to_leave_officer": "yes", "unit": f"team-{i % 2}"} | {k: v(i) if callable(v) else v for k, v in columns.items()}
        for i in range(n)
    ]  # fmt: skip
    return tables.check("contacts", frame)


def codes(found):
    return {(q.code, q.unit) for q in found.questions}


@pytest.mark.timeout(3_600 if LONG else 300)  # 800 towns are drawn and asked in the long run
def test_honest_towns_are_left_in_peace_and_padded_ones_are_found():
    """False alarms in at most 5 % of honest towns; 20 % padding at month ends found in at least 80 %."""
    tries = 400 if LONG else 20
    alarms = sum(
        any(q.p is not None for q in encounters.integrity(town(s), draws=1_999).questions) for s in range(tries)
    )
    found = sum(
        ("month_end", None) in codes(encounters.integrity(town(s, padding=0.2), draws=1_999)) for s in range(tries)
    )
    assert clopper_pearson(alarms, tries, level=0.999)[0] <= 0.05, alarms
    assert clopper_pearson(found, tries, level=0.999)[1] >= 0.80 and found >= 0.8 * tries, found


def test_a_record_that_is_slow_in_one_month_and_busy_in_another_is_no_padding():
    """Clusters of contacts anywhere in the month: the naive Poisson test cries wolf, ours does not."""
    from scipy import stats as law

    naive = ours = 0
    tries = 400 if LONG else 60
    for s in range(tries):
        rng = np.random.default_rng(s)
        day = np.repeat(rng.integers(0, 730, 60), 6) + rng.integers(0, 3, 360)  # sixty bursts of six
        at = [
            datetime(2024, 1, 1, 9, 11, tzinfo=UTC) + timedelta(days=int(d), minutes=int(m))
            for d, m in zip(day, rng.integers(0, 500, 360))
        ]
        frame = rows(360, at=lambda i: at[i], unit=None)  # noqa: B023
        ours += any(q.code == "month_end" for q in encounters.integrity(frame, draws=999).questions)
        end = sum((t + timedelta(days=3)).month != t.month for t in at)
        naive += law.poisson.sf(end - 1, 360 * 3 / 30.4) <= 0.05
    assert clopper_pearson(ours, tries, level=0.999)[0] <= 0.05
    assert naive > 0.1 * tries


def test_entries_stamped_on_the_half_hour_are_asked_about_only_against_the_units_own_habit():
    half = rows(200, at=lambda i: datetime(2025, 1, 2, 10, 30 if i % 2 else 7, tzinfo=UTC) + timedelta(hours=31 * i))
    exact = rows(400, kind="service", free_to_leave_officer=None, contact_id=lambda i: f"s{i}")
    habit = exact.with_columns(pl.col("at").dt.truncate("30m"))  # a department that always writes half hours
    assert ("round_times", None) in codes(encounters.integrity(pl.concat([half, exact])))
    assert not {c for c, _ in codes(encounters.integrity(pl.concat([half, habit])))} & {"round_times"}


def test_the_same_sentence_again_and_again_in_one_unit_is_asked_about():
    def said(i):
        return (
            "We met the usual family at the gate and talked"
            if i % 2
            else f"A {i} met {i * 7} others near tree {i * 13} on path {i * 31}"
        )

    found = encounters.integrity(rows(120, happened=said))
    assert ("same_words", "team-1") in codes(found) and ("same_words", "team-0") not in codes(found)


def test_near_duplicates_by_hand():
    a = "two children showed us a clapping game by the fountain and we lost every round of it on that day"
    texts = [a, "quite another thing happened over there today again", a.replace("day", "evening"), a, "ok", "ok"]
    assert near_duplicates(texts).tolist() == [[0, 2], [0, 3]]
    assert says_nothing("pos. contact, nothing further") and says_nothing(None) and not says_nothing(a)


def test_a_jump_after_a_target_is_asked_about():
    day = [d for d in range(600) for _ in range(1 if d < 300 or d >= 356 else 3) if d % 2 or d >= 300]
    frame = rows(len(day), at=lambda i: datetime(2024, 1, 1, 10, 7, tzinfo=UTC) + timedelta(days=day[i]), unit=None)
    there = date(2024, 1, 1) + timedelta(days=300)
    assert ("doubled_after_target", None) in codes(encounters.integrity(frame, announced=there))
    assert ("doubled_after_target", None) not in codes(
        encounters.integrity(frame, announced=there - timedelta(days=150))
    )


def test_late_empty_and_impossible_entries_are_counted():
    found = encounters.integrity(
        rows(100, recorded_at=lambda i: datetime(2026, 1, 1, tzinfo=UTC), officer_ref=lambda i: f"o{i % 20}", latitude=lambda i: 44.0 + (i // 20) % 2,
             longitude=-93.0, at=lambda i: datetime(2025, 3, 1, 10, 7, tzinfo=UTC) + timedelta(minutes=i))
    )  # fmt: skip
    assert {c for c, _ in codes(found)} == {"says_nothing", "recorded_late", "impossible_travel"}
    assert all(q.p is None for q in found.questions)


def test_agreement_is_published_with_its_n():
    frame = rows(40, free_to_leave_resident=lambda i: None if i >= 10 else "no" if i == 0 else "yes")
    share, answered = encounters.agreement(frame)
    assert (share.value, share.n, answered) == (9 / 10, 10, (10, 40))
    assert encounters.agreement(rows(3)) == (None, (0, 3))


def test_too_few_entries_are_too_few():
    with pytest.raises(TooFew, match="9 positive contacts"):
        encounters.integrity(rows(9))


# --- no ranking of officers -------------------------------------------------------------------------------------------


def test_a_unit_of_few_officers_never_stands_alone():
    frame = rows(
        200, unit=lambda i: "big" if i % 2 else "small", officer_ref=lambda i: f"o{i % 40 if i % 2 else i % 6}"
    )
    found = encounters.integrity(frame)
    units = {q.unit for q in found.questions}
    assert "small" not in units and units <= {None, "big", "smaller units together"} and "big" in units


def test_no_answer_of_this_room_carries_an_officer(tmp_path):
    contacts = rows(
        300, officer_ref=lambda i: f"badge{i % 30}", area_id=lambda i: f"a{i % 4}", happened="nothing further"
    )
    contacts = pl.concat([contacts, rows(300, contact_id=lambda i: f"e{i}", kind="enforcement", free_to_leave_officer=None,
                                         officer_ref=lambda i: f"badge{i % 30}", area_id=lambda i: f"a{i % 4}")])  # fmt: skip
    population = tables.check("population", [{"area_id": f"a{i}", "residents": 900} for i in range(4)])
    said = [encounters.rates(contacts, population), encounters.integrity(contacts), encounters.reach(contacts, population),
            encounters.spread_of_practice(contacts, exchanges=19)]  # fmt: skip
    book = ledger.Book.create(tmp_path / "b").write(
        {"contacts": contacts, "population": population}, importer="clerk"
    )
    for see in ("public", "staff", "analyst", "auditor"):
        ledger.export(book, "contacts", tmp_path / f"{see}.csv", seen_by=see)
        said.append((tmp_path / f"{see}.csv").read_text())
    assert "badge" not in "".join(str(s.to_dict() if hasattr(s, "to_dict") else s) for s in said)
    assert "badge" in str(contacts["officer_ref"].to_list())


def test_officer_ref_may_be_seen_by_nobody_and_is_read_in_two_places_only():
    (column,) = [c for c in codebook.columns("contacts") if c.name == "officer_ref"]
    assert column.see == "never"
    readers = {}
    for folder in ("encounters", "ledger", "report", "studies", "cli"):
        for path in (SRC / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
                if any(isinstance(n, ast.Constant) and n.value == "officer_ref" for n in ast.walk(function)):
                    readers.setdefault(f"{folder}/{path.name}", set()).add(function.name)
    assert readers == {"encounters/integrity.py": {"_with_units", "_travel"}}


def test_nothing_can_be_asked_by_officer():
    for name in encounters.__all__:
        thing = getattr(encounters, name)
        if inspect.isfunction(thing):
            assert not any("officer" in p for p in inspect.signature(thing).parameters), name
    population = tables.check("population", [{"area_id": "a", "residents": 9}])
    people = pl.DataFrame({"contact_id": ["c1"], "officer_ref": ["o1"]})
    with pytest.raises(BadInput, match="officer_ref"):
        encounters.equity(rows(40), population, people=people, by="officer_ref")


def test_the_record_feeds_no_other_file_and_calls_nobody():
    """Nothing in the record or in this room can open a connection: what leaves is an export that a person asked for."""
    wires = {
        "socket",
        "ssl",
        "http",
        "urllib",
        "requests",
        "httpx",
        "aiohttp",
        "ftplib",
        "smtplib",
        "telnetlib",
        "asyncio",
        "webbrowser",
    }
    for file in [
        *(SRC / "ledger").rglob("*.py"),
        *(SRC / "encounters").rglob("*.py"),
        *(SRC / "codebook").rglob("*.py"),
    ]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [n.name for n in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & wires, (file.name, names)


def test_no_way_searches_for_a_person():
    """No function of the record or of this room takes a name, a plate, a date of birth or a face."""
    forbidden = {"name", "surname", "plate", "phone", "birth", "born", "face", "person"}
    for module in (ledger, encounters):
        for name in module.__all__:
            thing = getattr(module, name)
            for f in (
                [thing, *(m for _, m in inspect.getmembers(thing, inspect.isfunction))]
                if inspect.isclass(thing)
                else [thing]
            ):
                if callable(f) and module.__name__ in getattr(f, "__module__", ""):
                    taken = set(inspect.signature(f).parameters) if not inspect.isclass(f) else set()
                    assert not {p for p in taken if p in forbidden} - {"name"} or name in ("mapping",), (name, taken)
    assert not {
        w
        for n in (*ledger.__all__, *encounters.__all__)
        for w in ("search", "find", "lookup", "suspect")
        if w in n.lower()
    }
