from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # A big table: the index is made while the desk goes on.
    atomic = False

    dependencies = [
        ("inbox", "0007_media"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="attachment",
            index=models.Index("id", name="attachment_wanted", condition=Q(state="wanted")),
        ),
    ]
