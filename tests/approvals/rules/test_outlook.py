"""What past decisions of a stage say of one that waits: in shares of its own time, and only by those that waited as long."""

from datetime import timedelta

import pytest

from approvals.rules.waits import Outlook, Wait, outlook_of
from tests.factories.approvals import MONDAY

HOUR = timedelta(hours=1)


def past(*hours: float, of: float = 10) -> list[Wait]:
    """Return decisions that took so many hours of a span."""
    return [Wait(str(n), "Finance", MONDAY, MONDAY + each * HOUR, MONDAY + of * HOUR) for n, each in enumerate(hours)]


def outlook(waits: list[Wait], *, after: float, of: float = 20) -> Outlook | None:
    return outlook_of(waits, begun=MONDAY, due=MONDAY + of * HOUR, now=MONDAY + after * HOUR)


def test_only_those_that_had_waited_as_long_are_counted() -> None:
    waits = past(1, 2, 3, 6, 7, 8, 12, 14)

    found = outlook(waits, after=10)

    assert found == Outlook(late=2, alike=5, usual_at=MONDAY + 16 * HOUR)


def test_the_longer_it_waits_the_worse_it_looks() -> None:
    waits = past(*range(1, 11), 11, 12, 13, 14, 15)

    shares = [found.late / found.alike for after in (0, 4, 8, 12, 18) if (found := outlook(waits, after=after))]

    assert len(shares) == 5
    assert shares == sorted(shares)
    assert shares[0] == 5 / 15


@pytest.mark.parametrize("after", [20, 25, -1])
def test_what_is_due_and_what_has_not_begun_is_foretold_nothing(after: float) -> None:
    assert outlook(past(11, 12, 13, 14, 15), after=after) is None


def test_four_foretell_nothing_and_nor_do_waits_without_a_deadline() -> None:
    endless = [Wait("1", "Finance", MONDAY, MONDAY + 30 * HOUR)]

    assert outlook(past(11, 12, 13, 14) + endless, after=1) is None
    assert outlook(past(11, 12, 13, 14, 15), after=1) == Outlook(5, 5, MONDAY + 26 * HOUR)
