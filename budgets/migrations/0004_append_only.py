"""Journals, entries and links are written once; accounts and balances are never deleted."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "0004_append_only.sql").read_text()
TABLES = ("journal", "entry", "link")
KEPT = ("fundsaccount", "balance")
REVERSE = "".join(
    [f"DROP TRIGGER ledger_append_only ON budgets_{name};" for name in TABLES]
    + [f"DROP TRIGGER ledger_no_delete ON budgets_{name};" for name in KEPT]
    + [f"DROP TRIGGER ledger_no_truncate ON budgets_{name};" for name in TABLES + KEPT]
    + ["DROP FUNCTION budgets_refuse_change();"]
)


class Migration(migrations.Migration):
    dependencies = [("budgets", "0003_controls_and_checks")]

    operations = [migrations.RunSQL(SQL, REVERSE)]
