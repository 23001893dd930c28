from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0023_undelivered"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="typed",
            field=models.CharField(blank=True, db_default="", max_length=80),
        ),
    ]
