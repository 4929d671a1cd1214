"""What machines ask: live, ready and metrics, with each part failing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from config.operations import figures, readiness
from config.operations.readiness import watch
from core import clock
from core.models import OutboxEvent, Sign
from core.services import jobs
from core.services.signs import leave_sign
from tests.owner import as_owner

TOKEN = "a-token-for-the-tests"


@pytest.fixture(autouse=True)
def _look_anew() -> None:
    watch.forget()


@pytest.fixture
def beating(db: None) -> None:
    leave_sign(name=Sign.BEAT)


def parts(client: Client, status: int) -> dict[str, Any]:
    answer = client.get("/-/ready")
    assert answer.status_code == status, answer.content
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["ready"] is (status == 200)
    found: dict[str, Any] = body["parts"]
    assert set(found) == {"database", "migrations", "queue", "beat", "pdf"}
    return found


def failing(client: Client) -> set[str]:
    return {name for name, part in parts(client, 503).items() if not part["ok"]}


def test_live_asks_nothing_and_is_for_any_host(client: Client) -> None:
    answer = client.get("/-/live", headers={"host": "10.1.2.3"})
    assert (answer.status_code, answer.content) == (200, b"alive\n")
    assert answer["X-Request-ID"]
    assert client.post("/-/live").status_code == 405


def test_live_answers_though_a_session_is_sent_and_the_database_is_away(client: Client) -> None:
    client.cookies["sessionid"] = "x" * 32
    assert client.get("/-/live").status_code == 200  # this test may not touch the database: it would raise


def test_ready_when_all_is_well(client: Client, beating: None) -> None:
    assert all(part["ok"] for part in parts(client, 200).values())


def test_a_look_is_kept_for_a_moment(client: Client, beating: None) -> None:
    parts(client, 200)
    with CaptureQueriesContext(connection) as asked:
        parts(client, 200)
    assert len(asked) == 0


def test_a_silent_beat_is_not_ready(client: Client, db: None) -> None:
    assert failing(client) == {"beat"}
    watch.forget()
    with clock.at(clock.now() - timedelta(minutes=5)):
        leave_sign(name=Sign.BEAT)
    assert failing(client) == {"beat"}


def test_an_old_event_is_not_ready(client: Client, beating: None) -> None:
    old = clock.now() - timedelta(hours=1)
    OutboxEvent.objects.create(topic="tests.old", payload={}, due_at=old)
    assert failing(client) == {"queue"}


def test_an_old_job_is_not_ready(client: Client, beating: None) -> None:
    with clock.at(clock.now() - timedelta(hours=1)):
        jobs.start_job(kind="board-pack", title="A pack", args={}, actor=None)
    assert failing(client) == {"queue"}


def test_a_missing_migration_is_not_ready(client: Client, beating: None) -> None:
    with as_owner() as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = 'core' AND name LIKE '0004%%'")
    assert failing(client) == {"migrations", "queue", "beat"}


def test_a_database_that_is_away_is_said_without_its_address(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError('connection to server at "10.0.0.5", user "purser_app" failed: password authentication')

    monkeypatch.setattr(readiness, "_database_parts", away)
    answer = client.get("/-/ready")
    assert answer.status_code == 503
    assert b"10.0.0.5" not in answer.content
    assert b"purser_app" not in answer.content


def test_no_pango_is_not_ready_unless_it_is_excused(client: Client, beating: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "how_to_install_pango", lambda: "apt-get install pango")
    readiness._pdf.cache_clear()
    try:
        assert failing(client) == {"pdf"}
        with override_settings(READY_WITHOUT=["pdf"]):
            assert not parts(client, 200)["pdf"]["ok"]
    finally:
        readiness._pdf.cache_clear()


def test_metrics_are_off_for_strangers(client: Client, db: None) -> None:
    assert client.get("/metrics").status_code == 404
    with override_settings(METRICS_TOKEN=TOKEN):
        assert client.get("/metrics").status_code == 404
        assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404
        assert client.get("/metrics", headers={"authorization": f"Basic {TOKEN}"}).status_code == 404
        assert client.get(f"/metrics?token={TOKEN}").status_code == 404
    with override_settings(METRICS_NETWORKS=["10.0.0.0/8"]):
        assert client.get("/metrics", headers={"x-forwarded-for": "10.0.0.1"}).status_code == 404
    with override_settings(METRICS_NETWORKS=["not a network"]):
        assert client.get("/metrics").status_code == 404


@override_settings(METRICS_TOKEN=TOKEN)
def test_metrics_say_every_figure_and_nothing_of_people(client: Client, entity: Any, requester: Any) -> None:
    OutboxEvent.objects.create(topic="tests.old", payload={}, due_at=clock.now() - timedelta(minutes=10))
    leave_sign(name=Sign.LEDGER_CHECK, is_well=False, said="somebody@example.org did it")
    client.get("/sign-in/")
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    text = answer.content.decode()
    for figure in figures.FIGURES:
        assert f"# TYPE {figure.name} gauge" in text
    assert "purser_up 1.0" in text
    assert "purser_outbox_waiting 1.0" in text
    assert 'purser_sign_well{name="ledger check"} 0.0' in text
    assert 'method="GET",status="200",view="' in text
    assert "@" not in text
    assert requester.name not in text


@override_settings(METRICS_NETWORKS=["127.0.0.0/8"])
def test_a_near_machine_reads_them_and_a_dead_database_is_a_figure(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = figures.Figure("purser_broken", "Fails.", "SELECT 1 FROM no_such_table")
    monkeypatch.setattr("config.operations.exposition.FIGURES", (broken,))
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert b"purser_up 0.0" in answer.content


@override_settings(METRICS_TOKEN=TOKEN)
def test_refusals_are_counted_by_code(client: Client, requester: Any) -> None:
    def counted() -> float:
        text = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content.decode()
        lines = [line for line in text.splitlines() if line.startswith('purser_refusals_total{code="not_found"}')]
        return float(lines[0].split()[-1]) if lines else 0.0

    client.force_login(requester)
    before = counted()
    assert client.get("/requests/REQ-NONE/").status_code == 404
    assert counted() == before + 1
