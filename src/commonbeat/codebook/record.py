"""What happened: contacts of every kind, who was met, what was complained of, what was promised."""

import dataframely as dy

from commonbeat.codebook import words
from commonbeat.codebook.columns import choice, count, day, flag, group, moment, number, ref, text


class Contacts(dy.Schema):
    """An encounter between police and residents: positive nonenforcement, service or enforcement. No one's name has a column."""

    contact_id = ref("the encounter's id", key=True)
    at = moment("when it began")
    area_id = ref(
        "in which area; null when a point lay outside every area or none was given", see="public", null=True
    )
    place = text("the coarse place in words: a park, a corner; never a home", most=200)
    latitude = number("where, rounded to about 100 m", see="staff", unit="degrees", low=-90.0, high=90.0)
    longitude = number("where, rounded to about 100 m", see="staff", unit="degrees", low=-180.0, high=180.0)
    kind = choice("positive nonenforcement, service or enforcement", words.CONTACT_KINDS, see="public")
    activity = choice("what was done", words.ACTIVITIES, see="public")
    activity_words = text("what was done, in words, when the list does not have it", most=200)
    began_by = choice("who began it", words.BEGAN_BY, see="public", null=True)
    free_to_leave_officer = choice(
        "the officer's word: was everybody free to leave?", words.YES_NO_UNKNOWN, null=True
    )
    free_to_leave_resident = choice(
        "the resident's own word, by one-use code; null: nobody answered", words.YES_NO_UNKNOWN, null=True
    )
    opening_words = text("the officer's opening words, from a list or in words", most=300)
    people = count("how many people were met", see="staff", null=True)
    children = count("how many of them were children", see="staff", null=True)
    onlookers = count("how many stood by", see="staff", null=True)
    happened = text("one sentence: what happened", most=600)
    made_positive = text("one sentence: what made it positive", most=600)
    family_words = text("the dance, game or music, in the family's own words", most=600)
    family_credit = text("how the family wishes to be credited; null: not at all", most=200)
    would_rather_not = flag("did anyone say they would rather not?", null=True)
    footage = flag("does footage exist?", null=True)
    person_search = flag("was a person searched?", null=True)
    vehicle_search = flag("was a vehicle searched?", null=True)
    outcome = text("what came of it", most=200)
    unit = ref("precinct, shift or team that recorded it", see="staff", null=True)
    officer_ref = ref("a salted pseudonym, to find the same hand within integrity checks", see="never", null=True)
    recorded_at = moment("when it was written down", null=True)
    programme = ref("the plan under which it was planned; null: nobody planned it", null=True)
    simulated = flag("made by the simulated city?", see="public")

    @dy.rule()
    def a_positive_contact_says_if_people_were_free_to_leave(cls):
        return (cls.kind.col != "positive") | cls.free_to_leave_officer.col.is_not_null()

    @dy.rule()
    def no_more_children_than_people(cls):
        return cls.people.col.is_null() | cls.children.col.is_null() | (cls.children.col <= cls.people.col)


class People(dy.Schema):
    """Groups present at an encounter: how many of which group, and how that is known. Never who."""

    contact_id = ref("the encounter", see="analyst")
    race = group("race or ethnicity, in lower case; `unknown` is its own row")
    age_band = choice("age in years", words.AGE_BANDS, see="public")
    sex = choice("sex", words.SEXES, see="public")
    people = count("how many", see="staff")
    how_known = choice("who said so", words.HOW_KNOWN, see="public")


class Complaints(dy.Schema):
    """Complaints about police, counted."""

    area_id = ref("where", see="public", null=True)
    month = day("first day of the month")
    race = group("group of those who complained; null: not split", see="public", null=True)
    complaints = count("how many", unit="complaints")
    sustained = count("how many were sustained", unit="complaints", null=True)
    source = text("who counted", see="public")


class Force(dy.Schema):
    """Uses of force, counted."""

    area_id = ref("where", see="public", null=True)
    month = day("first day of the month")
    race = group("group of those it was used on; null: not split", see="public", null=True)
    uses = count("how many", unit="uses of force")
    source = text("who counted", see="public")


class Closings(dy.Schema):
    """Complaints one by one: the day each came and the day it was closed. Never whose it was, never against whom."""

    complaint_id = ref("its number in the office that handles it", see="auditor", key=True)
    area_id = ref("where", see="analyst", null=True)
    received_on = day("the day it came", see="analyst")
    closed_on = day("the day it was closed with an answer; null: still open", see="analyst", null=True)
    source = text("who handles it", see="public")

    @dy.rule()
    def no_complaint_is_closed_before_it_came(cls):
        return cls.closed_on.col.is_null() | (cls.closed_on.col >= cls.received_on.col)


class Trainings(dy.Schema):
    """Officers who finished a training, counted by month and kind: never who."""

    month = day("first day of the month")
    kind = group("which training, in a few words")
    completed = count("how many officers finished it for the first time that month", unit="officers")
    officers = count("how many officers it is meant for", unit="officers")
    source = text("who counted", see="public")

    @dy.rule()
    def no_more_finish_than_it_is_meant_for(cls):
        return cls.completed.col <= cls.officers.col


class Commitments(dy.Schema):
    """What was promised, by whom, until when, and how we will know. A count of positive contacts is refused: it is a quota."""

    commitment_id = ref("the promise", see="public", key=True)
    promise = text("what was promised, in the words used", see="public", null=False)
    by = text("which office promised it: an office, not a person", see="public", null=False, most=200)
    indicator = choice(
        "how we will know", words.INDICATORS, see="public",
        why="A count of positive contacts cannot be an indicator: it would be a quota by the back door",
    )  # fmt: skip
    until = day("by when")
    since = day("since when")
    area_id = ref("where; null: everywhere", see="public", null=True)
    target = number(
        "the value that keeps the promise: a share (training: of officers who finished it; complaint_handling: of complaints "
        "closed within 30 days; reach: of positive contacts in the most enforced areas) or a score (trust)", see="public",
    )  # fmt: skip
    evidence = text("a dated public document, or the measure it is read from", see="public")
    evidence_on = day("the document's date", null=True)
