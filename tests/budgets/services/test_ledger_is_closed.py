"""The ledger's tables are closed to the app, and append-only even to the owner."""

import pytest
from django.db import DatabaseError, connection, transaction

from budgets.apps import BudgetsConfig
from budgets.models import Balance, Entry, Journal
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget
from tests.owner import as_owner

TABLES = BudgetsConfig.read_only_tables
WRITES = ["INSERT INTO {} SELECT * FROM {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
WRITTEN_ONCE = ["budgets_journal", "budgets_entry", "budgets_link"]
COLUMN = {
    "budgets_fundsaccount": "name",
    "budgets_openhold": "amount",
    "budgets_balance": "spent",
    "budgets_control": "mode",
    "budgets_cover": "control_id",
    "budgets_controlmonth": "cap",
    "budgets_excused": "amount",
    "budgets_journal": "memo",
    "budgets_link": "hash",
    "budgets_entry": "amount",
}


def _state(error: DatabaseError) -> str | None:
    return getattr(getattr(error.__cause__, "diag", None), "sqlstate", None)


def _refused(statement: str) -> str | None:
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return _state(refused.value)


def _as_owner(statement: str, *, replica: bool = False) -> None:
    with transaction.atomic(), as_owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if replica:
            # Ordinary triggers stand aside in this mode, which only a superuser may enter.
            cursor.execute("SET ROLE NONE; SET LOCAL session_replication_role = replica")
        cursor.execute(statement)


@pytest.mark.parametrize("table", TABLES)
def test_the_app_writes_nothing_there(small_budget: SmallBudget, table: str) -> None:
    statements = [write.format(table, table) for write in WRITES]
    statements.append(f"UPDATE {table} SET {COLUMN[table]} = {COLUMN[table]}")
    assert {_refused(statement) for statement in statements} == {"42501"}


LINES = """budgets_lines_of('[{{"account": {account}, "month": "2026-01-01", "bucket": "spent", "amount": "1"}}]')"""
STEPS = (
    f"budgets_write_entries({{journal}}, now(), {LINES})",
    f"budgets_write_links({{journal}}, {LINES})",
    f"budgets_move_counters(1, {{journal}}, 'spend', true, {LINES})",
    "budgets_rebuild_controls(1, ARRAY[1]::bigint[])",
    "budgets_drop_controls(ARRAY[1]::bigint[])",
)


@pytest.mark.parametrize("step", STEPS)
def test_the_steps_of_a_posting_are_no_way_in(small_budget: SmallBudget, step: str) -> None:
    names = {"account": small_budget.account.pk, "journal": Journal.objects.latest("id").pk}
    assert _refused(f"SELECT {step.format(**names)}") == "42501"


def test_the_app_role_cannot_make_triggers_stand_aside(small_budget: SmallBudget) -> None:
    assert _refused("SET LOCAL session_replication_role = replica") == "42501"
    assert _refused("ALTER TABLE budgets_entry DISABLE TRIGGER ledger_append_only") == "42501"


@pytest.mark.parametrize("table", WRITTEN_ONCE)
@pytest.mark.parametrize("replica", [False, True], ids=["plain", "replica"])
def test_the_owner_changes_nothing_that_was_written(small_budget: SmallBudget, table: str, replica: bool) -> None:
    for statement in (
        f"UPDATE {table} SET {COLUMN[table]} = {COLUMN[table]}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(DatabaseError, match="append-only"):
            _as_owner(statement, replica=replica)


@pytest.mark.parametrize("table", ["budgets_fundsaccount", "budgets_balance"])
def test_accounts_and_balances_are_not_deleted(small_budget: SmallBudget, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError, match="append-only"):
            _as_owner(statement)


def test_what_the_app_tried_left_no_trace(small_budget: SmallBudget) -> None:
    before = list(Balance.objects.order_by("account_id", "month").values()), Entry.objects.count()
    _refused("UPDATE budgets_balance SET spent = 0")
    move(small_budget.account, "spent", 1)
    move(small_budget.account, "spent", -1)
    after = list(Balance.objects.order_by("account_id", "month").values()), Entry.objects.count() - 2
    assert after == before
