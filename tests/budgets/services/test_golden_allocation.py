"""314.54 by department and by project at once, with the parts of each, to the cent: from the rules to the spend as posted."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from budgets.models import Balance, ChargebackRun
from budgets.selectors.chargebacks import borne_in, levels_of, moved_by, run_before, runs_beside, totals_of
from budgets.selectors.check import check_ledger
from budgets.selectors.statements import figures_of
from budgets.services.chargeback_posting import post_chargeback, undo_chargeback
from budgets.services.chargebacks import draw_up, send_statements
from core import clock
from core.errors import WrongState
from core.models import User
from tests.factories.budgets import move
from tests.factories.chargebacks import JANUARY
from tests.factories.golden_allocation import WHOLE, Bill, bill, code_of
from tests.fixtures.budgets import SmallBudget

# Each part is a share of what the one above it comes to: the largest remainder gets the cent, ties go to the larger share.
Figures = dict[str, tuple[str, tuple[str, ...]]]
DEPARTMENTS: Figures = {
    "engineering": ("220.18", ("125.82", "62.91", "31.45")),
    "product": ("62.91", ("31.45", "22.02", "9.44")),
    "operations": ("31.45", ("15.73", "9.43", "6.29")),
}
PROJECTS: Figures = {
    "core-platform": ("188.72", ("94.36", "62.91", "31.45")),
    "new-feature": ("78.64", ("47.18", "31.46")),
    "analytics": ("31.45", ("18.87", "12.58")),
    "maintenance": ("15.73", ("9.44", "6.29")),
}
WAYS: dict[str, Figures] = {"departments": DEPARTMENTS, "projects": PROJECTS}


@pytest.fixture
def billed(small_budget: SmallBudget, controller: User) -> Bill:
    return bill(small_budget, controller)


def by_level(run: ChargebackRun) -> dict[str, tuple[str, tuple[str, ...]]]:
    levels = levels_of(run)
    tops = [level for level in levels if not level.within]
    return {top.to: (str(top.amount), tuple(str(each.amount) for each in levels if each.within == top.to)) for top in tops}


def spent(billed: Bill) -> dict[str, Decimal]:
    rows = Balance.objects.filter(account__entity=billed.entity, month=JANUARY).exclude(spent=0)
    return dict(rows.values_list("account__cost_centre__code", "spent"))


@pytest.mark.parametrize("way", ["departments", "projects"])
def test_each_share_and_its_parts_come_to_the_golden_figures(billed: Bill, way: str) -> None:
    run = billed.accepted(way)
    assert by_level(run) == {code_of(name): figures for name, figures in WAYS[way].items()}
    borne = totals_of(borne_in(run))
    assert sum(borne.values()) == WHOLE
    said = {each.receiver: figures_of(each).amount for each in run.statements.select_related("run", "receiver")}
    assert said == borne


def test_a_part_says_within_which_share_it_lies(billed: Bill) -> None:
    part = billed.drawn("departments").parts.get(receiver__code="ENGINEERING-INFRASTRUCTURE-MANAGEMENT")
    assert part.why == "40 %, within the 70 % of ENGINEERING"


def test_a_month_stands_by_both_and_is_moved_by_one(billed: Bill) -> None:
    departments, projects = billed.accepted("departments"), billed.accepted("projects")
    assert runs_beside(departments) == [projects]
    assert (moved_by(departments), moved_by(projects)) == (None, None)
    post_chargeback(run_id=departments.pk, actor=billed.controller)
    moved = spent(billed)
    assert moved == {centre.code: amount for centre, amount in totals_of(borne_in(departments)).items()}
    assert moved_by(projects) == departments
    with pytest.raises(WrongState, match="is moved by run 1, by By department, and it is moved once"):
        post_chargeback(run_id=projects.pk, actor=billed.controller)
    assert spent(billed) == moved
    undo_chargeback(run_id=departments.pk, actor=billed.controller, reason="By project this time")
    assert moved_by(projects) is None
    post_chargeback(run_id=projects.pk, actor=billed.controller)
    assert spent(billed) == {centre.code: amount for centre, amount in totals_of(borne_in(projects)).items()}
    assert check_ledger().is_whole


def test_drawn_up_again_only_the_same_rules_give_way(billed: Bill) -> None:
    departments, first = billed.drawn("departments"), billed.drawn("projects")
    again = billed.drawn("projects")
    assert (run_before(again), run_before(first), again.number) == (first, None, 3)
    states = dict(ChargebackRun.objects.values_list("number", "state"))
    assert states == {departments.number: "draft", first.number: "dropped", again.number: "draft"}


def test_shown_beside_a_posted_one_it_is_what_the_next_is_held_against(billed: Bill, small_budget: SmallBudget) -> None:
    shown = billed.accepted("projects")
    february = date(2026, 2, 1)
    move(small_budget.account, "spent", "100.00", month=february, thread="raw-row:2", is_fact=True)
    run = draw_up(entity=billed.entity, month=february, rules_code="projects", actor=billed.controller)
    send_statements(run_id=run.pk, actor=billed.controller)
    statement = run.statements.select_related("run", "receiver").get(receiver__code="ANALYTICS-DATA-PROCESSING")
    assert figures_of(statement).months == 1
    post_chargeback(run_id=billed.accepted("departments").pk, actor=billed.controller)
    figures = figures_of(statement)
    assert (figures.amount, figures.lines[0].before, figures.months) == (Decimal("6.00"), Decimal("18.87"), 2)
    assert moved_by(shown) is not None


def test_the_database_holds_both_to_it(billed: Bill) -> None:
    departments, projects = billed.accepted("departments"), billed.accepted("projects")
    post_chargeback(run_id=departments.pk, actor=billed.controller)
    with pytest.raises(IntegrityError, match="chargeback_one_posted"), transaction.atomic():
        ChargebackRun.objects.filter(pk=projects.pk).update(state="posted", posted_at=clock.now(), posted_by=billed.controller)
    terms = {"entity": billed.entity, "month": JANUARY, "currency": "USD", "drawn_at": clock.now(), "drawn_by": billed.controller}
    with pytest.raises(IntegrityError, match="chargeback_one_open"), transaction.atomic():
        ChargebackRun.objects.create(number=8, rules=projects.rules, rules_code="projects", **terms)
    with pytest.raises(IntegrityError, match="bears the code of the rules"), transaction.atomic():
        ChargebackRun.objects.create(number=9, rules=projects.rules, rules_code="other", **terms)
