from django.db import models


class Job(models.Model):
    """Something to be done in the background. A worker claims it for a while; if it dies, another one claims it again."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        PARKED = "parked"  # failed too often: a person must look

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    lease = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField()
    made_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)
    progress = models.FloatField(default=0)
    trouble = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "not_before"])]
