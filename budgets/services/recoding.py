"""Re-coding: what was spent on one budget line belongs on another."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from budgets.locks import lock_structure
from budgets.models import Entry, FundsAccount, Journal
from budgets.rules.months import first_of
from budgets.rules.words import CHARGEBACK_SOURCE
from budgets.selectors.months import open_among
from budgets.services.ledger import PostedJournal, Posting
from budgets.services.movements import Movement, begin, carry_out
from core.errors import InvalidInput, NotFound, WrongState
from core.models import User

# An invoice's line keeps its coding where its invoice is: it is undone and made anew there.
INVOICE_THREADS, INVOICE_SOURCE = "invoice-line:", "invoice"
Place = tuple[int, str]


@transaction.atomic
def recode(
    *,
    key: str,
    entry_ids: Sequence[int],
    to_account: FundsAccount,
    actor: User | None,
    month: date | None = None,
    memo: str = "",
) -> PostedJournal:
    """Take what some entries spent off their accounts and spend it on `to_account`, on the same threads, in the same months.

    What lies in a closed month is taken off, and spent anew, in `month`. It has been spent: no stop refuses it. Every posting
    is kept out meanwhile. Raises InvalidInput, WrongState (it is not there any more; an invoice's line), NotFound, ClosedPeriod
    and Stale.
    """
    said = {"entries": sorted(entry_ids), "to": to_account.pk, "month": str(month or "")}
    movement = Movement(key, "spend.recoded", to_account, to_account.entity, actor, said)
    if first := begin(movement):
        return first
    lock_structure()
    entries = _entries(entry_ids)
    for entry in entries:
        _check(entry, to_account)
    _refuse_what_is_gone(entries)
    postings = _postings(entries, to_account, month, memo)
    source = (entries[0].journal.source_type, entries[0].journal.source_id)
    return carry_out(movement, kind=Journal.Kind.RECODE, postings=postings, source=source, is_fact=True, memo=memo)


def _entries(entry_ids: Sequence[int]) -> list[Entry]:
    entries = list(Entry.objects.filter(pk__in=entry_ids).select_related("journal", "account__entity").order_by("id"))
    if not entries or len(entries) != len(entry_ids):
        raise NotFound("There are no such entries, or one is named twice.", remedy="Choose them from the list of entries.")
    return entries


def _check(entry: Entry, to_account: FundsAccount) -> None:
    account = entry.account
    if entry.bucket != "spent":
        raise InvalidInput(f"Entry {entry.pk} is not spend.", remedy="Release what is held, or move it to another month.")
    if account.entity_id != to_account.entity_id:
        raise InvalidInput("The two budget lines belong to different organizations.", remedy="Choose one of the same.")
    if account.currency != to_account.currency:
        raise InvalidInput(
            f"It was spent in {account.currency}; the budget line is kept in {to_account.currency}.",
            remedy=f"Choose a budget line in {account.currency}.",
            code="other_currency",
        )
    if account.pk == to_account.pk:
        raise InvalidInput(f"Entry {entry.pk} is on that budget line.", remedy="Choose another one.")
    if entry.thread.startswith(INVOICE_THREADS) or entry.journal.source_type == INVOICE_SOURCE:
        raise WrongState(
            "This is the coding of an invoice's line.",
            remedy="Undo its coding at the invoice, and code it anew.",
            code="is_invoice",
        )
    if entry.journal.source_type == CHARGEBACK_SOURCE:
        raise WrongState(
            "This is the posting of a month's chargeback.",
            remedy="Adjust or undo it at the chargeback.",
            code="is_chargeback",
        )
    if not entry.thread:
        raise WrongState("This entry is tied to no line.", remedy="Reverse its journal and post it anew.", code="no_thread")


def _refuse_what_is_gone(entries: Sequence[Entry]) -> None:
    """Refuse to take more of a line off an account than is spent of it there: it was reversed, or re-coded before."""
    wanted: dict[Place, Decimal] = defaultdict(Decimal)
    for entry in entries:
        wanted[entry.account_id, entry.thread] += entry.amount
    there = _spent(wanted)
    for place, amount in wanted.items():
        spent = there.get(place, Decimal(0))
        if not amount or abs(amount) > abs(spent) or (amount > 0) != (spent > 0):
            raise WrongState(
                f"{spent:,.2f} of {place[1]} is spent there; this takes {amount:,.2f} away.",
                remedy="Look at what became of it in the list of entries.",
                code="not_there",
                details={"account": place[0], "thread": place[1], "spent": str(spent), "wanted": str(amount)},
            )


def _spent(places: Mapping[Place, Decimal]) -> dict[Place, Decimal]:
    accounts, threads = {account for account, _ in places}, {thread for _, thread in places}
    rows = Entry.objects.filter(account_id__in=accounts, thread__in=threads, bucket="spent").order_by()
    return {
        (account, thread): total for account, thread, total in rows.values_list("account_id", "thread").annotate(Sum("amount"))
    }


def _postings(entries: Sequence[Entry], to_account: FundsAccount, month: date | None, memo: str) -> list[Posting]:
    is_open = open_among(to_account.entity, {entry.month for entry in entries})
    postings = []
    for entry in entries:
        at = first_of(month) if month is not None and entry.month not in is_open else entry.month
        said = memo or entry.memo
        postings += [
            Posting(entry.account_id, at, "spent", -entry.amount, entry.thread, said),
            Posting(to_account.pk, at, "spent", entry.amount, entry.thread, said),
        ]
    return postings
