"""Lines of staff held against the rates of now: what would differ, from which month on, and planning them anew."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Budget, BudgetLine, BudgetVersion
from budgets.rules.document import LinePart
from budgets.rules.plans import staffed
from budgets.rules.rates import Price
from budgets.selectors.budgets import version_in_force
from budgets.selectors.documents import document_of
from budgets.selectors.staffing import Staffed, first_month_to_reprice, repriced, staffed_lines
from budgets.services.amended_rows import Amounts
from budgets.services.amendments import draft_version, put_amendment_in_force
from budgets.services.budgets import LoadResult, load_document
from budgets.services.rates import state_rate
from core.errors import InvalidInput, WrongState
from core.models import Entity
from tests.factories.day_rates import DEVELOPER, line, rated, staffed_document

FOUR = {"fte": 4, "sprints": 10, "role": DEVELOPER}
STATED = line({"fte": 1, "sprints": 5, "day_rate": "500"}, name="Lead")
AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)


def load(*lines: dict[str, Any], **changes: Any) -> LoadResult:
    return load_document(document=staffed_document(*lines, **changes), actor=None)


def in_force(budget: Budget) -> BudgetVersion:
    version = version_in_force(budget)
    assert version is not None
    return version


def held(budget: Budget, since: date = SEPTEMBER) -> Staffed:
    return staffed_lines(in_force(budget), since)


def months(budget: Budget, name: str = "Developers") -> dict[int, Decimal]:
    return {row.month.month: row.amount for row in in_force(budget).lines.get(name=name).months.all()}


def test_a_rise_is_told_by_line_and_planned_anew_from_a_month_on(entity: Entity) -> None:
    rated(entity, "750")
    budget = load(line(FOUR), STATED).budget
    assert held(budget).differing == []
    rated(entity, "800", "2026-07")
    found = held(budget)
    (each,) = found.lines
    # From September on, whatever the card says of July: two months of 80 days, 50.00 more a day.
    assert (each.planned, each.would_be, each.by, each.differs) == (300_000, 308_000, 8_000, True)
    assert each.how_now.replace("\u00a0", " ").endswith("800.00 a day; June 2026 to August 2026 as they were planned")
    assert (found.planned, found.would_be, found.by) == (300_000, 308_000, 8_000)
    result = load_document(document=repriced(found), actor=None, base_id=in_force(budget).pk)
    assert result.version.number == 2
    assert months(budget) == {6: 60_000, 7: 60_000, 8: 60_000, 9: 64_000, 10: 64_000}
    assert months(budget, "Lead") == dict.fromkeys(range(6, 11), Decimal(5_000))
    assert held(budget).differing == []
    assert result.version.note == "At the day rates of now from Sep 2026 on."


def test_planned_anew_twice_what_was_kept_stays_kept(entity: Entity) -> None:
    rated(entity, "750")
    budget = load(line(FOUR)).budget
    rated(entity, "800", "2026-08")
    load_document(document=repriced(held(budget, AUGUST)), actor=None)
    rated(entity, "900", "2026-10")
    load_document(document=repriced(held(budget, SEPTEMBER)), actor=None)
    assert months(budget) == {6: 60_000, 7: 60_000, 8: 64_000, 9: 64_000, 10: 72_000}
    rated(entity, "100", "2026-06")
    # June was kept; stated from June on now, it stays as it is: it is not asked for any more.
    assert held(budget, date(2026, 6, 1)).lines[0].would_be == Decimal(60_000 + 60_000 + 64_000 + 64_000 + 72_000)


def test_an_exchange_rate_that_moved_counts_too(entity: Entity) -> None:
    state_rate(entity=entity, currency="EUR", valid_on=date(2026, 1, 1), rate=Decimal("1.10"), source="Bank", actor=None)
    budget = load(line({"fte": 1, "sprints": 5, "day_rate": "500", "currency": "EUR"})).budget
    assert held(budget).lines[0].planned == Decimal(27_500)
    state_rate(entity=entity, currency="EUR", valid_on=SEPTEMBER, rate=Decimal("1.20"), source="Bank", actor=None)
    found = held(budget)
    # Two of five months of 10 days: 0.10 more for each of 500.00 EUR.
    assert found.by == Decimal(1_000)
    load_document(document=repriced(found), actor=None)
    assert months(budget)[9] == Decimal(6_000)


def test_each_way_of_spreading_stays_what_it_was(entity: Entity) -> None:
    rated(entity, "100")
    weights = [3, 2, 2, 2, 1]
    budget = load(
        line(FOUR, name="By weights", phasing="weights", weights=weights), line(FOUR, name="By days", phasing="working_days")
    ).budget
    before = {name: months(budget, name) for name in ("By weights", "By days")}
    rated(entity, "200", "2026-09")
    result = load_document(document=repriced(held(budget)), actor=None)
    for name, was in before.items():
        now = months(budget, name)
        assert {month: now[month] for month in (6, 7, 8)} == {month: was[month] for month in (6, 7, 8)}
        assert all(abs(now[month] - 2 * was[month]) <= Decimal("0.02") for month in (9, 10))
    phasings = dict(result.version.lines.values_list("name", "phasing"))
    assert phasings == {"By weights": "weights", "By days": "working_days"}


def test_what_cannot_be_priced_is_said_and_left(entity: Entity) -> None:
    rated(entity, "750")
    rated(entity, "500", role="tester")
    budget = load(line(FOUR), line({"fte": 1, "sprints": 5, "role": "tester"}, name="Testers")).budget
    rated(entity, None, "2026-09")
    rated(entity, "600", "2026-09", role="tester")
    gone, tester = held(budget).lines
    assert (gone.would_be, gone.differs) == (None, False)
    assert "has no rate for developer in September 2026" in gone.fault
    load_document(document=repriced(held(budget)), actor=None)
    assert (months(budget)[9], months(budget, "Testers")[9]) == (60_000, 6_000)
    assert tester.by == Decimal(2_000)
    assert held(budget, date(2026, 11, 1)).lines[0].fault == ""


def test_a_line_that_was_changed_by_hand_is_held_against_nothing(entity: Entity) -> None:
    rated(entity, "750")
    budget = load(line(FOUR), line(FOUR, name="Others")).budget
    version = in_force(budget)
    changed = version.lines.get(name="Others")
    draft = draft_version(
        budget=budget,
        base_id=version.pk,
        since=SEPTEMBER,
        amounts=Amounts(months={changed.pk: {SEPTEMBER: Decimal(1)}}),
        actor=None,
    )
    put_amendment_in_force(version_id=draft.pk, actor=None)
    rated(entity, "800", "2026-09")
    assert [each.line.name for each in held(budget).lines] == ["Developers"]


def test_a_plan_that_goes_out_and_comes_in_keeps_how_it_came_about(entity: Entity) -> None:
    rated(entity, "750")
    budget = load(line(FOUR), STATED).budget
    document = document_of(in_force(budget))
    assert "rate" not in document["budget"]["envelopes"][0]["lines"][0]
    document["budget"]["envelopes"][0]["lines"][1]["months"]["2026-06"] = "1.00"
    load_document(document=document, actor=None)
    kept, changed = in_force(budget).lines.order_by("id")
    assert (kept.basis["role"], kept.phasing) == (DEVELOPER, "even")
    assert (changed.basis, changed.phasing) == ({"by": "month"}, "stated")
    rated(entity, "800", "2026-09")
    assert held(budget).by == Decimal(8_000)


def test_where_nothing_differs_nothing_is_planned_anew(entity: Entity) -> None:
    rated(entity, "750")
    budget = load(line(FOUR)).budget
    with pytest.raises(WrongState, match="Every line is planned at the rates of now"):
        repriced(held(budget))
    with pytest.raises(InvalidInput, match="Choose a month of these"):
        held(budget, date(2027, 1, 1))


def test_the_month_it_begins_with_is_the_next_or_one_of_the_budgets(entity: Entity) -> None:
    rated(entity, "750")
    budget = load(line(FOUR)).budget
    for today, first in (("2025-03-09", "2026-01-01"), ("2026-03-31", "2026-04-01"), ("2027-05-01", "2026-12-01")):
        assert first_month_to_reprice(budget, date.fromisoformat(today)) == date.fromisoformat(first)


def test_a_year_of_billions_is_a_proportion_like_any_other(entity: Entity) -> None:
    rated(entity, "100")
    budget = load(line(FOUR, phasing="weights", weights=[1, 1, 1, 1, 1])).budget
    planned = in_force(budget).lines.get()
    shares = {f"2026-{month:02}": f"{month}000000000.25" for month in range(6, 11)}
    BudgetLine.objects.filter(pk=planned.pk).update(basis=planned.basis | {"shares": shares}, phasing="last_year")
    rated(entity, "200", "2026-09")
    document = repriced(held(budget))
    (one,) = document["budget"]["envelopes"][0]["lines"]
    assert one["weights"] == [f"{month}0000000.002500" for month in range(6, 11)]
    load_document(document=document, actor=None)
    assert months(budget)[9] > months(budget)[8]


def test_a_line_over_months_without_a_share_is_refused_in_words() -> None:
    part = LinePart.model_validate(
        {"name": "Developers", "cost_centre": "DEV", "rate": {"fte": 1, "sprints": 1, "day_rate": "1"}}
    )
    with pytest.raises(InvalidInput, match="No month of the line Developers has a share"):
        staffed(
            part,
            {AUGUST: Decimal(0)},
            days_per_sprint=Decimal(10),
            currency="USD",
            price_in=lambda rate, month: Price(Decimal(1), "USD"),
        )
