from django.db import models
from django.utils.translation import gettext_lazy as _

from commonbeat.web.record.models import fresh_id

REASONS = [
    ("off_topic", _("It is about something else.")),
    ("names_somebody", _("It names or describes a person.")),
    ("threat", _("It threatens somebody.")),
    ("same", _("The same is already there.")),
    ("two_at_once", _("It says two things at once, so nobody could vote on it.")),
]
STATUS = [
    ("heard", _("heard")),
    ("planned", _("planned")),
    ("done", _("done")),
    ("declined", _("not planned, because")),
]


class Conversation(models.Model):
    """A question to the town, answered by voting on short sentences."""

    slug = models.SlugField(primary_key=True, max_length=60)
    title = models.CharField(max_length=200)
    question = models.CharField(max_length=600)
    open = models.BooleanField(default=True)
    erased = models.PositiveIntegerField(default=0)  # people who asked to be forgotten since the last release
    waited = models.PositiveIntegerField(default=0)  # releases that let the old figures stand since
    made_at = models.DateTimeField()


class Statement(models.Model):
    """One sentence to agree with or not."""

    statement_id = models.CharField(primary_key=True, max_length=64, default=fresh_id)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="statements")
    words = models.CharField(max_length=300)
    at = models.DateTimeField()
    proposed_by = models.CharField(max_length=10, default="resident")
    proposer = models.CharField(max_length=64, blank=True)
    attribute = models.BooleanField(default=False)
    moderated = models.CharField(
        max_length=10,
        default="waiting",
        choices=[("accepted", "accepted"), ("waiting", "waiting"), ("rejected", "rejected")],
    )
    reason = models.CharField(max_length=20, blank=True, choices=REASONS)
    appeal = models.CharField(max_length=600, blank=True)
    language = models.CharField(max_length=12)
    reply = models.CharField(max_length=1_000, blank=True)
    status = models.CharField(max_length=10, blank=True, choices=STATUS)

    class Meta:
        ordering = ["at", "statement_id"]


class Vote(models.Model):
    """The last word of one participation token on one statement. The token itself is never kept, only its keyed hash."""

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="votes")
    person = models.CharField(max_length=64)
    value = models.SmallIntegerField(choices=[(1, "agree"), (-1, "disagree"), (0, "pass")])
    day = models.DateField()
    known_group = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "person"], name="one_vote_per_token_and_statement")
        ]
        indexes = [models.Index(fields=["person"])]


class Solved(models.Model):
    """A puzzle that was solved: kept until it expires, so that no solution counts twice."""

    key = models.CharField(primary_key=True, max_length=64)
    until = models.DateTimeField(db_index=True)
