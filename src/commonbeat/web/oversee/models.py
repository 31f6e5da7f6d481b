from django.db import models


class Checkpoint(models.Model):
    """A head of the log that the auditor has taken away, signed with the auditor's own key."""

    n = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    at = models.CharField(max_length=40)
    signature = models.CharField(max_length=128)
    public_key = models.CharField(max_length=64)
    by = models.ForeignKey("base.Staff", on_delete=models.PROTECT)
    made_at = models.DateTimeField()
