"""Two programs send the same call at once, or change the same thing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from budgets.models import Control, Mode, Window
from budgets.services import controls as control_services
from budgets.services.controls import Node, Terms, set_control
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import open_year
from tests.fixtures.api import Api

pytestmark = pytest.mark.django_db(transaction=True)
RATE = {"entity": "acme", "currency": "EUR", "valid_on": "2026-01-01", "rate": "1.08", "source": "Bank"}


@pytest.fixture
def program(transactional_db: None, entity: Entity, controller: User) -> Api:
    open_year(entity)
    return Api(controller)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Send calls at the same moment, each on a connection of its own."""
    barrier = Barrier(len(calls), timeout=20)

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(run, call) for call in calls]]


def stated() -> int:
    return AuditRecord.objects.filter(verb="exchange_rate.stated").count()


def test_the_same_key_at_once_is_carried_out_once(program: Api) -> None:
    answers = at_once(*[lambda: program.post("rates", RATE, idempotency_key="k-1")] * 4)
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert statuses[0] == 201
    assert stated() == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency_key_under_way"
            assert answer["Retry-After"] == "1"
    # Whoever was told to come again gets the first answer.
    again = program.post("rates", RATE, idempotency_key="k-1")
    assert again["Idempotency-Replayed"] == "true"
    assert again.content == next(answer.content for answer in answers if answer.status_code == 201)


def test_without_holding_the_key_the_loser_breaks(program: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other side: nobody is told to wait. The row's own constraint still lets only one effect stand."""
    met = Barrier(2, timeout=20)

    def unheld(*, call: Any) -> None:
        met.wait()

    monkeypatch.setattr("core.api.carrying.claim_key", unheld)
    answers = at_once(*[lambda: program.post("rates", RATE, idempotency_key="k-1")] * 2)
    assert sorted(answer.status_code for answer in answers) == [201, 500]
    assert stated() == 1


def control_of(entity: Entity) -> Control:
    return set_control(entity=entity, node=Node(), terms=Terms(Mode.WARN, Window.YEAR), actor=None)


def change(program: Api, control: Control, etag: str, tolerance: str) -> Callable[[], Any]:
    body = {"mode": "warn", "tolerance": tolerance}
    return lambda: program.put(f"controls/{control.pk}", body, if_match=etag)


def changes() -> int:
    return AuditRecord.objects.filter(verb="control.changed").count()


def test_of_two_changes_of_what_was_read_one_is_stale(program: Api, entity: Entity) -> None:
    control = control_of(entity)
    etag = program.get(f"controls/{control.pk}")["ETag"]
    answers = at_once(change(program, control, etag, "0.1"), change(program, control, etag, "0.2"))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert changes() == 1


def test_without_keeping_the_other_waiting_both_pass_the_comparison(
    program: Api, entity: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side: both compare before either changes, and a service that did not look itself would overwrite."""
    control = control_of(entity)
    etag = program.get(f"controls/{control.pk}")["ETag"]
    compared = Barrier(2, timeout=20)
    real = control_services.set_control

    def unchecked(**stated: Any) -> Control:
        compared.wait()
        return real(**(stated | {"seen": None}))

    monkeypatch.setattr("core.api.endpoint.lock_thing", lambda name: None)
    monkeypatch.setattr("budgets.api.controls.set_control", unchecked)
    answers = at_once(change(program, control, etag, "0.1"), change(program, control, etag, "0.2"))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert changes() == 2
