from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commonbeat.web.record.models import Encounter, fresh_id


class Clip(models.Model):
    """Footage: the sealed original, the protected copy, and how well its people are hidden."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("waiting to be protected")
        PROTECTING = "protecting", _("being protected")
        REVIEW = "review", _("to be looked at")
        RELEASED = "released", _("released")
        BLOCKED = "blocked", _("cannot be released")
        DELETED = "deleted", _("deleted")

    footage_id = models.CharField(primary_key=True, max_length=64, default=fresh_id)
    encounter = models.ForeignKey(Encounter, null=True, on_delete=models.PROTECT, related_name="clips")
    state = models.CharField(max_length=12, choices=State, default=State.UPLOADED)
    original = models.CharField(max_length=64, blank=True)
    original_sha256 = models.CharField(max_length=64, blank=True)
    protected = models.CharField(max_length=64, blank=True)
    poster = models.CharField(max_length=64, blank=True)
    captions = models.TextField(blank=True)
    audio_description = models.TextField(blank=True)
    record = models.JSONField(default=dict)
    papers = models.CharField(max_length=64, blank=True)  # sealed: where people are, frame by frame
    sheet = models.CharField(max_length=64, blank=True)  # sealed: pictures of the copy that a person looks at
    sample = models.JSONField(default=dict)  # {"frames": [...], "tracks": {track: [...]}}
    extra_boxes = models.JSONField(default=list)  # drawn by hand: [{start, until, x0, y0, x1, y1}]
    known_boxes = models.JSONField(default=dict)  # drawn scenes only: frame -> where faces truly are
    sound = models.CharField(max_length=8, default="drop")
    muted = models.JSONField(default=list)
    looked = models.JSONField(default=dict)
    music_cleared = models.CharField(
        max_length=10, blank=True, choices=[("none", _("No music")), ("cleared", _("Cleared")), ("muted", _("Muted"))]
    )
    uploaded_by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    reviewed_by = models.ForeignKey("base.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    simulated = models.BooleanField(default=False)
    trouble = models.TextField(blank=True)


class Blob(models.Model):
    """One encrypted file: its own key, wrapped by the site's. Without the wrapped key the bytes say nothing, in old backups too."""

    blob = models.CharField(primary_key=True, max_length=64)
    wrapped_key = models.BinaryField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    made_at = models.DateTimeField()


class Upload(models.Model):
    """A file on its way in, in pieces."""

    token_hash = models.CharField(primary_key=True, max_length=64)
    clip = models.ForeignKey(Clip, null=True, on_delete=models.CASCADE)
    by = models.ForeignKey("base.Staff", on_delete=models.CASCADE)
    size = models.BigIntegerField()
    until = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
