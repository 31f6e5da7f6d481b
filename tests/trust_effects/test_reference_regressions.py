"""Every least-squares record in scope equals R to 1e-8."""

import numpy as np
import pytest

from commonbeat import trust
from commonbeat.errors import BadInput, TooFew
from commonbeat.regression import gram, ols, wild_bootstrap
from commonbeat.trust.experiments import adjusted_effect, difference_in_means, interacted
from commonbeat.trust.regressions import regress

HC, CR = ["HC0", "HC1", "HC2", "HC3", "classical"], ["CR0", "stata", "CR2"]
OURS = {"stata": "CR1"}


def options(d, weights, fe, clusters):
    out = {"weights": d["w"]} if weights else {}
    out |= {"fixed_effects": d["block4"]} if fe else {}
    return out | ({"cluster": d["cl20"]} if clusters else {})


@pytest.mark.parametrize("se", HC + CR)
@pytest.mark.parametrize("kind", ["", "w_", "fe_"])
def test_lm_robust(frame, record, same, kind, se):
    d, clusters = frame("alo_star_men.csv"), se in CR
    name = {"": "cl_", "w_": "cl_w_", "fe_": "fe_cl_"}[kind] if clusters else kind
    fit = regress(
        d["GPA_year1"],
        d.select("ssp", "gpa0"),
        se=OURS.get(se, se),
        **options(d, kind == "w_", kind == "fe_", clusters),
    )
    same(fit, record("experiments_alo", f"lm_robust_{name}{se}"))


@pytest.mark.parametrize("se", HC + CR)
def test_lm_lin(frame, record, se):
    d, clusters = frame("alo_star_men.csv"), se in CR
    expected = record("experiments_alo", f"lm_lin_{'cl_' if clusters else ''}{se}")
    arguments = (d["GPA_year1"], d["ssp"], d.select("gpa0"))
    fit = interacted(*arguments, se=OURS.get(se, se), **options(d, False, False, clusters))
    assert np.allclose(fit.estimate, expected["coefficients"], rtol=1e-8)
    assert np.allclose(fit.std_error, expected["std.error"], rtol=1e-8)
    assert np.allclose(fit.df, expected["df"], rtol=1e-8)
    one = adjusted_effect(*arguments, se=OURS.get(se, se), **options(d, False, False, clusters))
    assert (one.value, one.std_error) == (fit.estimate[1], fit.std_error[1])


def test_lm_lin_with_weights_three_arms_and_missing_outcomes(frame, record):
    d = frame("alo_star_men.csv")
    arm = np.where(d["block4"] <= 2, d["ssp"], 2 * d["ssp"])
    found = {
        "lm_lin_w": interacted(d["GPA_year1"], d["ssp"], d.select("gpa0"), weights=d["w"]),
        "lm_lin_factor_treat": interacted(d["GPA_year1"], arm, d.select("gpa0")),
        "lm_lin_two_cov": interacted(d["GPA_year2"], d["ssp"], d.select("gpa0", "block4")),
    }
    for name, fit in found.items():
        expected = record("experiments_alo", name)
        assert np.allclose(fit.estimate, expected["coefficients"], rtol=1e-8), name
        assert np.allclose(fit.std_error, expected["std.error"], rtol=1e-8), name
    one = adjusted_effect(d["GPA_year1"], arm, d.select("gpa0"), treated=2)
    assert one.value == found["lm_lin_factor_treat"].estimate[2] and "also assigned: 1" in one.cautions[0]


@pytest.mark.parametrize(
    ("name", "file", "data", "y", "arm", "design"),
    [
        ("dim_simple", "experiments_alo", "alo_star_men.csv", "GPA_year1", "ssp", {}),
        ("dim_weighted", "experiments_alo", "alo_star_men.csv", "GPA_year1", "ssp", {"weights": "w"}),
        ("dim_blocked", "experiments_alo", "alo_star_men.csv", "GPA_year1", "ssp", {"block": "block4"}),
        ("dim_matched", "experiments_alo", "alo_star_men.csv", "GPA_year1", "ssp", {"block": "pair"}),
        ("dim_blocked_big", "dim_synth", "cace_synth.csv", "trust", "assigned", {"block": "block"}),
        (
            "dim_blocked_clustered",
            "dim_synth",
            "cace_synth.csv",
            "trust",
            "cltreat",
            {"block": "block", "cluster": "cluster"},
        ),
        ("dim_clustered_big", "dim_synth", "cace_synth.csv", "trust", "cltreat", {"cluster": "cluster"}),
    ],
)
def test_difference_in_means(frame, record, name, file, data, y, arm, design):
    d, expected = frame(data), record(file, name)
    got = difference_in_means(d[y], d[arm], **{k: d[v] for k, v in design.items()})
    wanted = [expected[k] for k in ("coefficients", "std.error", "df", "conf.low", "conf.high")]
    wanted = [v[0] if isinstance(v, list) else v for v in wanted]
    assert [got.value, got.std_error, got.df, got.low, got.high] == pytest.approx(wanted, rel=1e-8)
    assert got.n == expected["nobs"]


@pytest.mark.parametrize("se", ["HC0", "HC1", "HC2", "HC3"])
def test_sandwich(frame, record, se):
    d = frame("alo_star_men.csv")
    fit = regress("GPA_year1 ~ ssp + gpa0", d, se=se)
    assert np.allclose(fit.vcov, record("experiments_alo", f"sandwich_{se}")["vcov"]["values"], rtol=1e-8, atol=1e-14)


IV = [(f"iv_{se}", "contacted", "assigned", {"se": se}) for se in HC]
IV += [(f"iv_cov_{se}", "contacted x1 x2", "assigned x1 x2", {"se": se}) for se in ("HC2", "HC3")]
IV += [
    (f"iv_cl_{se}", "contacted x1 x2", "assigned x1 x2", {"se": OURS.get(se, se), "cluster": "cluster"}) for se in CR
]
IV += [("iv_fe_HC2", "contacted x1", "assigned x1", {"se": "HC2", "fixed_effects": "block"})]


@pytest.mark.parametrize(("name", "x", "z", "more"), IV)
def test_two_stage_least_squares(frame, record, same, name, x, z, more):
    d = frame("cace_synth.csv")
    more = {k: d[v] if k in ("cluster", "fixed_effects") else v for k, v in more.items()}
    fit = regress(d["trust"], d.select(x.split()), instruments=d.select(z.split()), **more)
    same(fit, record("iv_cace", name))


@pytest.mark.parametrize("se", HC)
def test_more_instruments_than_needed(frame, record, same, se):
    d = frame("cigarettes1995.csv")
    fit = regress(d["lq"], d.select("lp", "linc"), instruments=d.select("linc", "tdiff", "tax"), se=se)
    same(fit, record("iv_cace", f"iv_overid_{se}"))
    by_formula = regress("lq ~ linc | lp ~ tdiff + tax", d, se=se)
    assert by_formula.of("lp").value == pytest.approx(fit.of("lp").value, rel=1e-10)


def test_iv_clusters_as_clubsandwich_and_sandwich(frame, record):
    d = frame("cace_synth.csv")
    run = lambda se: regress("trust ~ x1 + x2 | contacted ~ assigned", d, cluster="cluster", se=se)  # noqa: E731
    order = ["(Intercept)", "contacted", "x1", "x2"]
    at = [run("CR2").terms.index(t) for t in order]
    expected = record("iv_cace", "ivreg_CR2")
    assert np.allclose(run("CR2").std_error[at], expected["SE"], rtol=1e-8)
    assert np.allclose(run("CR2").df[at], expected["df_Satt"], rtol=1e-8)
    for ours, theirs in (("CR0", "HC0"), ("CR1", "HC1")):
        wanted = np.array(record("iv_cace", f"ivreg_vcovCL_{theirs}")["vcov"]["values"])
        got = run(ours).vcov[np.ix_(at, at)]
        ratio = got / wanted
        assert np.allclose(ratio, ratio[0, 0], rtol=1e-7)
        # sandwich multiplies HC0 by G/(G-1) too; we leave CR0 bare
        assert ratio[0, 0] == pytest.approx(39 / 40 if ours == "CR0" else 1, rel=1e-8)


def test_two_way_fixed_effects(frame, record):
    d, expected = frame("staggered.csv"), record("did", "twfe")
    post = ((d["g"] > 0) & (d["t"] >= d["g"])).cast(float).alias("post")
    for se, error in (("CR1", "se_stata"), ("CR2", "se_CR2")):
        fit = regress(d["y"], post, fixed_effects=[d["unit"], d["t"]], cluster=d["cluster"], se=se)
        assert [fit.estimate[0], fit.std_error[0]] == pytest.approx([expected["coef"], expected[error]], rel=1e-8)
    assert fit.df[0] == pytest.approx(expected["df_CR2"], rel=1e-8)


def test_the_wild_bootstrap_of_eight_clusters(frame, record):
    d, expected = frame("cace_synth.csv"), record("randomisation", "wcr_rademacher_256")
    d = d.filter(d["cluster"] <= 8)
    one = gram(d.select("trust", "assigned", "x1", "x2").to_numpy().astype(float), ["y", "assigned", "x1", "x2"],
               cluster=d["cluster"].to_numpy())  # fmt: skip
    got = wild_bootstrap(one, "y", ["assigned", "x1", "x2"], "assigned", interval=False)
    assert [got.estimate, got.statistic, got.p_value] == pytest.approx(
        [expected[k] for k in ("beta", "t_cr0", "p")], rel=1e-8
    )
    t = np.sort(got.draws)
    assert np.allclose(np.r_[t[:3], t[127:129], t[-3:]], expected["tb_sorted"], rtol=1e-8)
    by_formula = trust.wild_bootstrap("trust ~ assigned + x1 + x2", d, "assigned", cluster="cluster")
    assert (by_formula.p_value, by_formula.exact) == (got.p_value, True)
    with pytest.raises(TooFew, match="'x3' is not among the terms"):
        trust.wild_bootstrap(d["trust"], d.select("x1"), "x3", cluster=d["cluster"])
    with pytest.raises(BadInput, match="give one cluster"):
        trust.wild_bootstrap(d["trust"], d.select("x1"), "x1", cluster=d.select("cluster", "block"))


def test_omnibus_heterogeneity(frame, record):
    """waldtest(trust ~ g * assigned) with HC2: nine interactions at once."""
    d, expected = frame("cace_synth.csv"), record("multiplicity", "het_wald")
    g = d["block"].to_numpy()
    dummies = (g[:, None] == np.unique(g)[1:]).astype(float)
    a = d["assigned"].to_numpy().astype(float)
    names = [f"g{i}" for i in range(9)] + ["a"] + [f"g{i}:a" for i in range(9)]
    fit = ols(d["trust"].to_numpy(), np.column_stack([dummies, a, dummies * a[:, None]]), names, se="HC2")
    f, k, p = fit.wald(names[10:])
    assert (f, k, p) == pytest.approx((expected["F"], expected["df"], expected["p"]), rel=1e-8)
