"""Self-exciting processes: sums by hand, published likelihoods, known parameters recovered, and what is refused."""

import csv

import numpy as np
import pytest

from commonbeat import points, stats
from commonbeat.errors import BadInput, TooFew

LN2 = np.log(2)


def by_hand(t, end, mu, n, half, tail=None, w=None):
    """log-likelihood as the definition says it, pair by pair."""
    w = np.ones(len(t)) if w is None else w
    if tail is None:
        rate = LN2 / half
        g, gone = lambda u: rate * np.exp(-rate * u), lambda u: 1 - np.exp(-rate * u)
    else:
        c = half / (2 ** (1 / tail) - 1)
        g, gone = lambda u: tail * c**tail * (u + c) ** -(1 + tail), lambda u: 1 - (1 + u / c) ** -tail
    total = 0.0
    for ti in t:
        before = t < ti
        intensity = mu + n * (w[before] * g(ti - t[before])).sum()
        total += np.log(intensity) if intensity > 0 else 0.0
    return total - mu * end - n * (w * gone(end - t)).sum()


@pytest.mark.parametrize("tail", [None, 0.4, 1.0, 4.0])
@pytest.mark.parametrize("mu", [0.0, 0.3])
def test_likelihood_is_the_definition(tail, mu):
    rng = np.random.default_rng(5)
    t = np.sort(np.round(rng.uniform(0, 50, 80), 1))  # with ties
    t[0] = 0.0
    m = rng.lognormal(0, 1, 80)
    found = points.log_likelihood(
        t,
        branching_ratio=0.6,
        half_life=2.0,
        tail=tail,
        background_rate=mu,
        window=(0, 60),
        marks=m,
        mark_exponent=0.5,
    )
    assert found == pytest.approx(by_hand(t, 60, mu, 0.6, 2.0, tail, m**0.5 / (m**0.5).mean()), rel=1e-7)


@pytest.mark.parametrize("kernel", points.KERNELS)
def test_the_gradient_is_the_slope(kernel):
    rng = np.random.default_rng(2)
    t = np.sort(rng.uniform(0, 100, 150))
    data = points.prepare(t, (0, 100), rng.lognormal(0, 1, 150), None, kernel, [1.0, 2.0, 0.5])
    x = points.vector(data, background=0.8, ratio=0.5, half_life=0.7, tail=0.9, exponent=0.3)
    step = 1e-5
    slopes = [
        (points.value(data, x + step * e)[0] - points.value(data, x - step * e)[0]) / (2 * step)
        for e in np.eye(x.size)
    ]
    assert points.value(data, x)[1] == pytest.approx(slopes, rel=1e-5, abs=1e-4)


def test_equal_times_do_not_excite_each_other():
    together = points.log_likelihood([0, 5, 5], branching_ratio=0.5, half_life=1.0, window=(0, 10))
    rate, n = LN2, 0.5
    each = np.log(n * rate * np.exp(-rate * 5))
    gone = sum(1 - np.exp(-rate * (10 - t)) for t in (0, 5, 5))
    assert together == pytest.approx(2 * each - n * gone)


def test_any_order_of_events_is_the_same():
    rng = np.random.default_rng(4)
    t = points.simulate(rng, branching_ratio=0.5, half_life=1.0, window=(0, 200), background_rate=0.5).times
    m = rng.lognormal(0, 1, t.size)
    order = rng.permutation(t.size)
    a, b = (points.fit(t[k], window=(0, 200), marks=m[k]) for k in (np.arange(t.size), order))
    assert a.to_dict() == b.to_dict()


def test_a_published_fit(real):
    """The README of the R package evently: 100 cascades, exponential kernel without background."""
    cascades = {}
    with open(real("ripple_reference/evently_readme_exp_sim100.csv")) as file:
        for row in csv.DictReader(file):
            cascades.setdefault(row["cascade"], []).append(float(row["time"]))
    found = points.fit([np.array(t) for t in cascades.values()], window=(0, 5), background="none")
    assert found.branching_ratio.value == pytest.approx(0.8508201, rel=1e-5)
    assert LN2 / found.half_life.value == pytest.approx(1.0612923, rel=1e-4)
    assert -found.log_likelihood == pytest.approx(285.4881844, rel=1e-8)


def test_the_gaps_of_a_true_model_are_exponential():
    rng = np.random.default_rng(9)
    truth = {"branching_ratio": 0.6, "half_life": 1.0, "tail": 1.0, "background_rate": 1.0, "window": (0, 500)}
    gaps = points.residuals(points.simulate(rng, **truth).times, **truth)
    assert gaps.mean() == pytest.approx(1.0, abs=4 / np.sqrt(gaps.size))
    assert np.sort(gaps)[gaps.size // 2] == pytest.approx(LN2, abs=4 / np.sqrt(gaps.size))


def coverage(runs, seed, **options):
    rng, hits, lives, tried = np.random.default_rng(seed), 0, 0, 0
    for _ in range(runs):
        s = points.simulate(rng, branching_ratio=0.5, half_life=0.5, window=(0, 300), background_rate=1.0)
        found = points.fit(s.times, window=(0, 300), starts=1, **options)
        if found.half_life.known:
            tried += 1
            lives += found.half_life.low <= 0.5 <= found.half_life.high
        hits += found.branching_ratio.low <= 0.5 <= (found.branching_ratio.high or np.inf)
    return (hits, runs), (lives, tried)


def test_intervals_hold_the_truth():
    for hits, runs in coverage(150, 1):
        low, high = stats.clopper_pearson(hits, runs, level=0.999)
        assert low <= 0.96 and high >= 0.94


@pytest.mark.truth
def test_intervals_hold_the_truth_in_the_long_run():
    for hits, runs in coverage(10_000, 2):
        low, high = stats.clopper_pearson(hits, runs, level=0.999)
        assert low <= 0.96 and high >= 0.94


def test_plain_noise_is_not_called_excitation():
    rng = np.random.default_rng(8)
    verdicts = [points.fit(np.sort(rng.uniform(0, 100, 120)), window=(0, 100), starts=2).verdict for _ in range(40)]
    assert verdicts.count("identified") <= 8  # 5 % in the long run; 8 of 40 has probability < 0.001


def test_one_finished_cascade_does_not_identify_its_ratio():
    """Without background, all events but the first are offspring: (n - 1) / n by construction, whatever the truth."""
    rng = np.random.default_rng(6)
    t = np.concatenate([[0.0], np.sort(rng.exponential(10.0, 98))])
    found = points.fit(t, window=(0, 1e5), background="none")
    assert found.branching_ratio.value == pytest.approx(98 / 99, rel=1e-4)
    assert found.verdict == "not_identified" and "reaches 1" in found.cautions[0]


def test_a_wrong_kernel_is_noticed():
    rng = np.random.default_rng(3)
    t = np.cumsum(rng.gamma(20.0, 1 / 20, 2000))  # far more regular than any self-exciting process
    assert points.fit(t, window=(0, t[-1])).fit_ok is False


def test_the_background_may_be_given():
    rng = np.random.default_rng(12)
    day = np.concatenate([rng.uniform(0, 12, 60), rng.uniform(12, 24, 600)])
    flat, shaped = points.fit(day, window=(0, 24)), points.fit(day, window=(0, 24), background=[1, 10])
    assert flat.branching_ratio.value > 0.3 and flat.poisson_log_likelihood < shaped.poisson_log_likelihood
    assert shaped.branching_ratio.low == 0.0 and shaped.verdict == "no_excitation_seen"


def test_parents_come_before_their_children():
    rng = np.random.default_rng(1)
    s = points.simulate(
        rng, branching_ratio=0.7, half_life=3.0, window=(0, 50), sequences=30, marks=lambda r, k: r.pareto(3, k) + 1
    )
    child = np.flatnonzero(s.parent >= 0)
    assert child.size and (s.times[s.parent[child]] < s.times[child]).all()
    assert (s.sequence[s.parent[child]] == s.sequence[child]).all()
    assert (s.parent < 0).sum() == 30


def test_marks_are_told_from_no_marks():
    rng = np.random.default_rng(21)
    s = points.simulate(
        rng,
        branching_ratio=0.6,
        half_life=0.5,
        window=(0, 1500),
        background_rate=1.0,
        marks=lambda r, k: r.lognormal(0, 1, k),
    )
    assert points.fit(s.times, window=(0, 1500), marks=s.marks).mark_exponent == pytest.approx(1.0, abs=0.3)
    shuffled = points.fit(s.times, window=(0, 1500), marks=rng.permutation(s.marks))
    assert shuffled.mark_exponent == pytest.approx(0.0, abs=0.3)


@pytest.mark.parametrize(
    ("times", "options", "says"),
    [
        (np.arange(20.0), {"window": (5, 30)}, "outside the window"),
        (np.array([np.nan] * 20), {"window": (0, 1)}, "finite"),
        (np.arange(20.0), {"marks": -np.ones(20)}, ">= 0"),
        (np.arange(20.0), {"kernel": "weibull"}, "exponential, power_law"),
        (np.arange(20.0), {"background": [0.0, 0.0]}, "not all 0"),
        (np.arange(20.0), {"window": (3, 1)}, "start <= end"),
    ],
)
def test_refusals_say_what_to_do(times, options, says):
    with pytest.raises(BadInput, match=says):
        points.fit(times, **options)


def test_few_events_are_too_few():
    with pytest.raises(TooFew, match="needs 10"):
        points.fit([1.0, 2.0, 3.0])
    with pytest.raises(TooFew):
        points.fit([])


def test_all_events_at_once_have_a_defined_answer():
    found = points.fit(np.zeros(50), window=(0, 10))
    assert found.verdict in ("no_excitation_seen", "not_identified")
