from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("inbox", "0024_typed"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="draft",
            index=models.Index(models.F("saved_at"), name="draft_saved"),
        ),
    ]
