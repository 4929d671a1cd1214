from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "0013_at_rates.sql").read_text()


class Migration(migrations.Migration):
    """Replaces one function of the posting; what it returns is the same, so there is nothing to take back."""

    dependencies = [("budgets", "0012_accepted_restores")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
