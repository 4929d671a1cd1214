"""What an emergency may come to."""

from decimal import Decimal

import pytest

from approvals.rules.emergencies import RoleLimit, needs_second_word, room_of

EACH = RoleLimit("Project manager", Decimal(25000), monthly=False)
MONTH = RoleLimit("Team lead", Decimal(100), monthly=True)


@pytest.mark.parametrize(
    ("limits", "used", "room"),
    [
        ([], "0", None),
        ([EACH], "24000", "25000"),
        ([MONTH], "0", "100"),
        ([MONTH], "99.99", "0.01"),
        ([MONTH], "250", "0"),
        ([MONTH, EACH], "250", "25000"),
    ],
)
def test_the_role_that_leaves_the_most_counts(limits: list[RoleLimit], used: str, room: str | None) -> None:
    assert room_of(limits, used=Decimal(used)) == (None if room is None else Decimal(room))


def test_the_impact_is_stated_before_another_says_whether_it_goes_on() -> None:
    assert needs_second_word("impact", has_text=False)
    assert not needs_second_word("impact", has_text=True)
    assert not needs_second_word("written", has_text=False)
