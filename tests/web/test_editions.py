"""What the square shows: nothing under the floor by any way out, and never a page older than the last act."""

import gzip
import io
import json
import zipfile

from web.test_publishing import agree, press_on, told  # noqa: F401  (the fixture)


def test_a_small_count_leaves_by_no_page_no_json_and_no_export_even_if_its_maker_let_it_pass(site, client, hire):
    from commonbeat.web.read import edition

    edition.publish(
        site.root,
        areas=[{"area_id": "a1", "name": "Old Mill", "rings": [], "residents": 912, "positive": 3, "positive_rate": 3.2894, "positive_low": 1.1,
                "positive_high": 7.7, "enforcement": 40, "enforcement_rate": 43.9, "enforcement_low": 31.0, "enforcement_high": 60.0}],
        trust=[{"label": "2026-W01", "value": 52.53, "low": 48.01, "high": 57.07, "n": 4}, {"label": "2026-W02", "value": 55.0, "low": 50.0, "high": 60.0, "n": 300}],
        ripple=[{"study": "s", "ring": "viewer", "days": 7, "value": 9.871, "low": 8.1, "high": 11.2, "n": 2, "design": "randomised"}],
        context={"a1": {"2026": {"contacts": {"positive": 3, "enforcement": 40}, "complaints": 4, "force": 8, "known": ["contacts", "complaints", "force"]}}},
    )  # fmt: skip
    _person, desk = hire("analyst")
    with zipfile.ZipFile(io.BytesIO(desk.post("/desk/oversee/export/").content)) as pack:
        exported = "".join(pack.read(n).decode() for n in pack.namelist() if n.endswith(".csv"))
    ways = {
        p: client.get(p).content.decode()
        for p in (
            "/",
            "/places/",
            "/trust/",
            "/ripple/",
            "/places/areas.json",
            "/api/areas",
            "/api/trust",
            "/api/ripple",
        )
    }
    for way, body in {**ways, "export": exported}.items():
        for small in ("3.2894", "3.3 ", "52.53", "52.5 ", "9.871", "+9.9", "57.07"):
            assert small not in body, (way, small)
    assert (
        json.loads(ways["/api/areas"])[0] | {"positive": None, "positive_rate": None}
        == json.loads(ways["/api/areas"])[0]
    )
    assert json.loads(ways["/api/areas"])[0]["enforcement"] == 40 and json.loads(ways["/api/trust"])[1]["n"] == 300
    assert "a1,2026,complaints,\r\n" in exported and "a1,2026,force,8\r\n" in exported


def test_a_kept_page_is_never_older_than_the_last_act(told, client):  # noqa: F811
    from commonbeat.web.base import steady
    from commonbeat.web.tell import acts, state

    agree(told)
    assert b"A laugh at the stop" not in client.get("/").content
    press_on(told)
    first = client.get("/")
    assert b"A laugh at the stop" in first.content and len(steady._kept) >= 1
    again = client.get("/", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    packed = client.get("/", headers={"accept-encoding": "gzip"})
    assert gzip.decompress(packed.content) == first.content and "Accept-Encoding" in packed["Vary"]
    assert (
        "default-src 'none'" in again["Content-Security-Policy"]
        and "default-src 'none'" in packed["Content-Security-Policy"]
    )
    state.withdraw(acts.link_of(told["token"]))
    assert b"A laugh at the stop" not in client.get("/", headers={"if-none-match": first["ETag"]}).content


def test_kept_pages_keep_languages_and_hosts_apart_and_nothing_of_those_signed_in(told, client):  # noqa: F811
    from commonbeat.web.base import steady

    english, spanish = client.get("/how-we-know/"), client.get("/how-we-know/?lang=es")
    assert b'lang="en"' in english.content and b'lang="es"' in spanish.content
    assert b'lang="es"' in client.get("/how-we-know/", headers={"accept-language": "es"}).content
    assert b'lang="en"' in client.get("/how-we-know/", headers={"accept-language": "en"}).content
    before = len(steady._kept)
    told["desk"].get("/how-we-know/")
    client.get("/how-we-know/?anything=else")
    client.get("/talk/")
    assert len(steady._kept) == before


def test_an_officer_opens_their_own_records_and_for_them_no_others_exist(hire):
    """Role, address and object: the same door, another's record."""
    from web.test_reliability import encounter

    officer, mine = hire("officer")
    other, theirs = hire("officer")
    own, foreign = encounter(officer), encounter(other)
    for page in ("saved", "change", "undo", "card"):
        assert mine.get(f"/desk/record/{own.pk}/{page}/").status_code in (200, 302), page
        for method in ("get", "post"):
            assert getattr(mine, method)(f"/desk/record/{foreign.pk}/{page}/").status_code == 404, page
        assert theirs.get(f"/desk/record/{foreign.pk}/{page}/").status_code in (200, 302)
    assert foreign.pk.encode() not in mine.get("/desk/record/mine/").content
