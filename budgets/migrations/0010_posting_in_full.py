"""Posting anew: pending journals and what settles them, limits of a control's own, what is excused, rates, and a second wall.

There is no way back: what has been posted in the new form cannot be said in the old one.
"""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent / "sql"
NEW = "\n".join(
    (FOLDER / f"0010_{name}.sql").read_text() for name in ("windows", "structure", "link", "posting", "wall")
)
OLD = """
DROP FUNCTION budgets_expected(jsonb);
DROP FUNCTION budgets_post(text, text, bigint, bigint, text, text, bigint, boolean, text, text, jsonb, timestamptz);
DROP FUNCTION budgets_announce(bigint, text, bigint, text, text, jsonb, timestamptz);
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
DROP FUNCTION budgets_covers(bigint, bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("budgets", "0009_what_was_here"), ("core", "0001_initial")]

    operations = [migrations.RunSQL(OLD + NEW)]
