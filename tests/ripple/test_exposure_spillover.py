"""Rings on the block: exact chances, the authors' own numbers, planted spillover found, none invented."""

import csv
import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat import ripple, stats
from commonbeat.design import Design
from commonbeat.errors import BadInput, TooFew

NAMES = {"dir_ind1": "own_and_near", "isol_dir": "own", "ind1": "near", "no": "none"}


@pytest.fixture(scope="module")
def lattice(real):
    rows = list(csv.DictReader(real("trust_reference/input/lattice12.csv").open()))
    x, y, z, outcome = (np.array([float(r[c]) for r in rows]) for c in ("px", "py", "z", "y"))
    rings = ripple.rings_by_distance(x, y, {"onlooker": 1.0001})
    exposed = ripple.exposure(Design.observed(z.astype(int)), rings, z.astype(int), mapping="own_and_near")
    return outcome, exposed, json.loads(real("trust_reference/expected/interference.json").read_text())


def test_all_495_assignments(lattice):
    _, exposed, records = lattice
    assert (exposed.how, exposed.draws, exposed.mc_error) == ("listed", 495, 0.0)
    values = np.array(records[0]["result"]["prob"]["values"])
    assert pytest.approx(values, rel=1e-12) == exposed.probability.T
    assert [exposed.conditions[k] for k in exposed.observed] == [NAMES[n] for n in records[0]["result"]["exposure"]]


@pytest.mark.parametrize("which", [0, 1])
def test_aronow_and_samii(lattice, which):
    outcome, exposed, records = lattice
    found, record = ripple.exposure_effects(outcome, exposed, smoothing=bool(which)), records[which]["result"]
    names = {"yT_ht": "total_ht", "yT_h": "total_hajek", "tau_ht": "effect_ht", "tau_h": "effect_hajek", "tau_dsm": "difference",
             "var_yT_ht": "var_total_ht", "var_yT_h": "var_total_hajek", "var_tau_ht": "var_effect_ht", "var_tau_h": "var_effect_hajek"}  # fmt: skip
    for theirs, ours in names.items():
        for condition, value in record[theirs].items():
            assert found[ours][NAMES[condition]] == pytest.approx(value, rel=1e-8, abs=1e-12)


def test_cells_of_one_or_two_are_not_judged(lattice):
    """The same 12 units give a Hajek variance of 0.0004: with so few in a cell it collapses."""
    outcome, exposed, _ = lattice
    for effect in ripple.spillover(outcome, exposed).effects:
        assert (
            effect.verdict == "too_few" and effect.hajek.value is None and "10 are needed" in effect.hajek.cautions[0]
        )


def nobody_by_hand(design, members):
    """Share of all assignments in which none of these units is treated, listed one by one."""
    sets = [
        [set(c) for c in combinations(np.flatnonzero(design.block == b), int(design.counts[b, 1]))]
        for b in range(len(design.counts))
    ]
    share = 1.0
    for options in sets:
        share *= sum(not (o & set(members)) for o in options) / len(options)
    return share


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_closed_form_is_the_share_of_all_assignments(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 6, 2)
    design = Design.complete([[s - 1, 1] for s in sizes], block=np.repeat([0, 1], sizes))
    n = design.n
    rings = ripple.rings_by_distance(*rng.uniform(0, 3, (2, n)), {"onlooker": 1.0, "neighbour": 1.8})
    z = design.draw(rng)[0]
    for mapping in ("nearest", "own_and_near"):
        listed = ripple.exposure(design, rings, z, mapping=mapping, how="listed")
        closed = ripple.exposure(design, rings, z, mapping=mapping, how="closed_form")
        assert closed.probability == pytest.approx(listed.probability, abs=1e-12)
    every = [i for r in range(2) for i in rings.neighbours[rings.starts[r, 0] : rings.starts[r, 1]]]
    nearest = ripple.exposure(design, rings, z, how="closed_form")
    assert nearest.probability[0, -1] == pytest.approx(nobody_by_hand(design, [0, *every]))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.5]), st.booleans())
def test_one_assignment_read_directly_is_that_of_the_bits(seed, share, nearest):
    from commonbeat.ripple import exposure_kernels as kernels

    rng = np.random.default_rng(seed)
    rings = ripple.rings_by_distance(*rng.uniform(0, 6, (2, 60)), {"onlooker": 0.7, "neighbour": 1.5})
    z = rng.random(60) < share
    bits = kernels.conditions(kernels.pack(z[None]), rings, nearest, 1)
    assert (kernels.observed(z, rings.starts, rings.neighbours, nearest) == bits[:, :, 0].argmax(0)).all()


def test_bernoulli_closed_form():
    design = Design.bernoulli(3, 0.25)
    rings = ripple.rings_by_ties([0, 1], [1, 2], 3, labels=("onlooker", "neighbour"))  # a line 0 - 1 - 2
    p = ripple.exposure(design, rings, [0, 0, 1], how="closed_form").probability
    assert p[0] == pytest.approx([0.25, 0.75 * 0.25, 0.75**2 * 0.25, 0.75**3])
    assert p[1] == pytest.approx([0.25, 0.75 * (1 - 0.75**2), 0.0, 0.75**3])


@pytest.mark.parametrize("design", [Design.complete([20, 30]), Design.bernoulli(50, 0.3), Design.complete([5, 5], cluster=np.repeat(np.arange(10), 5)),
                                    Design.complete([[20, 5], [10, 15]], block=np.repeat([0, 1], 25))], ids=["complete", "bernoulli", "clusters", "blocks"])  # fmt: skip
def test_simulated_chances_are_those_of_the_design(design):
    rng = np.random.default_rng(1)
    rings = ripple.rings_by_distance(*rng.uniform(0, 7, (2, 50)), {"onlooker": 1.0})
    z = np.array(design.arms)[design.draw(rng)[0]]
    found = ripple.exposure(design, rings, z, how="simulated", draws=4000, rng=rng)
    replay = design.draw(np.random.default_rng(2), 4000) > 0
    own = replay.mean(0)
    near = np.array(
        [
            replay[:, rings.neighbours[rings.starts[0, i] : rings.starts[0, i + 1]]].any(1) & ~replay[:, i]
            for i in range(50)
        ]
    ).mean(1)
    assert np.abs(found.probability[:, 0] - own).max() < 5 * 2**0.5 * found.mc_error
    assert np.abs(found.probability[:, 1] - near).max() < 5 * 2**0.5 * found.mc_error


def test_the_same_seed_gives_the_same_chances():
    design = Design.complete([180, 20])
    rings = ripple.rings_by_distance(*np.random.default_rng(1).uniform(0, 14, (2, 200)), {"onlooker": 1.0})
    z = design.draw(np.random.default_rng(2))[0]
    a, b = (ripple.exposure(design, rings, z, how="simulated", rng=np.random.default_rng(3)) for _ in range(2))
    assert (a.probability == b.probability).all() and (a.bits == b.bits).all()


def block_of_town(seed, n=500, treated=35):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, np.sqrt(n), (2, n))
    return (
        rng,
        x,
        y,
        ripple.rings_by_distance(x, y, {"onlooker": 1.0, "neighbour": 2.2}),
        Design.complete([n - treated, treated]),
    )


TRUTH = {"participant": 6.0, "onlooker": 3.0, "neighbour": 1.5, "none": 0.0}


def replays(runs, seed, draws=400):
    """Coverage ring by ring, of the whole curve, and rejections under no effect and under a planted one."""
    rng, x, _y, rings, design = block_of_town(seed)
    inside, curve, _naive, rejected = dict.fromkeys(list(TRUTH)[:3], 0), 0, [], [0, 0]
    for _ in range(runs):
        untouched = 50 + 2 * np.sin(x) + rng.normal(0, 5, x.size)
        z = design.draw(rng)[0]
        e = ripple.exposure(design, rings, z, rng=rng, draws=draws)
        moved = untouched + np.array([TRUTH[e.conditions[k]] for k in e.observed])
        for f in ripple.spillover(moved, e).effects:
            inside[f.condition] += f.hajek.low <= TRUTH[f.condition] <= f.hajek.high
        points = ripple.ripple_curve(np.column_stack([moved, untouched]), e, waves=[3, 30]).points
        curve += all(p.effect.low <= (TRUTH[p.ring] if p.wave == 3 else 0.0) <= p.effect.high for p in points)
        rejected[0] += ripple.no_ripple_at_all(untouched, e).p_value <= 0.05
        rejected[1] += ripple.no_ripple_at_all(moved, e).p_value <= 0.05
    return inside, curve, rejected


def test_a_planted_spillover_is_recovered_ring_by_ring():
    inside, curve, rejected = replays(25, 1)
    for hits in (*inside.values(), curve):
        _, high = stats.clopper_pearson(hits, 25, level=0.999)
        assert high >= 0.94
    low, _ = stats.clopper_pearson(rejected[0], 25, level=0.999)
    assert low <= 0.05 and rejected[1] == 25


@pytest.mark.truth
def test_a_planted_spillover_is_recovered_in_the_long_run():
    inside, curve, rejected = replays(10_000, 2)
    for hits in (*inside.values(), curve):
        _, high = stats.clopper_pearson(hits, 10_000, level=0.999)
        assert high >= 0.94
    low, _ = stats.clopper_pearson(rejected[0], 10_000, level=0.999)
    assert low <= 0.05


def test_no_ripple_beyond_a_ring_keeps_its_level_and_sees_one():
    rng, x, _, rings, design = block_of_town(3)
    wrong = right = 0
    for _ in range(40):
        untouched = 50 + rng.normal(0, 3, x.size)
        z = design.draw(rng)[0]
        e = ripple.exposure(design, rings, z, how="closed_form")
        near_only = untouched + 6.0 * (e.observed == 0)
        far = untouched + np.array([6.0, 4.0, 4.0, 0.0])[e.observed]
        wrong += (
            ripple.no_ripple_beyond(near_only, design, rings, z, "participant", rng=rng, draws=99).p_value <= 0.05
        )
        right += ripple.no_ripple_beyond(far, design, rings, z, "participant", rng=rng, draws=99).p_value <= 0.05
    low, _ = stats.clopper_pearson(wrong, 40, level=0.999)
    assert low <= 0.05 and right >= 25


@pytest.mark.parametrize("kind", ["clusters", "two stages"])
def test_no_ripple_beyond_with_clusters_and_two_stages(kind):
    rng = np.random.default_rng(11)
    n = 600
    x, y = rng.uniform(0, n**0.5, (2, n))
    rings = ripple.rings_by_distance(x, y, {"onlooker": 1.5})
    if kind == "clusters":  # homes in threes that lie together
        design = Design.complete([160, 40], cluster=np.argsort(np.lexsort((y, (x // 2).astype(int)))) // 3)
    else:
        design = Design.saturated((x // 8.2).astype(int), {0.0: 1, 0.1: 1, 0.3: 1})
    wrong = right = 0
    for _ in range(40):
        z = design.draw(rng)[0]
        e = ripple.exposure(design, rings, z, how="simulated", draws=64, rng=rng)
        untouched = rng.normal(0, 2, n)
        ask = lambda values, z=z: ripple.no_ripple_beyond(values, design, rings, z, "participant", rng=rng, draws=99)  # noqa: E731
        wrong += ask(untouched + 5.0 * z).p_value <= 0.05
        right += ask(untouched + 5.0 * (e.observed < 2)).p_value <= 0.05
    low, _ = stats.clopper_pearson(wrong, 40, level=0.999)
    assert low <= 0.05 and right >= 25, (wrong, right)


def test_units_that_could_never_be_exposed_are_left_out_and_counted():
    n = 60
    x = np.r_[np.arange(50) * 0.5, 1000 + 100 * np.arange(10)]  # ten homes stand alone: nobody can be their neighbour
    rings = ripple.rings_by_distance(x, np.zeros(n), {"onlooker": 0.6})
    rng = np.random.default_rng(5)
    design = Design.complete([n - 12, 12])
    z = design.draw(rng)[0]
    e = ripple.exposure(design, rings, z, rng=rng, draws=2000)
    assert e.never["onlooker"] == 10
    onlooker = ripple.spillover(rng.normal(size=n), e).effects[1]
    assert onlooker.condition == "onlooker" and onlooker.excluded == 10


def test_comparing_viewers_with_others_is_an_association_and_wrong_by_this_much():
    """Those who trust more watch more. Nobody's trust moved; the naive difference is what choosing to watch makes of it."""
    rng, x, _, rings, design = block_of_town(6)
    trust = rng.normal(50, 10, x.size)
    viewed = rng.random(x.size) < 1 / (1 + np.exp(-(trust - 50) / 5))
    z = design.draw(rng)[0]
    e = ripple.exposure(design, rings, z, rng=rng, viewed=viewed)
    found = {f.condition: f for f in ripple.spillover(trust, e).effects}["viewer"]
    assert found.how == "observed" and found.hajek.value is None and found.difference > 8
    assert ripple.spillover(trust, e).must_hold[0] == "no_unmeasured_cause_of_viewing_and_trust"


def test_spatial_errors_are_wider_where_neighbours_are_alike():
    rng, x, y, rings, design = block_of_town(7)
    place = np.floor(x / 3) * 10 + np.floor(y / 3)
    same = {p: rng.normal(0, 5) for p in np.unique(place)}
    trust = np.array([same[p] for p in place]) + rng.normal(0, 1, x.size)
    e = ripple.exposure(design, rings, design.draw(rng)[0], rng=rng)
    plain = ripple.spillover(trust, e).effects[2].regression
    spatial = ripple.spillover(trust, e, x=x, y_place=y, reach=5.0).effects[2].regression
    clustered = ripple.spillover(trust, e, cluster=place).effects[2].regression
    assert plain.value == pytest.approx(spatial.value) and "HAC" in spatial.method
    assert spatial.std_error > plain.std_error and clustered.std_error > plain.std_error


def test_two_stage_by_hand():
    #          group a: half treated        b: half           c: none            d: none
    y = [4.0, 6.0, 1.0, 3.0, 8.0, 8.0, 2.0, 4.0, 1.0, 1.0, 1.0, 1.0, 0.0, 2.0, 0.0, 2.0]
    z = [1, 1, 0, 0, 1, 1, 0, 0] + [0] * 8
    group, share = list("aaaabbbbccccdddd"), [0.5] * 8 + [0.0] * 8
    found = ripple.two_stage(y, z, group, share)
    assert found.direct[1].value == ((5 - 2) + (8 - 3)) / 2
    assert found.indirect[0].value == (2 + 3) / 2 - (1 + 1) / 2
    assert found.total[0].value == (5 + 8) / 2 - 1
    assert found.overall[0].value == ((4 + 6 + 1 + 3) / 4 + (8 + 8 + 2 + 4) / 4) / 2 - 1
    assert found.total[0].value == found.direct[1].value + found.indirect[0].value


def test_two_stage_covers():
    rng, hits = np.random.default_rng(8), 0
    for _ in range(150):
        share = np.repeat(rng.permutation([0.0] * 10 + [0.5] * 10), 20)
        group = np.repeat(np.arange(20), 20)
        treated = np.concatenate([rng.permutation([s > 0] * 10 + [False] * 10) for s in share[::20]])
        y = rng.normal(0, 1, 20)[group] + rng.normal(0, 1, 400) + 2 * treated + 1.0 * (share > 0)
        found = ripple.two_stage(y, treated, group, share).indirect[0]
        hits += found.low <= 1.0 <= found.high
    low, high = stats.clopper_pearson(hits, 150, level=0.999)
    assert low <= 0.96 and high >= 0.94


def test_trust_and_reach_among_those_who_did_not_take_part():
    rng = np.random.default_rng(9)
    area = np.repeat(np.arange(20), 30)
    reach = rng.uniform(0, 1, 20)[area]
    took_part = rng.random(600) < 0.2 * reach
    change = 2.0 * reach + 10.0 * took_part + rng.normal(0, 1, 20)[area] + rng.normal(0, 3, 600)
    found = ripple.reach_and_trust(change, reach, took_part, area)
    assert (
        found.slope.low <= 2.0 <= found.slope.high and found.naive > found.slope.value
    )  # those who took part are in the naive one
    assert found.how == "observed" and found.must_hold
    assert ripple.reach_and_trust(change, reach, took_part, area, offered=reach > 0.5).how == "randomised"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda d, r, z: ripple.exposure(d, r, z, how="simulated"), "rng="),
        (lambda d, r, z: ripple.exposure(d, r, z[:-1]), "49 entries for 50"),
        (lambda d, r, z: ripple.exposure(d, r, np.where(z, "x", "y")), "not one of the design's arms"),
        (lambda d, r, z: ripple.exposure(d, r, z, mapping="far"), "nearest"),
        (
            lambda d, r, z: ripple.no_ripple_beyond(np.zeros(50), d, r, z, "neighbour", rng=np.random.default_rng(1)),
            "no ring beyond",
        ),
        (
            lambda d, r, z: ripple.spillover(np.zeros(3), ripple.exposure(d, r, z, how="closed_form")),
            "3 values for 50",
        ),
        (
            lambda d, r, z: ripple.exposure_effects(np.zeros(50), ripple.exposure(d, r, z, how="closed_form")),
            "need draws",
        ),
        (lambda d, r, z: ripple.rings_by_distance([0, np.nan], [0, 1], {"onlooker": 1}), "needs its place"),
        (lambda d, r, z: ripple.rings_by_distance([0, 1], [0, 1], {"audience": 1}), "onlooker"),
        (lambda d, r, z: ripple.rings_by_ties([0], [70], 50), "0 to 49"),
        (lambda d, r, z: ripple.two_stage([1.0, 2.0], [0, 1], ["a", "a"], [0.1, 0.2]), "share differs"),
    ],
)
def test_refusals_say_what_is_wrong(call, says):
    design = Design.complete([40, 10])
    rings = ripple.rings_by_distance(
        *np.random.default_rng(1).uniform(0, 7, (2, 50)), {"onlooker": 1.0, "neighbour": 2.0}
    )
    with pytest.raises(BadInput, match=says):
        call(design, rings, design.draw(np.random.default_rng(2))[0])


def test_too_few_is_said():
    with pytest.raises(TooFew, match="Only one group"):
        ripple.two_stage([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 0], ["a", "a", "b", "b"], [0.5, 0.5, 0.0, 0.0])
    with pytest.raises(TooFew, match="5"):
        ripple.reach_and_trust([1.0, 2.0], [0.1, 0.2], [False, False], ["a", "b"])


def test_the_citys_own_trial_cannot_tell_its_leak():
    """Half of every district was visited: nearly no patch was without a visited one beside it, and that is the answer."""
    import polars as pl

    from commonbeat import city

    town = city.build(7, 20_000, 2, "leaky")
    drawn = town.tables["assignments"].filter(pl.col("plan_id") == "visits").sort("unit")
    near = town.tables["ties"].filter(pl.col("plan_id") == "visits")
    place = {unit: i for i, unit in enumerate(drawn["unit"])}
    ends = ([place[t] for t in near[c]] for c in ("source", "target"))
    rings = ripple.rings_by_ties(*ends, len(place), labels=("neighbour",))
    arm = drawn["arm"].to_numpy()
    e = ripple.exposure(
        Design.observed(arm, block=drawn["block"].to_numpy()),
        rings,
        arm,
        mapping="own_and_near",
        rng=np.random.default_rng(1),
    )
    assert sum(e.counts.values()) == 150 and e.counts["none"] < 10 and e.never["none"] > 75
    assert {f.verdict for f in ripple.spillover(np.zeros(150), e).effects} == {"too_few"}
