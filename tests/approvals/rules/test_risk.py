"""The score of a request: what counts, from where, and with which figures it is said."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.risk import LineSigns, Signs, Weights, assess

TODAY = date(2026, 3, 2)
LINE = LineSigns("Software", asked=Decimal(100), left=Decimal(1000), planned=Decimal(900), held=Decimal(200))
QUIET = Signs("EUR", Decimal(100), TODAY, last_month=date(2026, 3, 1), first_month=date(2026, 3, 1), lines=(LINE,))


def line(**more: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {name: Decimal(value) for name, value in more.items()}
    return {"lines": (replace(LINE, **changes),)}


def test_a_request_with_nothing_unusual_has_no_risk() -> None:
    assert (assess(QUIET, Weights()).score, assess(QUIET, Weights()).reasons) == (0, ())


SIGNS: dict[str, tuple[dict[str, Any], int, str]] = {
    "large_share": (line(asked=600, planned=9000), 20, "It takes 60 % of the 1,000.00 EUR that is left on Software."),
    "over_plan": (line(asked=100, held=850), 15, "With it Software comes to 950.00 EUR up to Mar 2026; the plan is 900.00."),
    "unusual_amount": (
        {"usual": Decimal(25), "usual_count": 5, "usual_of": "Acme"},
        20,
        "It is 4.0 times the 25.00 EUR that is usual for Acme, by the last 5 that were approved.",
    ),
    "look_alike": ({"looks_alike": "the same vendor"}, 25, "A request that waits or is approved looks like it: the same vendor."),
    "in_parts": (
        {"parts": 2, "parts_sum": Decimal(180), "vendor": "Acme"},
        20,
        "With 2 others of the last 7 days by the same person, for Acme, it comes to 280.00 EUR.",
    ),
    "new_vendor": ({"vendor": "Acme", "is_new_vendor": True}, 15, "Nothing was ever asked for from Acme."),
    "urgent": ({"needed_by": date(2026, 3, 4)}, 10, "It is needed in 2 days, by 2026-03-04."),
    "back_dated": ({"first_month": date(2026, 2, 1)}, 10, "It is for Feb 2026, which is over."),
    "emergency": ({"is_emergency": True}, 20, "It is stated to be an emergency."),
    "first_request": ({"is_first": True}, 10, "It is the first request of whoever asks."),
}


@pytest.mark.parametrize(("sign", "shown"), SIGNS.items(), ids=SIGNS)
def test_each_sign_adds_its_points_and_says_its_figures(sign: str, shown: tuple[dict[str, Any], int, str]) -> None:
    changes, points, said = shown
    found = assess(replace(QUIET, **changes), Weights())

    assert [(reason.sign, reason.points, reason.text) for reason in found.reasons] == [(sign, points, said)]
    assert found.score == points


@pytest.mark.parametrize("sign", SIGNS)
def test_a_policy_that_gives_a_sign_no_points_does_not_count_it(sign: str) -> None:
    worthless: dict[str, Any] = {sign: 0}
    found = assess(replace(QUIET, **SIGNS[sign][0]), Weights(**worthless))

    assert (found.score, found.reasons) == (0, ())


BOUNDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (line(asked="499.99", planned=9000), line(asked="500", planned=9000)),
    (line(asked=700, held=200, left=9000), line(asked="700.01", held=200, left=9000)),
    ({"usual": Decimal("33.34"), "usual_count": 5}, {"usual": Decimal("33.33"), "usual_count": 5}),
    ({"usual": Decimal(1), "usual_count": 2}, {"usual": Decimal(1), "usual_count": 3}),
    ({"needed_by": date(2026, 3, 6)}, {"needed_by": date(2026, 3, 5)}),
]


@pytest.mark.parametrize(("below", "at"), BOUNDS)
def test_a_sign_counts_from_its_bound_on(below: dict[str, Any], at: dict[str, Any]) -> None:
    assert assess(replace(QUIET, **below), Weights()).score == 0
    assert assess(replace(QUIET, **at), Weights()).score > 0


def test_on_a_line_with_nothing_left_any_amount_is_a_large_share() -> None:
    [reason] = assess(replace(QUIET, **line(left="-5", planned=9000)), Weights()).reasons

    assert reason.text == "Nothing is left on Software."


def test_the_heaviest_reason_comes_first_and_the_score_ends_at_a_hundred() -> None:
    everything: dict[str, Any] = {}
    for changes, _, _ in SIGNS.values():
        everything |= changes
    found = assess(replace(QUIET, **everything), Weights(new_vendor=60))

    assert found.score == 100
    points = [reason.points for reason in found.reasons]
    assert points == sorted(points, reverse=True)
    assert points[0] == 60


@given(st.sets(st.sampled_from([name for name in SIGNS if name not in {"large_share", "over_plan"}])))
def test_the_score_is_the_sum_of_its_reasons(names: set[str]) -> None:
    changes: dict[str, Any] = {}
    for name in names:
        changes |= SIGNS[name][0]
    found = assess(replace(QUIET, **changes), Weights())

    assert {reason.sign for reason in found.reasons} == names
    assert found.score == min(100, sum(reason.points for reason in found.reasons))
