"""The embedded PostgreSQL: asks for passwords, keeps its data and its port, and gives way where the port is taken."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from config.runtime.database import embedded, given
from config.runtime.embedded import EmbeddedServer, home_of, sweep_homes_of_dead

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    # Under the system's own folder, which the user that runs it can reach.
    base = home_of(Path(settings.VAR_DIR))
    server = EmbeddedServer(base / f"embedded-{tmp_path_factory.mktemp('x').parent.name}-{id(base)}", for_tests=True)
    server.start()
    yield server
    server.remove()


def test_nobody_enters_without_the_password(server: EmbeddedServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        replace(server.admin, password="guess").connect()


def test_owner_and_app_are_logins_of_their_own(server: EmbeddedServer) -> None:
    database = embedded(server, owner_role="test_owner", app_role="test_app")
    again = embedded(server, owner_role="test_owner", app_role="test_app")
    assert database == again
    with database.app.connect() as app:
        assert app.execute("SELECT session_user, current_user").fetchone() == ("test_app", "test_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SET ROLE test_owner")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE public.mine (id int)")


def test_a_login_that_may_make_roles_switches_to_the_app_role(server: EmbeddedServer) -> None:
    database = given(server.admin.to("given"), app_role="given_app")
    assert database.note == ""
    with database.app.connect() as app:
        assert app.execute("SELECT current_user").fetchone() == ("given_app",)


def test_a_login_that_may_not_make_roles_is_used_as_it_is_and_the_remedy_is_said(server: EmbeddedServer) -> None:
    with server.admin.connect() as admin:
        admin.execute("DROP ROLE IF EXISTS plain")
        admin.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
    plain = replace(server.admin, user="plain", password="plain")
    database = given(plain, app_role="never_made")
    assert database.owner == database.app == plain
    assert "CREATE ROLE never_made" in database.note


def test_data_and_port_outlive_a_restart_and_a_taken_port_gives_way(server: EmbeddedServer) -> None:
    with server.admin.connect() as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
    port = server.port
    server.stop()
    assert not server.runs()
    server.start_if_dead()
    assert server.port == port
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        server.start()
        assert server.port != port
    with server.admin.connect() as admin:
        assert admin.execute("SELECT to_regclass('kept')").fetchone() != (None,)


def test_what_a_killed_session_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / "tests-999999999"
    left.mkdir()
    sweep_homes_of_dead(tmp_path)
    assert not left.exists()
