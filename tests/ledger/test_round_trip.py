"""Every table goes out to CSV and to Parquet and comes back as it was."""

from datetime import UTC, date, datetime

import dataframely as dy
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonbeat import city, codebook, ledger, tables

WORDS = ['we danced, "twice"\nand lost; fairly', "=1+1", "ünïcode 🎈 0012", "NA", "null", "-", "a\tb"]
EARLY, LATE = datetime(1999, 1, 1), datetime(2100, 1, 1)


def values(c, column):
    """A strategy for one column, by what the codebook says about it."""
    if column.primary_key and isinstance(column, dy.String):
        return None  # numbered, so that it is unique
    if isinstance(column, dy.Enum):
        some = st.sampled_from(column.categories)
    elif isinstance(column, dy.String):
        limit = column.max_length or 64
        some = st.sampled_from(["a1", "b-2", "ç3"] if column.regex else [w[:limit].strip() for w in WORDS])
    elif isinstance(column, dy.Datetime):
        some = st.datetimes(EARLY, LATE).map(lambda d: d.replace(tzinfo=UTC))
    elif isinstance(column, dy.Date):
        some = st.dates(date(1999, 1, 1), date(2100, 1, 1))
    elif isinstance(column, dy.Bool):
        some = st.booleans()
    elif isinstance(column, dy.Int8):
        some = st.sampled_from([-1, 0, 1])
    elif isinstance(column, dy.Int64):
        some = st.integers(0, 2**50 if column.max is None else column.max)
    elif isinstance(column, dy.Binary):
        return st.none()
    else:
        low, high = column.min, column.max
        some = st.floats(-1e12 if low is None else low, 1e12 if high is None else high).map(
            lambda x: round(x, 3) if c in ("latitude", "longitude") else x
        )
    return st.none() | some if column.nullable else some


@st.composite
def rows(draw, name):
    columns = codebook.TABLES[name].columns()
    n = draw(st.integers(1, 5))
    made = {
        c: ([f"k{i}" for i in range(n)] if (v := values(c, x)) is None else [draw(v) for _ in range(n)])
        for c, x in columns.items()
    }
    frame = pl.DataFrame(made, schema={c: x.dtype for c, x in columns.items()})
    if name == "contacts":  # rules across columns
        frame = frame.with_columns(free_to_leave_officer=pl.lit("unknown", columns["free_to_leave_officer"].dtype),
                                   children=pl.min_horizontal("children", "people"))  # fmt: skip
    if name == "closings":
        frame = frame.with_columns(
            closed_on=pl.when(pl.col("closed_on").is_not_null()).then(pl.max_horizontal("closed_on", "received_on"))
        )
    if name == "trainings":
        frame = frame.with_columns(completed=pl.min_horizontal("completed", "officers"))
    return frame


@pytest.mark.parametrize("name", sorted(codebook.TABLES))
@given(data=st.data())
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_every_table_comes_back_from_csv_and_parquet(tmp_path, name, data):
    table = tables.check(name, data.draw(rows(name)))
    binary = [c for c, t in table.schema.items() if t == pl.Binary]
    table.drop(binary).write_csv(tmp_path / "t.csv", datetime_format="%Y-%m-%dT%H:%M:%S%.6f%:z")
    table.write_parquet(tmp_path / "t.parquet")
    assert ledger.read(name, tmp_path / "t.csv").equals(table)
    assert ledger.read(name, tmp_path / "t.parquet").equals(table)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = city.build(3, 4_000).tables
    return made, ledger.Book.create(tmp_path_factory.mktemp("town") / "book").write(made, importer="city")


@pytest.mark.parametrize("name", sorted(set(codebook.TABLES) - {"receipts"}))  # receipts are the book's own
def test_every_table_of_the_city_comes_back_from_a_book(name, town):
    made, book = town
    assert book.table(name).equals(made[name])
