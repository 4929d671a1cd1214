"""The posting function: the only way in which money moves."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "0006_posting.sql").read_text()
REVERSE = """
DROP FUNCTION budgets_post(text, text, bigint, bigint, text, text, bigint, boolean, text, text, jsonb, timestamptz);
DROP FUNCTION budgets_announce(bigint, text, bigint, text, text, jsonb, timestamptz);
DROP FUNCTION budgets_moment(timestamptz);
DROP FUNCTION budgets_write_links(bigint, jsonb);
DROP FUNCTION budgets_link_text(bigint, bigint, bigint);
DROP FUNCTION budgets_write_entries(bigint, jsonb);
DROP FUNCTION budgets_move_counters(bigint, bigint, text, boolean, jsonb);
DROP FUNCTION budgets_windows_touched(jsonb, integer);
DROP FUNCTION budgets_consumers(bigint, date, date, bigint);
DROP FUNCTION budgets_deltas(jsonb);
DROP FUNCTION budgets_check_periods(bigint, jsonb);
DROP FUNCTION budgets_lock_accounts(bigint, jsonb);
DROP FUNCTION budgets_check_entries(jsonb);
DROP FUNCTION budgets_entries_of(jsonb);
DROP FUNCTION budgets_windows(text, date, integer);
DROP FUNCTION budgets_fiscal_year(date, integer);
"""


class Migration(migrations.Migration):
    dependencies = [("budgets", "0005_structure_functions"), ("core", "0001_initial")]

    operations = [migrations.RunSQL(SQL, REVERSE)]
