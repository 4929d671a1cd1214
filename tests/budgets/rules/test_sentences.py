"""What a refusal says."""

from datetime import date

import pytest

from budgets.rules.sentences import ASK, LOWER, closed_period, no_funds

DETAILS = {"node": "Software Licenses", "kind": "reserve", "held": "38800.00", "left": "1200.00", "wanted": "1500.00"}


@pytest.mark.parametrize(
    ("window", "to", "when"),
    [
        ("ytd", "2026-11-01", "to November 2026"),
        ("month", "2026-11-01", "in November 2026"),
        ("quarter", "2026-11-01", "for the quarter to November 2026"),
        ("year", "2026-12-01", "for the year to December 2026"),
        ("life", None, "over its whole life"),
    ],
)
def test_it_says_where_how_much_is_left_and_what_to_do(window: str, to: str | None, when: str) -> None:
    sentence = f"Software Licenses has 1,200.00 left {when}; this asks for 1,500.00."
    assert no_funds({**DETAILS, "window": window, "to": to}) == (sentence, ASK)


def test_a_node_that_is_over_already_says_so() -> None:
    message, _ = no_funds({**DETAILS, "window": "life", "to": None, "left": "-300.00"})
    assert message == "Software Licenses is already overdrawn by 300.00; this asks for 1,500.00 more."


def test_a_reduction_is_told_from_a_demand() -> None:
    message, remedy = no_funds({**DETAILS, "kind": "revise", "window": "life", "to": None})
    assert (
        message == "Software Licenses holds 38,800.00 over its whole life; it can give up 1,200.00, and this takes 1,500.00 away."
    )
    assert remedy == LOWER


def test_a_month_that_takes_nothing_says_why() -> None:
    assert closed_period(date(2026, 3, 1), "closed")[0] == "March 2026 is closed."
    assert closed_period(date(2031, 3, 1), "missing")[0] == "March 2031 was never opened."
