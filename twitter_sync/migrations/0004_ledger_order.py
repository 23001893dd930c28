"""The ledger is read as news and as history. Made beside the traffic: the table may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("twitter_sync", "0003_backfill")]

    operations = [
        AddIndexConcurrently(
            "rawevent",
            models.Index(
                "due_at",
                "id",
                name="raw_news",
                condition=Q(state="pending") & ~Q(source="history"),
            ),
        ),
        AddIndexConcurrently(
            "rawevent",
            models.Index(
                "due_at", "id", name="raw_history", condition=Q(state="pending", source="history")
            ),
        ),
        AddIndexConcurrently(
            "rawevent",
            models.Index(
                "brand",
                name="raw_history_left",
                condition=Q(state__in=["pending", "waiting"], source="history"),
            ),
        ),
        RemoveIndexConcurrently("rawevent", "raw_due"),
    ]
