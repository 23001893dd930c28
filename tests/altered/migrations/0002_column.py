from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("altered", "0001_table")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE altered ADD COLUMN more text", "ALTER TABLE altered DROP COLUMN more"
        )
    ]
