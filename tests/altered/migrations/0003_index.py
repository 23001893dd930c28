from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("altered", "0002_column")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY altered_more ON altered (more)",
            "DROP INDEX CONCURRENTLY altered_more",
        )
    ]
