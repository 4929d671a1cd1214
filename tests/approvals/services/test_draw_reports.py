"""The report that a draw owes: written, given back, confirmed, told of once it is overdue; and the report of all reserves."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import DrawReport, Request, Reserve
from approvals.selectors.draws import confirmers_of, may_confirm, spending_of
from approvals.selectors.reserve_reports import reserve_report
from approvals.services.decisions import approve_stage
from approvals.services.draw_reports import confirm_report, remind_of_reports, return_report, write_report
from approvals.services.reserves import close_reserve, state_reserve
from approvals.services.undoing import take_back
from budgets.models import BudgetLine, BudgetLineMonth, BudgetVersion, FundsAccount
from budgets.services.projections import PartData, ProjectionData, state_projection
from core import clock
from core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from core.models import Notice, User
from core.services import outbox
from tests.factories.approvals import MARCH, MONDAY, approve_all, stages_of
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign
from tests.factories.reserves import draw, reserve, terms
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
SAID = "Three days of load tests; two limits were lifted."


@pytest.fixture
def kept(distro: House, controller: User) -> Reserve:
    return reserve(distro.budget, controller)


@pytest.fixture
def taker(distro: House) -> FundsAccount:
    return distro.budget.accounts["PLATFORM", "training"]


@pytest.fixture
def drawn(distro: House, kept: Reserve, taker: FundsAccount) -> Request:
    return approve_all(draw(distro.engineer, kept, taker))


@pytest.fixture
def director(distro: House) -> User:
    return distro.people["engineering_director"]


def told(kind: str) -> set[tuple[str, str]]:
    while outbox.drain():
        pass
    rows = Notice.objects.filter(kind=f"approvals.draw_report_{kind}").values_list("person__name", "level")
    return {(name, level) for name, level in rows}


def test_its_requester_writes_it_and_the_figures_are_kept(distro: House, drawn: Request, taker: FundsAccount) -> None:
    move(taker, "committed", "1050", month=MARCH)
    report = write_report(request_id=drawn.pk, outcome=SAID, actor=distro.engineer)
    assert report.figures == {
        "months": [
            {
                "month": "2026-03",
                "drawn": "120.00",
                "allotted": "1120.00",
                "reserved": "0.00",
                "committed": "1050.00",
                "spent": "0.00",
                "used": "50.00",
            }
        ]
    }
    move(taker, "committed", "70", month=MARCH)
    assert [each.used for each in spending_of(drawn.draw)] == [Decimal(120)]
    report.refresh_from_db()
    assert report.figures["months"][0]["used"] == "50.00"


def test_whoever_approved_confirms_it_and_then_it_stays(distro: House, drawn: Request, director: User) -> None:
    with pytest.raises(WrongState, match="is not written yet"):
        confirm_report(request_id=drawn.pk, actor=director)
    write_report(request_id=drawn.pk, outcome=SAID, actor=distro.engineer)
    assert confirmers_of(drawn.draw) == [director]
    confirm_report(request_id=drawn.pk, actor=director)
    with pytest.raises(WrongState, match="does not change any more"):
        write_report(request_id=drawn.pk, outcome="Otherwise.", actor=distro.engineer)
    with pytest.raises(WrongState):
        return_report(request_id=drawn.pk, missing="More.", actor=director)
    with pytest.raises(DatabaseError, match="that was confirmed does not change"), transaction.atomic():
        DrawReport.objects.update(outcome="Otherwise.")
    with pytest.raises(DatabaseError, match="that was written stays"), transaction.atomic():
        DrawReport.objects.all().delete()


def test_given_back_it_is_owed_again(distro: House, drawn: Request, director: User) -> None:
    write_report(request_id=drawn.pk, outcome=SAID, actor=distro.engineer)
    with pytest.raises(InvalidInput, match="Say what is missing"):
        return_report(request_id=drawn.pk, missing=" ", actor=director)
    return_report(request_id=drawn.pk, missing="What did each day cost?", actor=director)
    assert told("returned") == {("Engineer", "act")}
    report = write_report(request_id=drawn.pk, outcome=f"{SAID} 40 a day.", actor=distro.engineer)
    assert (report.returned_because, report.written_at) == ("", MONDAY)


@pytest.mark.parametrize("who", ["engineer", "controller", "finance"])
def test_others_neither_write_nor_confirm_it(distro: House, drawn: Request, controller: User, who: str) -> None:
    person = {"engineer": distro.engineer, "controller": controller, "finance": distro.people["finance"]}[who]
    if who != "engineer":
        with pytest.raises(NotAllowed, match="Only they write it"):
            write_report(request_id=drawn.pk, outcome=SAID, actor=person)
    write_report(request_id=drawn.pk, outcome=SAID, actor=distro.engineer)
    assert not may_confirm(person, drawn.draw)
    with pytest.raises(NotAllowed, match="Whoever approves the reserve's use does"):
        confirm_report(request_id=drawn.pk, actor=person)


def test_the_database_lets_nobody_confirm_their_own(distro: House, drawn: Request) -> None:
    write_report(request_id=drawn.pk, outcome=SAID, actor=distro.engineer)
    with pytest.raises(DatabaseError, match="confirmed_by_another"), transaction.atomic():
        DrawReport.objects.update(confirmed_at=MONDAY, confirmed_by=distro.engineer)


@pytest.mark.parametrize("outcome", ["", "  ", "x" * 20_001, "a\x00b"])
def test_what_says_nothing_is_refused(distro: House, drawn: Request, outcome: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        write_report(request_id=drawn.pk, outcome=outcome, actor=distro.engineer)
    assert "outcome" in refused.value.details


def test_before_the_approval_none_is_owed(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    with pytest.raises(NotFound):
        write_report(request_id=request.pk, outcome=SAID, actor=distro.engineer)
    with pytest.raises(DatabaseError, match="owed for a draw that was approved"), transaction.atomic():
        DrawReport.objects.create(draw=request.draw, due_at=MONDAY)


def test_once_it_is_written_the_approval_stays(distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    decision = approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    write_report(request_id=request.pk, outcome=SAID, actor=distro.engineer)
    with pytest.raises(WrongState, match="is written"):
        take_back(decision_id=decision.pk, actor=stage.owner)


def test_who_is_told_when(distro: House, drawn: Request, director: User, controller: User) -> None:
    with clock.at(MONDAY + timedelta(minutes=5)):
        assert told("owed") == {("Engineer", "act")}
    due = DrawReport.objects.get().due_at
    with clock.at(due - timedelta(seconds=1)):
        assert remind_of_reports() == 0
    with clock.at(due):
        assert remind_of_reports() == 1
        assert remind_of_reports() == 0
        assert {("Engineer", "act"), (director.name, "watch"), (controller.name, "watch")} <= told("overdue")
    assert DrawReport.objects.get().told_at == due
    with clock.at(due + timedelta(hours=1)):
        write_report(request_id=drawn.pk, outcome=SAID, actor=distro.engineer)
        assert told("written") == {(director.name, "act")}


def test_one_that_is_written_in_time_is_told_of_no_more(distro: House, drawn: Request) -> None:
    write_report(request_id=drawn.pk, outcome=SAID, actor=distro.engineer)
    with clock.at(MONDAY + timedelta(days=30)):
        assert remind_of_reports() == 0
        assert told("overdue") == set()


# ---------------------------------------------------------------- the report of all reserves


def test_the_report_tells_of_each_reserve_what_it_should_hold_and_holds(
    distro: House, kept: Reserve, taker: FundsAccount, drawn: Request, director: User, controller: User
) -> None:
    draw(distro.engineer, kept, taker, "30")
    with clock.at(MONDAY + timedelta(days=10)):
        report = reserve_report(controller, distro.entity, MARCH)
        later = reserve_report(controller, distro.entity, date(2026, 4, 1))
    [row] = report.rows
    assert (row.stand.start, row.stand.added, row.stand.drawn, row.stand.left) == (0, 500, 120, 380)
    assert (row.waiting, row.target.amount, row.against) == (30, 500, -120)
    assert [(each.amount, each.is_waiting, each.approved_by, each.document) for each in row.draws] == [
        (120, False, (director.name,), "written"),
        (30, True, (), "written"),
    ]
    assert [(each.report.draw.request_id, each.state) for each in report.owed] == [(drawn.pk, "overdue")]
    assert [(each.stand.start, each.stand.left, each.draws) for each in later.rows] == [(380, 380, [])]


def test_who_may_not_see_the_request_reads_of_no_document(distro: House, kept: Reserve, drawn: Request, executive: User) -> None:
    person = UserFactory.create(name="Product engineer")
    assign(person, "engineer", distro.entity, cost_centre=distro.budget.cost_centres["PRODUCT"])
    [row] = reserve_report(person, distro.entity, MARCH).rows
    assert [(each.is_seen, each.document) for each in row.draws] == [(False, "")]


def test_a_share_of_what_a_budget_plans_leaves_out_reserves_and_what_was_moved(
    distro: House, kept: Reserve, taker: FundsAccount, controller: User
) -> None:
    budget = distro.budget.budget
    version = BudgetVersion.objects.get(budget=budget)
    for account, amount in ((taker, 750), (distro.budget.accounts["PRODUCT", "software"], 250), (kept.account, 500)):
        line = BudgetLine.objects.create(
            version=version,
            category=account.category,
            cost_centre=account.cost_centre,
            name=account.name,
            amount=amount,
            starts_on=MARCH,
            ends_on=MARCH,
        )
        BudgetLineMonth.objects.create(line=line, month=MARCH, amount=amount)
    share = {"basis": "budget", "amount": None, "share_pct": Decimal(20), "budget": budget}
    assert _target(kept, controller, **share) == (Decimal("200.00"), "20 % of 1,000.00, planned for Small budget in March 2026")
    below = share | {"cost_centre": distro.budget.cost_centres["PLATFORM"]}
    assert _target(kept, controller, **below)[0] == Decimal("150.00")
    approve_all(draw(distro.engineer, kept, taker))
    assert _target(kept, controller, **below)[0] == Decimal("150.00")
    [row] = reserve_report(controller, distro.entity, date(2026, 5, 1)).rows
    assert (row.target.amount, row.against) == (None, None)
    assert "plans nothing for May 2026" in row.target.words


def test_a_share_of_a_projection_follows_its_latest_statement(distro: House, kept: Reserve, controller: User) -> None:
    for growth in ("30", "60"):
        parts = [PartData("AWS", Decimal("314.54"), growth_pct=Decimal(growth), reduction_pct=Decimal(30))]
        data = ProjectionData("Infrastructure", MARCH, 6, Decimal(15), parts)
        state_projection(entity=distro.entity, data=data, actor=controller)
    share = {"amount": None, "share_pct": Decimal(10), "projection": "Infrastructure", "horizon_months": 6}
    # 314.54 grows to 503 and is lowered to 352.
    assert _target(kept, controller, basis="savings", **share)[0] == Decimal("15.10")
    assert _target(kept, controller, basis="growth", **share)[0] == Decimal("18.85")


def test_what_was_given_up_stands_in_the_reports_up_to_then(distro: House, kept: Reserve, controller: User) -> None:
    close_reserve(reserve_id=kept.pk, reason="No need.", actor=controller)
    assert len(reserve_report(controller, distro.entity, MARCH).rows) == 1
    assert reserve_report(controller, distro.entity, date(2026, 4, 1)).rows == []


def _target(kept: Reserve, actor: User, **more: Any) -> tuple[Decimal | None, str]:
    state_reserve(reserve_id=kept.pk, terms=terms(starts_on=MARCH, **more), actor=actor)
    [row] = reserve_report(actor, kept.entity, MARCH).rows
    return row.target.amount, row.target.words
