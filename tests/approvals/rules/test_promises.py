"""By when a requester is told that it is decided."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.promises import FEWEST, Pace, Promise, Step, promise_of

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def after(hours: float) -> Callable[[datetime], datetime]:
    return lambda start: start + hours * HOUR


def step(name: str, group: int, hours: float) -> Step:
    return Step(name, group, after(hours))


@pytest.mark.parametrize(
    ("steps", "paces", "hours", "by_past"),
    [
        # Without a past the policy's own times stand.
        ([step("Lead", 1, 10)], {}, 10, False),
        ([step("Lead", 1, 10)], {"Lead": Pace(FEWEST - 1, 0.1)}, 10, False),
        ([step("Lead", 1, 10)], {"Lead": Pace(FEWEST, 0.5)}, 5, True),
        # Whoever is mostly late is not promised in time.
        ([step("Lead", 1, 10)], {"Lead": Pace(FEWEST, 1.5)}, 15, True),
        ([step("Lead", 1, 10), step("Finance", 2, 20)], {"Lead": Pace(9, 0.5), "Finance": Pace(9, 0.25)}, 10, True),
        ([step("Lead", 1, 10), step("Finance", 2, 20)], {"Lead": Pace(9, 0.5)}, 25, False),
        # Side by side, the slower counts.
        ([step("Legal", 1, 10), step("Finance", 1, 20), step("Board", 2, 1)], {}, 21, False),
    ],
)
def test_a_chain_takes_what_its_stages_took(steps: list[Step], paces: dict[str, Pace], hours: float, by_past: bool) -> None:
    assert promise_of(steps, paces, begun=MONDAY) == Promise(MONDAY + hours * HOUR, by_past)


def test_nobody_asked_nothing_promised() -> None:
    assert promise_of([], {}, begun=MONDAY) is None


def test_a_stage_that_begins_sooner_is_due_by_its_own_calendar() -> None:
    """The second stage's time is reckoned from where it begins, not from where it would if the first took all of its time."""
    begun: list[datetime] = []

    def due(start: datetime) -> datetime:
        begun.append(start)
        return start + HOUR

    promise_of([step("Lead", 1, 10), Step("Finance", 2, due)], {"Lead": Pace(9, 0.5)}, begun=MONDAY)
    assert set(begun) == {MONDAY + 5 * HOUR}


@given(
    st.lists(st.tuples(st.integers(1, 100), st.floats(0, 3)), min_size=1, max_size=5),
    st.floats(0, 1),
)
def test_slower_stages_are_never_promised_sooner(chain: list[tuple[int, float]], more: float) -> None:
    steps = [step(f"stage {n}", n, hours) for n, (hours, _) in enumerate(chain)]
    paces = {f"stage {n}": Pace(FEWEST, share) for n, (_, share) in enumerate(chain)}
    slower = paces | {"stage 0": Pace(FEWEST, chain[0][1] + more)}
    found, later = promise_of(steps, paces, begun=MONDAY), promise_of(steps, slower, begun=MONDAY)
    assert found is not None
    assert later is not None
    assert MONDAY <= found.at <= later.at
