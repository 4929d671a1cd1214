"""From when on a policy holds that is published for a day: the start of that day, where the organization is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from approvals.rules.effective import TooFar, begins, is_past

AMSTERDAM, CHICAGO = ZoneInfo("Europe/Amsterdam"), ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "moment"),
    [
        (None, AMSTERDAM, NOW),
        # In Amsterdam it is the third already, in Chicago still the second.
        (date(2026, 3, 3), AMSTERDAM, NOW),
        (date(2026, 3, 3), CHICAGO, datetime(2026, 3, 3, 6, tzinfo=UTC)),
        (date(2026, 7, 1), AMSTERDAM, datetime(2026, 6, 30, 22, tzinfo=UTC)),
        (date(2027, 1, 1), AMSTERDAM, datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_day_begins_where_the_organization_is(day: date | None, zone: ZoneInfo, moment: datetime) -> None:
    assert begins(day, NOW, zone) == moment


def test_a_midnight_that_the_clocks_skip_is_the_moment_it_would_have_been() -> None:
    assert begins(date(2026, 9, 6), NOW, ZoneInfo("America/Santiago")) == datetime(2026, 9, 6, 4, tzinfo=UTC)


def test_yesterday_is_past_by_the_zone() -> None:
    assert is_past(date(2026, 3, 2), NOW, AMSTERDAM)
    assert not is_past(date(2026, 3, 2), NOW, CHICAGO)


def test_nobody_plans_eleven_years_ahead() -> None:
    with pytest.raises(TooFar):
        begins(date(2037, 1, 1), NOW, AMSTERDAM)
    with pytest.raises(TooFar):
        begins(date(9999, 12, 31), NOW, CHICAGO)
