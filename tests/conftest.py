"""How the suite runs: which server, which roles, which doors are shut."""

import os
from collections.abc import Generator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import override_settings

from config.runtime.embedded import EmbeddedServer
from config.runtime.logins import Login
from core import walls
from tests import database, doorbell

pytest_plugins = [f"tests.fixtures.{path.stem}" for path in sorted((Path(__file__).parent / "fixtures").glob("[a-z]*.py"))]

NEVER_SKIPPED = ("browser", "broker", "embedded", "realtime")
# How long a generated case takes is the machine's affair.
hypothesis.settings.register_profile("purser", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("purser")
SERVER = pytest.StashKey[EmbeddedServer]()


# Set-up, assertions and services called straight from a test see all rows; a request by the test client sees its person's.
walls.open_by_default()


def pytest_configure_node(node: Any) -> None:
    """Give each xdist worker the address of the one embedded server, which the first of them causes to start."""
    if settings.DATABASE_URL_GIVEN:
        return
    node.workerinput["purser_server"] = vars(_server_of(node.config).admin)


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(SERVER, None):
        database.end_server(server)


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
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any, worker_id: str
) -> Iterator[None]:
    """Create and migrate as the owner, then hand every connection to the app role."""
    server = _login(request.config)
    base = f"test_{server.dbname if settings.DATABASE_URL_GIVEN else 'purser'}"
    name = f"{base}_{worker_id}"
    template = database.template_on(server) if settings.DATABASE_URL_GIVEN else database.TEMPLATE
    connection.settings_dict.update(server.django())
    with django_db_blocker.unblock():
        database.make_roles(server)
        database.create(server, name=name, template=template)
        database.take_role(settings.DATABASE_APP_ROLE, name=name)
    owner = server.to(name).as_role(settings.DATABASE_OWNER_ROLE)
    setattr(TransactionTestCase, "_fixture_teardown", lambda _: database.wipe(owner))  # noqa: B010  the stubs hide it
    yield
    with django_db_blocker.unblock():
        connection.close()
        database.drop(server, name)


@pytest.fixture(scope="session", autouse=True)
def quiet_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep files in a folder of the session, hash passwords quickly, and ring a doorbell that nobody hears."""
    # The addresses are made when they are first asked for: now, and not inside a test that plays the demo.
    import_module(settings.ROOT_URLCONF)
    doorbell.muffle()
    with override_settings(
        MEDIA_ROOT=tmp_path_factory.mktemp("files"),
        STATIC_ROOT=tmp_path_factory.mktemp("static"),
        ANCHOR_DIR=tmp_path_factory.mktemp("anchors"),
        ANCHOR_KEY_FILE=tmp_path_factory.mktemp("key") / "anchor_key",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield
