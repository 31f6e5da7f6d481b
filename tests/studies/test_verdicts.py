"""The sentence and the numbers can never disagree."""

import re

from hypothesis import given
from hypothesis import strategies as st

from commonbeat.estimate import Estimate
from commonbeat.studies.sentences import VERDICT_WORDS, effect_sentence, number, signed
from commonbeat.studies.verdicts import VERDICTS, verdict

points = st.floats(-60, 60).map(lambda x: round(x, 3))


@given(points, st.floats(0.01, 40), st.floats(0.5, 10), st.integers(2, 10_000))
def test_every_interval_earns_one_verdict_and_the_sentence_says_it(value, half, smallest, n):
    e = Estimate(value, low=value - half, high=value + half, n=n)
    v = verdict(e, smallest)
    assert v in VERDICTS
    assert (v in ("moved", "moved_less_than_matters")) == (e.low > 0)
    assert (v == "wrong_way") == (e.high < 0)
    assert v != "moved" or e.high >= smallest
    assert v != "moved_less_than_matters" or e.high < smallest
    assert v != "no_sign" or (e.low > -smallest and e.high < smallest and e.low <= 0 <= e.high)
    sentence = effect_sentence("Viewers", "Trust", e, v, smallest)
    assert VERDICT_WORDS[v] in sentence
    assert f"{n:,}" in sentence
    told = [float(t.replace("−", "-").replace(",", "")) for t in re.findall(r"[+−]?\d[\d,]*\.?\d*", sentence)]
    assert any(abs(abs(t) - abs(round(e.high, 1))) < 0.06 or abs(abs(t) - abs(e.high)) < 0.0001 for t in told)


def test_without_an_interval_nothing_is_told():
    assert verdict(Estimate(3.0), 1.0) == "too_few"
    assert (
        effect_sentence("Viewers", "Trust", Estimate(None, n=7), "too_few", 3)
        == "Viewers: too few to tell (7 answers)."
    )


def test_examples_of_all_five():
    cases = {
        (4, 2, 6): "moved",
        (2, 1, 3.1): "moved",
        (2, 1, 2.9): "moved_less_than_matters",
        (0.5, -1, 2): "no_sign",
        (0.5, -4, 5): "too_few",
        (-4, -6, -2): "wrong_way",
    }
    for (value, low, high), expected in cases.items():
        assert verdict(Estimate(value, low=low, high=high, n=50), 3.0) == expected


def test_numbers_have_a_true_minus_and_no_minus_zero():
    assert (number(-1234.56), number(-0.04), signed(2.04), signed(0.0)) == ("−1,234.6", "0.0", "+2.0", "0.0")
