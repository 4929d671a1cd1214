"""Separation of duties: nobody decides on their own request, nor twice in one round, nor does anybody for them. Pure."""

from collections.abc import Collection, Sequence

OWN_REQUEST = "Nobody decides on their own request."
TWICE = "You have already decided in this round; nobody decides twice."
SPENT = "Whoever you decide for has asked for this or has decided already; nobody decides in their place."


def why_not_decide(
    *, person: int, requester: int, members: Collection[int], decided: Collection[int], stands_for: Collection[int] = ()
) -> str:
    """Say why `person` may not decide on a stage; empty where they may. All are ids of people.

    `decided` are those who decided in this round, and those for whom somebody did. `stands_for` are those for whom `person`
    decides while they are away.
    """
    if person == requester:
        return OWN_REQUEST
    if person not in members and not set(stands_for).intersection(members):
        return "This stage is not yours to decide."
    if person in decided:
        return TWICE
    if not in_whose_place(person=person, requester=requester, members=members, decided=decided, stands_for=stands_for):
        return SPENT
    return ""


def in_whose_place(
    *, person: int, requester: int, members: Collection[int], decided: Collection[int], stands_for: Collection[int] = ()
) -> list[int]:
    """Return in whose place `person` may decide on a stage: their own first, then those for whom they stand in, in order.

    A delegate stands in neither for the requester nor for somebody who has decided, nor once they have decided themselves.
    """
    if person == requester or person in decided:
        return []
    own = [person] if person in members else []
    others = [other for other in stands_for if other in members and other not in {person, requester}]
    return own + [other for other in others if other not in decided]


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
