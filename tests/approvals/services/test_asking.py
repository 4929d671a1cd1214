"""Asking for money: what is held when, and what a refusal leaves behind: nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from approvals.data import LineData, RequestData
from approvals.models import Request, Round, Stage, Timer
from approvals.services.decisions import approve_stage, send_back
from approvals.services.requests import copy_request, save_draft, submit_request, withdraw_request
from budgets.models import Entry, Vendor
from budgets.services.periods import close_period
from core.errors import InvalidInput, Missing, NoFunds, NotAllowed, WrongState
from core.models import User
from tests.factories.approvals import MARCH, approve_all, asked, draft, everything, held, line, stages_of, submitted
from tests.factories.budgets import BudgetFactory
from tests.factories.core import assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ZERO = Decimal(0)


def test_a_draft_holds_nothing(kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)

    assert request.state == Request.State.DRAFT
    assert request.number == "REQ-2026-0001"
    assert request.amount == Decimal("1200.00")
    assert held(kafka.account) == (ZERO, ZERO)


def test_what_counts_is_net_plus_vat_less_what_comes_back(kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account, lines=[line(kafka.account, "1,000.00", vat="210", recoverable="200")])

    assert request.amount == Decimal("1010.00")
    assert request.lines.get().funds == Decimal("1010.00")


def test_submitting_reserves_each_line_on_its_thread(kafka: House) -> None:
    lines = [line(kafka.account, "1000"), line(kafka.budget.accounts["PRODUCT", "people"], "250.50")]
    request = submitted(kafka.engineer, kafka.account, lines=lines)

    assert request.state == Request.State.SUBMITTED
    assert request.round == 1
    assert held(kafka.account) == (Decimal("1000.00"), ZERO)
    threads = set(Entry.objects.filter(bucket="reserved").values_list("thread", "amount"))
    assert threads == {(row.thread, row.funds) for row in request.lines.all()}


def test_approval_turns_the_reservation_into_a_commitment(kafka: House) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account))

    assert request.state == Request.State.APPROVED
    assert held(kafka.account) == (ZERO, Decimal("1200.00"))
    assert Round.objects.get(request=request).outcome == Round.Outcome.APPROVED
    assert not Timer.objects.filter(state=Timer.State.PENDING).exists()


def test_withdrawing_releases_and_ends_every_stage(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")

    request = withdraw_request(request_id=request.pk, actor=kafka.engineer)

    assert request.state == Request.State.WITHDRAWN
    assert held(kafka.account) == (ZERO, ZERO)
    assert {stage.state for stage in stages_of(request)} == {Stage.State.SKIPPED}
    assert not Timer.objects.filter(state=Timer.State.PENDING).exists()


def test_a_request_sent_back_is_changed_and_comes_again_in_a_new_round(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    first = stages_of(request)[0]
    send_back(stage_id=first.pk, actor=first.owner, digest=request.digest, comment="Without the add-on, please.")
    assert held(kafka.account) == (ZERO, ZERO)

    save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "900"), request_id=request.pk)
    again = submit_request(request_id=request.pk, actor=kafka.engineer)

    assert again.round == 2
    assert again.digest != request.digest
    assert held(kafka.account) == (Decimal("900.00"), ZERO)
    assert [found.outcome for found in again.rounds.order_by("number")] == ["returned", "open"]
    assert [found.content["amount"] for found in again.rounds.order_by("number")] == ["1200.00", "900.00"]
    assert again.decisions.count() == 1
    approve_all(again)
    assert held(kafka.account) == (ZERO, Decimal("900.00"))


def test_a_typing_error_in_the_title_is_no_other_ground(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    first = stages_of(request)[0]
    send_back(stage_id=first.pk, actor=first.owner, digest=request.digest, comment="Mend the title.")

    save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, title="Licences"), request_id=request.pk)

    assert submit_request(request_id=request.pk, actor=kafka.engineer).digest == request.digest


def test_a_copy_is_a_draft_that_asks_for_the_same(kafka: House) -> None:
    source = withdraw_request(request_id=submitted(kafka.engineer, kafka.account).pk, actor=kafka.engineer)

    copy = copy_request(request_id=source.pk, actor=kafka.engineer)

    assert (copy.state, copy.amount, copy.copied_from) == (Request.State.DRAFT, source.amount, source)
    assert copy.number != source.number
    assert submit_request(request_id=copy.pk, actor=kafka.engineer).digest == source.digest


def test_more_than_is_left_is_refused_and_nothing_moves(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account, "2000000", kind="scope_change")
    before = everything()

    with pytest.raises(NoFunds) as refusal:
        submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert Decimal(refusal.value.details["wanted"]) == Decimal(2000000)
    assert everything() == before
    kept.refresh_from_db()
    assert (kept.state, kept.round, kept.digest) == (Request.State.DRAFT, 0, "")


BAD = {
    "zero": ({"net": "0"}, "lines.0.net"),
    "negative": ({"net": "-5"}, "lines.0.net"),
    "not a number": ({"net": "NaN"}, "lines.0.net"),
    "beyond all bounds": ({"net": "1e400"}, "lines.0.net"),
    "infinite": ({"net": "Infinity"}, "lines.0.net"),
    "blank amount": ({"net": ""}, "lines.0.net"),
    "more VAT back than paid": ({"vat": "10", "recoverable": "11"}, "lines.0.recoverable"),
    "another currency": ({"currency": "EUR"}, "lines.0.currency"),
    "blank account": ({"account_id": None}, "lines.0.account"),
    "no month": ({"month": None}, "lines.0.month"),
    "middle of a month": ({"month": date(2026, 3, 15)}, "lines.0.month"),
    "a month never opened": ({"month": date(2031, 3, 1)}, "lines.0.month"),
    "a description of 2 MB": ({"description": "x" * 2_000_000}, "lines.0.description"),
    "no description": ({"description": " "}, "lines.0.description"),
}


@pytest.mark.parametrize(("wrong", "field"), BAD.values(), ids=BAD)
def test_a_line_that_cannot_be_is_refused_by_its_field(kafka: House, wrong: dict[str, Any], field: str) -> None:
    right: dict[str, Any] = {"description": "Licences", "account_id": kafka.account.pk, "month": MARCH, "net": "1200"}
    data = RequestData(kind="vendor_payment", title="Licences", lines=[LineData(**(right | wrong))])
    before = everything()

    with pytest.raises(InvalidInput) as refusal:
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)

    assert list(refusal.value.details) == [field]
    assert refusal.value.details[field]
    assert everything() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": "x" * 2_000_000}, "reason"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"vendor_id": 0}, "vendor"),
        ({"monthly_increase": "1e400"}, "monthly_increase"),
    ],
)
def test_a_head_that_cannot_be_is_refused_by_its_field(kafka: House, wrong: dict[str, Any], field: str) -> None:
    before = everything()

    with pytest.raises(InvalidInput) as refusal:
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, **wrong))

    assert list(refusal.value.details) == [field]
    assert everything() == before


def test_every_mistake_is_named_at_once(kafka: House) -> None:
    data = RequestData(kind="vendor_payment", title="", lines=[line(kafka.account, "0"), line(kafka.account, "NaN")])

    with pytest.raises(InvalidInput) as refusal:
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)

    assert set(refusal.value.details) == {"title", "lines.0.net", "lines.1.net"}


def test_no_lines_and_lines_in_two_currencies_are_refused(kafka: House) -> None:
    from budgets.services.accounts import ensure_account

    euros = BudgetFactory.create(entity=kafka.entity, code="EUROS", currency="EUR", cost_centre=kafka.budget.parent)
    other = ensure_account(
        budget=euros, cost_centre=kafka.account.cost_centre, category=kafka.account.category, name="Software in euros"
    )
    for lines in ([], [line(kafka.account, "1"), line(other, "1")]):
        with pytest.raises(InvalidInput) as refusal:
            save_draft(actor=kafka.engineer, entity=kafka.entity, data=RequestData("vendor_payment", "Licences", lines))
        assert "lines" in refusal.value.details


def test_a_currency_other_than_the_policys_is_refused_until_there_are_rates(kafka: House) -> None:
    from budgets.services.accounts import ensure_account

    euros = BudgetFactory.create(entity=kafka.entity, code="EUROS", currency="EUR", cost_centre=kafka.budget.parent)
    other = ensure_account(budget=euros, cost_centre=kafka.account.cost_centre, category=kafka.account.category, name="Euros")
    kept = draft(kafka.engineer, other)
    before = everything()

    with pytest.raises(InvalidInput, match="exchange rates"):
        submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert everything() == before


def test_a_month_that_closed_since_the_draft_is_refused_at_submission(kafka: House, controller: User) -> None:
    kept = draft(kafka.engineer, kafka.account)
    close_period(entity=kafka.entity, month=MARCH, actor=controller)
    before = everything()

    with pytest.raises(InvalidInput, match="closed") as refusal:
        submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert list(refusal.value.details) == ["lines.0.month"]
    assert everything() == before


def test_an_unknown_kind_is_refused_with_those_there_are(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account, kind="yacht")

    with pytest.raises(InvalidInput, match="Team expense"):
        submit_request(request_id=kept.pk, actor=kafka.engineer)


def test_an_entity_without_a_policy_says_so(small_budget: Any, requester: User) -> None:
    kept = draft(requester, small_budget.account)

    with pytest.raises(Missing, match="no approval policy"):
        submit_request(request_id=kept.pk, actor=requester)


def test_only_its_requester_changes_submits_withdraws_or_copies_it(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account)
    other = kafka.people["tech_lead"]
    before = everything()

    for step in (submit_request, withdraw_request, copy_request):
        with pytest.raises(NotAllowed):
            step(request_id=kept.pk, actor=other)
    with pytest.raises(NotAllowed):
        save_draft(actor=other, entity=kafka.entity, data=asked(kafka.account), request_id=kept.pk)

    assert everything() == before


def test_money_is_asked_for_only_where_one_holds_a_role(kafka: House, outsider: User, auditor: User) -> None:
    before = everything()
    for person in (outsider, auditor):
        with pytest.raises(NotAllowed):
            draft(person, kafka.account)
    assert everything() == before


def test_a_budget_line_outside_ones_part_of_the_tree_is_not_offered(kafka: House, outsider: User) -> None:
    assign(outsider, "engineer", kafka.entity, kind="requester", cost_centre=kafka.budget.cost_centres["PRODUCT"])

    with pytest.raises(InvalidInput) as refusal:
        draft(outsider, kafka.account)

    assert list(refusal.value.details) == ["lines.0.account"]


@pytest.mark.parametrize("end", ["approved", "withdrawn", "submitted"])
def test_what_is_no_draft_does_not_change(kafka: House, end: str) -> None:
    request = submitted(kafka.engineer, kafka.account)
    if end == "approved":
        approve_all(request)
    if end == "withdrawn":
        withdraw_request(request_id=request.pk, actor=kafka.engineer)
    before = everything()

    with pytest.raises(WrongState):
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "1"), request_id=request.pk)
    with pytest.raises(WrongState):
        submit_request(request_id=request.pk, actor=kafka.engineer)

    assert everything() == before


def test_an_approved_request_is_not_withdrawn(kafka: House) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account))

    with pytest.raises(WrongState):
        withdraw_request(request_id=request.pk, actor=kafka.engineer)

    assert held(kafka.account) == (ZERO, Decimal("1200.00"))


def test_a_vendor_is_found_by_any_spelling_and_added_where_new(kafka: House) -> None:
    known = draft(kafka.engineer, kafka.account, vendor_name="ACME  cloud")
    new = draft(kafka.engineer, kafka.account, vendor_name="Kafka Consultants Ltd.")

    assert known.vendor == kafka.budget.vendor
    assert new.vendor == Vendor.objects.get(name="Kafka Consultants Ltd.")


def test_the_requester_who_holds_the_role_is_passed_over_for_the_backup(kafka: House) -> None:
    manager = kafka.people["project_manager"]

    request = submitted(manager, kafka.account, "100", kind="team_expense")

    assert [stage.owner for stage in stages_of(request)] == [kafka.people["program_director"]]


def test_nobody_owns_two_stages_of_a_round(kafka: House) -> None:
    """One person holds both roles, another only the first: the first must move over."""
    lead = kafka.people["tech_lead"]
    assign(lead, "finance", kafka.entity, kind="finance", cost_centre=kafka.budget.parent)

    request = submitted(kafka.engineer, kafka.account, "100", kind="infrastructure")

    owners = [stage.owner for stage in stages_of(request)]
    assert owners == [lead, kafka.people["finance"]]
    approve_all(request)
    assert held(kafka.account) == (ZERO, Decimal("100.00"))


def test_a_stage_that_nobody_can_fill_is_refused_and_nothing_is_held(kafka: House) -> None:
    for code in ("executive_sponsor", "cfo"):
        kafka.people[code].is_active = False
        kafka.people[code].save()
    kept = draft(kafka.engineer, kafka.account, "60000", kind="budget_reallocation")
    before = everything()

    with pytest.raises(Missing, match=r"Nobody can decide as Executive sponsor.*Program director") as refusal:
        submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert refusal.value.code == "no_owner"
    assert everything() == before


def test_a_later_stage_without_anybody_left_stops_the_approval_before_it(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "100", kind="infrastructure")
    for code in ("finance", "cfo"):
        kafka.people[code].is_active = False
        kafka.people[code].save()
    first = stages_of(request)[0]
    before = everything()

    with pytest.raises(Missing, match="Nobody can decide as Finance"):
        approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)

    assert everything() == before
    first.refresh_from_db()
    assert first.state == Stage.State.ASSIGNED
