"""When failures shut the door, and for how long."""

from datetime import UTC, datetime, timedelta

from core.rules.lockout import LONGEST, Limit, Tally, counted, forgiven, is_locked

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIMIT = Limit(failures=3, span=timedelta(minutes=15))


def after(tally: Tally, times: int, *, now: datetime = NOW) -> Tally:
    for _ in range(times):
        tally = counted(tally, now=now, limit=LIMIT)
    return tally


def test_the_attempt_that_reaches_the_limit_shuts_the_door() -> None:
    assert not is_locked(after(Tally(), 2), now=NOW)
    shut = after(Tally(), 3)
    assert shut.locked_until == NOW + LIMIT.span
    assert is_locked(shut, now=NOW + LIMIT.span - timedelta(seconds=1))
    assert not is_locked(shut, now=NOW + LIMIT.span)


def test_each_lock_in_a_row_is_twice_as_long_up_to_the_longest() -> None:
    tally, now, spans = Tally(), NOW, []
    for _ in range(9):
        tally = after(tally, 3, now=now)
        assert tally.locked_until is not None
        spans.append(tally.locked_until - now)
        now = tally.locked_until
    assert spans[:3] == [LIMIT.span, LIMIT.span * 2, LIMIT.span * 4]
    assert spans[-1] == LONGEST


def test_failures_a_span_back_are_forgotten_and_locks_after_a_day() -> None:
    assert after(after(Tally(), 2), 1, now=NOW + LIMIT.span).failures == 1
    assert after(after(Tally(), 3), 3, now=NOW + timedelta(days=2)).rounds == 1


def test_a_success_takes_back_its_own_attempt_and_no_other() -> None:
    assert forgiven(after(Tally(), 2), now=NOW, limit=LIMIT).failures == 1
    opened = forgiven(after(Tally(), 3), now=NOW, limit=LIMIT)
    assert (opened.failures, opened.rounds, opened.locked_until) == (2, 0, None)
    assert forgiven(Tally(), now=NOW, limit=LIMIT) == Tally()
