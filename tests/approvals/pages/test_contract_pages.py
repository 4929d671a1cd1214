"""The register of contracts, and travel among where approvals wait."""

from datetime import date, timedelta

import pytest
from django.test import Client

from approvals.models import Contract, Request
from core import clock
from core.models import User
from reconciliation.services.commitments import match_to_request
from tests.factories.approvals import MONDAY, approve_all
from tests.factories.kinds import submitted_of_kind
from tests.factories.reconciliation import an_invoice
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def seen(client: Client, person: User, address: str = "/contracts/") -> str:
    client.force_login(person)
    return client.get(address).content.decode()


def test_a_contract_stands_in_the_register_from_its_approval_to_its_end(client: Client, kafka: House, outsider: User) -> None:
    request = submitted_of_kind("contract", kafka.engineer, kafka.account)
    before = seen(client, kafka.engineer)
    approve_all(request)
    html = seen(client, kafka.engineer)
    with clock.at(MONDAY + timedelta(days=365)):
        after, ended = seen(client, kafka.engineer), seen(client, kafka.engineer, "/contracts/?state=ended")

    assert "Contracts appear here once" in before
    for word in ("1\u00a0contract in force", "28 Feb 2027", "30 Nov 2026", "12,000.00", "1,000.00", "In force"):
        assert word in html, word
    assert request.number not in after
    assert request.number in ended
    assert request.number not in seen(client, outsider)


@pytest.mark.parametrize(
    ("day", "word"),
    [(date(2026, 10, 30), "In force"), (date(2026, 10, 31), "Notice soon"), (date(2026, 12, 1), "Notice over")],
)
def test_the_register_says_when_notice_is_due(client: Client, kafka: House, day: date, word: str) -> None:
    approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account))

    with clock.at(MONDAY.replace(month=day.month, day=day.day)):
        assert f"{word}</span>" in seen(client, kafka.engineer)


def test_programs_read_the_register(client: Client, kafka: House) -> None:
    request = approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account))
    client.force_login(kafka.people["finance"])

    [row] = client.get("/api/v1/contracts?state=in_force").json()["results"]
    assert client.get("/api/v1/contracts?state=ended").json()["results"] == []
    assert (row["request"], row["notice_on"], row["committed"]) == (request.number, "2026-11-30", "1000.00")


def test_trips_that_came_late_and_cost_more_are_counted(client: Client, kafka: House, administrator: User) -> None:
    early, begun, late = (
        submitted_of_kind("travel", kafka.engineer, kafka.account, title=title) for title in ("Early", "Begun", "Late")
    )
    approve_all(early)
    with clock.at(MONDAY.replace(day=16)):
        approve_all(begun)
        approve_all(submitted_of_kind("travel", kafka.engineer, kafka.account, after_the_fact=True))
        invoice = an_invoice(kafka.entity, kafka.people["finance"], net="1000.01")
        match_to_request(
            invoice_line_id=invoice.lines.get().pk, request_line_id=early.lines.get().pk, actor=kafka.people["finance"]
        )
    with clock.at(MONDAY.replace(day=17)):
        html = seen(client, administrator, "/waits/")
        page = seen(client, kafka.engineer, f"/requests/{early.number}/")

    assert late.state == "submitted"
    said = html.split("Travel</h2>")[1].split("</p>")[0]
    assert "3\u00a0trips were approved" in said
    assert '<span class="strong">2</span> had begun by then, of which 1 was' in said
    assert '<span class="strong">1</span> cost more' in said
    assert "0.01 USD more than was approved" in page
    assert Contract.objects.count() == 0


def test_money_is_called_off_a_contract_on_the_form_and_shown_on_both_pages(client: Client, kafka: House) -> None:
    contract = approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account))
    client.force_login(kafka.engineer)
    form = client.get("/requests/new/").content.decode()
    typed = {
        "title": "Hosting in March",
        "kind": "vendor_payment",
        "vendor": "",
        "contract": contract.number,
        "reason": "As agreed.",
        "line-0-description": "Hosting",
        "line-0-account": str(kafka.account.pk),
        "line-0-month": "2026-03",
        "line-0-net": "2,000.00",
        "then": "submit",
    }
    chain = client.post("/requests/chain/", typed).content.decode()
    answer = client.post("/requests/new/", typed)
    number = answer.headers["Location"].split("/")[2]
    asked = client.get(f"/requests/{number}/").content.decode()
    page = client.get(f"/requests/{contract.number}/").content.decode()
    stage = Request.objects.get(number=number).stages.get(state="assigned")
    panel = seen(client, stage.owner, f"/queue/{stage.pk}/")

    offered = f"Acme Cloud: A contract, until 28 Feb 2027, 11,000.00 USD left ({contract.number})"
    assert offered in form
    assert "was called off before; with this it comes to 3,000.00 USD" in chain
    for html in (asked, panel):
        assert f"{contract.number} A contract, until 28 Feb 2027: 9,000.00 of 12,000.00 USD is left after this" in html
    assert f'href="/requests/{contract.number}/"' in asked
    assert "Acme Cloud" in asked
    for word in ("Called off", number, "2,000.00", "9,000.00 is left"):
        assert word in page, word


def test_a_form_beyond_its_contract_loses_nothing_and_says_what_is_left(client: Client, kafka: House) -> None:
    contract = approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account))
    client.force_login(kafka.engineer)
    typed = {
        "title": "Too much",
        "kind": "vendor_payment",
        "vendor": "Somebody else",
        "contract": contract.number,
        "reason": "As agreed.",
        "line-0-description": "Hosting",
        "line-0-account": str(kafka.account.pk),
        "line-0-month": "2026-03",
        "line-0-net": "11,000.01",
        "then": "submit",
    }
    other = client.post("/requests/new/", typed).content.decode()
    beyond = client.post("/requests/new/", typed | {"vendor": "Acme Cloud"}, follow=True).content.decode()

    assert f"{contract.number} is with Acme Cloud. Name them as the vendor" in other
    assert "Ask for at most 11,000.00 USD, or ask for a new contract." in beyond
    for html in (other, beyond):
        assert 'value="11,000.01"' in html
        assert f'value="{contract.number}" selected' in html


def test_programs_call_money_off_a_contract(client: Client, kafka: House) -> None:
    contract = approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account))
    client.force_login(kafka.engineer)
    said = {
        "entity": kafka.entity.code,
        "kind": "vendor_payment",
        "title": "Hosting",
        "reason": "As agreed.",
        "contract": contract.number,
        "lines": [{"description": "Hosting", "account": kafka.account.pk, "month": "2026-03", "net": "500.00"}],
    }
    made = client.post("/api/v1/requests", said, "application/json", headers={"Idempotency-Key": "call-off-one"}).json()
    wrong = client.post(
        "/api/v1/requests", said | {"contract": "REQ-1"}, "application/json", headers={"Idempotency-Key": "call-2"}
    )
    client.post(f"/api/v1/requests/{made['number']}/submit", {}, "application/json", headers={"Idempotency-Key": "call-off-two"})

    [row] = client.get("/api/v1/contracts").json()["results"]
    assert (made["contract"], made["vendor"]) == (contract.number, "Acme Cloud")
    assert wrong.status_code == 400
    assert "contract" in str(wrong.json())
    assert (row["called_off"], row["left"]) == ("500.00", "10500.00")
