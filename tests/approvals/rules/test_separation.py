"""Nobody decides on their own request, nor twice in one round."""

from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.separation import OWN_REQUEST, TWICE, fill_places, why_not_decide


def test_why_somebody_may_not_decide() -> None:
    assert why_not_decide(person=1, requester=1, members={1}, decided=set()) == OWN_REQUEST
    assert why_not_decide(person=2, requester=1, members={2}, decided={2}) == TWICE
    assert why_not_decide(person=3, requester=1, members={2}, decided=set()) == "This stage is not yours to decide."
    assert not why_not_decide(person=2, requester=1, members={2}, decided={3})


def test_people_move_over_so_that_every_place_is_filled() -> None:
    assert fill_places([[1, 2], [1]], barred=()) == [2, 1]
    assert fill_places([[1, 2], [1, 3], [1]], barred=()) == [2, 3, 1]
    assert fill_places([[1], [1]], barred=()) == [1, None]
    assert fill_places([[1, 2]], barred={1}) == [2]
    assert fill_places([[]], barred=()) == [None]


@given(places=st.lists(st.lists(st.integers(1, 6), max_size=4), max_size=6), barred=st.sets(st.integers(1, 6), max_size=3))
def test_nobody_sits_twice_nor_where_they_may_not_and_no_place_is_left_that_could_be_filled(
    places: list[list[int]], barred: set[int]
) -> None:
    filled = fill_places(places, barred=barred)

    seated = [person for person in filled if person is not None]
    assert len(seated) == len(set(seated))
    assert not barred & set(seated)
    assert all(person is None or person in pool for person, pool in zip(filled, places, strict=True))
    assert len(seated) == _most_seats([[person for person in pool if person not in barred] for pool in places])


def _most_seats(places: list[list[int]], taken: frozenset[int] = frozenset()) -> int:
    """Count by trying everything."""
    if not places:
        return 0
    first, rest = places[0], places[1:]
    best = _most_seats(rest, taken)
    for person in set(first) - taken:
        best = max(best, 1 + _most_seats(rest, taken | {person}))
    return best
