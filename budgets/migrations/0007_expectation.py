"""What entries would do if they were posted now: for the pages that ask before they post."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "0007_expectation.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("budgets", "0006_posting_function")]

    operations = [migrations.RunSQL(SQL, "DROP FUNCTION budgets_expected(jsonb);")]
