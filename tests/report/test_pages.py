import datetime as dt
import json
from html.parser import HTMLParser

import pytest

from commonbeat.errors import BookError
from commonbeat.estimate import Estimate
from commonbeat.report.blocks import Cautions, Drawn, Page, Said, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.report.page import as_csv
from commonbeat.report.ripple_curve import CurvePoint, ripple_curve
from commonbeat.report.site import Cover, write_site

COVER = Cover("Testtown", "a strapline", "an opening", True, "abc123", dt.date(2026, 3, 1))
EVIL = "<script>alert(1)</script>"


def point(ring="viewer", wave=21, value=2.0, how="randomised", n=100):
    e = Estimate(value, 1.0, low=None if value is None else value - 2, high=None if value is None else value + 2, n=n)
    return CurvePoint(ring, wave, e, how, "too_few" if value is None else "moved")


def test_the_curve_its_words_and_its_table_tell_the_same():
    chart = ripple_curve([point(), point(wave=90, value=None, how="not_identified")], smallest=3)
    assert "21 days: +2.0 (+0.0 to +4.0)" in chart.alternative.replace("0.0", "+0.0").replace("++", "+")
    assert [row[3] for row in chart.table.rows] == ["2.0", "—"]
    assert "not identified" in chart.table.rows[1]
    for svg in (chart.wide, chart.narrow):
        assert svg.startswith("<svg")
        assert 'aria-hidden="true"' in svg.split(">", 1)[0]


def test_an_interval_wider_than_the_scale_does_not_flatten_the_picture():
    wild = CurvePoint("viewer", 21, Estimate(3.0, 400.0, low=-900.0, high=906.0, n=9), "randomised", "too_few")
    chart = ripple_curve([point(wave=3), wild], smallest=3)
    assert "900" in chart.alternative and "900" in str(chart.table.rows)  # words and table say it whole
    assert "900" not in chart.wide and ">100<" in chart.wide


def test_a_curve_of_which_nothing_is_known_still_stands():
    chart = ripple_curve(
        [point(value=None, how="not_identified"), point(ring="officer", value=None, how="not_identified")], smallest=3
    )
    assert "cannot tell" in chart.alternative


def test_what_people_wrote_is_shown_as_text_and_never_run(tmp_path):
    table = Table(EVIL, (EVIL,), ((EVIL,),), EVIL)
    page = Page(
        "a.html", EVIL, EVIL, (Words(EVIL), Said(EVIL), Cautions((EVIL,)), Tabled("t", table)), (EVIL, EVIL), (EVIL,)
    )
    write_site(tmp_path / "r", Cover(EVIL, EVIL, EVIL, False, EVIL, dt.date(2026, 3, 1), EVIL), [page])
    for name in ("index.html", "a.html"):
        assert "<script" not in (tmp_path / "r" / name).read_text()


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1"])
def test_a_spreadsheet_never_runs_a_cell(cell):
    line = as_csv(Table("t", ("a",), ((cell,),))).split("\n", 1)[1]
    assert line.lstrip('"').startswith("'")


def test_numbers_stay_numbers_in_a_spreadsheet():
    assert as_csv(Table("t", ("a", "b"), ((-2.5, "−3.1"),))) == "a,b\n-2.5,−3.1\n"


class Outside(HTMLParser):
    """Collects everything a page would fetch."""

    def __init__(self):
        super().__init__()
        self.fetched = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href", "data", "action") and value and "//" in value:
                self.fetched.append((tag, value))


def test_the_report_needs_no_network_and_no_script(tmp_path):
    drawn = Drawn(ripple_curve([point()], smallest=3), ("a key",))
    write_site(
        tmp_path / "r",
        COVER,
        [Page("a.html", "A", "A", (drawn, Words("w")))],
        curve=(drawn, "s"),
        findings=[{"primary": {"value": float("nan")}}],
    )
    for path in (tmp_path / "r").rglob("*.html"):
        text = path.read_text()
        parser = Outside()
        parser.feed(text)
        assert parser.fetched == []
        assert "@import" not in text
        assert "<script" not in text
        assert "simulated town" in text
    assert json.loads((tmp_path / "r" / "findings.json").read_text()) == [{"primary": {"value": None}}]
    assert (tmp_path / "r" / "data" / "ripple-curve.csv").read_text().startswith("who,days after")


def test_a_report_is_replaced_whole_and_something_else_never(tmp_path):
    out = tmp_path / "r"
    write_site(out, COVER, [Page("a.html", "A", "A", (Words("first"),))])
    write_site(out, COVER, [Page("b.html", "B", "B", (Words("second"),))])
    assert (out / "b.html").exists()
    assert not (out / "a.html").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    with pytest.raises(BookError, match="not a report"):
        write_site(mine, COVER, [])
    assert (mine / "letter.txt").read_text() == "keep me"
    assert {p.name for p in tmp_path.iterdir()} == {"r", "mine"}


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BookError, match="cannot be written"):
        write_site(tmp_path / "file" / "r", COVER, [])
