"""Taking money in advance on its page, from a refusal, and through the API."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from approvals.models import Request
from approvals.services.decisions import send_back
from budgets.models import FundsAccount
from budgets.services.controls import set_controls
from tests.factories.approvals import approve_all, draft, stages_of
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
URL = "/requests/advance/"
APRIL = date(2026, 4, 1)


@pytest.fixture
def account(kafka: House) -> FundsAccount:
    return kafka.budget.accounts["PRODUCT", "software"]


def typed(line: FundsAccount, **more: Any) -> dict[str, Any]:
    said = {"account": line.pk, "into": "2026-03", "later": "2026-04", "amount": "400.50", "reason": "Licences are due."}
    return {**said, "then": "do", "form_key": "7b6f0b0e-3b87-4b8e-9a3e-6f1f0c1b2a05", **more}


def test_both_months_and_who_decides_are_shown_then_it_is_asked_once(client: Client, kafka: House, account: FundsAccount) -> None:
    client.force_login(kafka.engineer)
    looked = client.post(URL, typed(account, then="look", reason=""))
    page = looked.content.decode()
    assert looked.status_code == 200
    for words in ("1,400.50", "599.50", "Program director"):
        assert words in page
    assert Request.objects.count() == 0

    done = client.post(URL, typed(account))
    again = client.post(URL, typed(account))
    request = Request.objects.get()
    assert done["Location"] == again["Location"] == f"/requests/{request.number}/"
    page = client.get(f"/requests/{request.number}/").content.decode()
    assert "March 2026; it is missing in April 2026" in page
    assert "1,400.50" in page

    approve_all(request)
    assert "April 2026 has 400.50 USD less on Software, Product" in client.get("/budgets/SMALL/").content.decode()


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        ({"account": ""}, 422, "Choose the budget line."),
        ({"account": "999999"}, 422, "this one is not among them"),
        ({"later": "2026-03"}, 422, "Choose a month after March 2026"),
        ({"amount": "lots"}, 422, "“lots” is not an amount."),
        ({"amount": ""}, 422, "State how much is needed."),
        ({"reason": ""}, 422, "Say why in a sentence"),
        ({"later": "2027-05"}, 422, "May 2027"),
        ({"amount": "1000.01"}, 409, "has 1,000.00 left in April 2026"),
    ],
)
def test_what_cannot_be_taken_is_said_and_stays(
    client: Client, kafka: House, account: FundsAccount, more: dict[str, str], status: int, sentence: str
) -> None:
    client.force_login(kafka.engineer)
    page = client.post(URL, typed(account, **more))
    assert page.status_code == status
    assert sentence in page.content.decode()
    assert page.context["form"]["into"].value() == "2026-03"
    assert Request.objects.count() == 0


def test_one_that_was_sent_back_is_changed_on_its_page(client: Client, kafka: House, account: FundsAccount) -> None:
    client.force_login(kafka.engineer)
    client.post(URL, typed(account))
    request = Request.objects.get()
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Less, please.")
    address = f"/requests/{request.number}/advance/"
    assert address in client.get(f"/requests/{request.number}/").content.decode()
    assert 'value="400.50"' in client.get(address).content.decode()
    client.post(address, typed(account, amount="100"))
    request.refresh_from_db()
    assert (request.state, request.amount) == ("submitted", 100)


def test_a_month_that_refuses_leads_here_and_a_year_does_not(client: Client, kafka: House, account: FundsAccount) -> None:
    client.force_login(kafka.engineer)
    kept = draft(kafka.engineer, account, "13000", kind="scope_change")
    assert URL not in client.post(f"/requests/{kept.number}/submit/", follow=True).content.decode()
    budget = kafka.budget.budget
    budget.window = "month"
    budget.save()
    set_controls(budget=budget, categories=list(kafka.budget.categories.values()))
    kept = draft(kafka.engineer, account, "1250", kind="scope_change")
    page = client.post(f"/requests/{kept.number}/submit/", follow=True).content.decode()
    assert "Take it in advance from April 2026" in page
    assert f"{URL}?account={account.pk}&amp;into=2026-03&amp;later=2026-04&amp;amount=250.00" in page
    filled = client.get(f"{URL}?account={account.pk}&into=2026-03&later=2026-04&amount=250.00").content.decode()
    assert "750.00" in filled


def test_programs_try_and_ask(api: Callable[..., Any], kafka: House, account: FundsAccount) -> None:
    program = api(kafka.engineer)
    said = {"account": account.pk, "into": "2026-03", "months": [{"month": "2026-04", "amount": "400.50"}], "reason": "Due."}
    tried = program.post("advances?dry_run=true", said)
    assert tried.json()["months"][1]["available_after"] == "599.50"
    assert Request.objects.count() == 0
    made = program.post("advances", said)
    assert (made.status_code, made.json()["request"]) == (201, Request.objects.get().number)
    much = program.post("advances", said | {"months": [{"month": "2026-04", "amount": "1000.00"}]})
    assert (much.status_code, much.json()["code"]) == (409, "no_funds")
    twice = program.post("advances", said | {"months": [{"month": "2026-05", "amount": "1.00"}] * 2})
    assert twice.status_code == 400
