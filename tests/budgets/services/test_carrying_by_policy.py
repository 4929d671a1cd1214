"""Carrying a budget on under what its cost centres say, and taking it back."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from budgets.models import Budget, CarryRule, CarryRun, CostCentre, Journal
from budgets.rules.carrying import CarryTerms
from budgets.selectors.balances import account_figures
from budgets.selectors.carry_previews import CarryPreview, CarrySpan, choose_into_budget, preview_carrying, span_of
from budgets.selectors.carry_rules import held_at, rules_by_path
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.carry_rules import state_carry_rule
from budgets.services.carry_runs import carry_budget, undo_carry
from budgets.services.periods import close_period
from core.errors import ClosedPeriod, InvalidInput, Missing, NotAllowed, Stale, WrongState
from core.models import AuditRecord, RoleAssignment, User
from tests.factories.budgets import DECEMBER, JANUARY, BudgetFactory, allot, move, open_year
from tests.fixtures.budgets import SmallBudget

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
NEXT = date(2027, 1, 1)
ALL, NOTHING, ABOVE = CarryTerms("all"), CarryTerms("nothing"), CarryTerms("above")
HALF = CarryTerms("share", share_pct=Decimal(50))
TEN = CarryTerms("amount", amount=Decimal(10), currency="USD")
JANUARY_ON = CarrySpan(JANUARY, JANUARY, FEBRUARY)


@pytest.fixture
def budget(small_budget: SmallBudget) -> Budget:
    return small_budget.budget


def state(small: SmallBudget, code: str, terms: CarryTerms, actor: User, *, starts_on: date = JANUARY) -> CarryRule:
    centre = CostCentre.objects.select_related("entity").get(entity=small.entity, code=code)
    return state_carry_rule(cost_centre=centre, starts_on=starts_on, terms=terms, actor=actor)


def carry(budget: Budget, actor: User, span: CarrySpan = JANUARY_ON, **more: Any) -> CarryRun:
    return carry_budget(**{"budget": budget, "into_budget": budget, "span": span, "actor": actor, **more})


def line(preview: CarryPreview, account: Any) -> Any:
    return next(each for each in preview.lines if each.account == account)


def allotted(account: Any, month: date) -> Decimal:
    return account_figures([account.pk], month=month)[account.pk].allotted


def available(account: Any, month: date) -> Decimal:
    return account_figures([account.pk], month=month)[account.pk].available


def counts() -> tuple[int, ...]:
    return Journal.objects.count(), CarryRun.objects.count(), AuditRecord.objects.count()


def test_the_facts_of_carrying(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    """1029.63 left, 324.49 spent, 500 carried: 1205.14. 30,000 a month, 49,500 spent: 10,500 the next month."""
    first, second = small_budget.accounts["PLATFORM", "software"], small_budget.accounts["PRODUCT", "software"]
    move(first, "spent", 500, is_fact=True)
    allot(first, "29.63", month=FEBRUARY)
    for month in (JANUARY, FEBRUARY):
        allot(second, 29000, month=month)
    move(second, "spent", 49500, is_fact=True)
    move(first, "spent", "324.49", month=FEBRUARY)
    carry(budget, controller)
    assert available(first, FEBRUARY) == Decimal("1205.14")
    assert available(second, FEBRUARY) == Decimal(10500)
    assert check_ledger().is_whole


def test_the_nearest_statement_holds(small_budget: SmallBudget, controller: User) -> None:
    platform, product = (small_budget.cost_centres[code] for code in ("PLATFORM", "PRODUCT"))
    assert held_at(platform.path, rules_by_path(small_budget.entity, JANUARY)).rule is None
    state(small_budget, "ENG", NOTHING, controller)
    state(small_budget, "PLATFORM", HALF, controller, starts_on=MARCH)
    for month, expected in ((JANUARY, "nothing"), (MARCH, "share")):
        held = held_at(platform.path, rules_by_path(small_budget.entity, month))
        assert held.terms.kind == expected
    rules = rules_by_path(small_budget.entity, MARCH)
    held = held_at(product.path, rules)
    assert (held.terms.kind, held.rule and held.rule.cost_centre.code) == ("nothing", "ENG")
    assert held_at("/ENGINE/", rules).rule is None
    state(small_budget, "PLATFORM", ABOVE, controller, starts_on=date(2026, 4, 1))
    assert held_at(platform.path, rules_by_path(small_budget.entity, date(2026, 4, 1))).terms.kind == "nothing"


def test_statements_follow_one_another_and_stay(small_budget: SmallBudget, controller: User) -> None:
    first = state(small_budget, "ENG", NOTHING, controller, starts_on=MARCH)
    assert state(small_budget, "ENG", NOTHING, controller, starts_on=MARCH) == first
    corrected = state(small_budget, "ENG", HALF, controller, starts_on=MARCH)
    assert (corrected.number, rules_by_path(small_budget.entity, MARCH)[small_budget.parent.path]) == (2, corrected)
    with pytest.raises(WrongState, match="has a statement from March 2026 on"):
        state(small_budget, "ENG", ALL, controller, starts_on=FEBRUARY)
    with pytest.raises(InvalidInput, match="Nothing is above Engineering"):
        state(small_budget, "ENG", ABOVE, controller, starts_on=MARCH)
    with pytest.raises(InvalidInput, match="currency"):
        state(small_budget, "ENG", CarryTerms("amount", amount=Decimal(1)), controller, starts_on=MARCH)
    assert AuditRecord.objects.filter(verb="carry_rule.stated").count() == 2


def statement(number: int, starts_on: str, kind: str) -> str:
    """Return SQL that states once more, with a number, a beginning and a kind."""
    return (
        "INSERT INTO budgets_carryrule"
        " (entity_id, cost_centre_id, number, starts_on, kind, currency, note, stated_at, stated_by_id)"
        f" SELECT entity_id, cost_centre_id, {number}, '{starts_on}', '{kind}', '', '', stated_at, stated_by_id"
        " FROM budgets_carryrule"
    )


def run_of(first: str, into: str) -> str:
    """Return SQL that says once more that something was carried on."""
    return (
        "INSERT INTO budgets_carryrun"
        ' (budget_id, into_budget_id, first, last, "into", currency, carried, lapsed, lines, carried_at, carried_by_id,'
        " undone_because)"
        f" SELECT budget_id, into_budget_id, '{first}', '{first}', '{into}', currency, carried, lapsed, lines, carried_at,"
        " carried_by_id, '' FROM budgets_carryrun; SET CONSTRAINTS ALL IMMEDIATE"
    )


UNDONE = "UPDATE budgets_carryrun SET undone_at = now(), undone_by_id = carried_by_id, undone_because = 'x'"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE budgets_carryrule SET kind = 'all'",
        "DELETE FROM budgets_carryrule",
        statement(2, "2026-02-01", "all"),
        statement(3, "2026-04-01", "all"),
        statement(2, "2026-04-02", "all"),
        statement(2, "2026-04-01", "share"),
        statement(2, "2026-04-01", "amount"),
        "UPDATE budgets_carryrun SET carried = 0",
        "DELETE FROM budgets_carryrun",
        f"{UNDONE}; SET CONSTRAINTS ALL IMMEDIATE",
        run_of("2026-01-01", "2026-02-01"),
        run_of("2026-05-01", "2026-06-01"),
    ],
)
def test_the_database_holds_it_too(small_budget: SmallBudget, budget: Budget, controller: User, change: str) -> None:
    state(small_budget, "ENG", HALF, controller, starts_on=MARCH)
    carry(budget, controller)
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_each_line_carries_what_its_cost_centre_says(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    software, training = (small_budget.accounts["PLATFORM", code] for code in ("software", "training"))
    product = small_budget.accounts["PRODUCT", "software"]
    state(small_budget, "ENG", TEN, controller)
    state(small_budget, "PLATFORM", HALF, controller)
    move(software, "spent", "299.99")
    move(software, "committed", 100)
    move(training, "spent", 1500, is_fact=True)
    preview = preview_carrying(budget, budget, JANUARY_ON)
    half = line(preview, software)
    assert (half.left, half.carried, half.lapses, half.figures.committed) == (
        Decimal("600.01"),
        Decimal("300.00"),
        Decimal("300.01"),
        Decimal(100),
    )
    assert (line(preview, training).carried, line(preview, product).carried) == (-500, 10)
    assert preview.carried + preview.lapses == preview.total.available
    assert preview.overspent == -500

    run = carry(budget, controller, seen=preview.mark())
    assert (run.carried, run.lapsed) == (preview.carried, preview.lapses)
    assert [allotted(each, FEBRUARY) for each in (software, training, product)] == [1300, 500, 1010]
    assert [available(each, JANUARY) for each in (software, training, product)] == [Decimal("300.01"), 0, 990]
    journal = Journal.objects.get(key=run.key)
    assert (journal.kind, sum(entry.amount for entry in journal.entries.all())) == ("carry", 0)
    kept = {row["account"]: row for row in run.lines}
    assert (kept[software.pk]["stated_by"], kept[product.pk]["stated_by"]) == ("PLATFORM", "ENG")
    assert check_ledger().is_whole


def test_a_month_is_carried_on_once(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    run = carry(budget, controller)
    journal = Journal.objects.get(key=run.key)
    before = counts()
    for span in (JANUARY_ON, CarrySpan(JANUARY, FEBRUARY, MARCH), CarrySpan(JANUARY, JANUARY, MARCH)):
        with pytest.raises(WrongState, match=f"was carried on into February 2026 before, by journal {journal.pk}"):
            carry(budget, controller, span)
    assert counts() == before
    carry(budget, controller, CarrySpan(FEBRUARY, FEBRUARY, MARCH))


def test_it_is_taken_back_by_the_opposite_journal_the_latest_first(
    small_budget: SmallBudget, budget: Budget, controller: User
) -> None:
    first = carry(budget, controller)
    second = carry(budget, controller, CarrySpan(FEBRUARY, FEBRUARY, MARCH))
    with pytest.raises(WrongState, match="was carried further, into March 2026"):
        undo_carry(budget=budget, run_id=first.pk, actor=controller, reason="Too early.")
    for run in (second, first):
        undo_carry(budget=budget, run_id=run.pk, actor=controller, reason="Too early.")
    account = small_budget.account
    assert [allotted(account, month) for month in (JANUARY, FEBRUARY, MARCH)] == [1000, 1000, 1000]
    with pytest.raises(WrongState, match="taken back before"):
        undo_carry(budget=budget, run_id=first.pk, actor=controller, reason="Twice.")
    with pytest.raises(InvalidInput):
        undo_carry(budget=budget, run_id=first.pk, actor=controller, reason=" ")
    assert AuditRecord.objects.filter(verb="allotment.carried_back").count() == 2
    carry(budget, controller)
    assert allotted(account, FEBRUARY) == 2000
    assert check_ledger().is_whole


def test_what_was_not_shown_is_not_carried(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    seen = preview_carrying(budget, budget, JANUARY_ON).mark()
    move(small_budget.account, "spent", 1)
    before = counts()
    with pytest.raises(Stale, match="The books moved"):
        carry(budget, controller, seen=seen)
    assert counts() == before


def test_closed_months_are_refused_with_the_remedy(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    close_period(entity=small_budget.entity, month=JANUARY, actor=controller)
    before = counts()
    with pytest.raises(ClosedPeriod, match=r"No month of January 2026 is open.*Open the last one again"):
        carry(budget, controller)
    close_period(entity=small_budget.entity, month=MARCH, actor=controller)
    before = counts()
    with pytest.raises(ClosedPeriod, match="March 2026 is closed"):
        carry(budget, controller, CarrySpan(FEBRUARY, FEBRUARY, MARCH))
    assert counts() == before


def test_nothing_to_carry_is_said(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    state(small_budget, "ENG", NOTHING, controller)
    before = counts()
    with pytest.raises(WrongState, match="There is nothing to carry"):
        carry(budget, controller)
    assert counts() == before
    move(small_budget.account, "spent", 1200, is_fact=True)
    assert carry(budget, controller).carried == -200


def test_a_dry_run_leaves_nothing(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    before = counts()
    assert carry(budget, controller, dry_run=True).carried == 6000
    assert counts() == before


def next_year(small: SmallBudget, *codes: tuple[str, str]) -> Budget:
    open_year(small.entity, first=NEXT, last=date(2027, 12, 1))
    made = BudgetFactory.create(
        entity=small.entity, code="NEXT", cost_centre=small.parent, starts_on=NEXT, ends_on=date(2027, 12, 1)
    )
    for centre, category in codes:
        ensure_account(budget=made, cost_centre=small.cost_centres[centre], category=small.categories[category])
    return made


def test_a_year_goes_into_the_like_lines_of_the_next_years_budget(
    small_budget: SmallBudget, budget: Budget, controller: User
) -> None:
    for month in range(1, 12):
        carry(budget, controller, CarrySpan(date(2026, month, 1), date(2026, month, 1), date(2026, month + 1, 1)))
    span = span_of(budget, MARCH, whole_year=True)
    assert (span.first, span.last, span.into) == (DECEMBER, DECEMBER, NEXT)
    with pytest.raises(Missing, match="No budget in USD spans January 2027"):
        choose_into_budget(budget, NEXT)
    following = next_year(small_budget, *small_budget.accounts)
    move(small_budget.account, "spent", 13000, month=DECEMBER, is_fact=True)
    run = carry(budget, controller, span, into_budget=choose_into_budget(budget, NEXT))
    taken = following.accounts.get(cost_centre=small_budget.account.cost_centre, category=small_budget.account.category)
    assert (allotted(taken, NEXT), run.carried) == (-1000, 59000)
    assert check_ledger().is_whole
    with pytest.raises(InvalidInput, match="takes nothing of"):
        carry(budget, controller, CarrySpan(FEBRUARY, FEBRUARY, MARCH), into_budget=following)


def test_overspend_without_a_line_to_go_to_is_not_left_behind(
    small_budget: SmallBudget, budget: Budget, controller: User
) -> None:
    state(small_budget, "ENG", NOTHING, controller)
    move(small_budget.account, "spent", 13000, month=DECEMBER, is_fact=True)
    following = next_year(small_budget, ("PRODUCT", "software"))
    before = counts()
    with pytest.raises(InvalidInput, match="has no line for Software at Platform"):
        carry(budget, controller, span_of(budget, DECEMBER, whole_year=True), into_budget=following)
    assert counts() == before


def test_an_amount_in_another_currency_is_not_guessed(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    state(small_budget, "ENG", CarryTerms("amount", amount=Decimal(10), currency="EUR"), controller)
    with pytest.raises(InvalidInput, match="states its amount in EUR"):
        carry(budget, controller)


def test_nobody_carries_more_than_their_limit(small_budget: SmallBudget, budget: Budget, controller: User) -> None:
    RoleAssignment.objects.filter(user=controller).update(limit=Decimal("5999.99"))
    limited = User.objects.get(pk=controller.pk)
    before = counts()
    with pytest.raises(NotAllowed, match=r"up to 5,999\.99 USD, and carrying 6,000\.00 USD is more"):
        carry(budget, limited)
    assert counts() == before
