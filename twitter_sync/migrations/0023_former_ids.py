"""Posts are found by the ids that they had before they were changed. Made beside the traffic: the
table may be large."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("twitter_sync", "0022_fair_shares")]

    operations = [
        AddIndexConcurrently(
            "knownpost", GinIndex("earlier_ids", name="known_former", condition=~Q(earlier_ids=[]))
        ),
    ]
