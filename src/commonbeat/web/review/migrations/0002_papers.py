from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0001_initial")]

    operations = [
        migrations.AddField("clip", "papers", models.CharField(blank=True, max_length=64)),
        migrations.AddField("clip", "sheet", models.CharField(blank=True, max_length=64)),
        migrations.AddField("clip", "sample", models.JSONField(default=dict)),
    ]
