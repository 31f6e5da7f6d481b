"""What may be told: an example each, the refusals, and a machine that tries every way around."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from commonbeat.errors import BadInput, Refused
from commonbeat.stories import (
    ACTS,
    Cue,
    Draft,
    Lack,
    Person,
    atom,
    card,
    context_box,
    hints,
    missing,
    oembed,
    press_release,
    read_vtt,
    reading,
    step,
    write_vtt,
)  # fmt: skip

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nA baby laughs.\n"
WORDS = (
    "A man pushed a stroller past the corner. The baby stared at the officer. The officer pulled a face and the baby "
    "laughed. Everybody at the bus stop laughed too. Then they all went on their way."
)
CONTACT = {"kind": "positive", "free_to_leave_officer": "yes", "free_to_leave_resident": None, "gifts": False}
CLIP = {
    "released": True,
    "leak_upper": 0.03,
    "limit": 0.05,
    "captions": VTT,
    "audio_description": "A street.",
    "music": "none",
}


def draft(**change):
    base = {
        "tellings": {"en": ("A laugh at the bus stop", WORDS, "An officer bends down to a stroller")},
        "contact": CONTACT, "people": (Person("track:1", True),), "clip": CLIP, "context": True,
    }  # fmt: skip
    return Draft(**(base | change))


def stops(d):
    return {lack.code for lack in missing(d) if lack.stops}


def test_a_whole_story_lacks_nothing():
    assert stops(draft()) == set()


@pytest.mark.parametrize(("change", "code"), [
    ({"kind": "enforcement"}, "not_a_positive_contact"),
    ({"gifts": True}, "stop_made_to_hand_out_gifts"),
    ({"free_to_leave_officer": "no"}, "not_free_to_leave"),
    ({"free_to_leave_officer": "unknown"}, "not_free_to_leave"),
    ({"free_to_leave_resident": "no"}, "not_free_to_leave"),
    ({"free_to_leave_resident": "unknown"}, "not_free_to_leave"),
    ({"resident_agrees": "no"}, "contradicted_by_the_resident"),
    ({"would_rather_not": True}, "somebody_would_rather_not"),
])  # fmt: skip
def test_a_contact_that_was_not_free_cannot_be_told_as_a_positive_one(change, code):
    assert code in stops(draft(contact=CONTACT | change))


@pytest.mark.parametrize(("change", "code"), [
    ({"released": False}, "footage_not_released"), ({"leak_upper": None}, "nobody_looked_at_the_footage"),
    ({"leak_upper": 0.2}, "leak_above_the_limit"), ({"captions": ""}, "no_captions"),
    ({"captions": "hello"}, "captions_broken"), ({"audio_description": " "}, "no_audio_description"),
    ({"music": ""}, "music_rights_open"),
])  # fmt: skip
def test_footage_that_is_not_ready_is_named(change, code):
    assert code in stops(draft(clip=CLIP | change))


def test_people_who_did_not_agree_are_named_by_track():
    lacks = missing(
        draft(people=(Person("track:1", True), Person("track:2", False), Person("track:3", True, face_visible=True)))
    )
    assert [(x.code, x.about) for x in lacks if x.step == "consent_check"] == [
        ("no_consent_to_publish", "track:2"), ("face_visible_without_consent", "track:3"),
    ]  # fmt: skip
    assert "nobody_asked" in stops(draft(people=()))


def test_a_picture_without_words_and_words_that_hurt_are_pointed_at():
    d = draft(tellings={"en": ("Juveniles at play", WORDS, "")})
    assert "no_alt_text" in stops(d)
    assert [x.about for x in missing(d) if x.code == "words_to_think_about"] == ["juveniles → children"]


def go(state, act, role="press", hand="p1", lacks=(), now=NOW, embargo=None, approved=True):
    return step(
        state, act, role=role, author="p1", hand=hand, lacks=lacks, now=now, embargo=embargo, approved=approved
    )


def test_the_way_from_draft_to_page_and_off_it():
    states = ["draft"]
    for act, role, hand in (("hand_in", "press", "p1"), ("consents_hold", "press", "p1"), ("footage_holds", "press", "p1"),
                            ("approve", "editor", "e1"), ("correct", "press", "p1"), ("take_down", "resident", "r")):  # fmt: skip
        states.append(go(states[-1], act, role, hand))
    assert states == [
        "draft",
        "consent_check",
        "footage_check",
        "second_approval",
        "published",
        "corrected",
        "withdrawn",
    ]


def test_nobody_approves_their_own_story():
    with pytest.raises(Refused, match="their own"):
        go("second_approval", "approve", "editor", "p1")


def test_an_embargo_waits_for_its_day():
    later = NOW + timedelta(days=1)
    assert go("second_approval", "approve", "editor", "e1", embargo=later) == "scheduled"
    with pytest.raises(Refused, match="has not come"):
        go("scheduled", "release", "site", "site", embargo=later)
    assert go("scheduled", "release", "site", "site", now=later, embargo=later) == "published"


def test_what_is_missing_stops_a_step_and_says_so():
    with pytest.raises(Refused, match="no consent to publish"):
        go("consent_check", "consents_hold", lacks=[Lack("no_consent_to_publish", "consent_check", "track:2")])
    with pytest.raises(BadInput, match="hand_in"):
        go("draft", "shout")


class Ways(RuleBasedStateMachine):
    """Tries any act by anybody in any order: never published without consent, footage and a second person, in order."""

    def __init__(self):
        super().__init__()
        self.state, self.path, self.consent, self.footage, self.approver = "draft", ["draft"], False, False, None

    @rule(act=st.sampled_from(sorted(ACTS)), role=st.sampled_from(["press", "editor", "resident", "site", "officer", "auditor"]),
          hand=st.sampled_from(["p1", "e1"]), embargo=st.sampled_from([None, NOW + timedelta(days=2)]), later=st.booleans())  # fmt: skip
    def act(self, act, role, hand, embargo, later):
        lacks = [] if self.consent else [Lack("no_consent_to_publish", "consent_check")]
        lacks += [] if self.footage else [Lack("footage_not_released", "footage_check")]
        try:
            new = step(self.state, act, role=role, author="p1", hand=hand, lacks=lacks, embargo=embargo,
                       now=NOW + timedelta(days=3 * later), approved=self.approver is not None)  # fmt: skip
        except Refused:
            return
        if act == "approve":
            self.approver = hand
        if new == "draft":
            self.approver = None
        self.was = (self.consent, self.footage)
        self.state = new
        self.path = ["draft"] if new == "draft" else [*self.path, new]

    @rule(consent=st.booleans(), footage=st.booleans())
    def life(self, consent, footage):
        self.consent, self.footage = consent, footage

    @precondition(lambda self: self.state == "published" and self.path[-1] == "published")
    @invariant()
    def published_only_the_whole_way(self):
        assert self.path[:4] == ["draft", "consent_check", "footage_check", "second_approval"]
        assert self.was == (True, True)
        assert self.approver == "e1"

    @invariant()
    def withdrawn_is_the_end(self):
        assert "withdrawn" not in self.path[:-1]


Ways.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestWays = Ways.TestCase


def test_captions_are_read_checked_and_written_back():
    cues = (Cue(1.0, 3.5, "A baby laughs."), Cue(3_600.25, 3_602.0, "♪ Music ♪"))
    assert read_vtt(write_vtt(cues)) == (cues, ())
    text = (
        "WEBVTT\n\n00:02.000 --> 00:01.000\nback\n\nsoon\n\n00:00.000 --> 00:00.100\nfar too many words to be read\n"
    )
    said = [str(p) for p in read_vtt(text)[1]]
    assert said == [
        "line 3: it ends before it begins",
        'line 6: "soon" is not a time line such as 00:01.000 --> 00:03.500',
        "line 8: too fast to read: more than 25 characters a second",
        "line 8: it begins before the one above has ended",
    ]


def test_reading_level_by_hand():
    text = "The cat sat on the mat. " * 10  # 60 words, 10 sentences, 60 syllables
    assert reading(text).value == pytest.approx(0.39 * 6 + 11.8 * 1 - 15.59, abs=0.05)
    assert reading("Too short.").value is None
    spanish = "La casa es alta. " * 10  # 40 words, 10 sentences; la ca-sa es al-ta: 6 syllables in 4 words
    assert reading(spanish, "es").value == pytest.approx(206.84 - 60 * 1.5 - 1.02 * 4, abs=0.05)


def test_hints_find_whole_words_only():
    assert hints("The subject of the letter; subjectively fine") == (("subject", "person"),)
    assert hints("Los menores", "es") == (("menores", "niñas y niños"),)


def test_the_context_box_hides_small_counts_and_says_what_is_not_known():
    contacts = pl.DataFrame({
        "area_id": ["a"] * 9 + ["b"], "kind": ["positive"] * 6 + ["enforcement"] * 3 + ["positive"],
        "at": [datetime(2026, 1, d, tzinfo=UTC) for d in range(1, 11)],
    })  # fmt: skip
    box = context_box("a", 2026, contacts=contacts)
    assert box.contacts == {"enforcement": None, "positive": 6}
    assert (box.known, box.complaints) == (("contacts",), None)


def test_the_feed_survives_control_characters_and_angle_brackets():
    from defusedxml.ElementTree import fromstring

    entry = {
        "id": "urn:x:1",
        "title": "<b>\x00Hello</b>",
        "words": "a & b \ud800",
        "link": "https://x/1",
        "published": NOW,
        "updated": NOW,
    }
    root = fromstring(atom([entry], title="Town", home="https://x/", feed="https://x/feed", now=NOW).encode())
    assert root.find("{*}entry/{*}title").text == "<b>Hello</b>"


def test_the_embed_frame_is_escaped_and_sized():
    got = oembed(title='"><script>', page="https://x/s", frame="https://x/s/embed", site="T", home="https://x")
    assert "<script>" not in got["html"]
    with pytest.raises(BadInput, match="between 200 and 2,000"):
        oembed(title="", page="", frame="", site="", home="", width=5)


def test_the_card_is_a_picture_and_refuses_what_is_none():
    png = card(title="A very long headline " * 12, site="Commonbeat", town="Test Town")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    with pytest.raises(BadInput, match="not a PNG or JPEG"):
        card(title="x", site="y", town="", poster=b"<svg/>")


def test_the_release_is_plain_text_with_its_context():
    text = press_release(title="A laugh", words=WORDS, town="Test Town", published=NOW, link="https://x/1", alt="A street",
                         context="In 2026 there were 6 positive contacts here.", rights="Free to quote.")  # fmt: skip
    assert text.startswith("A LAUGH") and "In 2026 there were 6" in text and max(map(len, text.splitlines())) <= 80
