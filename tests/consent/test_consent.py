"""Consent: an example, then the arithmetic, then a slow twin on random lives."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat.consent import COOLING, NEEDS, Event, ask, may_show, next_change, standing
from commonbeat.errors import BadInput, Refused

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)


def hours(n):
    return T0 + timedelta(hours=n)


def said(event, at=0, purpose="publish", **more):
    return Event("track:1", event, purpose, hours(at), **more)


def state(events, at, purpose="publish", channel="site"):
    return standing(events, "track:1", purpose, channel, hours(at)).state


def test_nothing_said_means_no():
    got = standing([], "track:1", "publish", "site", T0)
    assert (got.allowed, got.state) == (False, "never_asked")


def test_a_yes_cools_off_for_48_hours_and_says_when_it_begins_to_hold():
    events = [said("given")]
    assert [state(events, h) for h in (0, 47, 48)] == ["cooling", "cooling", "given"]
    assert standing(events, "track:1", "publish", "site", T0).changes_at == T0 + COOLING


def test_withdrawing_is_at_once_and_a_new_yes_cools_off_again():
    events = [said("given"), said("withdrawn", 100), said("given", 101)]
    assert [state(events, h) for h in (99, 100, 101, 148, 149)] == [
        "given",
        "withdrawn",
        "cooling",
        "cooling",
        "given",
    ]


def test_a_childs_own_no_beats_the_guardians_yes():
    yes = said("given", guardian=True, child=True)
    assert state([yes], 48) == "given"
    assert state([yes, said("refused", 60, child=True)], 61) == "refused"


def test_a_childs_yes_alone_is_not_one():
    assert state([said("given", child=True)], 72) == "guardian_missing"
    with pytest.raises(Refused, match="guardian"):
        ask(said("given", child=True), asked_by="press:1", were_there=())


def test_a_guardians_yes_ends_on_the_eighteenth_birthday():
    events = [said("given", guardian=True, child=True, ages_out=hours(1_000))]
    assert [state(events, h) for h in (999, 1_000)] == ["given", "aged_out"]
    assert next_change(events, hours(500)) == hours(1_000)


def test_a_yes_ends_on_the_day_that_was_named():
    events = [said("given", until=hours(200))]
    assert [state(events, h) for h in (199, 200)] == ["given", "expired"]


def test_a_yes_for_the_site_is_not_a_yes_for_the_press():
    events = [said("given", channel="site")]
    assert state(events, 60, channel="site") == "given"
    assert state(events, 60, channel="press") == "never_asked"
    assert state(events, 60, channel=None) == "never_asked"


def test_a_no_for_one_channel_leaves_the_others():
    events = [said("given"), said("withdrawn", 50, channel="social")]
    assert state(events, 60, channel="site") == "given"
    assert state(events, 60, channel="social") == "withdrawn"
    assert state(events, 60, channel=None) == "withdrawn"


def test_a_face_needs_everything_below_it():
    events = [said("given", purpose=p) for p in ("record", "publish", "face_visible")]
    allowed, parts = may_show(events, "track:1", "face_visible", "site", hours(60))
    assert not allowed
    assert [(p.purpose, p.state) for p in parts if not p.allowed] == [("keep", "never_asked")]
    assert may_show([*events, said("given", purpose="keep")], "track:1", "face_visible", "site", hours(60))[0]


def test_the_officer_who_was_there_may_not_ask():
    with pytest.raises(Refused, match="never asked by the officer who was there"):
        ask(said("given"), asked_by="officer:7", were_there=["officer:7"])
    assert ask(said("given"), asked_by="press:2", were_there=["officer:7"]).event == "given"


@pytest.mark.parametrize(
    "bad", [{"event": "maybe"}, {"purpose": "sell"}, {"channel": "radio"}, {"at": datetime(2026, 1, 1)}]
)
def test_a_value_that_is_none_of_ours_is_refused_with_the_allowed_ones(bad):
    with pytest.raises(BadInput):
        Event(**({"person": "track:1", "event": "given", "purpose": "publish", "at": T0} | bad))


EVENTS = st.builds(
    said, st.sampled_from(["given", "refused", "withdrawn"]), st.integers(0, 300),
    purpose=st.sampled_from(["record", "keep", "publish"]), channel=st.sampled_from([None, "site", "press"]),
    guardian=st.booleans(), child=st.booleans(), until=st.none() | st.integers(0, 400).map(hours),
    ages_out=st.none() | st.integers(0, 400).map(hours),
)  # fmt: skip


def twin(events, purpose, channel, now):
    """Walks the whole life hour by hour, as a clerk with a diary would."""
    held = None
    for hour in range(700):
        t = hours(hour)
        if t > now:
            break
        today = [e for e in events if e.at == t and e.purpose == purpose]
        yes = [e for e in today if e.event == "given" and e.channel in (None, channel)]
        no = [e for e in today if e.event != "given" and (channel is None or e.channel in (None, channel))]
        if yes:
            held = yes[0]
        if no:
            held = None
    if held is None:
        return False
    ends = [held.until, held.ages_out if held.guardian else None]
    return (
        now >= held.at + COOLING
        and not (held.child and not held.guardian)
        and all(e is None or now < e for e in ends)
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, max_size=7), st.sampled_from([None, "site", "press"]), st.integers(0, 690))
def test_the_answer_is_what_a_clerk_with_a_diary_finds(events, channel, at):
    seen = set()
    events = [
        e for e in events if not (e.event == "given" and ((e.at, e.purpose) in seen or seen.add((e.at, e.purpose))))
    ]
    got = standing(events, "track:1", "publish", channel, hours(at))
    assert got.allowed == twin(events, "publish", channel, hours(at))


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=6), st.integers(0, 300), st.integers(0, 600))
def test_after_a_withdrawal_nothing_is_shown_until_48_hours_after_a_new_yes(events, at, later):
    before = [e for e in events if e.at <= hours(at)]
    life = [*before, *[said("withdrawn", at, purpose=p) for p in NEEDS]]
    assert not may_show(life, "track:1", "publish", "site", hours(at + later))[0]


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=6), st.lists(EVENTS, max_size=3), st.integers(0, 300))
def test_what_is_said_later_never_changes_what_held_before(events, more, at):
    later = [e for e in more if e.at > hours(at)]
    ask_ = ("track:1", "publish", "site", hours(at))
    assert standing(events, *ask_) == standing(events + later, *ask_)
