"""Files as people really send them: mapped, checked line by line, placed; and nothing half imported."""

import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import geopandas
import numpy as np
import openpyxl
import polars as pl
import pytest
import shapely

from commonbeat import ledger
from commonbeat.errors import BadInput, Busy
from commonbeat.ledger import files
from commonbeat.ledger.lock import writing
from commonbeat.ledger.row_ids import RowIds

HEADER = "contact_id,at,kind,activity,free_to_leave_officer,happened"
GOOD = "c{},2026-03-01T14:30:00-06:00,positive,dance,yes,a child showed us a dance"


def write(path, *lines, end="\n", encoding="utf-8", start=b""):
    path.write_bytes(start + end.join([*lines, ""]).encode(encoding))
    return path


@pytest.fixture
def book(tmp_path):
    ledger.Book.create(tmp_path / "book")
    return tmp_path / "book"


def bring(book, file, table="contacts", **how):
    return ledger.bring_in(book, table, file, importer="clerk", **how)


def told(book, file, **how):
    before = ledger.Book.open(book).snapshot
    with pytest.raises(BadInput) as caught:
        bring(book, file, **how)
    assert ledger.Book.open(book).snapshot == before  # nothing half imported
    return caught.value


def test_a_file_comes_in_and_every_row_knows_its_line(book, tmp_path):
    file = write(tmp_path / "contacts.csv", HEADER, GOOD.format(1), "", GOOD.format(2))
    done = bring(book, file)
    assert done.tables["contacts"].added == 2
    assert ledger.Book.open(book).where("contacts", "c2").line == 4  # after the blank line
    assert bring(book, file).tables["contacts"].already == 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("encoding", "start"), [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16", b"")])
def test_marks_and_line_ends_do_not_matter(book, tmp_path, end, encoding, start):
    file = write(
        tmp_path / "c.csv",
        HEADER,
        GOOD.format(1).replace("a child", "señora"),
        end=end,
        encoding=encoding,
        start=start,
    )
    bring(book, file)
    assert ledger.Book.open(book).table("contacts")["happened"][0] == "señora showed us a dance"


def test_a_wrong_encoding_is_told_with_its_line_and_can_be_stated(book, tmp_path):
    file = write(
        tmp_path / "c.csv",
        HEADER,
        GOOD.format(1),
        GOOD.format(2).replace("a child", "señora"),
        encoding="windows-1252",
    )
    error = told(book, file)
    assert "c.csv line 3: the byte 0xf1 is not utf-8" in str(error) and "--encoding windows-1252" in str(error)
    bring(book, file, encoding="windows-1252")
    assert ledger.Book.open(book).table("contacts")["happened"][1].startswith("señora")


def test_wrong_words_are_told_line_by_line(book, tmp_path):
    lines = [GOOD.format(i) for i in range(300)]
    lines[212] = lines[212].replace("yes", "mabye")
    lines[250] = lines[250].replace("2026-03-01", "31.02.2026")
    error = told(book, write(tmp_path / "contacts.csv", HEADER, *lines))
    assert str(error.problems[0]) == 'contacts.csv line 214: free_to_leave_officer is "mabye"; use yes, no or unknown'
    assert error.problems[1].line == 252 and "time that exists" in error.problems[1].message


def test_ragged_lines_are_told_with_their_lines_even_after_a_cell_with_a_line_break(book, tmp_path):
    broken = GOOD.format(1).replace("a child", '"a child\nand a dog') + '"'
    error = told(book, write(tmp_path / "c.csv", HEADER, broken, GOOD.format(2) + ",more", "c3,2026"))
    assert [(p.line, p.message.split(":")[0]) for p in error.problems] == [
        (4, "this row has 7 cells and the header has 6"),
        (5, "this row has 2 cells and the header has 6"),
    ]


def test_a_line_break_in_a_cell_moves_the_lines_after_it(book, tmp_path):
    broken = GOOD.format(1).replace("a child", '"a child\nand a dog') + '"'
    bring(book, write(tmp_path / "c.csv", HEADER, broken, GOOD.format(2)))
    assert ledger.Book.open(book).where("contacts", "c2").line == 4


def test_three_hundred_columns_cost_nothing_when_six_are_read(book, tmp_path):
    (tmp_path / "six.toml").write_text("[contacts]\n" + "\n".join(f'{c} = "{c}"' for c in HEADER.split(",")))
    more = [f"x{i}" for i in range(294)]
    file = write(tmp_path / "c.csv", ",".join([HEADER, *more]), ",".join([GOOD.format(1), *("0" for _ in more)]))
    assert bring(book, file, map=tmp_path / "six.toml").tables["contacts"].added == 1
    assert 'contact_id = "contact_id"' in str(told(book, file))  # without a mapping one letter says how to write it


def test_a_formula_comes_in_as_text_and_leaves_as_text(book, tmp_path):
    formula = '=HYPERLINK(""http://x"";""y"")'
    bring(
        book, write(tmp_path / "c.csv", HEADER, GOOD.format(1).replace("a child showed us a dance", f'"{formula}"'))
    )
    assert ledger.Book.open(book).table("contacts")["happened"][0] == '=HYPERLINK("http://x";"y")'
    ledger.export(ledger.Book.open(book), "contacts", tmp_path / "out.csv", seen_by="staff")
    assert pl.read_csv(tmp_path / "out.csv")["happened"][0].startswith("'=HYPERLINK")


@pytest.mark.parametrize(("cell", "runs"), [("=1+1", True), ("@SUM(A1)", True), ("+cmd|' /C calc'!A0", True), ("-2+3", True),
                                            ("-93.27", False), ("+1.5", False), ("a = b", False), ("\t=1", True)])  # fmt: skip
def test_what_a_spreadsheet_would_run(cell, runs):
    assert ledger.harmless(pl.DataFrame({"x": [cell]}))["x"][0] == ("'" + cell if runs else cell)


def test_a_naive_time_needs_a_stated_zone(book, tmp_path):
    file = write(tmp_path / "c.csv", HEADER, GOOD.format(1).replace("T14:30:00-06:00", " 14:30:00"))
    assert "has no time zone" in str(told(book, file))
    bring(book, file, zone="America/Chicago")
    assert ledger.Book.open(book).table("contacts")["at"][0] == datetime(2026, 3, 1, 20, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice_or_never_is_asked_about(book, tmp_path):
    for day, hour in (("2026-11-01", "01:30"), ("2026-03-08", "02:30")):
        file = write(
            tmp_path / "c.csv", HEADER, GOOD.format(1).replace("2026-03-01T14:30:00-06:00", f"{day} {hour}:00")
        )
        assert "when clocks change" in str(told(book, file, zone="America/Chicago"))


def test_wrong_rows_go_into_an_errors_file_are_mended_and_come_in(book, tmp_path):
    file = write(tmp_path / "c.csv", HEADER, GOOD.format(1), GOOD.format(2).replace("yes", "mabye"))
    with pytest.raises(BadInput):
        bring(book, file, errors=tmp_path / "wrong.csv")
    assert ledger.Book.open(book).tables == ()
    done = bring(book, file, errors=tmp_path / "wrong.csv", keep_good=True)
    assert (done.tables["contacts"].added, done.left_out) == (1, 1)
    wrong = pl.read_csv(tmp_path / "wrong.csv")
    assert wrong["line"].to_list() == [3] and "mabye" in wrong["what_is_wrong"][0]
    text = (tmp_path / "wrong.csv").read_text().replace(",mabye,", ",yes,")
    (tmp_path / "mended.csv").write_text(text)
    assert bring(book, tmp_path / "mended.csv").tables["contacts"].added == 1


def test_a_wrong_row_takes_its_people_with_it(book, tmp_path):
    (tmp_path / "m.toml").write_text(
        '[contacts]\ncontact_id = "id"\nat = "at"\nkind = {is = "enforcement"}\nactivity = "what"\n'
        '[people]\ncontact_id = "id"\nrace = "race"\nage_band = {is = "unknown"}\nsex = {is = "unknown"}\n'
        'people = {is = 1}\nhow_known = {is = "not_asked"}'
    )
    file = write(
        tmp_path / "c.csv",
        "id,at,what,race",
        "1,2026-03-01T00:00:00Z,stop,Black",
        "2,2026-03-01T00:00:00Z,stopp,White",
    )
    done = bring(book, file, map=tmp_path / "m.toml", errors=tmp_path / "e.csv", keep_good=True)
    assert {t: a.added for t, a in done.tables.items()} == {"contacts": 1, "people": 1}
    assert ledger.Book.open(book).table("people")["race"].to_list() == ["black"]


def test_excel_and_parquet_say_the_same_as_csv(book, tmp_path):
    rows = [HEADER.split(","), GOOD.format(1).split(","), GOOD.format(2).split(",")]
    sheet = openpyxl.Workbook()
    for row in rows:
        sheet.active.append(row)
    sheet.save(tmp_path / "c.xlsx")
    pl.DataFrame(rows[1:], schema=rows[0], orient="row").write_parquet(tmp_path / "c.parquet")
    write(tmp_path / "c.csv", *map(",".join, rows))
    read = [ledger.read("contacts", tmp_path / f"c.{e}") for e in ("csv", "xlsx", "parquet")]
    assert read[0].equals(read[1]) and read[0].equals(read[2]) and len(read[0]) == 2


def test_a_zip_bomb_is_refused_with_the_limit(book, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "UNPACKED", 2**20)
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * (2**20 + 1))
    assert "more than 1 MB" in str(told(book, tmp_path / "b.xlsx"))
    data = (tmp_path / "b.xlsx").read_bytes()
    lie = data.replace((2**20 + 1).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lie != data
    (tmp_path / "b.xlsx").write_bytes(lie)  # a bomb that says it is small
    assert "not an Excel workbook" in str(told(book, tmp_path / "b.xlsx"))


@pytest.mark.parametrize(("name", "data", "says"), [
    ("c.csv", b"", "is empty"), ("c.csv", b"a\0b\n", "NUL bytes"), ("c.csv", b"a,a\n1,2\n", "stands twice"),
    ("c.pdf", b"x", "give a .csv"), ("c.xlsx", b"x", "not an Excel workbook"), ("c.parquet", b"x", "not a Parquet file"),
    ("c.geojson", b"x", "not a file of borders"), ("c.csv", b"contact_id\n", "must be there"),
])  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_gets_a_sentence(book, tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)
    assert says in str(told(book, tmp_path / name))


def test_latitude_and_longitude_swapped_are_asked_about(book, tmp_path):
    square = geopandas.GeoDataFrame(
        {"area_id": ["north"], "name": ["North"]}, geometry=[shapely.box(-93.3, 44.9, -93.2, 45.0)], crs=4326
    )
    square.to_file(tmp_path / "a.geojson")
    bring(book, tmp_path / "a.geojson", table="areas")
    header = HEADER + ",latitude,longitude"
    good = write(tmp_path / "g.csv", header, GOOD.format(1) + ",44.95123,-93.25", GOOD.format(2) + ",44.5,-93.25")
    done = bring(book, good)
    assert (done.placed.points, done.placed.outside, done.placed.filled) == (2, 1, 1)
    table = ledger.Book.open(book).table("contacts")
    assert table["area_id"].to_list() == ["north", None]  # outside every area: said, not dropped
    assert table["latitude"][0] == 44.951  # about 100 m
    error = told(book, write(tmp_path / "s.csv", header, GOOD.format(3) + ",-93.25,44.95"))
    assert "wrong way round" in str(error)


def test_swapped_columns_within_range_are_found_by_where_the_areas_are():
    areas = pl.DataFrame({"area_id": ["oslo"], "geometry": [shapely.to_wkb(shapely.box(10.6, 59.8, 10.9, 60.0))]})
    rows = pl.DataFrame({"latitude": [10.7, 10.8], "longitude": [59.9, 59.9], "area_id": [None, None]},
                        schema_overrides={"area_id": pl.String})  # fmt: skip
    with pytest.raises(BadInput, match="2 of 2 points lie outside every area, and 2 lie inside one"):
        ledger.Borders(areas).place(rows, "c.csv")


@pytest.mark.parametrize(("sentence", "kind"), [
    ("call me at 612-555-0182", "phone number"), ("(612) 555 0182", "phone number"), ("write to a.b@example.org", "e-mail address"),
    ("a car with ABC 1234", "number plate"), ("a boy named Xander danced", "name"), ("we met Officer Quigg there", "name"),
    ("he lives at 1420 Elm Street", "home address"), ("the mother of Xxxx Yyyyson thanked us", "name"),
])  # fmt: skip
def test_a_sentence_that_tells_who_is_caught_before_it_is_saved(book, tmp_path, sentence, kind):
    assert kind in {c.kind for c in ledger.caught(sentence)}
    file = write(tmp_path / "c.csv", HEADER, GOOD.format(1).replace("a child showed us a dance", sentence))
    error = told(book, file)
    assert error.problems[0].column == "happened" and f"looks like a {kind}" in str(error)


@pytest.mark.parametrize("sentence", [
    "a baby in a stroller laughed at the bubbles", "children showed officers a dance near Powderhorn Park at 14:30",
    "Two girls, about 9 and 12, taught us the steps of a 2024 hit", "We stopped on Lake Street and talked for 20 minutes",
    "On National Night Out 300 people came", None, "",
])  # fmt: skip
def test_a_sentence_that_tells_what_happened_passes(sentence):
    assert ledger.caught(sentence) == ()


def test_two_imports_at_once_the_second_is_told(book, tmp_path):
    file = write(tmp_path / "c.csv", HEADER, GOOD.format(1))
    with writing(book, who="the night import", wait=0), pytest.raises(Busy, match="the night import"):
        bring(book, file, wait=0)


def test_engagement_calls_as_norman_publishes_them(book, tmp_path):
    """Columns and call types from the department's own page on the data set; the rows are ours."""
    assert ledger.mappings() == ("cad", "minneapolis", "norman", "stanford-open-policing")
    file = write(tmp_path / "n.csv", "Date,Time,CallType", "1/5/2017,14:30,COP Relationships", "1/5/2017,15:10,COP Problem Solving",
                 "01/06/2017,09:00,COP Activity", "01/06/2017,09:00,COP Activity", "2017-01-07,10:00:00,Alarm")  # fmt: skip
    assert "has no time zone" in str(told(book, file, map="norman"))
    assert bring(book, file, map="norman", zone="America/Chicago").tables["contacts"].added == 5
    now = ledger.Book.open(book).table("contacts")
    assert now["kind"].to_list() == ["positive", "service", "positive", "positive", "service"]
    assert now["activity"].to_list() == ["conversation", "help", "other", "other", "call"]
    assert set(now["free_to_leave_officer"]) == {"unknown"}  # the log does not say, and nobody guesses
    assert now["at"][0] == datetime(2017, 1, 5, 20, 30, tzinfo=UTC)
    again = bring(book, file, map="norman", zone="America/Chicago").tables["contacts"]
    assert (again.added, again.already) == (0, 5)


STOPS = (
    "raw_row_number,date,time,location,lat,lng,county_name,beat,district,subject_age,subject_race,subject_sex,officer_id_hash,"
    "department_name,unit,type,violation,arrest_made,citation_issued,warning_issued,outcome,contraband_found,frisk_performed,"
    "search_conducted,search_person,search_vehicle,search_basis,reason_for_stop,vehicle_color,vehicle_year,notes"
)


def stop(**cells):
    """A row of the standardised file; what is not said is NA, as the project writes it."""
    return ",".join(cells.get(c, "NA") for c in STOPS.split(","))


def test_stops_as_the_open_policing_project_publishes_them(book, tmp_path):
    """Columns and words from the project's own description of its standard; the rows are ours."""
    day = {"date": "2017-02-02", "time": "20:15"}
    rows = [
        stop(raw_row_number="38299", subject_race="hispanic", subject_sex="female", type="vehicular", outcome="citation", lat="41.83", lng="-71.41",
             district="Zone X3", search_conducted="FALSE", officer_id_hash="a888fdc120", unit="Patrol-1st", **day),
        stop(raw_row_number="38300|38301", subject_race="asian/pacific islander", subject_sex="male", type="pedestrian", outcome="arrest",
             beat="8", search_conducted="TRUE", search_person="FALSE", search_vehicle="TRUE", **day),
        stop(raw_row_number="38302", subject_race="other", type="vehicular", search_conducted="TRUE", search_person="TRUE", date="2017-02-02", time="20:15:30"),
        stop(raw_row_number="38303", type="vehicular", **day),
    ]  # fmt: skip
    done = bring(
        book, write(tmp_path / "ri.csv", STOPS, *rows), map="stanford-open-policing", zone="America/New_York"
    )
    assert {t: a.added for t, a in done.tables.items()} == {"contacts": 4, "people": 4}
    now = ledger.Book.open(book)
    contacts, people = now.table("contacts"), now.table("people")
    assert contacts["person_search"].to_list() == [
        False,
        False,
        True,
        None,
    ]  # no search at all is no search of a person
    assert contacts["vehicle_search"].to_list() == [False, True, True, None]
    assert contacts["area_id"].to_list() == ["zone-x3", "8", None, None]
    assert contacts["outcome"].to_list() == ["citation", "arrest", None, None]
    assert contacts["at"].dt.strftime("%H:%M:%S").to_list() == ["01:15:00", "01:15:00", "01:15:30", "01:15:00"]
    assert people["race"].to_list() == ["hispanic", "asian/pacific islander", "other", "unknown"]
    assert people["sex"].to_list() == ["female", "male", "unknown", "unknown"]
    no_time = write(tmp_path / "no.csv", STOPS, stop(raw_row_number="1", date="2017-01-01"))
    assert "no.csv line 2: at is empty" in str(
        told(book, no_time, map="stanford-open-policing", zone="America/New_York")
    )


def test_a_call_log_and_a_stop_file_come_in_by_their_mappings(book, tmp_path):
    cad = write(
        tmp_path / "cad.csv",
        "incident_number,call_time,beat,call_type",
        "1,2026-03-01 14:30:00,4,TRAFFIC STOP",
        "2,2026-03-01 15:00:00,4,NOISE",
    )
    assert bring(book, cad, map="cad", zone="America/Chicago").tables["contacts"].added == 2
    sop = write(tmp_path / "sop.csv", "raw_row_number,date,time,subject_race,subject_sex,search_conducted",
                "9,2018-05-01,13:00:00,black,male,TRUE", "10,2018-05-01,13:30:00,,female,FALSE")  # fmt: skip
    assert bring(book, sop, map="stanford-open-policing", zone="America/Chicago").tables["people"].added == 2
    now = ledger.Book.open(book)
    assert now.table("contacts")["kind"].to_list() == ["enforcement", "service", "enforcement", "enforcement"]
    assert now.table("people")["race"].to_list() == ["black", "unknown"]  # a missing group is its own row


def test_a_row_without_an_id_gets_one_that_does_not_change(book, tmp_path):
    (tmp_path / "m.toml").write_text(
        'zone = "UTC"\n[contacts]\ncontact_id = {row_hash = true}\nat = "at"\nkind = {is = "service"}\nactivity = {is = "call"}'
    )
    rows = ["at", "2026-03-01 10:00:00", "2026-03-01 10:00:00", "2026-03-02 10:00:00"]
    assert bring(book, write(tmp_path / "a.csv", *rows[:3]), map=tmp_path / "m.toml").tables["contacts"].added == 2
    again = bring(book, write(tmp_path / "b.csv", *rows), map=tmp_path / "m.toml").tables["contacts"]
    assert (again.added, again.already) == (1, 2)


@pytest.mark.parametrize(("text", "says"), [
    ("[contacts]\nname = 'x'", "is no column"), ("[nothing]\na = 'x'", "is no table"), ("[contacts]\nat = {form = 'x'}", "needs one of"),
    ("zone = 'Mars'\n[contacts]\nat='a'", "not a time zone"), ("[contacts", "not TOML"),
])  # fmt: skip
def test_a_mapping_that_is_wrong_says_where(tmp_path, text, says):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(BadInput, match=says):
        ledger.mapping(tmp_path / "m.toml")
    with pytest.raises(BadInput, match="there are cad, minneapolis"):
        ledger.mapping("nobody")


def test_a_mapping_for_another_file_says_which_column_is_missing(book, tmp_path):
    file = write(tmp_path / "c.csv", HEADER, GOOD.format(1))
    assert 'does not have: "idNum" for contact_id' in str(told(book, file, map="minneapolis"))


STREAM = """
import resource, sys
from commonbeat import ledger
ledger.Book.create(sys.argv[2])
most = []
seen = lambda rows: most.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
ledger.bring_in(sys.argv[2], "contacts", sys.argv[1], importer="clerk", seen=seen)
print(len(most), most[len(most) // 2], most[-1])
"""


def test_a_long_file_is_read_in_batches_and_its_second_half_needs_no_more_memory(tmp_path):
    file, filler = tmp_path / "long.csv", "we talked " * 25
    with file.open("w") as out:
        out.write(HEADER + "\n")
        out.writelines(f"c{i},2026-03-01T14:30:00-06:00,positive,dance,yes,{filler}\n" for i in range(400_000))
    done = subprocess.run(
        [sys.executable, "-c", STREAM, str(file), str(tmp_path / "b")], capture_output=True, text=True, timeout=120
    )
    batches, half, end = map(int, done.stdout.split())
    assert batches >= 6, done.stderr
    assert end < half * 1.25


# --- real files -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def minneapolis(real, tmp_path_factory):
    path = tmp_path_factory.mktemp("real") / "book"
    ledger.Book.create(path)
    told = {}
    for table, file in (
        ("areas", "neighborhoods.geojson"),
        ("population", "demographics.csv"),
        ("contacts", "stops.csv"),
    ):
        told[table] = ledger.bring_in(path, table, real(f"mpls_stops/{file}"), importer="clerk", map="minneapolis")
    return ledger.Book.open(path), told


@pytest.mark.real
def test_minneapolis_comes_in_whole_with_its_receipts(minneapolis):
    book, _ = minneapolis
    assert (book.rows("contacts"), book.rows("people"), book.rows("areas")) == (51_920, 51_920, 87)
    assert book.where("contacts", "17-000073").line == 4
    assert ledger.verify(book.path).whole


@pytest.mark.real
def test_minneapolis_searches_are_as_published(minneapolis):
    book, _ = minneapolis
    rows = book.table("contacts").join(book.table("people"), on="contact_id")
    share = dict(rows.group_by("race").agg(pl.col("person_search").mean()).iter_rows())
    assert [round(share[g], 3) for g in ("white", "black", "native american")] == [0.082, 0.204, 0.306]


@pytest.mark.real
def test_minneapolis_names_join_after_case_folding_and_three_have_no_demographics(minneapolis):
    book, _ = minneapolis
    used, areas = set(book.table("contacts")["area_id"]), set(book.table("areas")["area_id"])
    assert used == areas and len(used) == 87
    assert used - set(book.table("population")["area_id"]) == {
        "camden-industrial",
        "humboldt-industrial-area",
        "near-north",
    }


@pytest.mark.real
def test_minneapolis_points_agree_with_the_record_for_about_85_percent_and_84_lie_outside(minneapolis):
    _, told = minneapolis
    placed = told["contacts"].placed
    assert (placed.points, placed.outside) == (51_920, 84)
    assert round(placed.agree / placed.points, 2) == 0.85
    assert placed.filled == 0  # never overwritten


@pytest.mark.real
def test_minneapolis_times_are_utc_and_quiet_hours_fall_into_the_towns_night(minneapolis):
    book, _ = minneapolis
    at = book.table("contacts")["at"]
    assert at.min() == datetime(
        2017, 1, 1, 6, 0, 42, tzinfo=UTC
    )  # the new year's first stop, just after midnight there
    hours = at.dt.convert_time_zone("America/Chicago").dt.hour().value_counts().sort("count")
    assert set(hours["at"].head(3)) <= {4, 5, 6, 7}


@pytest.mark.real
def test_chicagos_beats_come_in_and_every_beat_contains_its_own_inner_point(real, tmp_path, book):
    (tmp_path / "beats.toml").write_text('[areas]\narea_id = "BEAT_NUM"\nname = "BEAT_NUM"\ngeometry = "geometry"')
    done = bring(book, real("chicago_beats/police_beats.geojson"), table="areas", map=tmp_path / "beats.toml")
    areas = ledger.Book.open(book).table("areas")
    assert done.tables["areas"].added == 275  # 277 polygons; three of them are one beat
    assert ledger.Borders(areas).area_of([0.0], [0.0]).tolist() == [None]
    inner = shapely.point_on_surface(shapely.from_wkb(areas["geometry"].to_list()))
    assert (
        ledger.Borders(areas).area_of(shapely.get_x(inner), shapely.get_y(inner)).tolist()
        == areas["area_id"].to_list()
    )


def test_ids_made_from_rows_count_repeats_over_batches_and_remember_eight_bytes_a_row():
    """In batches of three as in one, beside a counter of whole rows; equal rows are numbered in their order."""
    rng = np.random.default_rng(2)
    rows = pl.DataFrame({"a": rng.integers(0, 4, 150).astype(str), "b": rng.choice(["x", None, ""], 150)})
    at_once, by_three, slow, said = RowIds().of(rows), RowIds(), [], {}
    for row in rows.iter_rows():
        said[row] = said.get(row, 0) + 1
        slow.append((row, said[row]))
    parts = pl.concat([by_three.of(rows[i : i + 3]) for i in range(0, 150, 3)])
    assert at_once.equals(parts) and at_once.n_unique() == 150
    assert [int(i.partition("-")[2] or 1) for i in at_once] == [n for _, n in slow]
    assert sum(run.nbytes for run in by_three._runs) == 8 * 150
