"""The audit log and what was said about consent are only ever added to."""

from django.db import migrations

from commonbeat.web.base.guards import only_added_to


class Migration(migrations.Migration):
    dependencies = [("base", "0001_initial"), ("tell", "0001_initial")]
    operations = [only_added_to("base_entry", "tell_consent")]
