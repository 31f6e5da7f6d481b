"""Whatever is typed into a plan: it is read, or refused in sentences. Never a traceback."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies.rows import plan

from commonbeat.errors import BadInput
from commonbeat.studies.plan import Plan

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5,
)  # fmt: skip
NAMES = sorted(plan().to_dict())


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), ANYTHING)
def test_one_entry_replaced_by_anything(name, value):
    try:
        made = Plan.from_dict(plan().to_dict() | {name: value})
    except BadInput as refused:
        assert refused.problems
        assert all(str(p) for p in refused.problems)
    else:
        assert Plan.from_dict(made.to_dict()) == made


@pytest.mark.parametrize("empty", ["groups", "covariates", "robustness"])
def test_an_emptied_list_stays_empty_through_file_and_seal(empty):
    made = Plan.from_dict(plan(robustness=["randomisation_test"]).to_dict() | {empty: []})
    assert getattr(Plan.from_dict(made.to_dict()), empty) == ()
    assert Plan.from_dict(made.to_dict()).hash == made.hash
