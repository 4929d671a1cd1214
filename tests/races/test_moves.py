"""Moves between the same lines, in opposite ways, and amendments of one version, approved at once: the damage without the lock,
then the cure."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, transaction

from approvals.models import Request
from approvals.services import virements
from approvals.services.decisions import approve_stage
from approvals.services.spend import release
from approvals.subjects import subject_of
from budgets.models import BudgetVersion, FundsAccount
from budgets.selectors.check import check_ledger
from budgets.services import versions
from core import clock
from core.errors import Stale
from tests.factories.approvals import MONDAY, stages_of
from tests.factories.budgets import allot
from tests.factories.changes import allotted, asked_to_amend, asked_to_move, planned_budget
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once
from tests.races.test_movements import unlocked
from tests.races.test_payments import both_have_read

pytestmark = pytest.mark.django_db(transaction=True)
Step = Callable[[], Any]


def approval_of(request: Request) -> Step:
    """The last approval of a request, to be given in a thread of its own."""
    *earlier, last = stages_of(request)
    for stage in earlier:
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)

    def approve() -> None:
        with clock.at(MONDAY):
            approve_stage(stage_id=last.pk, actor=last.owner, digest=request.digest)

    return approve


def effect_of(request: Request) -> Step:
    """What that approval does to the books, by itself: receipts are chained, which lets one approval at a time come so far."""

    def carry_out() -> None:
        with clock.at(MONDAY), transaction.atomic():
            subject_of(request).on_approve(request=request, actor=request.requester)

    return carry_out


def then_a_while(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, after which nobody goes on before the other one had time to come as far, or is seen to wait."""

    def held(*args: Any, **kwargs: Any) -> Any:
        answer = function(*args, **kwargs)
        threading.Event().wait(timeout=1.0)
        return answer

    return held


@pytest.fixture
def lines(kafka: House) -> list[FundsAccount]:
    """Two lines with a million in March each."""
    there, here = kafka.account, kafka.budget.accounts["PRODUCT", "software"]
    allot(here, "1000000", month=MONDAY.date().replace(day=1))
    return [there, here]


@pytest.fixture
def crosswise(kafka: House, lines: list[FundsAccount]) -> list[Request]:
    """60,000 there and 70,000 back, asked for."""
    there, here = lines
    with clock.at(MONDAY):
        return [asked_to_move(kafka.engineer, there, here, "60000"), asked_to_move(kafka.engineer, here, there, "70000")]


def stand(lines: list[FundsAccount]) -> list[Decimal]:
    return [allotted(line) for line in lines]


def test_moves_crosswise_without_the_lock_stand_in_each_others_way(
    crosswise: list[Request], lines: list[FundsAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has let go of its hold, and wants the line that the other one holds."""
    there, here = stand(lines)
    monkeypatch.setattr(virements, "lock_structure", unlocked)
    monkeypatch.setattr(virements, "release", then_a_while(release))

    outcomes = at_once(*(effect_of(each) for each in crosswise))

    [deadlock] = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(deadlock, OperationalError)
    assert "deadlock" in str(deadlock)
    assert stand(lines) in ([there - 60000, here + 60000], [there + 70000, here - 70000])


@pytest.mark.parametrize("step", [effect_of, approval_of])
def test_moves_crosswise_are_both_done(
    step: Callable[[Request], Step], crosswise: list[Request], lines: list[FundsAccount]
) -> None:
    there, here = stand(lines)

    assert at_once(*(step(each) for each in crosswise)) == [None, None]

    assert stand(lines) == [there + 10000, here - 10000]
    assert check_ledger().is_whole


@pytest.fixture
def version(kafka: House) -> BudgetVersion:
    return planned_budget(kafka.account)


@pytest.fixture
def both(kafka: House, version: BudgetVersion) -> list[Request]:
    """Two amendments of one version, asked for."""
    with clock.at(MONDAY):
        return [asked_to_amend(kafka.engineer, version, software=amount) for amount in ("11000", "11100")]


def in_force(version: BudgetVersion) -> int:
    return version.budget.versions.filter(state="in_force").count()


def test_two_amendments_approved_at_once_without_the_locks_run_into_the_wall(
    both: list[Request], version: BudgetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have seen that the version which they were made from is in force. The database lets one be, and tells no remedy."""
    monkeypatch.setattr(versions, "lock_structure", unlocked)
    monkeypatch.setattr(versions, "lock_version", lambda pk: BudgetVersion.objects.select_related("budget__entity").get(pk=pk))
    monkeypatch.setattr(versions, "refuse_unless_based_on", both_have_read(versions.refuse_unless_based_on))

    outcomes = at_once(*(effect_of(each) for each in both))

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [IntegrityError]
    assert in_force(version) == 1


@pytest.mark.parametrize("step", [effect_of, approval_of])
def test_of_two_amendments_approved_at_once_one_is_in_force_and_the_other_stale(
    step: Callable[[Request], Step], both: list[Request], kafka: House, version: BudgetVersion
) -> None:
    whole = allotted(kafka.account)

    outcomes = at_once(*(step(each) for each in both))

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Stale]
    assert allotted(kafka.account) in {whole + 1000, whole + 1100}
    assert in_force(version) == 1
