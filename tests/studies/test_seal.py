import datetime as dt
import json

import pytest
from studies.test_assign import PLAN

from commonbeat.audit import Chain
from commonbeat.errors import BadInput, Broken
from commonbeat.studies.plan import Plan
from commonbeat.studies.seals import read_seal, seal, sealed_before, seals_of

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture
def chain(tmp_path):
    return Chain(tmp_path / "audit.jsonl")


def test_a_plan_is_sealed_once_and_keeps_its_first_time(chain):
    first = seal(PLAN, chain, who="desk", at=MONDAY)
    again = seal(PLAN, chain, who="desk", at=MONDAY + dt.timedelta(days=9))
    assert again == first
    assert len(list(chain)) == 1
    assert first.plan_hash == PLAN.hash


def test_an_amendment_shows_what_changed(chain):
    seal(PLAN, chain, who="desk", at=MONDAY)
    other = Plan.from_dict(PLAN.to_dict() | {"smallest_effect": 5.0})
    amended = seal(other, chain, who="desk", at=MONDAY + dt.timedelta(days=1))
    assert amended.amends == PLAN.hash
    assert amended.changed == ("smallest_effect: 3.0 -> 5.0",)
    assert [s.plan_hash for s in seals_of(chain, "p")] == [PLAN.hash, other.hash]


def test_a_receipt_stands_until_one_byte_of_it_or_of_the_chain_differs(chain):
    receipt = json.dumps(seal(PLAN, chain, who="desk", at=MONDAY).to_dict())
    assert read_seal(receipt, chain).plan_id == "p"
    with pytest.raises(Broken, match="does not stand"):
        read_seal(receipt.replace("2026-03-02", "2026-03-01"), chain)
    with pytest.raises(BadInput, match="not a receipt"):
        read_seal("{}", chain)
    chain.path.write_bytes(chain.path.read_bytes().replace(b'"smallest_effect":3.0', b'"smallest_effect":9.0'))
    with pytest.raises(Broken):
        seal(PLAN, chain, who="desk")


def test_sealed_before_the_first_outcome_or_not(chain):
    one = seal(PLAN, chain, who="desk", at=MONDAY)
    assert sealed_before(one, MONDAY + dt.timedelta(hours=1))
    assert not sealed_before(one, MONDAY)
    assert not sealed_before(one, MONDAY - dt.timedelta(days=1))
    assert sealed_before(one, None)
    assert not sealed_before(None, None)
