"""What is held against a limit: added, refused, or within it."""

from decimal import Decimal

import pytest

from approvals.rules.limits import CARD, CARD_MONTH, PER_DAY, PERSONAL, Limit, Use, hold
from approvals.rules.routing import StageSpec


def stage(role: str, number: int = 1, group: int = 1) -> StageSpec:
    return StageSpec(number, group, role.capitalize(), role, "", "owner", "same day", "3 business days", "")


def use(what: str, asked: str, used: str = "0", most: str = "5000", whose: str = "") -> Use:
    return Use(what, Decimal(used), Decimal(asked), Decimal(most), "USD", whose)


def test_exactly_at_the_limit_is_within_it_and_a_cent_more_is_not() -> None:
    limits = [Limit(PER_DAY, Decimal(5000), stage("executive", 0, 0))]

    within = hold([stage("manager")], limits, [use(PER_DAY, "1000", "4000")])
    above = hold([stage("manager")], limits, [use(PER_DAY, "1000.01", "4000")])

    assert [each.role_code for each in within.stages] == ["manager"]
    assert [(each.role_code, each.number, each.group, each.by_limit) for each in above.stages] == [
        ("manager", 1, 1, False),
        ("executive", 2, 2, True),
    ]
    assert above.steps[0].reason == (
        "With 4,000.00 asked for today before, this comes to 5,000.01 USD; the limit is 5,000.00 USD a day. "
        "Executive decides too."
    )


def test_who_decides_anyway_is_not_asked_twice() -> None:
    limits = [Limit(PER_DAY, Decimal(1), stage("manager")), Limit(CARD, Decimal(1), stage("executive"))]

    held = hold([stage("manager")], limits, [use(PER_DAY, "10", most="1"), use(CARD, "10", most="1", whose="Card 1234")])

    assert [each.role_code for each in held.stages] == ["manager", "executive"]
    assert held.steps[0].reason.endswith("Manager decides anyway.")


def test_where_the_rule_asks_nobody_the_limit_asks_somebody() -> None:
    held = hold([], [Limit(PER_DAY, Decimal(1), stage("executive"))], [use(PER_DAY, "10", most="1")])

    assert [(each.number, each.group) for each in held.stages] == [(1, 1)]


@pytest.mark.parametrize("what", [PER_DAY, CARD, CARD_MONTH, PERSONAL])
def test_a_limit_that_names_nobody_refuses(what: str) -> None:
    held = hold([stage("manager")], [Limit(what, Decimal(5000))], [use(what, "5001", whose="Card 1234")])

    assert [each.what for each in held.refused] == [what]
    assert "5,001.00 USD" in held.refused[0].words()
    assert "5,000.00 USD" in held.refused[0].words()
