"""Every table that leads to an entity has its wall, and the database holds it against the app role."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from config.runtime.logins import Login
from config.runtime.row_policies import (
    UnwallableError,
    declared_walls,
    guarded_tables,
    lay,
    unwalled_tables,
)
from core import walls
from core.models import User
from core.services import audit
from core.services.jobs import start_job
from core.services.notices import notify
from reporting.services.packs import freeze_pack
from tests.factories.reconciliation import Detail, an_invoice, approved_request, pay
from tests.fixtures.imports import Importing
from tests.fixtures.reporting import Reported
from tests.owner import as_owner

WALLS = {wall.table: wall for wall in declared_walls()}
# A row as JSON, and the columns that are not reckoned by the database.
ROW = "SELECT to_jsonb(t)::text FROM public.{} t LIMIT 1"
LAID = (
    "SELECT tablename, roles::text, cmd FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename "
    "WHERE c.relrowsecurity AND NOT c.relforcerowsecurity AND p.qual IS NOT NULL AND p.with_check IS NOT NULL"
)
COLUMNS = (
    "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
    "WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'"
)


@pytest.fixture
def full_house(reported: Reported, import_rows: Importing, controller: User, requester: User, approver: User) -> None:
    """Fill most tables of one entity, by the services."""
    small = reported.small
    import_rows("2026-03-05,A-1,Acme Cloud,software,PLATFORM,10.00")
    line = approved_request(account=small.account, net="300.00", requester=requester, approver=approver, vendor=small.vendor)
    an_invoice(small.entity, controller, "INV-1", "120.00", account_id=line.account_id, month=line.month)
    pay(small.entity, controller, Detail("120.00", remittance="INV-1"))
    freeze_pack(budget=reported.budget, month=reported.month, actor=controller)
    start_job(kind="board-pack", title="Pack", args={}, actor=controller, entity=small.entity)
    notify(person=controller, kind="test", subject="Look", key="look", entity=small.entity)


def filled(tables: list[str]) -> list[str]:
    with as_owner() as cursor:
        return [table for table in tables if _counts(cursor, table)]


def _counts(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM public.{table}")
    return int(cursor.fetchone()[0])


def test_every_table_that_leads_to_an_entity_is_walled_or_open_for_a_reason() -> None:
    opened = {table: reason for room in apps.get_app_configs() for table, reason in getattr(room, "open_tables", {}).items()}
    assert unwalled_tables(WALLS) == sorted(opened)
    assert all(len(reason.split()) > 4 for reason in opened.values())


def test_a_forgotten_table_is_found() -> None:
    forgotten = {table: wall for table, wall in WALLS.items() if table != "approvals_decision"}
    assert "approvals_decision" in unwalled_tables(forgotten)


@pytest.mark.django_db
def test_the_database_has_each_wall_for_the_app_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute(LAID)
        laid = cursor.fetchall()
    assert sorted(laid) == [(table, f"{{{settings.DATABASE_APP_ROLE}}}", "ALL") for table in sorted(WALLS)]


@pytest.mark.django_db
def test_who_says_nothing_sees_no_row_and_writes_none(full_house: None) -> None:
    tables = filled(sorted(WALLS))
    assert len(tables) > 35, "the fixture fills most tables"
    for table in tables:
        with walls.seeing(walls.NOTHING), connection.cursor() as cursor:
            assert _counts(cursor, table) == 0, table
        assert refused(table, walls.NOTHING), table


@pytest.mark.django_db
def test_another_entity_sees_no_row_and_writes_none(full_house: None, outsider: User) -> None:
    for table in filled(sorted(WALLS)):
        with walls.looking_as(outsider), connection.cursor() as cursor:
            assert _counts(cursor, table) == 0, table
        assert refused(table, walls.reach_of(outsider)), table


@pytest.mark.django_db
def test_its_own_people_see_what_is_there(full_house: None, auditor: User) -> None:
    for table in filled(sorted(WALLS)):
        with as_owner() as cursor:
            there = _counts(cursor, table)
        with walls.looking_as(auditor), connection.cursor() as cursor:
            assert _counts(cursor, table) == there, table


def refused(table: str, reach: str) -> bool:
    """Say whether a row just like one that is there is turned away, by the wall or because nobody may write there."""
    with as_owner() as cursor:
        cursor.execute(ROW.format(table))
        row = json.loads(cursor.fetchone()[0])
        cursor.execute(COLUMNS, [table])
        columns = cursor.fetchone()[0]
    statement = f"INSERT INTO public.{table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::public.{table}, %s)"
    try:
        with walls.seeing(reach), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [json.dumps(row)])
    except DatabaseError as error:
        # By the wall, for want of a right, or by a trigger that comes before the wall.
        return getattr(error.__cause__, "sqlstate", "") in {"42501", "23514", "P0001"}
    return False


@pytest.mark.django_db
def test_a_row_with_no_entity_is_open_to_whoever_says_who_looks(requester: User) -> None:
    record = audit.record(actor=None, verb="test.said", subject=requester)
    for reach, seen in ((walls.NOTHING, False), (walls.NO_ENTITY, True)):
        with walls.seeing(reach):
            assert type(record).objects.filter(pk=record.pk).exists() is seen


@pytest.mark.django_db
def test_a_wall_is_laid_again_and_taken_down_when_nobody_declares_it(django_db_setup: None) -> None:
    state = "SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY relname"
    with Login.from_settings(connection.settings_dict).as_role(settings.DATABASE_OWNER_ROLE).connect() as owner:
        with owner.transaction(force_rollback=True):
            lay(owner, app_role=settings.DATABASE_APP_ROLE, walls=[WALLS["budgets_journal"]], guarded=guarded_tables())
            assert owner.execute(state).fetchall() == [("budgets_journal",)]
        assert owner.execute(state).fetchall() == [(table,) for table in sorted(WALLS)]


@pytest.mark.django_db
def test_a_role_that_walls_do_not_hold_is_named(django_db_setup: None) -> None:
    with (
        Login.from_settings(connection.settings_dict).connect() as database,
        pytest.raises(UnwallableError, match="bypass row security"),
    ):
        lay(database, app_role=_a_superuser(), walls=[], guarded=[])


def _a_superuser() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolsuper ORDER BY oid LIMIT 1")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(("table", "way"), [("no_such_table", "entity"), ("core_job", "no_such_way"), ("core_user", "groups")])
def test_a_declaration_that_leads_nowhere_is_named(monkeypatch: pytest.MonkeyPatch, table: str, way: str) -> None:
    monkeypatch.setitem(apps.get_app_config("core").walled_tables, table, way)  # type: ignore[attr-defined]
    with pytest.raises(UnwallableError, match=table):
        declared_walls()
