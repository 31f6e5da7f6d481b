"""Heads the auditor left here are only added to, and no log is emptied at one stroke."""

from django.db import migrations

from commonbeat.web.base.guards import only_added_to, only_emptied_never


class Migration(migrations.Migration):
    dependencies = [("oversee", "0001_initial"), ("base", "0002_only_added_to")]
    operations = [
        only_added_to("oversee_checkpoint"),
        only_emptied_never("base_entry", "tell_consent", "oversee_checkpoint"),
    ]
