"""How a study is run: what was drawn, who was invited, who is tied to whom, what was sealed, where rows came from."""

import dataframely as dy

from commonbeat.codebook import words
from commonbeat.codebook.columns import amount, choice, count, moment, number, ref, text


class Assignments(dy.Schema):
    """What the draw gave to each unit."""

    plan_id = ref("the study", see="public")
    unit = ref("area, cluster or invitation batch that was drawn: never a person", see="analyst")
    arm = ref("what it got", see="analyst")
    block = ref("drawn within", see="analyst", null=True)
    cluster = ref("drawn together with", see="analyst", null=True)
    probability = number("chance of this arm in the actual draw", unit="probability", low=0.0, high=1.0)
    at = moment("when it was drawn", see="auditor", null=True)


class Invitations(dy.Schema):
    """A batch of at least 20 codes, which carry area, ring, arm and week band and nothing else."""

    batch = ref("the batch", see="analyst", key=True)
    plan_id = ref("the study", see="public")
    area_id = ref("where", see="analyst", null=True)
    ring = choice("how near", words.RINGS, see="public")
    arm = ref("arm", see="analyst", null=True)
    week = ref("week band, as 2026-W08", see="analyst")
    codes = count("how many were handed out", see="public", unit="codes")
    used = count("how many were used", see="public", unit="codes", null=True)


class Ties(dy.Schema):
    """Which areas or clusters touch, or which answers name each other in a survey's own network question."""

    plan_id = ref("the study; null: holds for the town", see="public", null=True)
    source = ref("from", see="analyst")
    target = ref("to", see="analyst")
    kind = choice("what kind of tie", words.TIE_KINDS, see="analyst")
    metres = amount("distance", see="analyst", unit="metres")


class Plans(dy.Schema):
    """A question asked beforehand, and its seal."""

    plan_id = ref("the study", see="public", key=True)
    title = text("its title", see="public", null=False, most=300)
    plan = text("the whole plan, as TOML", see="public", null=False, most=100_000)
    plan_hash = ref("SHA-256 of its canonical form", see="public")
    sealed_at = moment("when it was sealed", see="public", null=True)
    seal = ref("entry in the audit chain", see="public", null=True)
    amends = ref("the plan it changes", see="public", null=True)
    verdict = text("what came of it; null: nothing reported yet", see="public")


class Receipts(dy.Schema):
    """Where rows came from: the file, its hash, the day, who brought it in, under which licence."""

    receipt_id = ref("the receipt", see="staff", key=True)
    table = ref("the table", see="public")
    file = text("the file's name, without its folder", see="staff", null=False)
    sha256 = ref("the file's hash", see="public")
    at = moment("when it was brought in", see="public")
    importer = text("role that brought it in", see="staff")
    licence = text("its licence, as stated", see="public")
    mapping = ref("the column mapping used", see="public", null=True)
    rows = count("how many rows came in", unit="rows")
