"""Those who were reached, those who did not answer."""

import numpy as np
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import bounds, complier_effect, difference_in_means, instrument_checks, response


def test_one_sided_compliance_is_a_ratio(frame, record):
    d, expected = frame("cace_synth.csv"), record("iv_cace", "itt_onesided")
    got = complier_effect(d["trust1"], d["assigned"], d["contacted1"], exclusion="letters were the only contact")
    assert got.one_sided and got.effect.value == pytest.approx(got.assigned.value / got.reached.value, rel=1e-10)
    for ours, theirs in ((got.assigned, "itt"), (got.reached, "first"), (got.effect, "cace")):
        assert ours.value == pytest.approx(expected[theirs]["coefficients"][1], rel=1e-8)
        assert ours.std_error == pytest.approx(expected[theirs]["std.error"][1], rel=1e-8)
    assert next(iter(got.to_dict())) == "assigned"  # intention to treat comes first


def test_instrument_checks_equal_r(frame, record):
    d = frame("cigarettes1995.csv")
    arguments = (d["lq"], d["lp"], d.select("tdiff", "tax"))
    classical = record("iv_cace", "ivreg_overid")["diagnostics"]["values"]
    got = instrument_checks(*arguments, exogenous=d.select("linc"))
    for row, name in zip(classical, ("weak", "endogeneity", "overidentification")):
        assert got[name]["statistic"] == pytest.approx(row[2], rel=1e-8)
        assert got[name]["p_value"] == pytest.approx(row[3], rel=1e-6)
    robust = record("iv_cace", "iv_overid_HC2")
    got = instrument_checks(*arguments, exogenous=d.select("linc"), se="HC2")
    for name, theirs in (("weak", "first_stage"), ("endogeneity", "endog"), ("overidentification", "overid")):
        assert got[name]["statistic"] == pytest.approx(robust[theirs]["value"], rel=1e-8)


def test_a_weak_offer_gives_an_honest_interval():
    """Offers move 3 % of people: Anderson and Rubin's interval holds, endless if it must be."""
    rng, honest, endless, n = np.random.default_rng(0), 0, 0, 300
    for _ in range(n):
        z = rng.permutation(np.repeat([0, 1], 300))
        keen = rng.random(600)
        d = (keen > 0.9 - 0.06 * z).astype(float)
        y = d + 4 * (keen > 0.7) + rng.normal(size=600)
        try:
            one = complier_effect(y, z, d, exclusion="by design")
        except TooFew:  # by chance as many were reached in both arms: nothing is claimed, so nothing is wrong
            honest, endless = honest + 1, endless + 1
            continue
        low, high = one.anderson_rubin
        honest += low <= 1 <= high
        endless += np.isinf(low) and np.isinf(high)
        assert one.effect.low == (None if np.isinf(low) else low)
    assert honest / n > 0.92 and endless > 0


def test_without_a_reason_the_effect_carries_a_caution_and_without_contact_there_is_none():
    rng = np.random.default_rng(1)
    z = np.repeat([0, 1], 50)
    one = complier_effect(rng.normal(size=100), z, z)
    assert any("no reason for that was given" in c for c in one.effect.cautions)
    with pytest.raises(TooFew, match="no compliers"):
        complier_effect(rng.normal(size=100), z, np.zeros(100))
    with pytest.raises(TooFew, match="same assignment"):
        complier_effect(rng.normal(size=100), np.ones(100), z)


# -- attrition ------------------------------------------------------------------------------------------------------------


def town(rng, n=800, effect=0.3):
    """20 % do not answer, the distrustful more, and assignment brings some of them back: no interval can be right."""
    trust = rng.normal(size=n)
    z = rng.permutation(np.repeat([0, 1], n // 2))
    always = rng.random(n) < np.where(trust > 0, 0.85, 0.55)
    moved = ~always & (rng.random(n) < 0.4)
    y = trust + effect * z
    return np.where(always | (moved & (z == 1)), y, np.nan), z


def test_the_bounds_cover_where_no_interval_can():
    rng, n = np.random.default_rng(2), 300
    hit = {"lee": 0, "manski": 0, "naive": 0}
    for _ in range(n):
        y, z = town(rng)
        lee, manski = bounds(y, z), bounds(np.clip(y, -3, 3), z, kind="manski", low=-3, high=3)
        naive = difference_in_means(y, z)
        hit["lee"] += lee.low <= 0.3 <= lee.high
        hit["manski"] += manski.low <= 0.3 <= manski.high
        hit["naive"] += naive.low <= 0.3 <= naive.high
    assert clopper_pearson(hit["lee"], n, level=0.999)[1] >= 0.95 and hit["manski"] == n
    assert clopper_pearson(hit["naive"], n, level=0.999)[1] < 0.95


def test_the_interval_holds_at_the_very_end_of_the_bounds():
    """Those brought back are the most trusting: the truth is the lower end itself, where covering is hardest."""
    rng, n, hit = np.random.default_rng(3), 400, 0
    for _ in range(n):
        trust = np.sort(rng.normal(size=600))
        z = rng.permutation(np.repeat([0, 1], 300))
        back = trust > np.quantile(trust, 0.8)
        y = np.where(back & (z == 0), np.nan, trust)
        hit += bounds(y, z).low <= 0
    assert clopper_pearson(hit, n, level=0.999)[1] >= 0.95  # one-sided at an end: 95 % and above


def test_lee_bounds_by_hand():
    """Treated answer 4 of 4, control 2 of 4: half of the treated are set aside, from above or from below."""
    got = bounds([1.0, 2, 3, 4, 2, 2, np.nan, np.nan], [1] * 4 + [0] * 4)
    assert got.trimmed == 0.5
    assert got.lower.value == (1 + 2) / 2 - 2 and got.upper.value == (3 + 4) / 2 - 2
    mirrored = bounds([2.0, 2, np.nan, np.nan, 1, 2, 3, 4], [1] * 4 + [0] * 4)
    assert mirrored.lower.value == 2 - (3 + 4) / 2 and mirrored.upper.value == 2 - (1 + 2) / 2


def test_manski_bounds_by_hand():
    got = bounds([5.0, 3, np.nan, 1, 2, np.nan], [1, 1, 1, 0, 0, 0], kind="manski", low=1, high=5)
    assert got.lower.value == pytest.approx((5 + 3 + 1) / 3 - (1 + 2 + 5) / 3)
    assert got.upper.value == pytest.approx((5 + 3 + 5) / 3 - (1 + 2 + 1) / 3)


def test_response_is_told_first():
    y, z = town(np.random.default_rng(4), n=4000)
    got = bounds(y, z)
    assert next(iter(got.to_dict())) == "response" and got.response.verdict == "apart"
    assert response(np.arange(4000.0), z).verdict == "alike"


def test_clusters_widen_the_bounds():
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(20), 30)
    z = np.repeat(rng.permutation(np.repeat([0, 1], 10)), 30)
    y = rng.normal(size=20)[cluster] + rng.normal(size=600)
    y[rng.random(600) < 0.2] = np.nan
    alone, together = bounds(y, z), bounds(y, z, cluster=cluster)
    assert together.high - together.low > 1.5 * (alone.high - alone.low)
    assert together.lower.value == alone.lower.value


def test_bounds_refuse():
    with pytest.raises(BadInput, match="theoretical ends"):
        bounds([1.0, 2, 3, 4], [0, 0, 1, 1], kind="manski")
    with pytest.raises(BadInput, match="row 3 lies outside"):
        bounds([1.0, 2, 3, 9], [0, 0, 1, 1], kind="manski", low=1, high=5)
    with pytest.raises(TooFew, match="1 answers in arm 1"):
        bounds([1.0, 2, 3, np.nan], [0, 0, 1, 1])
