"""How it stands with a journal that holds money: what of it is left, and in which months that lies. None of it is stored.

A journal is pending in what it reserves or commits, by account, bucket and thread. The journals that settle it use that up, and a
credit among them, or the reversal of one, gives back.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from django.db.models import Q, Sum

from budgets.models import Bucket, Entry, Journal
from budgets.rules.settling import Part

PENDING_BUCKETS = (Bucket.RESERVED.value, Bucket.COMMITTED.value)
Place = tuple[int, str, str]
Sums = dict[Place, Decimal]


class State(StrEnum):
    """Pending: all of it still holds. Part: some of it was used or let go. Posted: used up. Voided: let go unused."""

    PENDING = "pending"
    PART = "part"
    POSTED = "posted"
    VOIDED = "voided"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Hold:
    """What a journal holds in a bucket of an account for a document's line: at first, and what is left. Account's currency."""

    account_id: int
    bucket: str
    thread: str
    amount: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class JournalState:
    """A journal's state and its holds, by account, bucket and thread; none where it never held anything."""

    state: State
    holds: tuple[Hold, ...]

    @property
    def left(self) -> Decimal:
        return sum((hold.left for hold in self.holds), Decimal(0))


@dataclass(slots=True)
class _Settled:
    """What the journals that settle a pending one have used of it together, and the kinds of those that stand."""

    used: Sums
    kinds: set[str]


def journal_states(journal_ids: Iterable[int]) -> dict[int, JournalState]:
    """Return how it stands with each of the journals, by id. A handful of queries, however many they are."""
    journals = Journal.objects.in_bulk(list(journal_ids))
    settling = list(Journal.objects.filter(settles_id__in=journals))
    reversed_ids = _reversed_among([*journals, *(each.pk for each in settling)])
    there = {each.settles_id for each in journals.values() if each.settles_id}
    sums = _sums_of({*journals, *there, *(each.pk for each in settling)})
    settled = _settled(settling, sums, reversed_ids)
    return {
        pk: _state(_holds(journal, sums, settled[pk].used), settled[pk].kinds, is_reversed=pk in reversed_ids)
        for pk, journal in journals.items()
    }


def _reversed_among(journal_ids: Iterable[int]) -> set[int]:
    return set(Journal.objects.filter(reversed_by__isnull=False, pk__in=list(journal_ids)).values_list("pk", flat=True))


def _settled(settling: Iterable[Journal], sums: dict[int, Sums], reversed_ids: set[int]) -> dict[int, _Settled]:
    found: dict[int, _Settled] = defaultdict(lambda: _Settled(defaultdict(Decimal), set()))
    for journal in settling:
        of = found[journal.settles_id or 0]
        if journal.pk not in reversed_ids and journal.kind != Journal.Kind.REVERSE:
            of.kinds.add(journal.kind)
        for place, amount in sums[journal.pk].items():
            of.used[place] += amount
    return found


def journal_state(journal: Journal) -> JournalState:
    """Return how it stands with one journal."""
    return journal_states([journal.pk])[journal.pk]


def _sums_of(journal_ids: Iterable[int]) -> dict[int, Sums]:
    """Return what each journal moves in the buckets that hold for later, months aside."""
    rows = Entry.objects.filter(journal_id__in=list(journal_ids), bucket__in=PENDING_BUCKETS).order_by()
    sums: dict[int, Sums] = defaultdict(dict)
    places = rows.values_list("journal_id", "account_id", "bucket", "thread").order_by("account_id", "bucket", "thread")
    for journal_id, *place, total in places.annotate(total=Sum("amount")):
        sums[journal_id][tuple(place)] = total
    return sums


def _holds(journal: Journal, sums: dict[int, Sums], used: Sums) -> tuple[Hold, ...]:
    """Return what the journal holds itself. What it gives back to the one that it settles is held there."""
    elsewhere = {place for place, amount in sums[journal.settles_id].items() if amount > 0} if journal.settles_id else set()
    return tuple(
        Hold(*place, amount=amount, left=amount + used.get(place, Decimal(0)))
        for place, amount in sums[journal.pk].items()
        if amount > 0 and place not in elsewhere
    )


def _state(holds: tuple[Hold, ...], kinds: set[str], *, is_reversed: bool) -> JournalState:
    if is_reversed:
        return JournalState(State.REVERSED, tuple(replace(hold, left=Decimal(0)) for hold in holds))
    if all(hold.left == 0 for hold in holds):
        return JournalState(State.VOIDED if holds and kinds == {Journal.Kind.RELEASE} else State.POSTED, holds)
    untouched = all(hold.left == hold.amount for hold in holds)
    return JournalState(State.PENDING if untouched else State.PART, holds)


def parts_of(journal: Journal, holds: Iterable[Hold]) -> list[Part]:
    """Return in which months what is left of the holds lies, the earliest first.

    A thread's hold lies where the thread's entries put it, moves to other months included. Without a thread it is told by the
    journal and by those that settle it.
    """
    return [part for hold in holds if hold.left > 0 for part in _parts(journal, hold)]


def _parts(journal: Journal, hold: Hold) -> list[Part]:
    rows = Entry.objects.filter(account_id=hold.account_id, bucket=hold.bucket, thread=hold.thread)
    if not hold.thread:
        rows = rows.filter(Q(journal=journal) | Q(journal__settles=journal))
    left, parts = hold.left, []
    for month, amount in rows.order_by("month").values_list("month").annotate(total=Sum("amount")):
        here = min(left, max(amount, Decimal(0)))
        left -= here
        if here:
            parts.append(Part(hold.account_id, hold.bucket, hold.thread, month, here))
    return parts
