from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commonbeat.codebook import words
from commonbeat.web.record.models import Area, Encounter, fresh_id, pairs
from commonbeat.web.review.models import Clip

STATES = {
    "draft": _("Draft"), "consent_check": _("Consent"), "footage_check": _("Footage"), "second_approval": _("Second approval"),
    "scheduled": _("Scheduled"), "published": _("Published"), "corrected": _("Published, corrected"),
    "withdrawn": _("Taken down"),
}  # fmt: skip


class Story(models.Model):
    """A story on its way from draft to page, and perhaps off it again."""

    story_id = models.CharField(primary_key=True, max_length=64, default=fresh_id)
    slug = models.SlugField(max_length=80, unique=True)
    encounter = models.ForeignKey(Encounter, null=True, on_delete=models.PROTECT, related_name="stories")
    clip = models.ForeignKey(Clip, null=True, blank=True, on_delete=models.PROTECT, related_name="stories")
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT)
    state = models.CharField(max_length=20, choices=pairs(words.STORY_STATES, STATES), default="draft")
    embargo = models.DateTimeField(null=True, blank=True)
    written_by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=20, blank=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    simulated = models.BooleanField(default=False)

    class Meta:
        ordering = ["-published_at", "-made_at"]

    LIVE = ("published", "corrected")

    @property
    def live(self) -> bool:
        return self.state in self.LIVE

    def text(self, language: str = "en"):
        """The telling in this language, else in English, else in any."""
        tellings = {t.language: t for t in self.tellings.all()}
        return tellings.get(language) or tellings.get("en") or next(iter(tellings.values()), None)


class Telling(models.Model):
    """The words of a story in one language."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="tellings")
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    words = models.TextField(max_length=20_000)
    alt_text = models.CharField(max_length=600, blank=True)

    class Meta:
        unique_together = [("story", "language")]


class Correction(models.Model):
    """What was wrong in a published story, and how it reads now."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="corrections")
    at = models.DateTimeField()
    what = models.CharField(max_length=600)


class Copy(models.Model):
    """A copy beyond our reach: a broadcaster, a platform. We can ask; we cannot delete."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="copies")
    where = models.CharField(max_length=200)
    since = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)


class Consent(models.Model):
    """One thing somebody said about being shown. Only ever added to; today's state is derived (`commonbeat.consent`)."""

    consent_id = models.CharField(primary_key=True, max_length=64, default=fresh_id)
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="consents")
    clip = models.ForeignKey(Clip, null=True, on_delete=models.PROTECT, related_name="consents")
    person = models.CharField(max_length=80)
    track = models.IntegerField(null=True)
    event = models.CharField(max_length=12, choices=[(w, w) for w in words.CONSENT_EVENTS])
    purpose = models.CharField(max_length=16, choices=[(w, w) for w in words.CONSENT_PURPOSES])
    channel = models.CharField(max_length=10, blank=True, choices=[(w, w) for w in words.CHANNELS])
    guardian = models.BooleanField(default=False)
    child = models.BooleanField(default=False)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ages_out = models.DateTimeField(null=True)
    wording = models.CharField(max_length=64)
    language = models.CharField(max_length=12)
    asked_by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT, related_name="+")


class ConsentLink(models.Model):
    """The private link of one person: to see what they agreed to and to take it back. Only its hash is kept."""

    hash = models.CharField(primary_key=True, max_length=64)
    encounter = models.ForeignKey(Encounter, on_delete=models.CASCADE, related_name="links")
    clip = models.ForeignKey(Clip, null=True, on_delete=models.CASCADE)
    person = models.CharField(max_length=80)
    track = models.IntegerField(null=True)
    child = models.BooleanField(default=False)
    guardian = models.BooleanField(default=False)
    made_at = models.DateTimeField()


class Takedown(models.Model):
    """Somebody said "this is me or my child": what they ask for, until when we must answer, and what came of it."""

    ASKS = [("mask", _("Hide me better")), ("show", _("Show me what you hold")), ("take_down", _("Take it down"))]
    STATES = [("open", _("open")), ("done", _("done")), ("refused", _("not done"))]

    receipt_hash = models.CharField(max_length=64, unique=True)
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="takedowns")
    asks = models.CharField(max_length=10, choices=ASKS)
    words = models.TextField(max_length=2_000, blank=True)
    where = models.JSONField(default=dict)  # in the film: {at: second, x0, y0, x1, y1: shares of the picture}
    at = models.DateTimeField()
    due = models.DateTimeField()
    state = models.CharField(max_length=10, choices=STATES, default="open")
    outcome = models.TextField(max_length=2_000, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT, related_name="+")
