"""Amendments of a budget: sized, decided, in force on their day without a gap, taken back; a major one is a new baseline."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Amendment, PolicyVersion, Request
from approvals.selectors import policies
from approvals.services.amendments import amend_budget, preview_amendment, put_due_in_force
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.undoing import take_back
from budgets.models import BudgetVersion, Entry, FundsAccount, Journal
from budgets.rules import safe_yaml
from core import clock
from core.errors import InvalidInput, NoFunds, NotAllowed, Stale, WrongState
from tests.factories.approvals import MARCH, approve_all, everything, held, stages_of
from tests.factories.budgets import move
from tests.factories.changes import allotted, allotted_in, asked_to_amend, planned_budget, wanted_of
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
FEBRUARY, APRIL = date(2026, 2, 1), date(2026, 4, 1)


@pytest.fixture
def version(kafka: House) -> BudgetVersion:
    return planned_budget(kafka.account)


def _training(kafka: House) -> FundsAccount:
    return kafka.budget.accounts["PLATFORM", "training"]


def _roles(request: Request) -> list[str]:
    return [stage.role_code for stage in stages_of(request)]


def test_below_ten_per_cent_finance_and_the_department_head_decide(kafka: House, version: BudgetVersion) -> None:
    """Ten months of 1,000 remain of 12,000: 11,000 from March on is 1,000 more, 8.33 %."""
    request = asked_to_amend(kafka.engineer, version, software="11000")

    assert (request.kind, request.amount, request.amendment.size) == ("amendment_minor", Decimal(1000), "minor")
    assert _roles(request) == ["finance", "department_head"]
    assert held(kafka.account) == (Decimal(0), Decimal(0))


def test_above_it_the_cfo_and_the_sponsor_and_the_board_above_a_hundred_thousand(kafka: House, version: BudgetVersion) -> None:
    large = asked_to_amend(kafka.engineer, version, software="110000")
    larger = asked_to_amend(kafka.engineer, version, software="110000.01")

    assert (large.kind, large.amount, _roles(large)) == ("amendment_major", Decimal(100000), ["cfo", "project_sponsor"])
    assert _roles(larger) == ["cfo", "project_sponsor", "board"]


def test_exactly_ten_per_cent_is_major_and_says_that_the_policy_left_it_open(kafka: House, version: BudgetVersion) -> None:
    request = asked_to_amend(kafka.engineer, version, software="11200")

    assert request.amendment.size == "major"
    assert "treated as major" in request.amendment.why


def test_approved_it_is_in_force_and_changes_nothing_before_its_month(kafka: House, version: BudgetVersion) -> None:
    before = {month: allotted_in(kafka.account, month) for month in (FEBRUARY, MARCH, APRIL)}

    request = approve_all(asked_to_amend(kafka.engineer, version, software="11000"))

    version.refresh_from_db()
    new = request.amendment.version
    assert (version.state, new.state, new.is_baseline) == ("superseded", "in_force", False)
    assert allotted_in(kafka.account, FEBRUARY) == before[FEBRUARY]
    assert allotted_in(kafka.account, MARCH) == before[MARCH] + 100
    assert new.total == Decimal(19000)
    assert {row.category.code: row.amount for row in new.categories.all()} == {"software": 13000, "training": 6000}


def test_what_is_moved_between_lines_changes_the_project_once(kafka: House, version: BudgetVersion) -> None:
    request = asked_to_amend(kafka.engineer, version, software="10500", training="4500")

    assert request.amount == Decimal(500)
    approve_all(request)
    assert BudgetVersion.objects.get(budget=version.budget, state="in_force").total == version.total


def test_a_major_one_is_the_next_baseline_and_those_who_read_the_budget_hear_of_it(kafka: House, version: BudgetVersion) -> None:
    request = approve_all(asked_to_amend(kafka.engineer, version, software="20000"))

    assert request.amendment.version.is_baseline
    version.refresh_from_db()
    assert BudgetVersion.objects.filter(budget=version.budget, is_baseline=True).latest("number") == request.amendment.version


def test_until_its_day_the_old_version_is_in_force_and_then_the_new_one_at_once(kafka: House, version: BudgetVersion) -> None:
    request = approve_all(asked_to_amend(kafka.engineer, version, since=APRIL, software="9900"))
    new = request.amendment.version
    whole = allotted(kafka.account)
    assert (new.state, BudgetVersion.objects.get(pk=version.pk).state) == ("scheduled", "in_force")
    with clock.at(datetime(2026, 3, 31, 23, 59, tzinfo=UTC)):
        assert put_due_in_force() == 0

    with clock.at(datetime(2026, 4, 1, 0, 0, tzinfo=UTC)):
        assert put_due_in_force() == 1
        assert put_due_in_force() == 0

    new.refresh_from_db()
    assert new.state == "in_force"
    assert allotted(kafka.account) == whole + 900
    assert allotted_in(kafka.account, MARCH) == 1_002_000


def test_one_that_waits_for_its_day_may_be_overtaken_and_then_waits_for_finance(kafka: House, version: BudgetVersion) -> None:
    waits = approve_all(asked_to_amend(kafka.engineer, version, since=APRIL, software="9900"))
    approve_all(asked_to_amend(kafka.engineer, version, software="10100"))
    before = Journal.objects.count()

    with clock.at(datetime(2026, 4, 1, 9, 0, tzinfo=UTC)):
        assert put_due_in_force() == 0

    assert Journal.objects.count() == before
    assert BudgetVersion.objects.get(pk=waits.amendment.version_id).state == "scheduled"


def test_of_two_from_the_same_version_the_second_is_stale(kafka: House, version: BudgetVersion) -> None:
    first = asked_to_amend(kafka.engineer, version, software="11000")
    second = asked_to_amend(kafka.engineer, version, software="11100")
    approve_all(first)
    stages = stages_of(second)
    approve_stage(stage_id=stages[0].pk, actor=stages[0].owner, digest=second.digest)
    before = everything()

    with pytest.raises(Stale):
        approve_stage(stage_id=stages[1].pk, actor=stages[1].owner, digest=second.digest)

    assert everything() == before
    with pytest.raises(Stale):
        asked_to_amend(kafka.engineer, version, software="11100")


def test_below_what_is_held_is_refused_unless_the_approval_forces_it(kafka: House, version: BudgetVersion) -> None:
    training = _training(kafka)
    free = allotted(training)
    move(training, "reserved", free, month=MARCH)
    before = everything()

    with pytest.raises(NoFunds, match="give up"):
        asked_to_amend(kafka.engineer, version, training="4900")
    assert everything() == before
    prospect = preview_amendment(actor=kafka.engineer, wanted=wanted_of(version, training="4900"))
    assert isinstance(prospect.refusal, NoFunds)

    request = asked_to_amend(kafka.engineer, version, training="4900", is_forced=True)
    approve_all(request)

    assert allotted(training) == free - 100


@pytest.mark.parametrize("answer", [reject_stage, send_back])
def test_a_no_puts_the_draft_away(kafka: House, version: BudgetVersion, answer: object) -> None:
    request = asked_to_amend(kafka.engineer, version, software="11000")
    stage = stages_of(request)[0]

    answer(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="No.")  # type: ignore[operator]

    assert BudgetVersion.objects.get(pk=request.amendment.version_id).state == "dropped"
    assert BudgetVersion.objects.get(pk=version.pk).state == "in_force"


def test_sent_back_it_comes_again_with_another_draft(kafka: House, version: BudgetVersion) -> None:
    request = asked_to_amend(kafka.engineer, version, software="11000")
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Less.")

    again = amend_budget(
        actor=kafka.engineer, wanted=wanted_of(version, software="10500"), form_key=uuid4(), request_id=request.pk
    ).request

    assert again is not None
    assert (again.round, again.amount) == (2, Decimal(500))
    assert approve_all(again).amendment.version.state == "in_force"


def test_taken_back_the_old_version_is_in_force_again_and_it_can_be_approved_once_more(
    kafka: House, version: BudgetVersion
) -> None:
    whole = allotted(kafka.account)
    request = asked_to_amend(kafka.engineer, version, software="20000")
    first, second = stages_of(request)
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
    for _ in range(2):
        decision = approve_stage(stage_id=second.pk, actor=second.owner, digest=request.digest)
        assert allotted(kafka.account) == whole + 10000

        take_back(decision_id=decision.pk, actor=second.owner)

        version.refresh_from_db()
        assert (version.state, allotted(kafka.account)) == ("in_force", whole)
        assert not BudgetVersion.objects.get(pk=request.amendment.version_id).is_baseline
    approve_stage(stage_id=second.pk, actor=second.owner, digest=request.digest)
    assert allotted(kafka.account) == whole + 10000
    assert Entry.objects.filter(journal__kind="reverse").count() == 20


def test_it_is_not_taken_back_once_what_it_raised_is_held(kafka: House, version: BudgetVersion) -> None:
    request = asked_to_amend(kafka.engineer, version, software="20000")
    first, second = stages_of(request)
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
    decision = approve_stage(stage_id=second.pk, actor=second.owner, digest=request.digest)
    move(kafka.account, "reserved", allotted(kafka.account), month=MARCH)
    before = everything()

    with pytest.raises(WrongState, match="holds more by now") as refusal:
        take_back(decision_id=decision.pk, actor=second.owner)

    assert refusal.value.code == "used"
    assert everything() == before


def test_a_preview_leaves_nothing(kafka: House, version: BudgetVersion) -> None:
    before = everything() | {"versions": BudgetVersion.objects.count()}

    prospect = preview_amendment(actor=kafka.engineer, wanted=wanted_of(version, software="20000"))

    assert (prospect.judged.sized.size, prospect.change, prospect.refusal) == ("major", Decimal(10000), None)
    assert prospect.prediction is not None
    assert [stage.spec.role_code for stage in prospect.prediction.stages] == ["cfo", "project_sponsor"]
    changed = {row.name: (row.before, row.after) for row in prospect.comparison.changed_lines}
    assert changed == {"Software": (Decimal(12000), Decimal(22000))}
    assert everything() | {"versions": BudgetVersion.objects.count()} == before


def test_a_file_says_other_amounts_and_nothing_else(kafka: House, version: BudgetVersion) -> None:
    document = safe_yaml.read(FILE)
    base = wanted_of(version)
    wanted = base.__class__(base.budget, base.base_id, MARCH, "By file.", document=document)

    request = amend_budget(actor=kafka.engineer, wanted=wanted, form_key=uuid4()).request

    assert request is not None
    assert request.amount == Decimal(600)
    document["budget"]["control"] = {"lines": "track"}
    with pytest.raises(InvalidInput) as refusal:
        amend_budget(actor=kafka.engineer, wanted=wanted, form_key=uuid4())
    assert set(refusal.value.details) == {"budget.control.lines"}


def test_nothing_changed_is_no_amendment(kafka: House, version: BudgetVersion) -> None:
    with pytest.raises(InvalidInput, match="changes no amount"):
        asked_to_amend(kafka.engineer, version, software="10000")


def test_who_keeps_no_budget_does_not_amend_at_once_where_nobody_is_asked(
    kafka: House, version: BudgetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = UserFactory.create(name="Keeper")
    assign(elsewhere, "keeper", kafka.entity, kind="finance")
    monkeypatch.setattr(policies, "versions_in_force", lambda at=None: PolicyVersion.objects.none())

    with pytest.raises(NotAllowed, match="It is done at once"):
        amend_budget(actor=kafka.engineer, wanted=wanted_of(version, software="11000"), form_key=uuid4())
    done = amend_budget(actor=elsewhere, wanted=wanted_of(version, software="11000"), form_key=uuid4())

    assert done.version is not None
    assert done.version.state == "in_force"


def test_the_database_holds_to_the_steps_of_a_version(kafka: House, version: BudgetVersion) -> None:
    request = asked_to_amend(kafka.engineer, version, software="11000")
    for pk, state in ((version.pk, "scheduled"), (request.amendment.version_id, "superseded")):
        with pytest.raises(DatabaseError), transaction.atomic():
            BudgetVersion.objects.filter(pk=pk).update(state=state)
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        Amendment.objects.filter(request=request).update(size="major")


FILE = b"""
schema: purser/budget/1
budget:
  code: SMALL
  name: Small budget
  kind: project
  currency: USD
  total: 18600
  cost_centre: ENG
  starts_on: 2026-01
  months: 12
  control: {window: year}
  envelopes:
    - {category: software, amount: 12600, lines: [{name: Software, cost_centre: PLATFORM, amount: 12600}]}
    - {category: training, amount: 6000, lines: [{name: Training, cost_centre: PLATFORM, amount: 6000}]}
"""
