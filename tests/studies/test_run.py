"""The whole way on rows typed by hand: what is found, and what is refused."""

import datetime as dt
import json

import numpy as np
import pytest
from studies.rows import START, plan, tables

from commonbeat.audit import Chain
from commonbeat.errors import BadInput, Broken
from commonbeat.ledger import Book
from commonbeat.studies import run, seal
from commonbeat.studies.plan import Plan
from commonbeat.studies.seals import identity

SEALED = START - dt.timedelta(days=1)
LATER = START + dt.timedelta(days=400)
PEOPLE = [("visit", 3, 4), ("none", 3, 3)] * 10 + [("visit", 2, 3), ("none", 4, 4)] * 5


def book(folder, rows=PEOPLE, sealed=plan(), at=SEALED):
    made = Book.create(folder, at=SEALED - dt.timedelta(days=1))
    if sealed:
        seal(sealed, made.chain, who="desk", at=at)
    return made.write(tables(rows), importer="test", at=LATER)


def test_six_accounts_are_too_few_to_tell():
    rings = {r: {"how": "randomised"} for r in ("participant", "onlooker")}
    six = [("visit", 3, 5), ("none", 3, 3)] * 3
    found = run(plan(rings=rings), tables(six))
    assert found.primary.verdict == "too_few"
    assert "too few to tell" in found.primary.sentence
    assert {f.verdict for f in found.rings} == {"too_few"}
    assert {f.how for f in found.rings} == {"not_identified"}
    assert all(f.effect.value is None for f in found.rings)


def test_the_effect_is_the_difference_of_means():
    found = run(plan(), tables(PEOPLE))
    treated, control = [75] * 10 + [50] * 5, [50] * 10 + [75] * 5  # codes 1-5 on 0-100: 25 points a step
    assert found.primary.effect.value == pytest.approx(np.mean(treated) - np.mean(control))
    assert found.primary.effect.n == 30
    assert found.attrition.flow[0].answered == ((0, 15), (21, 15))


def test_the_json_has_the_shape_that_was_promised(tmp_path):
    out = run(plan(groups=["race"]), book(tmp_path / "b"), now=LATER).to_dict()
    assert {"sealed_before_data", "primary", "rings", "waves", "groups", "attrition", "deviations", "cautions", "snapshot", "plan_hash"} <= set(out)  # fmt: skip
    assert {"value", "low", "high", "unit", "n", "verdict", "sentence"} <= set(out["primary"])
    assert all(isinstance(out[k], list) for k in ("rings", "waves", "groups", "deviations", "cautions"))
    json.dumps(out, allow_nan=False)


def test_the_same_snapshot_plan_and_seed_give_the_same_numbers(tmp_path):
    asked = plan(robustness=["randomisation_test"])
    where = book(tmp_path / "b", sealed=asked)
    one, two = (run(asked, where, seed=5, now=LATER).to_dict() for _ in range(2))
    again = run(
        Plan.from_dict(one["plan"]), Book.open(tmp_path / "b", snapshot=one["snapshot"]), seed=one["seed"], now=LATER
    )
    assert one == two
    assert again.to_dict()["primary"]["value"] == pytest.approx(one["primary"]["value"], rel=1e-12)
    assert again.to_dict()["robustness"] == one["robustness"]


def test_sealed_before_the_data_or_after_or_amended_after(tmp_path):
    assert run(plan(), book(tmp_path / "a"), now=LATER).sealed_before_data
    late = run(plan(), book(tmp_path / "b", at=LATER), now=LATER)
    assert not late.sealed_before_data
    assert "not sealed beforehand" in late.cautions[0]
    where = book(tmp_path / "c")
    other = plan(smallest_effect=20.0)  # after the answers are known the bar is moved
    seal(other, where.chain, who="desk", at=LATER)
    spun = run(other, where, now=LATER)
    assert not spun.sealed_before_data
    assert "smallest_effect: 3.0 -> 20.0" in " ".join(spun.deviations)
    assert run(plan(), where, now=LATER).sealed_before_data


def test_a_plan_that_was_never_sealed_is_said_to_be_so(tmp_path):
    found = run(plan(smallest_effect=1.0), book(tmp_path / "b"), now=LATER)
    assert not found.sealed_before_data
    assert "was never sealed" in found.deviations[0]


def test_a_seal_dated_back_does_not_count(tmp_path):
    made = Book.create(tmp_path / "b", at=LATER)  # the book did not exist before LATER, whatever the seal says
    seal(plan(), made.chain, who="desk", at=SEALED)
    found = run(plan(), made.write(tables(PEOPLE), importer="test", at=LATER), now=LATER)
    assert not found.sealed_before_data
    assert "clocks disagree" in " ".join(found.cautions)


def test_answers_without_a_day_prove_nothing(tmp_path):
    rows = tables(PEOPLE)
    rows["answers"] = rows["answers"].with_columns(at=None).cast(tables(PEOPLE)["answers"].schema)
    made = Book.create(tmp_path / "b", at=SEALED)
    seal(plan(), made.chain, who="desk", at=SEALED)
    found = run(plan(), made.write(rows, importer="test", at=LATER), now=LATER)
    assert not found.sealed_before_data
    assert "carry no date" in " ".join(found.cautions)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (plan(outcome={"name": "trust", "items": ["voice"], "questionnaire": "pulse-1"}), "nobody was asked here"),
        (plan(outcome={"name": "trust", "items": ["happiness"], "questionnaire": "pulse-1"}), "no item happiness"),
        (plan(arms=["visit", "letter"], primary={"ring": "participant", "wave": 21, "treated": "visit", "control": "letter"}),
         'compares "letter", and nobody'),
        (plan(plan_id="elsewhere"), "Is it the right book"),
        (plan(starts=(LATER + dt.timedelta(days=2)).date()), "a wave in the future"),
        (plan(contact="met_officers"), "which nobody answered"),
        (plan(town="0" * 12), "was written for the book 000000000000"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_in_a_sentence_and_the_chain_stays_whole(tmp_path, asked, says):
    where = book(tmp_path / "b", sealed=None)
    with pytest.raises(BadInput, match=says):
        run(asked, where, now=LATER)
    assert where.chain.verify().whole


def test_a_plan_for_this_very_book_is_accepted_and_can_only_be_sealed_here(tmp_path):
    where = book(tmp_path / "b", sealed=None)
    mine = plan(town=identity(where.chain)[:12])
    seal(mine, where.chain, who="desk", at=LATER)
    assert run(mine, where, now=LATER).primary.effect.known
    with pytest.raises(BadInput, match="and this is the book"):
        seal(mine, Book.create(tmp_path / "other", at=LATER).chain, who="desk")


def test_clocks_that_disagree_are_refused(tmp_path):
    with pytest.raises(BadInput, match="clocks disagree"):
        run(plan(), book(tmp_path / "b"), now=START)


def test_a_chain_with_one_byte_changed_is_refused(tmp_path):
    where = book(tmp_path / "b")
    path = Chain(where.chain.path).path
    path.write_bytes(path.read_bytes().replace(b'"smallest_effect":3.0', b'"smallest_effect":9.0'))
    with pytest.raises(Broken):
        run(plan(), where, now=LATER)


def test_a_wave_to_come_is_named_and_not_called_missing(tmp_path):
    asked = plan(waves=[0, 21, 500], starts=START.date())
    found = run(asked, book(tmp_path / "b", sealed=asked), now=LATER)
    assert any("has not come yet" in d for d in found.deviations)
