"""What is gone from X leaves the ledger. Its index is made beside the traffic."""

import django.utils.timezone
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("twitter_sync", "0018_quiet_spells")]

    operations = [
        migrations.CreateModel(
            "Redaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_id", models.CharField(max_length=60, unique=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("walked_at", models.DateTimeField()),
                ("walked_id", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        "asked_at", "id", name="redaction_left", condition=Q(finished_at=None)
                    )
                ]
            },
        ),
        migrations.AddField("rawevent", "emptied_at", models.DateTimeField(blank=True, null=True)),
        AddIndexConcurrently(
            "rawevent",
            models.Index("received_at", "id", name="raw_with_words", condition=Q(emptied_at=None)),
        ),
    ]
