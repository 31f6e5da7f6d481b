"""What is told: footage, consent, stories and how they spread."""

import dataframely as dy

from commonbeat.codebook import words
from commonbeat.codebook.columns import amount, choice, count, flag, moment, number, ref, text


class Footage(dy.Schema):
    """A clip and how well its people are protected."""

    footage_id = ref("the clip", key=True)
    contact_id = ref("the encounter it shows", null=True)
    original_sha256 = ref("hash of the file as filmed", see="auditor")
    output_sha256 = ref("hash of the protected copy", see="public", null=True)
    seconds = amount("how long", unit="seconds")
    frames = count("how many pictures", unit="frames", null=True)
    tracks = count("how many faces were followed", unit="tracks", null=True)
    masked = count("how many of them are masked", unit="tracks", null=True)
    leak_estimate = number("share of face-frames still visible, by the second look", see="public", low=0.0, high=1.0)
    leak_upper = number("its upper bound; null until a person has looked", see="public", low=0.0, high=1.0)
    longest_run = count("longest visible run", unit="frames", null=True)
    reviewed_at = moment("when a person confirmed it", null=True)
    released = flag("may it be shown?", see="public")


class Consents(dy.Schema):
    """Consent as a list of events that is only ever added to; today's state is derived from it."""

    consent_id = ref("the event", see="auditor", key=True)
    footage_id = ref("which clip", see="auditor", null=True)
    story_id = ref("which story", see="auditor", null=True)
    track = count("which person in the clip, by number", see="auditor", null=True, unit="track number")
    role = text("or by role: the dancer in front", see="auditor", most=200)
    event = choice("what was said", words.CONSENT_EVENTS, see="auditor")
    purpose = choice("for what", words.CONSENT_PURPOSES, see="auditor")
    channel = choice("where; null: everywhere we control", words.CHANNELS, see="auditor", null=True)
    guardian = flag("said by a parent or guardian?", see="auditor")
    child = flag("is the person a child?", see="auditor")
    at = moment("when it was said", see="auditor")
    valid_from = moment("from when it holds (48 hours to cool off)", see="auditor", null=True)
    until = moment("until when", see="auditor", null=True)
    ages_out = moment("when the child turns 18 and decides alone", see="auditor", null=True)
    wording = ref("hash of the wording that was read", see="auditor")
    language = ref("language it was read in", see="auditor")


class Stories(dy.Schema):
    """A story: checked, told, corrected or withdrawn."""

    story_id = ref("the story", see="public", key=True)
    contact_id = ref("the encounter", null=True)
    footage_id = ref("the clip", null=True)
    area_id = ref("where", see="public", null=True)
    title = text("headline", see="public", null=False, most=200)
    story = text("the story", see="public", most=20_000)
    alt_text = text("the picture in words", see="public")
    language = ref("language", see="public")
    state = choice("how far it has come", words.STORY_STATES, see="public")
    published_at = moment("when it was published", see="public", null=True)
    withdrawn_at = moment("when it was taken down", see="public", null=True)
    simulated = flag("made by the simulated city?", see="public")


class Spread(dy.Schema):
    """One event in the life of a story: seen, shared, answered, mentioned. Actors are salted pseudonyms or null."""

    event_id = ref("the event", key=True)
    story_id = ref("the story", see="public")
    at = moment("when")
    kind = choice("what", words.SPREAD_KINDS, see="public")
    actor = ref("salted pseudonym, thrown away with its salt", see="never", null=True)
    parent_id = ref("the event it came from; null: from the story itself", null=True)
    parent_how = choice(
        "how the parent is known; null with a parent means declared", words.PARENT_HOW, see="analyst", null=True
    )
    audience = count("how many could have seen it: followers, readers", see="analyst", null=True)
    place = text("coarse place", see="public", most=100)
    source = ref("platform or outlet", see="public", null=True)
    stance = choice("how it answers; null: nobody labelled it", words.STANCES, see="public", null=True)
    tone = number("tone as its source gives it", see="public")
