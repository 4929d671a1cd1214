"""Who decides for whom, and who is asked while somebody is away. Pure.

Of a person's statements no two are for one thing at one time (but one that names a delegate, and one that says out of office), so
that from each person there is at most one way on for what is decided. It is followed for at most `LONGEST` steps, and never back
to where it has been.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

LONGEST = 3


@dataclass(frozen=True, slots=True)
class Matter:
    """What is decided on. `amount` is in the books' currency; None where that has no say, or it is in another currency."""

    kind: str
    path: str
    amount: Decimal | None = None
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A statement: from when (UTC, included) until when (excluded), and who decides for `person` meanwhile.

    `delegate` is None for somebody who is out of office and names nobody. No `kinds` are all kinds, no `limit` is any amount.
    `is_able` says whether the delegate may act at all: is active, and holds a role that decides.
    """

    id: int
    person: int
    delegate: int | None
    starts_at: datetime
    ends_at: datetime
    kinds: frozenset[str] = frozenset()
    limit: Decimal | None = None
    path: str = "/"
    is_able: bool = True

    def is_on(self, now: datetime) -> bool:
        """Say whether it is in force."""
        return self.starts_at <= now < self.ends_at

    def covers(self, matter: Matter) -> bool:
        """Say whether what is decided on is within what was stated. An amount in another currency is within no limit."""
        if self.kinds and matter.kind not in self.kinds:
            return False
        if self.limit is not None and (matter.is_foreign or matter.amount is None or matter.amount > self.limit):
            return False
        return matter.path.startswith(self.path)


@dataclass(frozen=True, slots=True)
class Deputies:
    """The statements that are in force in an organization, and who of its people is inactive.

    `gone` are people who hold no role there any more that decides: nobody stands in for them either.
    """

    links: tuple[Link, ...] = ()
    inactive: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.links or self.inactive or self.gone)

    def chain(self, person: int, matter: Matter) -> list[Link]:
        """Return the way from a person to whoever decides for them, link by link; empty where they decide themselves."""
        found: list[Link] = []
        seen = {person}
        while len(found) < LONGEST:
            link = self._onward(found[-1].delegate if found else person, matter)
            if link is None or link.delegate in seen:
                break
            found.append(link)
            seen.add(link.delegate or 0)
        return found

    def is_away(self, person: int, matter: Matter) -> bool:
        """Say whether somebody cannot be counted on for a matter: they gave it away, are out of office, or left."""
        own = (link for link in self.links if link.person == person)
        return person in self.inactive or person in self.gone or any(link.delegate is None or link.covers(matter) for link in own)

    def stand_in(self, person: int, matter: Matter, *, barred: Collection[int] = ()) -> int | None:
        """Return who is asked in a person's place: they themselves where they are there; None where nobody can be.

        It is the last of the chain. Where that one is away too, or may not decide on this, nobody of the chain is asked.
        """
        if not self.is_away(person, matter):
            return None if person in barred else person
        way = self.chain(person, matter)
        if person in barred or person in self.gone or not way or not way[-1].is_able:
            return None
        last = way[-1].delegate
        return None if last is None or last in barred or self.is_away(last, matter) else last

    def way(self, person: int, to: int, matter: Matter) -> tuple[Link, ...]:
        """Return the links by which `to` decides for `person`; none where they do not."""
        found = self.chain(person, matter)
        ends = [number for number, link in enumerate(found, 1) if link.delegate == to and link.is_able]
        return tuple(found[: ends[0]]) if ends else ()

    def _onward(self, person: int | None, matter: Matter) -> Link | None:
        own = (link for link in self.links if link.person == person and link.delegate is not None)
        return next((link for link in own if link.covers(matter)), None)


def lowest(limits: Iterable[Decimal | None]) -> Decimal | None:
    """Return the lowest of several limits; None where there is none."""
    return min((limit for limit in limits if limit is not None), default=None)


def loop_of(new: Link, links: Sequence[Link]) -> list[int] | None:
    """Return the people of a circle that a statement would close, from its own person on; None where it closes none.

    A circle counts only where all its statements are in force at one time, for one kind of request.
    """
    for way in _ways(new, links, seen={new.person}):
        if way[-1].delegate == new.person:
            return [link.person for link in way]
    return None


def length_of(new: Link, links: Sequence[Link]) -> int:
    """Return how many links the longest chain has that a statement would be part of."""
    before = max((len(way) for way in _ways_back(new, links, seen={new.person})), default=1)
    after = max((len(way) for way in _ways(new, links, seen={new.person})), default=1)
    return before + after - 1


def _ways(last: Link, links: Sequence[Link], *, seen: set[int]) -> Iterator[list[Link]]:
    """Yield every way on from a statement, itself included, through statements that hold at the same time."""
    yield [last]
    for link in links:
        common = _common(last, link) if link.person == last.delegate and link.delegate is not None else None
        if common is None or link.person in seen:
            continue
        for way in _ways(common, links, seen=seen | {link.person}):
            yield [last, *way]


def _ways_back(first: Link, links: Sequence[Link], *, seen: set[int]) -> Iterator[list[Link]]:
    yield [first]
    for link in links:
        common = _common(first, link) if link.delegate == first.person else None
        if common is None or link.person in seen:
            continue
        for way in _ways_back(common, links, seen=seen | {link.person}):
            yield [*way, first]


def _common(one: Link, other: Link) -> Link | None:
    """Return `other`, narrowed to when and to what both are for; None where that is nothing."""
    starts_at, ends_at = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    kinds = one.kinds & other.kinds if one.kinds and other.kinds else one.kinds or other.kinds
    apart = bool(one.kinds and other.kinds and not kinds)
    under = one.path.startswith(other.path) or other.path.startswith(one.path)
    if starts_at >= ends_at or apart or not under:
        return None
    path = max(one.path, other.path, key=len)
    return Link(other.id, other.person, other.delegate, starts_at, ends_at, kinds, other.limit, path, other.is_able)


def collide(one: Link, other: Link) -> bool:
    """Say whether two statements are for one thing at one time: the same days, a kind in common, places one below the other."""
    return _common(one, other) is not None


def shortage(*, needed: int, candidates: Mapping[int, int | None]) -> int:
    """Return how many more people must be asked: what is needed less the different people who can answer.

    `candidates` says of each member of a stage who is asked in their place.
    """
    return max(needed - len({person for person in candidates.values() if person is not None}), 0)
