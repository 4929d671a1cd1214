"""Documents that other systems let pass unchecked: drafts, blank accounts, budgets not in force, quantities pooled."""

from dataclasses import replace
from decimal import Decimal

import pytest

from approvals.models import Request
from approvals.services.requests import save_draft, submit_request, withdraw_request
from budgets.services.accounts import ensure_account
from budgets.services.ledger import Posting, post
from core.errors import InvalidInput, Missing, NoFunds
from tests.factories.approvals import MARCH, approve_all, asked, draft, everything, held, line, submitted
from tests.factories.budgets import BudgetFactory, allot, move
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def test_10_at_5_and_10_at_100_are_1050(kafka: House) -> None:
    """Not 20 at the dearer price, 2,000."""
    lines = [line(kafka.account, str(10 * price), description=f"10 at {price}") for price in (5, 100)]
    request = submitted(kafka.engineer, kafka.account, lines=lines)
    assert request.amount == 1050
    assert held(kafka.account) == (1050, 0)


def test_50_boxes_of_150_at_7928_31_a_box_are_396415_50(kafka: House) -> None:
    """The price is a box's: the 150 in it are not multiplied in."""
    request = submitted(kafka.engineer, kafka.account, str(50 * Decimal("7928.31")), kind="scope_change")
    assert request.amount == Decimal("396415.50")
    assert held(kafka.account) == (Decimal("396415.50"), 0)


def test_a_draft_holds_nothing_and_does_not_pass_unchecked(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account, "1012000.01", kind="scope_change")
    assert held(kafka.account) == (0, 0)
    before = everything()
    with pytest.raises(NoFunds):
        submit_request(request_id=kept.pk, actor=kafka.engineer)
    assert everything() == before


def test_what_was_there_when_the_draft_was_kept_is_judged_again(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account, "1200")
    move(kafka.account, "spent", "1012000", month=MARCH)
    before = everything()
    with pytest.raises(NoFunds):
        submit_request(request_id=kept.pk, actor=kafka.engineer)
    assert everything() == before
    assert Request.objects.get(pk=kept.pk).state == Request.State.DRAFT


def test_a_blank_account_is_refused_and_nothing_moves(kafka: House) -> None:
    data = asked(kafka.account, lines=[replace(line(kafka.account, "1200"), account_id=None)])
    before = everything()
    with pytest.raises(InvalidInput) as refused:
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)
    assert list(refused.value.details) == ["lines.0.account"]
    assert everything() == before


def test_a_foreign_currency_without_a_rate_is_refused_and_nothing_moves(kafka: House) -> None:
    euros = BudgetFactory.create(entity=kafka.entity, code="EUROS", currency="EUR", cost_centre=kafka.budget.parent)
    account = ensure_account(budget=euros, cost_centre=kafka.account.cost_centre, category=kafka.account.category)
    before = everything()
    with pytest.raises(Missing) as refused:
        allot(account, 1000, month=MARCH)
    assert refused.value.code == "missing_rate"
    posting = Posting(account.pk, MARCH, "spent", Decimal(1))
    with pytest.raises(Missing):
        post(key="k", kind="spend", entity=kafka.entity, postings=[posting], actor=None, source=("t", "1"), is_fact=True)
    assert everything() == before


@pytest.mark.parametrize("state", ["draft", "superseded"])
def test_a_budget_that_is_not_in_force_is_refused(kafka: House, state: str) -> None:
    kept = draft(kafka.engineer, kafka.account)
    kafka.budget.budget.versions.update(state=state)
    before = everything()
    with pytest.raises(InvalidInput, match="Small budget is not in force") as refused:
        draft(kafka.engineer, kafka.account)
    assert list(refused.value.details) == ["lines.0.account"]
    with pytest.raises(InvalidInput, match="not in force"):
        submit_request(request_id=kept.pk, actor=kafka.engineer)
    assert everything() == before


def test_a_cost_centre_that_is_closed_is_refused(kafka: House) -> None:
    centre = kafka.account.cost_centre
    centre.is_active = False
    centre.save()
    before = everything()
    with pytest.raises(InvalidInput, match="Platform is closed"):
        draft(kafka.engineer, kafka.account)
    assert everything() == before


def test_a_cancellation_is_never_refused_for_lack_of_funds(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    move(kafka.account, "spent", 2000000, month=MARCH, is_fact=True)
    withdraw_request(request_id=request.pk, actor=kafka.engineer)
    assert held(kafka.account) == (0, 0)


def test_an_approval_is_never_refused_for_what_the_request_holds_already(kafka: House) -> None:
    """It was checked when it was submitted, and has held its money since."""
    request = submitted(kafka.engineer, kafka.account)
    move(kafka.account, "spent", 2000000, month=MARCH, is_fact=True)
    assert approve_all(request).state == Request.State.APPROVED
    assert held(kafka.account) == (0, 1200)


def test_all_cost_centres_of_a_document_are_checked_not_only_the_first(kafka: House) -> None:
    other = kafka.budget.accounts["PLATFORM", "people"]
    lines = [line(kafka.account, "10"), line(other, "12000.01")]
    kept = draft(kafka.engineer, kafka.account, lines=lines)
    before = everything()
    with pytest.raises(NoFunds, match="People, Platform"):
        submit_request(request_id=kept.pk, actor=kafka.engineer)
    assert everything() == before
