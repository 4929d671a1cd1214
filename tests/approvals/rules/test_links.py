"""When a link holds, and when it is enough by itself."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from approvals.rules.links import Bond, Proof, holds, is_enough
from tests.factories.approvals import MONDAY

BOND = Bond(
    expires_at=MONDAY + timedelta(days=7),
    is_ended=False,
    is_active=True,
    same_credential=True,
    still_placed=True,
    still_holds_role=True,
)
PROOF = Proof(up_to=Decimal(500), amount=Decimal(500), unchanged=True, in_own_place=True, has_second_factor=False)


def test_it_holds_while_all_that_it_is_bound_to_stands() -> None:
    assert holds(BOND, now=MONDAY)
    assert holds(BOND, now=BOND.expires_at - timedelta(microseconds=1))
    assert not holds(BOND, now=BOND.expires_at)


@pytest.mark.parametrize("name", ["is_active", "same_credential", "still_placed", "still_holds_role"])
def test_each_bond_ends_it(name: str) -> None:
    broken: dict[str, Any] = {name: False}
    assert not holds(replace(BOND, **broken), now=MONDAY)
    assert not holds(replace(BOND, is_ended=True), now=MONDAY)


@pytest.mark.parametrize(
    ("change", "enough"),
    [
        ({}, True),
        ({"up_to": None}, False),
        ({"amount": None}, False),
        ({"amount": Decimal("500.01")}, False),
        ({"unchanged": False}, False),
        ({"in_own_place": False}, False),
        ({"has_second_factor": True}, False),
    ],
)
def test_the_link_alone_is_enough_only_for_little_and_without_a_second_factor(change: dict[str, Any], enough: bool) -> None:
    assert is_enough(replace(PROOF, **change)) is enough
