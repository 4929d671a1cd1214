"""Separation of duties: nobody decides on their own request, nor twice in one round. Pure."""

from collections.abc import Collection, Sequence

OWN_REQUEST = "Nobody decides on their own request."
TWICE = "You have already decided in this round; nobody decides twice."


def why_not_decide(*, person: int, requester: int, members: Collection[int], decided: Collection[int]) -> str:
    """Say why `person` may not decide on a stage; empty where they may. All are ids of people."""
    if person == requester:
        return OWN_REQUEST
    if person not in members:
        return "This stage is not yours to decide."
    if person in decided:
        return TWICE
    return ""


def fill_places(places: Sequence[Sequence[int]], *, barred: Collection[int]) -> list[int | None]:
    """Give each place a person of its own from its candidates, nobody twice, none who is `barred`.

    Candidates are in order of preference. Where people must move over so that all places are filled, they do
    (augmenting paths); a place that nobody can fill is None.
    """
    holder: dict[int, int] = {}
    for place in range(len(places)):
        _seat(place, places, frozenset(barred), holder, set())
    filled = {place: person for person, place in holder.items()}
    return [filled.get(place) for place in range(len(places))]


def _seat(place: int, places: Sequence[Sequence[int]], barred: frozenset[int], holder: dict[int, int], tried: set[int]) -> bool:
    candidates = [person for person in places[place] if person not in barred]
    for person in candidates:
        if person not in holder and person not in tried:
            holder[person] = place
            return True
    for person in candidates:
        if person in tried:
            continue
        tried.add(person)
        if _seat(holder[person], places, barred, holder, tried):
            holder[person] = place
            return True
    return False
