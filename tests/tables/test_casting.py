"""The short way of reading a cell says what the long way says, for every spelling that people use."""

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonbeat import codebook
from commonbeat.casting import cast, held, patiently

CONTACTS = codebook.TABLES["contacts"].columns()
CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "yes", "Yes ", "NO", "true", "T", "1", "0", "5", "5.0", " 7", "+3", "-2", "1e3", "1_000", "0x1F", "nan", "inf",
                     "positive", "Positive", "9223372036854775807", "9223372036854775808", "44.98", "-93.2650000001"]),
    st.text(alphabet="0123456789-+:.TZ ez", max_size=30),
    st.builds(
        "{}{}{}{}".format, st.sampled_from(["2026-03-01", "2026-02-31", "1999-12-31", "2026-3-1", "31.02.2026"]), st.sampled_from(["T", " ", ""]),
        st.sampled_from(["14:30:00", "14:30", "24:00:00", "23:59:60", "14:30:00.123", "9:30:00", "00:00:00"]),
        st.sampled_from(["Z", "z", "+00:00", "-06:00", "-0600", "+05:45", " +01:00", "+25:00", "-6", "", "+14:00"]),
    ),
)  # fmt: skip


def slowly(frame, columns):
    """Every cell the long way."""
    return frame.select(patiently(c, frame.schema[c], columns[c]) for c in frame.columns)


@pytest.mark.parametrize("c", ["at", "people", "latitude", "kind", "footage", "place"])
@given(st.lists(CELLS, min_size=1, max_size=40))
@example(["2026-03-01T14:30:00-06:00", "2026-03-01 14:30:00Z", "5", "5.5", "Positive", "true", "Yes"])
@settings(max_examples=120, deadline=None)
def test_both_ways_say_the_same(c, cells):
    given_ = pl.DataFrame({c: pl.Series(cells, dtype=pl.String)})
    short, long = cast(given_, CONTACTS)[c], slowly(given_, CONTACTS)[c]
    numbers = [held(pl.Series([v], dtype=pl.String))[0] and abs(_number(v)) > 2**53 for v in cells]
    same = short.eq_missing(long).to_list()
    assert all(s or n for s, n in zip(same, numbers)), [x for x, s in zip(cells, same) if not s]


def _number(words):
    try:
        return float(words)
    except ValueError:
        return 0.0


def test_a_whole_number_keeps_all_its_digits():
    assert cast(pl.DataFrame({"people": ["9007199254740993"]}), CONTACTS)["people"][0] == 2**53 + 1


def test_one_cell_in_another_spelling_does_not_slow_or_spoil_the_others():
    cells = ["2026-03-01T14:30:00-06:00"] * 999 + ["2026-03-01 20:30Z"]
    found = cast(pl.DataFrame({"at": cells}), CONTACTS)["at"]
    assert found.n_unique() == 1 and found.null_count() == 0
