from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "0020_consumers.sql").read_text()


class Migration(migrations.Migration):
    """Replaces one function of the posting; what it returns is the same, so there is nothing to take back."""

    dependencies = [("budgets", "0019_carrying_by_policy")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
