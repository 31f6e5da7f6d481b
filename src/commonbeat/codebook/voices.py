"""What people say: statements and votes, questionnaires and answers."""

import dataframely as dy

from commonbeat.codebook import words
from commonbeat.codebook.columns import amount, choice, count, flag, group, moment, number, ref, text


class Statements(dy.Schema):
    """A short sentence that people agree or disagree with."""

    statement_id = ref("the statement", see="public", key=True)
    text = text("its words", see="public", null=False, most=1_000)
    at = moment("when it was proposed", see="public", null=True)
    proposed_by = choice("who proposed it", ("resident", "officer", "host"), see="public", null=True)
    attribute = flag("is it a self-description rather than an opinion?", see="public")
    moderated = choice("what the moderators said", ("accepted", "waiting", "rejected"), see="public")
    language = ref("language", see="public", null=True)


class Votes(dy.Schema):
    """One vote. The last one by time counts."""

    person = ref("pseudonym of the voter in this conversation", see="never")
    statement_id = ref("the statement", see="public")
    value = dy.Int8(
        is_in=[-1, 0, 1], description="1 agree, -1 disagree, 0 pass",
        metadata={"see": "analyst", "unit": None, "allowed": "1, 0 or -1"},
    )  # fmt: skip
    at = moment("when", see="analyst", null=True)
    known_group = ref("group the voter said to belong to: resident, youth, officer", see="analyst", null=True)


class Respondents(dy.Schema):
    """Somebody who was asked. A pseudonym of one study, never joined to an encounter or a person."""

    respondent = ref("pseudonym within one study", see="never", key=True)
    plan_id = ref("the study", see="public", null=True)
    side = choice("resident or officer", words.SIDES, see="public")
    area_id = ref("where they live", see="analyst", null=True)
    ring = choice("how near they were to it", words.RINGS, see="public", null=True)
    arm = ref("what the plan gave them", see="analyst", null=True)
    block = ref("block within which it was drawn", see="analyst", null=True)
    cluster = ref("cluster that was drawn together", see="analyst", null=True)
    week = ref("week band of the invitation, as 2026-W08", see="analyst", null=True)
    race = group("self-described, in lower case", see="public", null=True)
    age_band = choice("age in years", words.AGE_BANDS, see="public", null=True)
    sex = choice("sex", words.SEXES, see="public", null=True)
    recent_enforcement = flag("stopped, searched or cited in the last year, in their word", see="public", null=True)
    prior_trust = number("trust before, 0-100", see="analyst", unit="points", low=0.0, high=100.0)
    weight = amount("design weight: how many residents they stand for", see="analyst", unit="people")
    sample = choice("how they came to be asked", words.SAMPLES, see="public")
    referent = choice("police in my area, or in general", words.REFERENTS, see="public", null=True)
    proxy = flag("did a caregiver answer for a child?", see="public", null=True)
    simulated = flag("made by the simulated city?", see="public")


class Answers(dy.Schema):
    """One answer to one item in one wave. Null: asked and not answered."""

    respondent = ref("who, by pseudonym", see="never")
    wave = count("days since the encounter or the start", see="public", unit="days")
    questionnaire = ref("questionnaire and version", see="public")
    item = ref("the item", see="public")
    value = number("the answer as coded by the questionnaire", see="analyst")
    at = moment("when, rounded to the day", see="analyst", null=True)
    seconds = amount("how long the whole page took", see="analyst", unit="seconds")
