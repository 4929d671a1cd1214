"""Entries and journals of the ledger, as far as a person may read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from budgets.models import Bucket, Entry, Journal, Link
from budgets.selectors.accounts import accounts_in_reach
from budgets.selectors.budgets import READING
from core.access import paths_of, whole_entities_of
from core.errors import NotFound
from core.models import User

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class ChainLink:
    """A journal's place in an account's chain; the hashes are hexadecimal."""

    account_name: str
    seq: int
    prev: str
    hash: str


def entries_in_reach(user: User) -> QuerySet[Entry]:
    """Return the entries of the accounts within the reader's reach, the newest first."""
    accounts = accounts_in_reach(user, *READING).order_by().values("pk")
    related = ("journal", "journal__actor", "account", "account__category", "account__cost_centre")
    return Entry.objects.filter(account_id__in=accounts).select_related(*related).order_by("-id")


def bucket_totals(entries: QuerySet[Entry]) -> list[tuple[str, Decimal]]:
    """Return what the entries add up to in each bucket that they touch, in the order of the buckets."""
    sums = dict(entries.order_by().values_list("bucket").annotate(total=Sum("amount")))
    return [(label, sums[value]) for value, label in Bucket.choices if value in sums]


def journals_in_reach(user: User) -> QuerySet[Journal]:
    """Return the journals of which the person may read at least one entry."""
    theirs = entries_in_reach(user).order_by().filter(journal_id=OuterRef("pk"))
    found = Journal.objects.filter(Q(entity__in=whole_entities_of(user, *READING)) | Exists(theirs))
    return found.select_related("actor", "entity", "reverses", "reversed_by", "settles")


def access_journal(user: User, journal_id: int) -> Journal:
    """Return a journal of which the person may read at least one entry. Raises NotFound."""
    journal = (
        Journal.objects.select_related("actor", "entity", "reverses", "reversed_by", "settles").filter(pk=journal_id).first()
    )
    if journal is None or not entries_in_reach(user).filter(journal=journal).exists():
        raise NotFound("There is no such journal, or none that you may see.", remedy="Start from a budget's entries.")
    return journal


def settling(user: User, journal: Journal) -> list[Journal]:
    """Return the journals that settle this one and of which the person may read an entry, the earliest first."""
    in_reach = entries_in_reach(user).order_by().values("journal_id")
    found = Journal.objects.filter(settles=journal, pk__in=in_reach.filter(journal__settles=journal))
    return list(found.select_related("reversed_by").order_by("pk"))


def links_of(journal: Journal, account_ids: Iterable[int]) -> list[ChainLink]:
    """Return the journal's links in the chains of these accounts."""
    links = (
        Link.objects.filter(journal=journal, account_id__in=list(account_ids)).select_related("account").order_by("account_id")
    )
    return [ChainLink(link.account.name, link.seq, bytes(link.prev).hex(), bytes(link.hash).hex()) for link in links]


def entries_hidden(user: User, journal: Journal) -> int:
    """Return how many entries of the journal lie outside the reader's reach."""
    if any(path == "/" for path in paths_of(user, journal.entity, *READING)):
        return 0
    return journal.entries.filter(~Q(pk__in=entries_in_reach(user).order_by().values("pk"))).count()


def access_entry_by_id(user: User, entry_id: int) -> Entry:
    """Return an entry of an account within the reader's reach. Raises NotFound."""
    entry = entries_in_reach(user).select_related("account__budget").filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("There is no such entry, or none that you may see.", remedy="Start from a budget's entries.")
    return entry
