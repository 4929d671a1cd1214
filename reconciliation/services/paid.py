"""Posting *paid*: what was allocated to an invoice, on the accounts of its lines, in proportion."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from budgets.models import Entry
from budgets.services import ledger
from core.models import Entity, User
from reconciliation.locks import lock_invoice
from reconciliation.models import Allocation, Invoice, InvoiceLine
from reconciliation.rules.amounts import paid_so_far, spread
from reconciliation.selectors.months import open_from
from reconciliation.services.exceptions import resolve_exceptions
from reconciliation.services.findings import raise_paid_waits

SPENT = ("journal_id", "account_id", "amount", "thread")


def post_paid(invoice: Invoice, *, actor: User | None) -> None:
    """Post *paid* for each active allocation that has no journal yet. Call with the invoice locked.

    Nothing is posted while a line is not coded: then there is no account to post on. A bank's fact is never refused;
    where no month is open the posting waits, and an exception says so.
    """
    lines = list(invoice.lines.order_by("number"))
    if any(not line.is_coded for line in lines):
        return
    active = invoice.allocations.filter(undone_at__isnull=True).select_related("payment").order_by("id")
    posted = [allocation for allocation in active if allocation.journal_id]
    for allocation in active:
        if allocation.journal_id is None and _post_one(allocation, lines, posted, actor):
            posted.append(allocation)


@transaction.atomic
def post_paid_of(invoice_id: int) -> None:
    """Post what waits on one invoice; no person does this."""
    post_paid(lock_invoice(invoice_id), actor=None)


@transaction.atomic
def post_waiting_paid(entity: Entity, *, actor: User | None) -> None:
    """Post what waited for an open month."""
    waiting = Allocation.objects.filter(invoice__entity=entity, undone_at__isnull=True, journal__isnull=True)
    coded = waiting.exclude(invoice__lines__account__isnull=True)
    for invoice_id in coded.order_by("invoice_id").values_list("invoice_id", flat=True).distinct():
        post_paid(lock_invoice(invoice_id), actor=actor)


def _post_one(allocation: Allocation, lines: Sequence[InvoiceLine], posted: Sequence[Allocation], actor: User | None) -> bool:
    invoice = allocation.invoice
    month = open_from(invoice.entity, allocation.payment.booked_on)
    if month is None:
        raise_paid_waits(allocation)
        return False
    memo = f"Paid on invoice {invoice.number}"
    postings = _postings(lines, _due_to_post(allocation, lines, posted), month, memo)
    if not postings:
        return False
    allocation.postings += 1
    journal = ledger.post(
        key=f"allocation:{allocation.pk}:paid:{allocation.postings}",
        kind="paid",
        entity=invoice.entity,
        postings=postings,
        actor=actor,
        source=("payment", str(allocation.payment_id)),
        is_fact=True,
        memo=memo,
    )
    allocation.journal_id = journal.id
    allocation.save(update_fields=["journal", "postings"])
    resolve_exceptions(entity=invoice.entity, keys=[f"allocation:{allocation.pk}:waits"])
    return True


def _postings(lines: Sequence[InvoiceLine], amount: Decimal, month: date, memo: str) -> list[ledger.Posting]:
    """Return the entries of *paid*, each on the thread that its line's spend is on."""
    spent = Entry.objects.filter(journal_id__in=[line.journal_id for line in lines], bucket="spent")
    spent = spent.exclude(thread__startswith="raw-row:")  # what the invoice took the place of
    threads = {(journal, account, amount): thread for journal, account, amount, thread in spent.values_list(*SPENT)}
    shares = spread(amount, [line.amount for line in lines])
    return [
        ledger.Posting(
            line.account_id or 0, month, "paid", share, threads.get((line.journal_id, line.account_id, line.amount), ""), memo
        )
        for line, share in zip(lines, shares, strict=True)
        if share
    ]


def _due_to_post(allocation: Allocation, lines: Sequence[InvoiceLine], posted: Sequence[Allocation]) -> Decimal:
    """Return what this allocation adds to *paid*: the target with it, less what stands. Cents of rounding settle themselves."""
    funds = sum((line.amount for line in lines), Decimal(0))
    allocated = sum((each.amount for each in posted), allocation.amount)
    standing = Entry.objects.filter(journal_id__in=[each.journal_id for each in posted]).aggregate(sum=Sum("amount"))["sum"]
    return paid_so_far(funds=funds, gross=allocation.invoice.gross, allocated=allocated) - (standing or Decimal(0))


def take_back_paid(invoice: Invoice, *, actor: User | None) -> None:
    """Reverse every posting of *paid* on an invoice whose coding is undone. The allocations stand and wait."""
    for allocation in invoice.allocations.filter(undone_at__isnull=True, journal__isnull=False).order_by("id"):
        take_back(allocation, actor=actor)


def take_back(allocation: Allocation, *, actor: User | None) -> None:
    """Reverse just the posting of one allocation."""
    if allocation.journal_id is None:
        return
    key = f"allocation:{allocation.pk}:unpaid:{allocation.postings}"
    ledger.reverse(journal_id=allocation.journal_id, key=key, actor=actor, memo="Payment taken off the invoice")
    allocation.journal = None
    allocation.save(update_fields=["journal"])
