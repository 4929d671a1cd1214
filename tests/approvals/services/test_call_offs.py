"""Money called off a contract: held against its value and its term, by the services and by the database alone."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import Request
from approvals.selectors.contracts import contracts_seen, shown
from approvals.services.policies import load_policy
from approvals.services.requests import copy_request, submit_request, withdraw_request
from approvals.services.undoing import take_back
from core.errors import InvalidInput, NotAllowed, Stale
from tests.factories.approvals import approve_all, draft, everything, line, read_yaml, stages_of, submitted
from tests.factories.kinds import draft_of_kind, submitted_of_kind
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
LEGAL = {"what": "contract", "above_needs": "executive_sponsor", "sla": "3 business days"}


@pytest.fixture
def contract(kafka: House) -> Request:
    """Return a contract over 12,000 that was approved, of which its own line takes 1,000, from March 2026 to February 2027."""
    return approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account))


def under(contract: Request, house: House, net: Any, **more: Any) -> Request:
    return submitted(house.engineer, house.account, net, contract=contract.number, **more)


def test_money_is_called_off_up_to_the_value_of_the_contract_and_no_cent_more(kafka: House, contract: Request) -> None:
    first = under(contract, kafka, "4000")
    exactly = under(contract, kafka, "7000")
    before = everything()
    with pytest.raises(NotAllowed) as refusal:
        under(contract, kafka, "0.01")

    assert (first.vendor, first.under_contract) == (contract.vendor, contract.contract)
    before_it = f"5,000.00 of {contract.number} was called off before; with this it comes to 12,000.00 USD."
    assert [step["reason"] for step in exactly.trace if step["position"] == 0] == [
        f"{before_it} The contract is worth 12,000.00 USD, without VAT.",
        f"All of it lies in the term of {contract.number}, 1 Mar 2026 to 28 Feb 2027.",
    ]
    assert (refusal.value.code, refusal.value.details["used"]) == ("above_limit", "12000.00")
    assert "Ask for at most 0.00 USD, or ask for a new contract." in refusal.value.remedy
    assert everything()["Round"] == before["Round"]
    [row] = shown(list(contracts_seen(kafka.engineer)))
    assert (row.called_off, row.left) == (11000, 0)


def test_its_value_is_without_vat(kafka: House, contract: Request) -> None:
    said = [line(kafka.account, "11000", vat="2090", recoverable="0")]

    assert under(contract, kafka, "", lines=said).amount == 13090


def test_what_is_let_go_is_free_again(kafka: House, contract: Request) -> None:
    gone = under(contract, kafka, "11000")
    withdraw_request(request_id=gone.pk, actor=kafka.engineer)

    assert under(contract, kafka, "11000").state == Request.State.SUBMITTED


def test_a_policy_may_say_who_decides_beyond_a_contract(kafka: House, contract: Request) -> None:
    document = read_yaml("demo/policies/kafka.yaml") | {"limits": [LEGAL]}
    load_policy(document=document, entity=kafka.entity, actor=None)

    within = under(contract, kafka, "2000")
    above = under(contract, kafka, "9000.01")

    assert "executive_sponsor" not in [stage.role_code for stage in stages_of(within)]
    assert stages_of(above)[-1].role_code == "executive_sponsor"
    assert stages_of(above)[-1].by_limit
    [value, term] = [step["reason"] for step in above.trace if step["position"] == 0]
    assert value.endswith("The contract is worth 12,000.00 USD, without VAT. Executive sponsor decides too.")
    assert term.startswith("All of it lies in the term")


def test_months_outside_the_term_are_refused_unless_the_policy_names_somebody(kafka: House) -> None:
    contract = approve_all(
        submitted_of_kind("contract", kafka.engineer, kafka.account, until_on=date(2026, 3, 31), notice_days=0)
    )
    april = [line(kafka.account, "300", month=date(2026, 4, 1)), line(kafka.account, "50")]
    kept = draft(kafka.engineer, kafka.account, lines=april, contract=contract.number)

    with pytest.raises(NotAllowed) as refusal:
        submit_request(request_id=kept.pk, actor=kafka.engineer)
    load_policy(document=read_yaml("demo/policies/kafka.yaml") | {"limits": [LEGAL]}, entity=kafka.entity, actor=None)
    submit_request(request_id=kept.pk, actor=kafka.engineer)

    said = f"300.00 USD of it lies outside the term of {contract.number}, 1 Mar 2026 to 31 Mar 2026."
    assert refusal.value.message == said
    assert "leave the contract out" in refusal.value.remedy
    assert "executive_sponsor" in [stage.role_code for stage in stages_of(kept)]


def test_what_a_request_says_of_its_contract_is_judged_with_all_else(kafka: House, contract: Request) -> None:
    waiting = submitted_of_kind("contract", kafka.engineer, kafka.account)
    wrong = {
        "none": {"contract": "REQ-2026-9999"},
        "waits": {"contract": waiting.number},
        "no contract": {"contract": submitted(kafka.engineer, kafka.account, "10").number},
        "other vendor": {"contract": contract.number, "vendor_name": "Somebody else"},
    }
    said = {}
    for name, more in wrong.items():
        with pytest.raises(InvalidInput) as refusal:
            draft(kafka.engineer, kafka.account, "10", **more)
        said[name] = refusal.value.details["contract"]
    with pytest.raises(InvalidInput) as refusal:
        draft_of_kind("travel", kafka.engineer, kafka.account, contract=contract.number)

    assert {said[name] for name in ("none", "waits", "no contract")} == {
        "No contract was approved under this number. Choose one from the list, or leave it out."
    }
    assert said["other vendor"] == f"{contract.number} is with Acme Cloud. Name them as the vendor, or leave the contract out."
    assert refusal.value.details["contract"].startswith("Only a request for money is called off a contract.")


def test_naming_another_contract_is_another_ground(kafka: House, contract: Request) -> None:
    with_it, without = draft(kafka.engineer, kafka.account, "10", contract=contract.number), None
    submit_request(request_id=with_it.pk, actor=kafka.engineer)
    without = submitted(kafka.engineer, kafka.account, "10", vendor_name="Acme Cloud")
    with_it.refresh_from_db()

    assert with_it.digest != without.digest
    assert with_it.rounds.get().content["contract"] == contract.number
    assert "contract" not in without.rounds.get().content
    assert copy_request(request_id=with_it.pk, actor=kafka.engineer).under_contract == contract.contract


def test_a_contract_is_not_taken_back_once_something_was_called_off(kafka: House) -> None:
    asked_for = submitted_of_kind("contract", kafka.engineer, kafka.account)
    *_, last = stages_of(approve_all(asked_for))
    decision = last.decisions.get()
    assert decision.person is not None
    called = under(asked_for, kafka, "10")
    before = everything()
    with pytest.raises(Stale) as refusal:
        take_back(decision_id=decision.pk, actor=decision.person)
    unchanged = everything() == before
    withdraw_request(request_id=called.pk, actor=kafka.engineer)
    take_back(decision_id=decision.pk, actor=decision.person)

    assert refusal.value.message == f"{called.number} was asked for under this contract."
    assert unchanged
    asked_for.refresh_from_db()
    assert asked_for.state == Request.State.SUBMITTED


def force(request: Request, **columns: Any) -> None:
    """Submit a draft by plain SQL, past every service."""
    names = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE approvals_request SET {names} WHERE id = %s", [*columns.values(), request.pk])


@pytest.mark.parametrize("wrong", ["vendor_id", "subject_kind", "under_contract_id"])
def test_the_database_lets_no_request_out_under_a_contract_that_is_not_its_own(
    kafka: House, contract: Request, wrong: str
) -> None:
    other = submitted_of_kind("contract", kafka.engineer, kafka.account)
    kept = draft(kafka.engineer, kafka.account, "10", contract=contract.number)
    values = {"vendor_id": None, "subject_kind": "virement", "under_contract_id": other.contract.pk}

    with pytest.raises(DatabaseError, match="called off an approved contract"), transaction.atomic():
        force(kept, **{wrong: values[wrong]}, state="submitted")


def test_the_database_counts_by_itself(kafka: House, contract: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    under(contract, kafka, "11000")
    monkeypatch.setattr("approvals.selectors.limits.uses_of_contract", lambda *args: iter(()))
    kept = draft(kafka.engineer, kafka.account, "0.01", contract=contract.number)
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        submit_request(request_id=kept.pk, actor=kafka.engineer)
    load_policy(document=read_yaml("demo/policies/kafka.yaml") | {"limits": [LEGAL]}, entity=kafka.entity, actor=None)
    with pytest.raises(DatabaseError, match="executive_sponsor is not asked") as unasked, transaction.atomic():
        submit_request(request_id=kept.pk, actor=kafka.engineer)
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")

    for refused in (refusal, unasked):
        assert getattr(refused.value.__cause__, "diag").sqlstate == "PU403"  # noqa: B009  psycopg's own, which types do not know


def test_the_database_lets_no_approval_of_a_contract_go_from_under_what_was_called_off(kafka: House, contract: Request) -> None:
    under(contract, kafka, "10")

    with pytest.raises(DatabaseError, match="waits for no decision again"), transaction.atomic():
        force(contract, state="submitted", reopened=contract.reopened + 1)


def test_the_contract_itself_still_counts_by_what_its_lines_take(kafka: House, contract: Request) -> None:
    [row] = shown(list(contracts_seen(kafka.engineer)))

    assert (row.called_off, row.left) == (0, Decimal(11000))
