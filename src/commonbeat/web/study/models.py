from __future__ import annotations

from django.db import models

from commonbeat.codebook import words
from commonbeat.web.tell.models import Story


class Trial(models.Model):
    """A sealed plan about one story: who sees what, drawn by lot. The seed stays closed until nobody new is drawn."""

    plan_id = models.CharField(primary_key=True, max_length=60)
    plan = models.JSONField()
    plan_hash = models.CharField(max_length=64)
    seed = models.CharField(max_length=64)
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="trials")
    neutral_title = models.CharField(max_length=200)
    neutral_words = models.TextField(max_length=4_000)
    statement = models.TextField(max_length=2_000, blank=True)
    sealed_at = models.DateTimeField()
    sealed_entry = models.BigIntegerField()
    closed_at = models.DateTimeField(null=True)


class Joined(models.Model):
    """Somebody who agreed, and what the lot gave them. Known by the hash of a code that only they hold; no hour, no browser."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="joined")
    arrived = models.PositiveIntegerField()
    arm = models.CharField(max_length=20)
    key = models.CharField(max_length=64, unique=True)
    person = models.CharField(max_length=32)
    day = models.DateField()
    asked = models.BooleanField(default=False)  # the questions before the story, in the arm that has them
    seen = models.BooleanField(default=False)
    prior_trust = models.FloatField(null=True)
    recent_contact = models.BooleanField(null=True)
    language = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trial", "arrived"], name="each_number_is_drawn_once")]


class Wave(models.Model):
    """What somebody answered so many days after: the items of the plan's questionnaire, and the day."""

    joined = models.ForeignKey(Joined, on_delete=models.CASCADE, related_name="waves")
    wave = models.PositiveIntegerField()
    day = models.DateField()
    answers = models.JSONField(default=dict)
    side = models.CharField(max_length=10, default="resident", choices=[(s, s) for s in words.SIDES])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["joined", "wave"], name="each_wave_is_answered_once")]


class Practice(models.Model):
    """A short card from a meeting that a resident confirmed: how it began, how to step back. Released unit by unit, in drawn order."""

    encounter = models.ForeignKey("record.Encounter", on_delete=models.PROTECT, related_name="+")
    opening = models.CharField(max_length=300)
    stepping_back = models.CharField(max_length=300)
    seed = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    made_at = models.DateTimeField()


class Turn(models.Model):
    """When one unit gets to see a card."""

    card = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="turns")
    unit = models.CharField(max_length=60)
    place = models.PositiveIntegerField()
    starts = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["card", "unit"], name="each_unit_gets_a_card_once")]
