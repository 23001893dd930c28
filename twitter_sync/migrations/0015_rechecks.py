"""When posts that we show are asked for again. The index is made beside the traffic."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("twitter_sync", "0014_stream_lease")]

    operations = [
        migrations.AddField(
            "conversationsearch", "check_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            "conversationsearch", "checked_at", models.DateTimeField(blank=True, null=True)
        ),
        AddIndexConcurrently(
            "conversationsearch",
            models.Index("check_at", name="recheck_due", condition=Q(check_at__isnull=False)),
        ),
    ]
