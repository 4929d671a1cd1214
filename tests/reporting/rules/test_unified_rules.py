"""The unified view's sums, its tree and its columns; and when a source is late."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.months import add_months
from reconciliation.rules.expecting import Standing, expected
from reporting.rules.unified import Amounts, CategoryPlace, Origin, columns_of, lines_of, nodes_of, total_of, tree_of

MONEY = st.decimals(min_value=-9999, max_value=9999, places=2)
AMOUNTS = st.builds(
    Amounts, plan=MONEY, reserved=MONEY, committed=MONEY, spent=st.dictionaries(st.sampled_from(["a", "b", "c"]), MONEY)
)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 1, 1))


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[CategoryPlace], dict[int, Amounts]]:
    """Return categories of a random tree in any order, some of them with figures."""
    paths = [""]
    places = []
    for number in range(draw(st.integers(min_value=1, max_value=9))):
        path = f"{draw(st.sampled_from(paths)) or '/'}c{number}/"
        paths.append(path)
        places.append(CategoryPlace(number, f"c{number}", f"C {number}", path))
    own = {place.id: draw(AMOUNTS) for place in places if draw(st.booleans())}
    return draw(st.permutations(places)), own


@given(trees())
def test_each_node_is_its_own_figures_and_those_below_it(made: tuple[list[CategoryPlace], dict[int, Amounts]]) -> None:
    places, own = made
    nodes = tree_of(places, own)
    everything = total_of(own.values())
    whole = total_of(node.whole for node in nodes)
    assert (whole.actual, whole.plan, whole.held) == (everything.actual, everything.plan, everything.held)
    by_path = {place.path: own.get(place.id, Amounts()) for place in places}
    for node in nodes_of(nodes):
        below = total_of(amounts for path, amounts in by_path.items() if path.startswith(node.path))
        assert (node.whole.actual, node.whole.remaining) == (below.actual, below.remaining)


@given(trees(), st.frozensets(st.sampled_from([f"c{number}" for number in range(9)])))
def test_the_lines_that_are_shown_add_up_whatever_is_shut(
    made: tuple[list[CategoryPlace], dict[int, Amounts]], shut: frozenset[str]
) -> None:
    nodes = tree_of(*made)
    lines = lines_of(nodes, shut)
    total = total_of(node.whole for node in nodes)
    for at, line in enumerate(lines):
        if line.is_group and not line.is_shut:
            parts = []
            for other in lines[at + 1 :]:
                if other.depth <= line.depth:
                    break
                if other.depth == line.depth + 1:
                    parts.append(other.amounts)
            assert total_of(parts).actual == line.amounts.actual
            assert total_of(parts).plan == line.amounts.plan
    ends = [line for line in lines if not line.is_group or line.is_shut]
    assert total_of(line.amounts for line in ends).actual == total.actual


@given(AMOUNTS)
def test_columns_of_systems_come_to_the_actual(amounts: Amounts) -> None:
    origins = [Origin("a", "A", "erp"), Origin("b", "B", "cards"), Origin("c", "C", "erp")]
    columns = columns_of(origins, amounts.spent)
    assert sum(column.of(amounts.spent) for column in columns) == amounts.actual
    assert [column.system for column in columns] == [
        system for system, keys in (("erp", {"a", "c"}), ("cards", {"b"})) if keys & set(amounts.spent)
    ]
    assert amounts.remaining == amounts.plan - amounts.reserved - amounts.committed - amounts.actual


def test_one_category_s_code_is_not_taken_for_the_beginning_of_another_s() -> None:
    places = [CategoryPlace(1, "it", "IT", "/it/"), CategoryPlace(2, "itsec", "IT security", "/itsec/")]
    nodes = tree_of(places, {1: Amounts(plan=Decimal(1)), 2: Amounts(plan=Decimal(2))})
    assert [(node.code, node.depth, node.whole.plan) for node in nodes] == [("it", 0, 1), ("itsec", 0, 2)]


@pytest.mark.parametrize(
    ("cadence", "last_on", "due"),
    [
        ("daily", date(2026, 3, 5), date(2026, 3, 6)),
        ("daily", date(2026, 3, 6), date(2026, 3, 9)),
        ("daily", date(2026, 3, 7), date(2026, 3, 9)),
        ("weekly", date(2026, 3, 6), date(2026, 3, 13)),
        ("monthly", date(2026, 1, 31), date(2026, 2, 28)),
        ("monthly", date(2024, 1, 31), date(2024, 2, 29)),
        ("quarterly", date(2026, 11, 30), date(2027, 2, 28)),
        ("none", date(2026, 3, 5), None),
    ],
)
def test_the_next_file_is_due_by_its_cadence(cadence: str, last_on: date, due: date | None) -> None:
    found = expected(cadence=cadence, grace_days=0, last_on=last_on, today=due or last_on)
    assert (found.due_on, found.days_late) == (due, 0)
    assert found.standing == (Standing.FRESH if due else Standing.UNASKED)


@given(st.sampled_from(["daily", "weekly", "monthly", "quarterly"]), st.integers(0, 60), DAYS, st.integers(0, 400))
def test_late_is_the_day_after_it_is_due_and_grace_moves_it(cadence: str, grace: int, last_on: date, days: int) -> None:
    today = last_on + timedelta(days=days)
    bare = expected(cadence=cadence, grace_days=0, last_on=last_on, today=today)
    found = expected(cadence=cadence, grace_days=grace, last_on=last_on, today=today)
    assert bare.due_on
    assert found.due_on
    assert found.due_on == bare.due_on + timedelta(days=grace)
    assert last_on < bare.due_on <= add_months(last_on.replace(day=1), 4)
    assert (found.standing == Standing.LATE) == (today > found.due_on)
    assert found.days_late == max((today - found.due_on).days, 0)
