"""What search needs of Postgres: trigrams, accents taken off, and a configuration that does both.

Both extensions come with Postgres and are trusted: the owner of a database may create them.
"""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0003_spam_view"),
    ]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(
            [
                "CREATE TEXT SEARCH CONFIGURATION handled (COPY = pg_catalog.simple)",
                "ALTER TEXT SEARCH CONFIGURATION handled"
                " ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple",
            ],
            "DROP TEXT SEARCH CONFIGURATION handled",
        ),
    ]
