"""What the app role may and may not do, and that the wipe between tests is the owner's."""

from datetime import time

import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from config.runtime.hardening import Grants, UndeclaredError, harden
from config.runtime.logins import Login
from core.models import WorkCalendar
from tests.owner import as_owner


def current_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def refused(statement: str) -> bool:
    """Say whether the database denies the app role this statement."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return "permission denied" in str(error) or "must be owner" in str(error)
    return False


@pytest.mark.django_db
def test_tests_run_as_the_app_role() -> None:
    assert current_role() == settings.DATABASE_APP_ROLE


@pytest.mark.django_db
def test_as_owner_gives_the_rights_and_takes_them_back() -> None:
    with as_owner() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.DATABASE_OWNER_ROLE,)
    assert current_role() == settings.DATABASE_APP_ROLE


@pytest.mark.django_db
def test_the_app_role_cannot_write_what_is_read_only() -> None:
    declared = Grants.declared().read_only
    assert declared, "the ledger's tables are declared"
    for table in declared | {"django_migrations"}:
        for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            assert refused(statement), statement


@pytest.mark.django_db
def test_the_app_role_cannot_change_what_is_append_only() -> None:
    for table in Grants.declared().append_only:
        assert refused(f"DELETE FROM {table}")
        assert refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db
def test_the_app_role_cannot_alter_the_schema() -> None:
    for table in Grants.declared().read_only:
        assert refused(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        assert refused(f"DROP TABLE {table} CASCADE")
    assert refused("CREATE TABLE mine (id int)")


@pytest.mark.django_db
def test_functions_with_the_owners_rights_are_closed_unless_declared() -> None:
    allowed = Grants.declared().functions
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, has_function_privilege(%s, oid, 'EXECUTE') FROM pg_proc "
            "WHERE pronamespace = 'public'::regnamespace AND prosecdef",
            [settings.DATABASE_APP_ROLE],
        )
        assert {name for name, may in cursor.fetchall() if may} == allowed


@pytest.mark.django_db
def test_a_declared_table_that_is_not_there_is_named(django_db_setup: None) -> None:
    with Login.from_settings(connection.settings_dict).connect() as database, pytest.raises(UndeclaredError, match="no_such"):
        harden(database, app_role=settings.DATABASE_APP_ROLE, grants=Grants(read_only=frozenset({"no_such"})))


@pytest.mark.django_db
def test_triggers_cannot_be_told_to_stand_aside() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL pgtrigger.ignore = '{anything}'")
        cursor.execute("SELECT _pgtrigger_should_ignore('anything')")
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(2))
def test_the_wipe_empties_what_a_test_filled_and_keeps_what_migrations_wrote(turn: int) -> None:
    assert not WorkCalendar.objects.exists(), f"turn {turn}"
    assert apps.get_model("auth", "Permission").objects.exists()
    WorkCalendar.objects.create(code="left", name="Left behind", opens_at=time(9), closes_at=time(17))
