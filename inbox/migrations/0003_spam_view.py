from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # A big table: the index is made while the desk goes on.
    atomic = False

    dependencies = [
        ("inbox", "0002_people"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                models.F("brand"),
                models.OrderBy(models.F("last_activity_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="conv_spam",
                condition=models.Q(("is_spam", True)),
            ),
        ),
    ]
