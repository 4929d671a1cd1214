"""What a budget allots, what it costs to staff it, and what does not add up."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.allotments import Frame, PlannedEnvelope, PlannedLine, allot
from budgets.rules.overallocation import HEADING_DIFFERS, OVER_ALLOCATED, Envelope, Finding, Plan, find
from budgets.rules.rates import Price, Staffing, priced

FRAME = Frame("TOP", date(2026, 1, 1), date(2026, 12, 1), "USD")
amounts = st.decimals(min_value=Decimal("0.01"), max_value=10**7, places=2)
ZERO = Decimal(0)


@pytest.fixture(scope="module")
def kafka() -> Any:
    return yaml.safe_load(Path("tests/golden/kafka_migration.yaml").read_text())


def _line(name: str, amount: Decimal) -> PlannedLine:
    return PlannedLine(name, f"CC-{name}", {date(2026, 1, 1): amount})


def _total(envelopes: list[PlannedEnvelope], total: Decimal) -> Decimal:
    return sum((sum(found.months.values(), ZERO) for found in allot(total, envelopes, FRAME)), ZERO)


def test_staff_costs_people_times_sprints_times_days_times_rate(kafka: Any) -> None:
    for line in kafka["budget"]["categories"][0]["lines"]:
        days = Decimal(kafka["budget"]["days_per_sprint"])
        staff = Staffing(Decimal(str(line["fte"])), Decimal(line["sprints"]), days)
        price = {date(2026, 6, 1): Price(Decimal(line["day_rate"]), "USD")}
        months, _ = priced(staff.person_days, dict.fromkeys(price, Decimal(1)), price.__getitem__, currency="USD")
        assert sum(months.values()) == line["amount"]


def test_the_golden_over_allocation_is_found_once(kafka: Any) -> None:
    envelopes = [
        Envelope(row["code"], row["name"], Decimal(row["amount"]), [Decimal(line["amount"]) for line in row["lines"]])
        for row in kafka["budget"]["categories"]
    ]
    (found,) = find(Plan(Decimal(kafka["budget"]["total"]), envelopes))
    assert (found.code, found.where, found.amount) == (OVER_ALLOCATED, "internal", kafka["expect"]["internal_over_allocation"])
    assert found.sentence == (
        "The lines of Internal Resources add up to 648,000.00; it holds 600,000.00: "
        f"48,000.00 ({kafka['expect']['internal_over_allocation_pct']} %) too much."
    )


def test_envelopes_above_the_total_children_above_their_parent_and_headings_are_found() -> None:
    envelopes = [
        Envelope("a", "A", Decimal(100), [Decimal(40)], stated=Decimal("110.50")),
        Envelope("a1", "A1", Decimal(70), parent="a"),
        Envelope("b", "B", Decimal(50)),
    ]
    found = find(Plan(Decimal(120), envelopes, {"PROD": (Decimal(450), Decimal(540)), "DEV": (Decimal(80), Decimal(80))}))
    assert [(item.code, item.where, item.amount) for item in found] == [
        (OVER_ALLOCATED, "a", Decimal(10)),
        (HEADING_DIFFERS, "a", Decimal("0.50")),
        (HEADING_DIFFERS, "PROD", Decimal(90)),
        (OVER_ALLOCATED, "total", Decimal(30)),
    ]


def test_a_plan_that_adds_up_has_no_findings() -> None:
    found: list[Finding] = find(Plan(Decimal(100), [Envelope("a", "A", Decimal(100), [Decimal(60), Decimal(40)])]))
    assert found == []


def test_lines_above_their_envelope_are_scaled_down_in_proportion() -> None:
    envelope = PlannedEnvelope("c", Decimal(600), [_line("a", Decimal(400)), _line("b", Decimal(800))])
    found = allot(Decimal(600), [envelope], FRAME)
    assert [(item.line, sum(item.months.values())) for item in found] == [("a", Decimal(200)), ("b", Decimal(400))]


def test_what_no_line_asks_for_is_allotted_at_the_budgets_own_cost_centre() -> None:
    found = allot(Decimal(600), [PlannedEnvelope("c", Decimal(600), [_line("a", Decimal(480))])], FRAME)
    rest = found[-1]
    assert (rest.cost_centre, rest.category, rest.line) == ("TOP", "c", "")
    assert set(rest.months.values()) == {Decimal("10.00")}


@given(data=st.data(), total=amounts)
def test_a_budget_never_allots_more_than_its_total_nor_less_than_its_envelopes(data: st.DataObject, total: Decimal) -> None:
    count = data.draw(st.integers(1, 4))
    envelopes = [
        PlannedEnvelope(
            f"c{index}",
            data.draw(amounts),
            [_line(str(place), data.draw(amounts)) for place in range(data.draw(st.integers(0, 4)))],
            [PlannedEnvelope(f"c{index}i", data.draw(amounts), [_line("inner", data.draw(amounts))])]
            if data.draw(st.booleans())
            else [],
        )
        for index in range(count)
    ]
    assert _total(envelopes, total) == min(total, sum((envelope.amount for envelope in envelopes), ZERO))
