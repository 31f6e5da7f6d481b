"""Files of the same kind with other headers: read where only spelling differs, else told which column is missing and what comes near."""

import pytest

from commonbeat import ledger
from commonbeat.cli.main import main
from commonbeat.errors import BadInput

CHICAGO = "America/Chicago"


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return path


def test_case_and_spaces_of_a_header_do_not_count_and_are_told(tmp_path):
    file = write(
        tmp_path / "e.csv", "Incident Number,DATE,TIME,Call Type,Beat", "X1,1/5/2026,2:02 PM,COP Relationships,B 2"
    )
    done = ledger.bring_in(ledger.Book.create(tmp_path / "b").path, "contacts", file, importer="clerk", map="norman", zone=CHICAGO)  # fmt: skip
    assert done.called == {"DATE": "Date", "TIME": "Time", "Call Type": "CallType"}
    row = ledger.Book.open(tmp_path / "b").table("contacts").row(0, named=True)
    assert (row["at"].hour, row["at"].minute, row["kind"], row["area_id"]) == (20, 2, "positive", "b-2")  # UTC


def test_two_columns_that_read_alike_are_not_guessed(tmp_path):
    file = write(tmp_path / "e.csv", "Date,Time,Call Type,call_type", "1/5/2026,14:02,COP Activity,x")
    with pytest.raises(BadInput, match='"CallType" for kind'):
        ledger.read("contacts", file, map="norman", zone=CHICAGO)


def test_every_missing_column_is_told_with_the_nearest_and_where_to_copy(tmp_path):
    """The older files of the Open Policing Project: other names for nearly everything."""
    file = write(tmp_path / "o.csv", "id,stop_date,stop_time,driver_race,driver_gender", "1,2015-01-02,10:20,White,M")
    with pytest.raises(BadInput) as caught:
        ledger.read("contacts", file, map="stanford-open-policing", zone=CHICAGO)
    said = str(caught.value)
    assert '"raw_row_number" for contact_id' in said and '"date" for at (perhaps "stop_date"?)' in said
    assert "maps)" in said and said.count("raw_row_number") == 1


def test_a_file_without_a_mapping_is_shown_the_one_that_fits_or_how_to_write_it(tmp_path):
    calls = write(tmp_path / "n.csv", "Date,Time,CallType,Beat", "1/5/2026,14:02,COP Activity,1")
    with pytest.raises(BadInput, match="Use --map norman"):
        ledger.read("contacts", calls)
    beats = write(tmp_path / "b.geojson", '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"BEAT_NUM": "0111", "name_of": "x"},'
                  ' "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}]}')  # fmt: skip
    with pytest.raises(BadInput) as caught:
        ledger.read("areas", beats)
    start = "[areas]\n" + str(caught.value).split("[areas]\n")[1].split("\nReady")[0]
    mine = write(tmp_path / "mine.toml", 'name = "mine"', start.replace('"?"', '"BEAT_NUM"'))
    assert ledger.read("areas", beats, map=mine)["area_id"].to_list() == ["0111"]
    assert ledger.read("areas", beats, map=mine)["geometry"].null_count() == 0


@pytest.mark.parametrize("columns", [
    "raw_row_number,date,time,location,lat,lng,beat,subject_race,subject_sex,type,outcome,search_conducted,raw_race",  # a city
    "raw_row_number,date,time,location,county_name,subject_age,subject_race,subject_sex,violation,outcome",  # a state, no point
    "raw_row_number,date,time,location,lat,lng,precinct,zone,subject_race,subject_sex,officer_id_hash,type,search_person,"
    "search_vehicle,search_conducted,outcome,reason_for_stop",
])  # fmt: skip
def test_published_column_lists_of_the_open_policing_project_fit(tmp_path, columns):
    cells = {"raw_row_number": "7", "date": "2016-10-27", "time": "09:50:00", "subject_race": "black", "subject_sex": "female", "beat": "B1",
             "precinct": "NA", "zone": "421", "search_conducted": "TRUE", "search_person": "FALSE", "lat": "36.1", "lng": "-86.8"}  # fmt: skip
    file = write(tmp_path / "p.csv", columns, ",".join(cells.get(c, "NA") for c in columns.split(",")))
    row = ledger.read("contacts", file, map="stanford-open-policing", zone=CHICAGO).row(0, named=True)
    assert row["contact_id"] == "7" and row["kind"] == "enforcement"
    assert row["area_id"] == ("b1" if "beat" in columns else "421" if "zone" in columns else None)
    if "search_person" in columns:
        assert row["person_search"] is False


@pytest.mark.parametrize(
    "when", ["2026-01-05 14:02:11", "1/5/2026 2:02:11 PM", "01/05/2026 14:02:11", "2026-01-05T14:02:11-06:00"]
)
def test_dispatch_times_as_systems_write_them(tmp_path, when):
    file = write(tmp_path / "c.csv", "Incident Number,Call Time,Call Type", f"1,{when},WELFARE CHECK")
    row = ledger.read("contacts", file, map="cad", zone=CHICAGO).row(0, named=True)
    assert row["at"].isoformat() == "2026-01-05T20:02:11+00:00" and row["kind"] == "service"


def test_three_hundred_columns_nobody_knows_are_one_letter_and_leave_no_empty_book(tmp_path, capsys):
    head = "contact_id,at,kind,activity," + ",".join(f"x{i}" for i in range(300))
    file = write(tmp_path / "w.csv", head, "c1,2026-03-01T14:30:00-06:00,service,call" + ",1" * 300)
    with pytest.raises(SystemExit) as end:
        main(["import", "contacts", str(file), "--into", str(tmp_path / "b")])
    said = capsys.readouterr().err
    assert end.value.code == 2 and 'contact_id = "contact_id"' in said and len(said) < 2_000
    assert not (tmp_path / "b").exists()
