"""States are folds: the order of arrival does not matter, late and repeated words are normal."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from reconciliation.rules.states import Said, document_state, lines_state, money_state, payment_state, share_state

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def said(*codes: str) -> list[Said]:
    return [Said(code, NOON + timedelta(hours=hour), hour) for hour, code in enumerate(codes)]


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        ([], "received"),
        (["received"], "received"),
        (["received", "validated"], "validated"),
        (["received", "invalid", "validated"], "validated"),
        (["received", "validated", "invalid"], "invalid"),
        (["received", "validated", "voided"], "voided"),
        (["received", "voided", "validated"], "voided"),
        (["received", "validated", "allocated"], "validated"),
    ],
)
def test_the_last_word_on_a_document_counts_and_voided_is_for_good(codes: list[str], state: str) -> None:
    events = said(*codes)
    assert {document_state(order) for order in permutations(events)} == {state}


def test_a_repeated_word_changes_nothing() -> None:
    events = said("received", "validated")
    assert document_state(events + events) == document_state(events)


@pytest.mark.parametrize(
    ("codes", "state"),
    [([], "booked"), (["booked"], "booked"), (["booked", "returned"], "returned"), (["booked", "returned", "booked"], "booked")],
)
def test_a_payment_is_booked_until_the_bank_returns_it(codes: list[str], state: str) -> None:
    assert {payment_state(order) for order in permutations(said(*codes))} == {state}


@pytest.mark.parametrize(
    ("gross", "paid", "state"),
    [
        ("100", "0", "open"),
        ("100", "40", "partly_paid"),
        ("100", "100", "paid"),
        ("100", "100.01", "overpaid"),
        ("100", "-5", "open"),
        ("-100", "0", "open"),
        ("-100", "-40", "partly_paid"),
        ("-100", "-100", "paid"),
        ("-100", "-120", "overpaid"),
    ],
)
def test_money_follows_from_what_was_allocated(gross: str, paid: str, state: str) -> None:
    assert money_state(gross=Decimal(gross), paid=Decimal(paid)) == state


@pytest.mark.parametrize(
    ("whole", "part", "state"),
    [("10", "0", "unmatched"), ("10", "4", "partly"), ("10", "10", "matched"), ("-10", "-10", "matched")],
)
def test_a_payment_is_matched_as_far_as_it_is_allocated(whole: str, part: str, state: str) -> None:
    assert share_state(whole=Decimal(whole), part=Decimal(part)) == state


@pytest.mark.parametrize(
    ("lines", "state"), [([False, False], "unmatched"), ([True, False], "partly"), ([True, True], "matched")]
)
def test_an_invoice_is_matched_as_far_as_its_lines_are(lines: list[bool], state: str) -> None:
    assert lines_state(lines) == state
