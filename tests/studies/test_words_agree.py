"""Whatever the numbers are: the sentence, the verdict, the picture's words and the table say one and the same thing."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies.rows import plan, tables
from studies.test_seal import MONDAY

from commonbeat.audit import Chain
from commonbeat.errors import BadInput, Broken
from commonbeat.estimate import Estimate
from commonbeat.report.sections.study import curve_of, curve_sentence, study
from commonbeat.report.words import RING_NAMES
from commonbeat.studies import Finding, Findings, read_seal, released, run, seal, verdict
from commonbeat.studies.sentences import RING_WORDS, VERDICT_WORDS

RINGS = ("officer", "participant", "onlooker", "neighbour", "viewer")
SMALLEST = 3.0
points = st.one_of(
    st.floats(-60, 60).map(lambda v: round(v, 6)),
    st.floats(-0.01, 0.01).map(lambda v: round(v, 9)),
    st.sampled_from([2.9999, 3.0, 3.0001, -3.0, 0.0, 2.96, 0.04]),
)


@st.composite
def estimates(draw):
    if draw(st.integers(0, 9)) == 0:
        return Estimate(None, n=draw(st.integers(0, 30)), unit="points, 0-100")
    low, value, high = sorted(draw(st.tuples(points, points, points)))
    return Estimate(value, low=low, high=high, n=draw(st.integers(5, 99_999)), unit="points, 0-100")


def found(e, ring="viewer", wave=21, how="randomised"):
    return Finding(ring, wave, e, verdict(e, SMALLEST), how if e.known else "not_identified", smallest=SMALLEST)


def numbers(sentence):
    return [float(t.replace("−", "-").replace(",", "")) for t in re.findall(r"[+−]?\d[\d,]*(?:\.\d+)?", sentence)]


@settings(max_examples=400)
@given(estimates())
def test_a_reader_of_the_sentence_alone_comes_to_the_same_verdict(e):
    f = found(e)
    said = f.sentence
    assert said.startswith(RING_WORDS["viewer"])
    words = max((w for w in VERDICT_WORDS.values() if w in said), key=len)
    assert words == VERDICT_WORDS[f.verdict]
    if not e.known:
        return
    told, counted = f"{e.n:,} answers", said.split("days:", 1)[1]
    assert told in counted
    body = numbers(counted.replace(told, "", 1))  # by its words: an effect may happen to be the same number
    if f.verdict in ("moved", "moved_less_than_matters"):
        assert body.pop() == SMALLEST
    if f.verdict == "no_sign":
        high, low = body
        value = (low + high) / 2 if not low <= 0 <= high else 0.0
    elif f.verdict == "too_few":
        low, high = body
        value = 0.0
    else:
        value, low, high = body
    assert (low, high) == (pytest.approx(e.low, abs=0.051), pytest.approx(e.high, abs=0.051))
    assert verdict(Estimate(value, low=low, high=high), SMALLEST) == f.verdict


@settings(max_examples=4, deadline=None)
@given(st.lists(estimates(), min_size=4, max_size=4))
def test_the_picture_its_sentence_its_table_and_its_words_agree(some):
    rings = tuple(
        found(e, ring=r, wave=w)
        for e, (r, w) in zip(
            some, [("participant", 3), ("participant", 21), ("viewer", 3), ("viewer", 21)], strict=True
        )
    )
    all_of_it = Findings({"plan_id": "p", "title": "t"}, "h", True, "2026-01-01", "s", rings[1], rings=rings)
    sentence, chart = curve_sentence(all_of_it), curve_of(all_of_it).chart
    assert [row[-1] for row in chart.table.rows] == [VERDICT_WORDS[f.verdict] for f in rings]
    for lead, code in (
        ("trust moved among", "moved"),
        ("moved, but less than would matter among", "moved_less_than_matters"),
        ("moved the wrong way among", "wrong_way"),
    ):
        part = next((p for p in (sentence[:1].lower() + sentence[1:]).split("; ") if lead in p), "")
        for ring in ("participant", "viewer"):
            days = [f.wave for f in rings if f.ring == ring and f.verdict == code]
            assert (RING_NAMES[ring] in part) == bool(days)
            if days:
                told = re.search(re.escape(RING_NAMES[ring]) + r" \(days? ([^)]*)\)", part).group(1)
                assert [int(d) for d in re.findall(r"\d+", told)] == days


def test_every_byte_of_a_receipt_counts(tmp_path):
    chain = Chain(tmp_path / "audit.jsonl")
    receipt = json.dumps(seal(plan(), chain, who="desk", at=MONDAY).to_dict())
    for k in range(len(receipt)):
        changed = receipt[:k] + chr(ord(receipt[k]) ^ 1) + receipt[k + 1 :]
        with pytest.raises((Broken, BadInput)):
            read_seal(changed, chain)
    assert chain.verify().whole


def test_a_page_about_a_withheld_answer_tells_no_number_of_it():
    page = study(released(run(plan(), tables([("visit", 3, 4)] * 30 + [("none", 3, 3)] * 2))))
    told = repr(page)
    assert "too few to tell" in told
    assert "(32 answers)" not in told  # 32 less the 30 of the other arm
    assert "their number is withheld" in told
