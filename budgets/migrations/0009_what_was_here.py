"""What the new columns say of the journals, entries, balances and controls that were here before."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "0009_fill.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("budgets", "0008_funds_in_full")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
