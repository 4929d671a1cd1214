from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql/0036_told_of_requests.sql").read_text()
UNDO = "DROP FUNCTION approvals_told_of_request(bigint, integer, bigint, timestamptz)"


class Migration(migrations.Migration):
    """A function that reads; nothing is stored."""

    dependencies = [("approvals", "0035_attributes_of_ones_own"), ("budgets", "0022_attributes_of_ones_own")]

    operations = [migrations.RunSQL(SQL, UNDO)]
