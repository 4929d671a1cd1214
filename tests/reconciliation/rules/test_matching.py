"""What points at what: references, names that only suggest, ambiguity that counts."""

from datetime import date
from decimal import Decimal

import pytest

from reconciliation.rules.duplicates import Paper, is_same, suspicion
from reconciliation.rules.pairing import unique_both_ways
from reconciliation.rules.references import is_sure, keys_in, number_digits, number_key, request_numbers_in
from reconciliation.rules.requests import Commitment, Cost, by_amount, by_number, likely
from reconciliation.rules.scores import SAME_NAME, InvoiceFacts, PaymentFacts, name_likeness, score


@pytest.mark.parametrize("text", ["INV-2026/0042", "inv 2026 0042", "Payment of Inv.2026-0042.", "x INV2026 0042 y"])
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert number_key("INV-2026/0042") in keys_in(text)


def test_a_number_is_not_found_inside_another() -> None:
    assert number_key("INV-42") not in keys_in("INV-421")
    assert not is_sure("42")
    assert not is_sure("invoice")


def test_a_hostile_text_costs_little() -> None:
    assert len(keys_in("a " * 1_000_000)) <= 4


def test_digits_meet_where_texts_differ() -> None:
    assert number_key("003411") != number_key("A3411")
    assert number_digits("003411") == number_digits("A3411") == "3411"


def test_request_numbers_are_read_from_texts() -> None:
    assert request_numbers_in(["for REQ-2026-0001", "req 2026 12"]) == {"REQ-2026-0001", "REQ-2026-0012"}
    assert request_numbers_in(["PREREQ-2026-0001x"]) == frozenset()


def test_haworth_is_not_oakworth() -> None:
    assert name_likeness("HAWORTH PARISH COUNCIL", "OAKWORTH PARISH COUNCIL") > SAME_NAME  # alike, and still not the same
    assert name_likeness("Acme Cloud Ltd", "ACME CLOUD LIMITED") == 1.0
    assert name_likeness("", "Acme") == 0.0


def _payment(keys: frozenset[str] = frozenset(), name: str = "Acme Cloud") -> PaymentFacts:
    return PaymentFacts(Decimal(100), date(2026, 3, 20), name, "", keys, frozenset())


def _invoice() -> InvoiceFacts:
    return InvoiceFacts(Decimal(100), date(2026, 3, 10), None, "Acme Cloud", "", "inv1001", "1001", "")


def test_a_score_says_why_the_strongest_first() -> None:
    full = score(_payment(frozenset({"inv1001"})), _invoice())
    assert full.reasons[0] == "The amount is the same."
    assert "names the invoice's number" in full.reasons[1]
    assert full.points > score(_payment(), _invoice()).points > score(_payment(name="Somebody else"), _invoice()).points


def test_ambiguity_counts_solutions() -> None:
    pairing = unique_both_ways([(1, "a"), (2, "b"), (3, "b"), (4, "c"), (4, "d"), (1, "a")])
    assert pairing.sure == ((1, "a"),)
    assert set(pairing.unsure) == {(2, "b"), (3, "b"), (4, "c"), (4, "d")}


def _cost(ref: int, amount: int, numbers: tuple[str, ...] = (), vendor: int = 7) -> Cost:
    return Cost(ref, Decimal(amount), vendor, frozenset(numbers))


def _commitment(ref: int, remaining: int, number: str = "REQ-2026-0001", vendor: int = 7) -> Commitment:
    return Commitment(ref, number, Decimal(remaining), vendor)


def test_a_named_request_takes_what_fits_and_leaves_the_excess_to_a_person() -> None:
    named = _cost(1, 20, ("REQ-2026-0001",))
    assert by_number([named], [_commitment(9, 30)]).sure == ((1, 9),)
    above = by_number([_cost(1, 40, ("REQ-2026-0001",))], [_commitment(9, 30)])
    assert (above.sure, above.unsure) == ((), ((1, 9),))


def test_a_named_request_of_another_vendor_is_not_taken() -> None:
    assert by_number([_cost(1, 20, ("REQ-2026-0001",))], [_commitment(9, 30, vendor=8)]).sure == ()


def test_several_lines_pair_by_exact_amount_only() -> None:
    costs = [_cost(1, 20, ("REQ-2026-0001",)), _cost(2, 30, ("REQ-2026-0001",)), _cost(3, 5, ("REQ-2026-0001",))]
    found = by_number(costs, [_commitment(8, 30), _commitment(9, 20)])
    assert set(found.sure) == {(1, 9), (2, 8)}
    assert {pair[0] for pair in found.unsure} == {3}


def test_vendor_and_amount_must_be_unique_both_ways() -> None:
    assert by_amount([_cost(1, 30)], [_commitment(9, 30)]).sure == ((1, 9),)
    assert by_amount([_cost(1, 30), _cost(2, 30)], [_commitment(9, 30)]).sure == ()
    assert by_amount([_cost(1, 30)], [_commitment(8, 30), _commitment(9, 30)]).sure == ()
    assert by_amount([_cost(1, 30)], [_commitment(9, 30, vendor=0)]).sure == ()


def test_what_is_likely_says_how_far_it_is_above() -> None:
    [(_, _, found)] = likely([_cost(1, 40, ("REQ-2026-0001",))], [_commitment(9, 30)])
    assert "The amount is 10 above what is left of the commitment." in found.reasons


def _paper(number: str, gross: str = "123.45", day: int = 10, ref: int = 0) -> Paper:
    return Paper(number_key(number), number_digits(number), Decimal(gross), date(2026, 3, day), "USD", number, ref)


def test_the_same_paper_is_known_and_a_changed_one_is_suspected() -> None:
    assert is_same(_paper("INV-1"), _paper("inv 1"))
    doubt = suspicion(_paper("INV-1", "200.00"), [_paper("INV-1", ref=5)])
    assert doubt is not None
    assert doubt.ref == 5


@pytest.mark.parametrize(
    ("paper", "others", "is_suspect"),
    [
        (_paper("003411"), [_paper("A3411")], True),
        (_paper("INV-9", day=12), [_paper("INV-8", day=10)], True),
        (_paper("INV-9", day=25), [_paper("INV-8", day=10)], False),
        (_paper("INV-9", "500.00", day=12), [_paper("INV-8", "500.00")], False),  # round amounts recur
        (_paper("INV-9", day=12), [_paper("INV-7"), _paper("INV-8")], False),  # this amount is common here
        (_paper("INV-9", "99.99"), [_paper("INV-8")], False),
    ],
)
def test_the_same_amount_alone_is_rarely_a_duplicate(paper: Paper, others: list[Paper], is_suspect: bool) -> None:
    assert (suspicion(paper, others) is not None) == is_suspect
