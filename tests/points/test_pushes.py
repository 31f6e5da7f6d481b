"""A large account sends people by itself: told apart from people calling forth people, and what is refused."""

import numpy as np
import pytest

from commonbeat import points, stats
from commonbeat.errors import BadInput
from commonbeat.points import histories, likelihood

HOUR, WEEK = 3600.0, 7 * 86_400.0
AT = 30 * HOUR


def pushed(rng, sent=90, known=1.0, base=100):
    """Ratio 0.7 and half-life six hours, and an account that sends `sent` people who wait two hours and pass nothing on."""
    own = points.simulate(
        rng, branching_ratio=0.7, half_life=6 * HOUR, window=(0, WEEK), background_rate=base / WEEK
    ).times
    more = AT + rng.exponential(2 * HOUR / np.log(2), rng.poisson(sent))
    more = more[more < WEEK]
    said = lambda n, value: np.where(rng.random(n) < known, value, np.nan)  # noqa: E731
    brought = np.r_[said(own.size, 0.0), said(more.size, 1.0)]
    times = np.r_[own, more]
    order = rng.permutation(times.size)
    return times[order], brought[order]


def test_the_gradient_with_a_push_is_the_slope():
    t, brought = pushed(np.random.default_rng(1))
    for kernel in points.KERNELS:
        data = points.prepare(t, (0, WEEK), None, None, kernel, "constant")
        data = histories.Histories(
            **{f: getattr(data, f) for f in data.__slots__} | {"push": AT, "brought": brought[np.argsort(t)]}
        )
        x = points.vector(
            data,
            background=100 / WEEK,
            ratio=0.6,
            half_life=5 * HOUR,
            tail=0.8,
            push_size=80.0,
            push_half_life=2 * HOUR,
        )
        slope = [
            (points.value(data, x + 1e-5 * e)[0] - points.value(data, x - 1e-5 * e)[0]) / 2e-5 for e in np.eye(x.size)
        ]
        assert points.value(data, x)[1] == pytest.approx(slope, rel=1e-3, abs=1e-2)


def test_without_a_push_of_any_size_nothing_changes():
    """A push that sends next to nobody leaves the plain likelihood."""
    t, _ = pushed(np.random.default_rng(2), sent=0)
    plain = points.prepare(t, (0, WEEK), None, None, "exponential", "constant")
    data = histories.Histories(**{f: getattr(plain, f) for f in plain.__slots__} | {"push": AT})
    x = points.vector(data, background=1 / HOUR, ratio=0.5, half_life=HOUR, push_size=1e-9, push_half_life=HOUR)
    assert points.value(data, x)[0] == pytest.approx(points.value(plain, x[:3])[0], rel=1e-9)
    assert likelihood.sent_by_push(data, x).max() < 1e-8


def test_what_the_account_brought_is_told_apart():
    hits = {"ratio": 0, "half": 0, "naive": 0, "sent": 0}
    rng, runs = np.random.default_rng(3), 5
    for _ in range(runs):
        t, brought = pushed(rng, known=0.8)
        naive = points.fit(t, window=(0, WEEK), starts=1)
        found = points.fit(t, window=(0, WEEK), starts=1, push=AT, brought=brought)
        hits["naive"] += (naive.half_life.low or 0) <= 6 * HOUR <= (naive.half_life.high or np.inf)
        hits["ratio"] += found.branching_ratio.low <= 0.7 <= (found.branching_ratio.high or np.inf)
        hits["half"] += (found.half_life.low or 0) <= 6 * HOUR <= (found.half_life.high or np.inf)
        hits["sent"] += (found.push.brought.low or 0) <= 90 <= (found.push.brought.high or np.inf)
        assert found.push.half_life.value == pytest.approx(2 * HOUR, rel=0.7) and found.push.at == AT
    for name in ("ratio", "half"):
        assert stats.clopper_pearson(hits[name], runs, level=0.999)[1] >= 0.94
    assert hits["naive"] <= 1  # the burst's own wait is taken for that of sharing


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"push": 2 * WEEK}, "not inside"),
        ({"push": AT, "brought": [1.0]}, "1, 0 or nan for every event"),
        ({"push": AT, "background": "none"}, "constant background"),
    ],
)
def test_refusals(options, says):
    t, _ = pushed(np.random.default_rng(4))
    with pytest.raises(BadInput, match=says):
        points.fit(t, window=(0, WEEK), **options)
