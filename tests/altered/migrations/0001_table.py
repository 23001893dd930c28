from django.db import migrations


class Migration(migrations.Migration):
    operations = [migrations.RunSQL("CREATE TABLE altered (id bigint)", "DROP TABLE altered")]
