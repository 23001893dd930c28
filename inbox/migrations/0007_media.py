import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

import inbox.models.media_file


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0006_revisions"),
    ]

    operations = [
        migrations.CreateModel(
            name="MediaFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("whole", "The file itself"), ("still", "A small picture of it")],
                        max_length=5,
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        default=inbox.models.media_file.new_key, max_length=40, unique=True
                    ),
                ),
                ("media_type", models.CharField(max_length=40)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("width", models.PositiveIntegerField(default=0)),
                ("height", models.PositiveIntegerField(default=0)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("written_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="attachment",
            name="attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="attachment",
            name="due_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                default=django.utils.timezone.now,
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="height",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="attachment",
            name="lease_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="attachment",
            name="preview_url",
            field=models.URLField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.AddField(
            model_name="attachment",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="attachment",
            name="state",
            field=models.CharField(
                choices=[
                    ("wanted", "To be fetched"),
                    ("held", "Held"),
                    ("gone", "Gone from X"),
                    ("refused", "Not to be had"),
                ],
                db_default="wanted",
                default="wanted",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="width",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="mediafile",
            name="attachment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="files",
                to="inbox.attachment",
            ),
        ),
        migrations.AddIndex(
            model_name="mediafile",
            index=models.Index(
                models.F("id"), condition=models.Q(("attachment", None)), name="media_file_left"
            ),
        ),
        migrations.AddConstraint(
            model_name="mediafile",
            constraint=models.UniqueConstraint(
                fields=("attachment", "role"), name="media_file_once"
            ),
        ),
    ]
