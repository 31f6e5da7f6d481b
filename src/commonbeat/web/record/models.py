from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from commonbeat.codebook import words


def fresh_id() -> str:
    """128 random bits: ids are never counted up, so that nobody can walk from one record to the next."""
    return secrets.token_hex(16)


def pairs(words_, labels):
    return [(w, labels.get(w, w)) for w in words_]


YES_NO = {"yes": _("Yes"), "no": _("No"), "unknown": _("I do not know")}
BEGAN = {
    "resident": _("A resident"),
    "officer": _("I did"),
    "chance": _("It just happened"),
    "unknown": _("Not sure"),
}
ACTIVITY = {
    "play": _("Play"), "dance": _("Dance"), "conversation": _("A talk"), "help": _("Help"), "event": _("An event"),
    "call": _("A call"), "stop": _("A stop"), "search": _("A search"), "citation": _("A citation"),
    "arrest": _("An arrest"), "other": _("Something else"),
}  # fmt: skip
KIND = {"positive": _("Positive"), "service": _("Service"), "enforcement": _("Enforcement")}


class Area(models.Model):
    """A place with borders, as the site's forms offer it; the geometry itself lives in the book."""

    area_id = models.CharField(primary_key=True, max_length=60)
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Encounter(models.Model):
    """What happened, as the codebook's table `contacts` wants it. No one's name has a column."""

    contact_id = models.CharField(primary_key=True, max_length=64, default=fresh_id)
    at = models.DateTimeField()
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT)
    place = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=20, choices=pairs(words.CONTACT_KINDS, KIND), default="positive")
    activity = models.CharField(max_length=20, choices=pairs(words.ACTIVITIES, ACTIVITY))
    began_by = models.CharField(max_length=20, choices=pairs(words.BEGAN_BY, BEGAN), default="unknown")
    free_to_leave_officer = models.CharField(max_length=10, choices=pairs(words.YES_NO_UNKNOWN, YES_NO))
    free_to_leave_resident = models.CharField(max_length=10, blank=True, choices=pairs(words.YES_NO_UNKNOWN, YES_NO))
    opening_words = models.CharField(max_length=300, blank=True)
    people = models.PositiveIntegerField(null=True, blank=True)
    children = models.PositiveIntegerField(null=True, blank=True)
    onlookers = models.PositiveIntegerField(null=True, blank=True)
    happened = models.CharField(max_length=600)
    made_positive = models.CharField(max_length=600, blank=True)
    would_rather_not = models.BooleanField(null=True)
    footage = models.BooleanField(null=True)
    gifts = models.BooleanField(default=False)
    unit = models.CharField(max_length=60, blank=True)
    recorded_by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT, related_name="encounters")
    recorded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    undone_at = models.DateTimeField(null=True)
    simulated = models.BooleanField(default=False)

    def __str__(self):
        return f"{self.get_activity_display()}, {self.at:%Y-%m-%d}"


class Version(models.Model):
    """How a record read before it was corrected or undone. Old versions are kept."""

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT)
    reason = models.CharField(max_length=300)
    held = models.JSONField()

    class Meta:
        unique_together = [("encounter", "number")]


class Code(models.Model):
    """A one-use code for the resident who was there; only its hash is kept."""

    encounter = models.ForeignKey(Encounter, on_delete=models.CASCADE, related_name="codes")
    hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    until = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Account(models.Model):
    """What the resident said happened, in their own words and language."""

    encounter = models.ForeignKey(Encounter, on_delete=models.CASCADE, related_name="accounts")
    at = models.DateTimeField()
    free_to_leave = models.CharField(max_length=10, choices=pairs(words.YES_NO_UNKNOWN, YES_NO))
    agrees = models.CharField(max_length=10, choices=[("yes", _("Yes")), ("partly", _("Partly")), ("no", _("No"))])
    words = models.TextField(max_length=2_000, blank=True)
    language = models.CharField(max_length=12)


class ThankYou(models.Model):
    """Private: seen by the officer it is for, and by nobody else. Never counted."""

    to = models.ForeignKey("base.Staff", on_delete=models.CASCADE, related_name="thanks")
    words = models.TextField(max_length=1_000)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)


class Harm(models.Model):
    """An account that reads as a complaint or a crisis: for the independent body, outside the chain of command."""

    receipt_hash = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12, choices=[("complaint", _("A complaint")), ("crisis", _("Help, now"))])
    words = models.TextField(max_length=8_000)
    reach = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    due = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reply = models.TextField(max_length=4_000, blank=True)
