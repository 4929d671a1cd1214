"""How the suite runs: which server, which roles, which doors are shut."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import override_settings, setup_databases, teardown_databases

from config.celery import app as celery_app
from config.runtime.embedded import EmbeddedServer
from config.runtime.logins import Login
from tests import database

pytest_plugins = [f"tests.fixtures.{path.stem}" for path in sorted((Path(__file__).parent / "fixtures").glob("[a-z]*.py"))]

NEVER_SKIPPED = ("browser", "broker", "embedded")
SERVER = pytest.StashKey[EmbeddedServer]()


def pytest_configure_node(node: Any) -> None:
    """Give each xdist worker the address of the one embedded server, which the first of them causes to start."""
    if settings.DATABASE_URL_GIVEN:
        return
    node.workerinput["purser_server"] = vars(_server_of(node.config).admin)


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(SERVER, None):
        server.remove()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """In CI a browser or a broker that is missing is a failure, not something to pass over."""
    report = yield
    if report.skipped and os.environ.get("CI") and any(item.get_closest_marker(name) for name in NEVER_SKIPPED):
        report.outcome = "failed"
        report.longrepr = f"Passed over in CI: {report.longrepr}"
    return report


def _server_of(config: pytest.Config) -> EmbeddedServer:
    if SERVER not in config.stash:
        config.stash[SERVER] = database.start_server()
    return config.stash[SERVER]


def _login(config: pytest.Config) -> Login:
    if settings.DATABASE_URL_GIVEN:
        return database.admin_login()
    handed: dict[str, str] = getattr(config, "workerinput", {}).get("purser_server", {})
    if handed:
        return Login(**handed)
    return _server_of(config).admin


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_keepdb: bool,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Create and migrate as the owner, then hand every connection to the app role."""
    admin = _login(request.config)
    if not settings.DATABASE_URL_GIVEN:
        connection.settings_dict.update(admin.to("purser").django())
    with django_db_blocker.unblock():
        database.make_roles(admin)
        database.take_role(settings.DATABASE_OWNER_ROLE)
        made = setup_databases(verbosity=0, interactive=False, keepdb=django_db_keepdb, serialized_aliases=set())
        owner = Login.from_settings(connection.settings_dict)
        database.harden_and_keep(owner)
        database.take_role(settings.DATABASE_APP_ROLE)
    setattr(TransactionTestCase, "_fixture_teardown", lambda _: database.wipe(owner))  # noqa: B010  the stubs hide it
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            database.take_role(settings.DATABASE_OWNER_ROLE)
            teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def quiet_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep files in a folder of the session, hash passwords quickly, and ring a doorbell that nobody hears."""
    celery_app.conf.update(broker_url="memory://", broker_transport_options={})
    with override_settings(
        MEDIA_ROOT=tmp_path_factory.mktemp("files"),
        STATIC_ROOT=tmp_path_factory.mktemp("static"),
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield
