"""Codes that carry an area, a ring, an arm and a week band, and never a person; draws that anybody can check."""

import re

import polars as pl
import pytest
from studies.rows import plan

from commonbeat.audit import Chain
from commonbeat.errors import BadInput, Broken, Refused
from commonbeat.studies.drawing import commitment
from commonbeat.studies.invitations import BATCH, Batch, batches, issue, read_code, spent
from commonbeat.studies.trickle import check_draws, draw_next, draws_of

KEY = b"k" * 32
SEED = "ab" * 16


def wanted(*rows):
    return pl.DataFrame(rows, schema=["area_id", "ring", "arm", "week", "n"], orient="row")


def test_a_code_says_what_its_batch_says_and_nothing_else():
    batch = Batch("b1", "p", "a03", "onlooker", "visit", "2026-W08", 25)
    codes = issue(batch, KEY)
    assert len(set(codes)) == 25
    assert read_code(codes[3].lower(), [batch], KEY) == {
        "plan_id": "p", "area_id": "a03", "ring": "onlooker", "arm": "visit", "week": "2026-W08",
    }  # fmt: skip
    assert len({str(read_code(c, [batch], KEY)) for c in codes}) == 1  # twenty-five people, one meaning
    assert all(re.fullmatch(r"b1-[2-9A-Z]{8}-[2-9A-Z]{6}", c) for c in codes)


def test_fewer_than_twenty_are_refused():
    with pytest.raises(Refused, match="too few people"):
        Batch("b1", "p", "a03", "onlooker", "visit", "2026-W08", BATCH - 1)


def test_small_cells_wait_or_are_pooled_to_the_quarter_and_then_the_region():
    rows = wanted(
        ("a1", "viewer", "story", "2026-W01", 30), ("a1", "viewer", "story", "2026-W02", 8), ("a1", "viewer", "story", "2026-W05", 13),
        ("a2", "viewer", "story", "2026-W02", 12), ("a3", "viewer", "story", "2026-W02", 9), ("a1", "viewer", "neutral", "2026-W02", 5),
    )  # fmt: skip
    made, waiting = batches("p", rows, regions={"a2": "north", "a3": "north"})
    assert [(b.area_id, b.week, b.codes) for b in made] == [("a1", "2026-W01", 30), ("a1", "2026-Q1", 8 + 13), ("north", "2026-Q1", 12 + 9)]  # fmt: skip
    assert waiting.select("arm", "n").rows() == [("neutral", 5)]  # arms are never mixed
    assert sum(b.codes for b in made) + waiting["n"].sum() == rows["n"].sum()


def test_an_encounter_or_a_person_never_gets_into_a_code():
    rows = wanted(("a1", "viewer", "story", "2026-W01", 30)).with_columns(contact_id=pl.lit("c17"))
    with pytest.raises(Refused, match="contact_id"):
        batches("p", rows)


@pytest.mark.parametrize(
    ("rows", "says"),
    [(wanted(("a1", "viewer", "story", "May", 30)), "2026-W08"), (wanted(("a1", "viewer", "story", "2026-W01", 30)).drop("arm"), "lacks arm")],
)  # fmt: skip
def test_a_list_that_cannot_be_read_says_why(rows, says):
    with pytest.raises(BadInput, match=says):
        batches("p", rows)


def test_a_code_answers_once_and_cannot_be_invented():
    batch = Batch("b1", "p", "a03", "viewer", "story", "2026-W08", 20)
    code = issue(batch, KEY)[0]
    with pytest.raises(Refused, match="used already"):
        read_code(code, [batch], KEY, used={spent(code)})
    for wrong in (code[:-1] + ("2" if code[-1] != "2" else "3"), "b9-22222222-222222", "", "b1"):
        with pytest.raises(BadInput, match="not a code"):
            read_code(wrong, [batch], KEY)
    with pytest.raises(BadInput, match="could be guessed"):
        issue(batch, b"short")


COMMITTED = plan(seed_commitment=commitment(SEED))


def test_every_draw_stands_in_the_chain_and_follows_from_the_seed(tmp_path):
    chain = Chain(tmp_path / "audit.jsonl")
    drawn = [draw_next(COMMITTED, chain, seed=SEED, stratum=s, who="desk") for s in "aabbaab"]
    assert [d.arrived for d in drawn if d.stratum == "a"] == [0, 1, 2, 3]
    assert check_draws(COMMITTED, chain, seed=SEED) == 7
    assert draws_of(chain, "p") == drawn
    assert chain.verify().whole


def test_a_draw_that_was_shopped_for_is_found(tmp_path):
    chain = Chain(tmp_path / "audit.jsonl")
    one = draw_next(COMMITTED, chain, seed=SEED, stratum="a", who="desk")
    other = "none" if one.arm == "visit" else "visit"
    about = {"plan_id": "p", "plan_hash": COMMITTED.hash, "stratum": "a", "arrived": 0, "arm": other}
    chain.append("plan.drawn", who="desk", about=about)  # drawn again until it pleased
    with pytest.raises(Broken, match="entry 2"):
        check_draws(COMMITTED, chain, seed=SEED)


def test_without_a_committed_seed_nobody_is_drawn(tmp_path):
    chain = Chain(tmp_path / "audit.jsonl")
    with pytest.raises(Refused, match="commits to no seed"):
        draw_next(plan(), chain, seed=SEED, stratum="a", who="desk")
    with pytest.raises(Broken, match="does not answer"):
        draw_next(COMMITTED, chain, seed="cd" * 16, stratum="a", who="desk")
    assert list(chain) == []
