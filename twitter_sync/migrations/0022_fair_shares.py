"""The ledger is read by addressee. Made beside the traffic: the table may be large. What is pending
while this runs stands in one line together."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("twitter_sync", "0021_stream_rules")]

    operations = [
        migrations.AddField(
            model_name="rawevent",
            name="addressee",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        AddIndexConcurrently(
            "rawevent",
            models.Index(
                "addressee",
                "due_at",
                "id",
                name="raw_news_of",
                condition=Q(state="pending") & ~Q(source="history"),
            ),
        ),
        AddIndexConcurrently(
            "rawevent",
            models.Index(
                "addressee",
                "due_at",
                "id",
                name="raw_history_of",
                condition=Q(state="pending", source="history"),
            ),
        ),
    ]
