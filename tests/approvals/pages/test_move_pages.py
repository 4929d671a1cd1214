"""Moving budget on its page and through the API."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals.models import Request
from approvals.services.decisions import send_back
from budgets.models import FundsAccount, Journal
from tests.factories.approvals import approve_all, everything, held, stages_of
from tests.factories.changes import allotted, asked_to_move
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
URL = "/requests/move/"


@pytest.fixture
def taker(kafka: House) -> FundsAccount:
    return kafka.budget.accounts["PRODUCT", "software"]


def _typed(kafka: House, taker: FundsAccount, amount: str = "60,000.00", **more: Any) -> dict[str, Any]:
    said = {"giver": kafka.account.pk, "taker": taker.pk, "amount-2026-03": amount, "reason": "Licences rose."}
    return said | {"form_key": "7b6f0b0e-3b87-4b8e-9a3e-6f1f0c1b2a01"} | more


def test_the_budget_leads_to_the_page_which_is_filled_in_from_its_address(
    client: Client, kafka: House, taker: FundsAccount
) -> None:
    client.force_login(kafka.engineer)
    asked: dict[str, Any] = {"from": kafka.account.pk, "to": taker.pk, "amount-2026-03": "60000"}
    assert URL in client.get("/budgets/SMALL/").content.decode()

    page = client.get(URL, asked).content.decode()

    assert f'<option value="{kafka.account.pk}" selected>' in page
    assert "1,012,000.00" in page
    assert "952,000.00" in page
    assert "Executive sponsor" in page


def test_while_one_types_both_sides_and_the_chain_are_shown(client: Client, kafka: House, taker: FundsAccount) -> None:
    client.force_login(kafka.engineer)

    some = client.post(f"{URL}sides/", _typed(kafka, taker, reason="")).content.decode()
    small = client.post(f"{URL}sides/", _typed(kafka, taker, "50000")).content.decode()
    much = client.post(f"{URL}sides/", _typed(kafka, taker, "2,000,000")).content.decode()
    half = client.post(f"{URL}sides/", {"giver": kafka.account.pk}).content.decode()

    assert "952,000.00" in some
    assert "72,000.00" in some
    assert "Executive sponsor" in some
    assert "Program director" in small
    assert "short by 988,000.00" in much
    assert "Shown once two budget lines are chosen" in half
    assert Request.objects.count() == 0


def test_it_is_asked_for_and_shown_to_who_decides_with_both_sides(client: Client, kafka: House, taker: FundsAccount) -> None:
    client.force_login(kafka.engineer)

    answer = client.post(URL, _typed(kafka, taker))

    request = Request.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/requests/{request.number}/")
    assert held(kafka.account)[0] == 60000
    page = client.get(answer["Location"]).content.decode()
    assert "Moves to" in page
    assert "Before and after" in page
    assert "Copy as new" not in page
    stage = stages_of(request)[0]
    client.force_login(stage.owner)
    panel = client.get(f"/queue/{stage.pk}/").content.decode()
    assert "Before and after" in panel
    assert taker.name in panel
    done = client.post(f"/queue/{stage.pk}/decide/", {"verdict": "approve", "digest": request.digest, "comment": ""})
    assert done.status_code == 302
    assert allotted(taker) == Decimal(72000)


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    client: Client, kafka: House, taker: FundsAccount
) -> None:
    client.force_login(kafka.engineer)

    same = client.post(URL, _typed(kafka, kafka.account))
    none = client.post(URL, _typed(kafka, taker, ""))
    words = client.post(URL, _typed(kafka, taker, "lots", reason=""))

    assert {answer.status_code for answer in (same, none, words)} == {422}
    assert "one and the same budget line" in same.content.decode()
    assert "State an amount in at least one month" in none.content.decode()
    page = words.content.decode()
    assert 'value="lots"' in page
    assert "Say why in a sentence" in page
    assert Request.objects.count() == 0


def test_a_refusal_shows_both_sides_and_keeps_what_was_typed(client: Client, kafka: House, taker: FundsAccount) -> None:
    client.force_login(kafka.engineer)
    before = everything()

    answer = client.post(URL, _typed(kafka, taker, "2,000,000"))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Both sides as they stand there" in page
    assert 'value="2,000,000"' in page
    assert everything() == before


def test_sent_back_its_edit_leads_to_this_page_and_it_comes_again(client: Client, kafka: House, taker: FundsAccount) -> None:
    request = asked_to_move(kafka.engineer, kafka.account, taker, "60000")
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="More.")
    client.force_login(kafka.engineer)
    address = f"/requests/{request.number}/move/"
    assert address in client.get(f"/requests/{request.number}/").content.decode()
    assert 'value="60,000.00"' in client.get(address).content.decode()
    assert client.get(f"/requests/{request.number}/edit/").status_code == 404

    client.post(address, _typed(kafka, taker, "70000"))

    request.refresh_from_db()
    assert (request.round, request.amount) == (2, Decimal(70000))


def test_a_transfer_leads_to_the_same_the_other_way_round(client: Client, kafka: House, taker: FundsAccount) -> None:
    approve_all(asked_to_move(kafka.engineer, kafka.account, taker, "60000"))
    journal = Journal.objects.get(kind="transfer")
    client.force_login(kafka.people["finance"])
    assert f"{URL}?back={journal.pk}" in client.get(f"/budgets/journals/{journal.pk}/").content.decode()

    page = client.get(URL, {"back": journal.pk}).content.decode()

    assert f'<option value="{taker.pk}" selected>' in page
    assert 'value="60,000.00"' in page
    assert client.get(URL, {"back": Journal.objects.exclude(kind="transfer").first().pk}).status_code == 404  # type: ignore[union-attr]


def test_the_ask_form_offers_no_kind_that_changes_a_budget(client: Client, kafka: House) -> None:
    client.force_login(kafka.engineer)

    page = client.get("/requests/new/").content.decode()

    assert "Vendor payment" in page
    assert 'value="budget_reallocation"' not in page


def test_a_program_moves_budget_and_sees_both_sides(api: Callable[..., Any], kafka: House, taker: FundsAccount) -> None:
    engineer = api(kafka.engineer)
    body: dict[str, Any] = {
        "giver": kafka.account.pk,
        "taker": taker.pk,
        "months": [{"month": "2026-03", "amount": "60000.00"}],
        "reason": "Licences rose.",
    }
    tried = engineer.post("moves?dry_run=true", body)
    assert tried.status_code in {200, 201}
    assert Request.objects.count() == 0

    made = engineer.post("moves", body)

    assert made.status_code == 201
    said = made.json()
    assert said["request"] == Request.objects.get().number
    assert (said["giver"]["allotted_before"], said["giver"]["allotted_after"]) == ("1012000.00", "952000.00")
    twice = engineer.post("moves", body | {"months": body["months"] * 2})
    assert twice.status_code == 400
    assert engineer.post("moves", body | {"taker": 999999}).status_code == 404
