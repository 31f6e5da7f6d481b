from django.db import models

from commonbeat.codebook import words


class Batch(models.Model):
    """At least twenty invitations that carry area, ring, arm and week, and nothing that tells one person from another."""

    batch = models.CharField(primary_key=True, max_length=40)
    plan_id = models.CharField(max_length=60)
    area = models.ForeignKey("record.Area", null=True, blank=True, on_delete=models.PROTECT)
    ring = models.CharField(max_length=12, choices=[(r, r) for r in words.RINGS])
    arm = models.CharField(max_length=40, blank=True)
    week = models.CharField(max_length=8)
    codes = models.PositiveIntegerField()


class LinkCode(models.Model):
    """A code that was handed out: its hash, and whether it was used. It is forgotten when it is used, so no answer hangs on it."""

    hash = models.CharField(primary_key=True, max_length=64)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="open_codes")


class Reply(models.Model):
    """One filled-in pulse. It knows its batch and its week; not its code, its browser or its hour."""

    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="replies")
    person = models.CharField(max_length=64)
    questionnaire = models.CharField(max_length=40)
    wording = models.CharField(max_length=64)
    language = models.CharField(max_length=12)
    side = models.CharField(max_length=10, choices=[(s, s) for s in words.SIDES])
    wave = models.PositiveIntegerField(default=0)
    week = models.CharField(max_length=8)
    answers = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "wave"], name="one_reply_per_person_and_wave")]
