from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # A big table: the index is made while the desk goes on.
    atomic = False

    dependencies = [
        ("inbox", "0022_saved_reply_uses"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                models.F("conversation"),
                models.F("state"),
                name="msg_undelivered",
                condition=models.Q(("state__in", ["failed", "uncertain"])),
            ),
        ),
    ]
