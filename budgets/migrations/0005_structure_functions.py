"""Functions for accounts, controls, cover and counters: the app has no other way to change them."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "0005_structure.sql").read_text()
REVERSE = """
DROP FUNCTION budgets_name_account(bigint, text);
DROP FUNCTION budgets_set_controls(bigint, jsonb);
DROP FUNCTION budgets_rebuild(bigint, bigint);
DROP FUNCTION budgets_ensure_account(bigint, bigint, bigint, text);
DROP FUNCTION budgets_covers(bigint, bigint, bigint);
DROP FUNCTION budgets_lock_structure();
DROP FUNCTION budgets_structure_key();
"""


class Migration(migrations.Migration):
    dependencies = [("budgets", "0004_append_only")]

    operations = [migrations.RunSQL(SQL, REVERSE)]
