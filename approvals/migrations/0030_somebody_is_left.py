from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql/0030_somebody_is_left.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0029_advances_on_later_months'),
    ]

    operations = [
        migrations.RunSQL(SQL),
    ]
