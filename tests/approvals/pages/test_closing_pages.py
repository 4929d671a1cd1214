"""Closing an order on its page and by program: what is left is shown first, and opened again."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals.models import Request
from approvals.selectors.orders import order_of
from budgets.selectors.threads import parts_of_thread
from core.models import User
from tests.factories.core import UserFactory, assign
from tests.factories.orders import an_order
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def order(kafka: House, controller: User) -> Request:
    return an_order(kafka, controller)


def left(order: Request) -> Decimal:
    found = order_of(order)
    assert found is not None
    return found.left


def test_its_requester_sees_what_is_left_closes_it_and_opens_it_again(client: Client, kafka: House, order: Request) -> None:
    client.force_login(kafka.engineer)
    page, form = f"/requests/{order.number}/", f"/requests/{order.number}/close/"
    assert f'href="{form}"' in client.get(page).content.decode()
    html = client.get(form).content.decode()
    assert f"Close {order.number}: 45.00 USD would be free again" in html
    tried = client.post(form, {"reason": "Done.", "dry_run": "true"})
    assert (tried.status_code, "45.00" in tried.content.decode(), left(order)) == (200, True, Decimal(45))
    done = client.post(form, {"reason": "The vendor is gone."}, follow=True).content.decode()
    assert "is closed. What was not invoiced is free again." in done
    assert "The vendor is gone." in done
    assert f'href="{form}"' not in done
    assert left(order) == 0
    assert "Nothing of" in client.get(form).content.decode()
    again = client.post(f"{form}again/", follow=True).content.decode()
    assert "is open again. What closing it had freed is committed." in again
    assert left(order) == Decimal(45)
    assert "was not closed" in client.post(f"{form}again/", follow=True).content.decode()


def test_without_a_reason_nothing_is_closed_and_with_nothing_left_it_says_so(
    client: Client, kafka: House, order: Request
) -> None:
    client.force_login(kafka.engineer)
    form = f"/requests/{order.number}/close/"
    answer = client.post(form, {"reason": " "})
    assert (answer.status_code, "This field is required" in answer.content.decode()) == (422, True)
    client.post(form, {"reason": "Done."})
    answer = client.post(form, {"reason": "Again."})
    assert (answer.status_code, f"Nothing of {order.number} is left" in answer.content.decode()) == (409, True)


def test_finance_may_and_who_only_reads_may_not(client: Client, kafka: House, order: Request, controller: User) -> None:
    form = f"/requests/{order.number}/close/"
    reader = UserFactory.create()
    assign(reader, "an-auditor", kafka.entity, kind="auditor")
    client.force_login(reader)
    assert client.post(form, {"reason": "Mine."}).status_code == 403
    assert f'href="{form}"' not in client.get(f"/requests/{order.number}/").content.decode()
    client.force_login(controller)
    assert f'href="{form}"' in client.get(f"/requests/{order.number}/").content.decode()
    client.post(form, {"reason": "The year ends."})
    assert left(order) == 0


def test_finance_moves_it_to_another_month(client: Client, kafka: House, order: Request, controller: User) -> None:
    form, thread = f"/requests/{order.number}/order/move/", order.lines.get().thread
    client.force_login(kafka.engineer)
    assert client.get(form).status_code == 403
    client.force_login(controller)
    assert f'href="{form}"' in client.get(f"/requests/{order.number}/").content.decode()
    assert "45.00 USD is left" in client.get(form).content.decode()
    assert client.post(form, {"to_month": "soon", "reason": "Later."}).status_code == 422
    tried = client.post(form, {"to_month": "2026-05", "reason": "Later.", "dry_run": "true"}).content.decode()
    assert ("May 2026" in tried, "45.00" in tried) == (True, True)
    done = client.post(form, {"to_month": "2026-05", "reason": "Later."}, follow=True).content.decode()
    assert "is held in May 2026 now." in done
    assert [part.month.month for part in parts_of_thread(thread)] == [5]
    assert client.post(form, {"to_month": "2026-05", "reason": "Later."}).status_code == 409


def test_a_program_moves_it(api: Callable[..., Any], kafka: House, order: Request, controller: User) -> None:
    said = {"to_month": "2026-05", "reason": "Later."}
    assert api(kafka.engineer).post(f"requests/{order.number}/move-order", said).status_code == 403
    assert api(controller).post(f"requests/{order.number}/move-order", said).status_code == 200
    assert [part.month.month for part in parts_of_thread(order.lines.get().thread)] == [5]


def test_a_program_closes_and_opens_it(api: Callable[..., Any], kafka: House, order: Request) -> None:
    program = api(kafka.engineer)
    path = f"requests/{order.number}/close"
    assert program.post(path, {"reason": ""}).status_code == 400
    trial = program.post(f"{path}?dry_run=true", {"reason": "Done."}).json()
    assert [(row["bucket"], row["before"], row["after"]) for row in trial["dry_run"]["moved"]] == [("committed", "45.00", "0.00")]
    assert program.post(path, {"reason": "Done."}).status_code == 200
    assert left(order) == 0
    assert program.post(path, {"reason": "Done."}).json()["code"] == "settled"
    assert program.post(f"requests/{order.number}/open-again", {}).status_code == 200
    assert left(order) == Decimal(45)
