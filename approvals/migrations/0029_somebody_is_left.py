from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql/0029_somebody_is_left.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0028_saved_views'),
    ]

    operations = [
        migrations.RunSQL(SQL),
    ]
