"""A story experiment through the site: sealed, drawn by lot, answered, come back to, shown every day; and what it says of six people."""

from datetime import date, timedelta

import pytest
from web.test_publishing import agree, press_on, told  # noqa: F401  (the story the studies are about)

SAID = {"q_respect": "5", "q_fairness": "4", "q_voice": "4", "answer": "1"}


@pytest.fixture
def trial(told, hire, site):  # noqa: F811
    from commonbeat.web.study.models import Trial

    agree(told)
    assert press_on(told) == "published"
    analyst, desk = hire("analyst")
    form = {
        "story": told["story"].pk, "title": "Does a laugh at the stop move trust?", "question": "Do people who see it trust more?",
        "smallest": "3", "arms": ["context", "statement", "before"], "neutral_title": "The bridge is being painted",
        "neutral_words": "The bridge is painted green this week. It was grey. It takes four days.", "statement": "I was on shift that evening.",
    }  # fmt: skip
    assert desk.post("/desk/study/", form).status_code == 302
    made = Trial.objects.get()
    made.desk, made.analyst = desk, analyst
    return made


def visit(client, trial, **said):
    """Agrees -> the private address of the visit."""
    answer = client.post(f"/studies/{trial.pk}/join/", {"adult": "on"} | said)
    assert answer.status_code == 302
    return answer["Location"]


def watch_and_answer(client, address, answers=SAID):
    """Through whatever steps the lot brings -> the page at the end."""
    from commonbeat.web.study.acts import visitor

    if visitor(address.rsplit("/", 2)[1]).arm == "before":
        assert client.post(address, SAID).status_code == 302
    assert client.post(address, {"seen": "1"}).status_code == 302
    return client.post(address, answers)


def code_on(page) -> str:
    return page.content.decode().split('<p class="figure">')[1].split("<")[0]


def test_sealed_before_anybody_is_drawn_and_every_draw_follows_from_the_seed(trial, client):
    from commonbeat.web.base.log import verdict
    from commonbeat.web.base.models import Entry
    from commonbeat.web.study import acts

    for _ in range(12):
        visit(client, trial)
    drawn = [e.chained().about["arm"] for e in Entry.objects.filter(what="plan.drawn").order_by("n")]
    assert (
        len(drawn) == 12
        and Entry.objects.get(what="plan.sealed").n < Entry.objects.filter(what="plan.drawn").first().n
    )
    assert (
        trial.seed not in client.get(f"/studies/{trial.pk}/").content.decode()
    )  # its seal only, as long as people are drawn
    assert trial.desk.post(f"/desk/study/{trial.pk}/close/").status_code == 302
    page = client.get(f"/studies/{trial.pk}/").content.decode()
    assert (
        trial.seed in page and acts.draws_follow(trial, drawn) and not acts.draws_follow(trial, [*drawn[1:], "story"])
    )
    assert client.post(f"/studies/{trial.pk}/join/", {"adult": "on"}).status_code == 422
    assert verdict().whole


def test_nobody_under_eighteen_and_nobody_without_a_yes_is_drawn(trial, client):
    from commonbeat.web.study.models import Joined

    page = client.get(f"/studies/{trial.pk}/").content.decode()
    assert 'name="adult"' in page and "checked" not in page.split('name="adult"')[1].split(">")[0]
    assert client.post(f"/studies/{trial.pk}/join/", {}).status_code == 422
    assert Joined.objects.count() == 0


def test_each_arm_shows_what_it_says(trial, client):
    from commonbeat.web.study.models import Joined

    addresses = {}
    for _ in range(40):
        address = visit(client, trial)
        addresses.setdefault(Joined.objects.latest("arrived").arm, address)
        if len(addresses) == 5:
            break
    pages = {arm: client.get(a).content.decode() for arm, a in addresses.items()}
    assert "The bridge is being painted" in pages["neutral"] and "A laugh at the stop" not in pages["neutral"]
    assert "A laugh at the stop" in pages["story"] and "The whole of" not in pages["story"]
    assert "The whole of" in pages["context"] and "<dd>7</dd>" in pages["context"]
    assert pages["statement"].index("I was on shift that evening.") < pages["statement"].index("A laugh at the stop")
    assert "Three questions before it" in pages["before"] and "A laugh at the stop" not in pages["before"]
    client.post(addresses["before"], SAID)
    assert "A laugh at the stop" in client.get(addresses["before"]).content.decode()
    assert Joined.objects.get(arm="before", asked=True).prior_trust == 25 * (4 + 3 + 3) / 3


def test_six_people_typed_into_the_site_are_too_few_to_tell(trial, client, site):
    """The curve, the study's page and the register, all made from what six people sent."""
    from commonbeat.web.read import snapshot

    for _ in range(6):
        assert b"Thank you. It was kept." in watch_and_answer(client, visit(client, trial)).content
    made = snapshot.release()
    told_ = made.studies[trial.pk]
    assert told_["primary"]["verdict"] == "too_few" and told_["primary"]["value"] is None
    assert told_["sealed_before_data"] is True
    assert "Too few to tell." in client.get(f"/studies/{trial.pk}/").content.decode()
    curve = client.get("/ripple/").content.decode()
    assert "Does a laugh at the stop move trust?" in curve and "Too few to tell." in curve
    assert "too few to tell" in client.get("/studies/").content.decode()


def test_two_hundred_people_are_enough_and_the_page_says_what_the_numbers_say(trial, client, site):
    """A true effect of 25 points on each answer, drawn and answered as the site would; the interval holds it."""
    import numpy as np

    from commonbeat import studies
    from commonbeat.web.read import snapshot
    from commonbeat.web.study.models import Joined, Wave

    plan, rng, today = studies.Plan.from_dict(trial.plan), np.random.default_rng(3), date.today()
    rows = Joined.objects.bulk_create(
        Joined(trial=trial, arrived=n, arm=studies.next_arm(plan, seed=trial.seed, stratum="site", arrived=n), key=f"k{n}", person=f"p{n}",
               day=today - timedelta(days=(500 - n) // 25), recent_contact=bool(n % 3), language="en") for n in range(500)
    )  # fmt: skip
    Wave.objects.bulk_create(
        Wave(joined=j, wave=0, day=j.day, answers={k: int(rng.integers(2, 5)) + (j.arm == "story") for k in ("respect", "fairness", "voice")})
        for j in rows
    )  # fmt: skip
    found = snapshot.release().studies[trial.pk]
    primary = found["primary"]
    assert primary["verdict"] == "moved" and primary["low"] < 25 < primary["high"] and primary["how"] == "randomised"
    assert found["ratio"]["broken"] is False and {r["arm"] for r in found["others"]} == {
        "context",
        "statement",
        "before",
    }
    page = client.get(f"/studies/{trial.pk}/").content.decode()
    assert (
        f"Trust moved: {primary['value']:+.1f} points (between {primary['low']:+.1f} and {primary['high']:+.1f})."
        in page
    )
    assert "not stopped, searched or cited in the last year" in page
    assert "it moved" in client.get("/studies/").content.decode()


def test_somebody_comes_back_with_their_own_code_after_three_days_and_not_before(trial, client, monkeypatch):
    from commonbeat.web.study import views
    from commonbeat.web.study.models import Wave

    code = code_on(watch_and_answer(client, visit(client, trial)))
    page = client.post("/studies/back/", {"code": code})
    assert b"Not today" in page.content
    assert client.post("/studies/back/", {"code": "AAAA-BBBB-CCCC"}).status_code == 422
    today = date.today()
    monkeypatch.setattr(views.timezone, "localdate", lambda: today + timedelta(days=4))
    assert b"After 3 days" in client.post("/studies/back/", {"code": code}).content
    second = code_on(client.post("/studies/back/", SAID | {"code": code}))
    assert (
        second != code and client.post("/studies/back/", SAID | {"code": code}).status_code == 422
    )  # the old code is spent
    monkeypatch.setattr(views.timezone, "localdate", lambda: today + timedelta(days=50))  # 21 has passed: 90 is next
    assert b"Not today" in client.post("/studies/back/", {"code": second}).content
    monkeypatch.setattr(views.timezone, "localdate", lambda: today + timedelta(days=91))
    assert b"After 90 days" in client.post("/studies/back/", {"code": second}).content
    assert list(Wave.objects.order_by("wave").values_list("wave", flat=True)) == [0, 3]


def test_what_is_kept_leads_to_nobody(trial, client):
    """No cookie, and no hour, browser or address in what is kept; the visit's address stops working with the answer."""
    from commonbeat.web.study.models import Joined, Wave

    address = visit(client, trial, trust="75", contact="no")
    assert not client.cookies
    watch_and_answer(client, address)
    assert client.get(address).status_code == 404
    kept = {f.name for m in (Joined, Wave) for f in m._meta.fields}
    assert kept == {"id", "trial", "arrived", "arm", "key", "person", "day", "asked", "seen", "prior_trust", "recent_contact", "language",
                    "joined", "wave", "answers", "side"}  # fmt: skip
    assert not client.cookies


def test_a_story_that_was_taken_down_is_shown_to_nobody_in_its_study(trial, client, told):  # noqa: F811
    address = visit(client, trial)
    client.post(f"/mine/{told['token']}/", {"do": "withdraw"})
    assert client.get(address).status_code == 410
    assert client.post(f"/studies/{trial.pk}/join/", {"adult": "on"}).status_code == 422


def test_a_study_nobody_reported_stands_in_the_register(trial, client, site):
    from datetime import UTC, datetime

    from commonbeat.web.read import edition
    from commonbeat.web.study import results

    later = datetime.now(UTC) + timedelta(days=14 * 30.5)
    edition.publish(site.root, register=results.register(now=later, studies={}))
    page = client.get("/studies/").content.decode()
    assert "sealed 14 months ago, nothing reported" in page and trial.plan_hash[:12] in page


def test_a_second_study_of_the_same_story_is_refused_while_one_runs(trial, told):  # noqa: F811
    form = {
        "story": told["story"].pk,
        "title": "Again",
        "question": "?",
        "smallest": "3",
        "neutral_title": "x",
        "neutral_words": "y",
    }
    page = trial.desk.post("/desk/study/", form)
    assert page.status_code == 422 and b"A study of this story is running" in page.content


# Practice cards


@pytest.fixture
def confirmed(hire, site):
    """A good meeting that the resident confirmed, and officers in five units."""
    from web.test_reliability import encounter

    from commonbeat.web.base.models import Staff
    from commonbeat.web.record import acts

    officer, desk = hire("officer")
    for n in range(5):
        Staff.objects.create_user(f"unit{n}", "officer", unit=f"Unit {n}")
    met = encounter(officer, opening_words="That is a fast scooter.")
    acts.confirm(
        acts.code_for(acts.new_code(met, officer)),
        free_to_leave="yes",
        agrees="yes",
        words="",
        thanks="",
        language="en",
    )
    return met, officer, desk


def test_practice_cards_reach_units_in_a_drawn_order_that_anybody_can_repeat(confirmed, hire):
    from commonbeat.studies import commitment
    from commonbeat.web.base.models import Entry
    from commonbeat.web.study import practice
    from commonbeat.web.study.models import Practice, Turn

    met, officer, reader = confirmed
    _analyst, desk = hire("analyst")
    form = {"encounter": met.pk, "opening": "That is a fast scooter.", "stepping_back": "I will let you get on."}
    assert desk.post("/desk/practice/draw/", form).status_code == 302
    card, turns = Practice.objects.get(), list(Turn.objects.order_by("place"))
    assert [t.unit for t in turns] == practice.order_of([f"Unit {n}" for n in range(5)], card.seed) and len(
        {t.starts for t in turns}
    ) == 5
    assert (
        commitment(card.seed)
        == card.commitment
        == Entry.objects.get(what="practice.drawn").chained().about["seed_commitment"]
    )
    assert card.seed not in desk.get("/desk/practice/draw/").content.decode()  # shown when the last unit has it
    for unit, seen in ((turns[0].unit, True), (turns[1].unit, False), ("", False)):
        type(officer).objects.filter(pk=officer.pk).update(unit=unit)
        assert (b"That is a fast scooter." in reader.get("/desk/practice/").content) == seen, unit
    drawn = practice.assignments()
    assert drawn.height == 5 and drawn["probability"].to_list() == [0.2] * 5 and drawn["arm"].n_unique() == 5


def test_an_unconfirmed_meeting_makes_no_card(confirmed, hire):
    from web.test_reliability import encounter

    from commonbeat.errors import Refused
    from commonbeat.web.study import practice

    met, officer, _desk = confirmed
    with pytest.raises(Refused, match="a resident confirmed"):
        practice.release(encounter(officer), officer, opening="Hello", stepping_back="Bye", today=date.today())
    type(officer).objects.filter(unit__startswith="Unit").update(unit="One")
    with pytest.raises(Refused, match="at least 4 units"):
        practice.release(met, officer, opening="Hello", stepping_back="Bye", today=date.today())
