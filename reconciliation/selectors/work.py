"""What needs work in reconciliation: by kind and age, and where each thing is seen to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.urls import NoReverseMatch, reverse

from approvals.models import Overrun
from core.models import Entity
from reconciliation.models import BankAccount, ExceptionItem, Invoice, Payment, Suggestion

LABELS = {
    "unmatched_payment": "Payment without an invoice",
    "uncoded_invoice": "Invoice without a budget line",
    "no_requisition": "Invoice without an approved request",
    "overrun": "Limit that was gone over",
    "over_commitment": "Invoice above its commitment",
    "duplicate_suspected": "Invoice that may be here twice",
    "statement_gap": "Gap between bank statements",
    "statement_unbalanced": "Statement that does not add up",
    "statement_changed": "Statement that came again, changed",
    "payment_returned": "Payment that came back",
    "paid_not_posted": "Payment without an open month",
    "unexplained": "Bill that does not add up",
    "rows_in_quarantine": "Rows in quarantine",
    "total_differs": "File whose total differs",
    "vanished": "Rows that a later file no longer has",
}
PAGES = {
    "reconciliation.invoice": "reconciliation:invoice",
    "reconciliation.payment": "reconciliation:payment",
    "reconciliation.importfile": "reconciliation:import",
}

OVERRUN = Overrun._meta.label_lower


@dataclass(frozen=True)
class KindOfWork:
    """The open exceptions of one kind in one currency: how many, for how much, since when."""

    code: str
    label: str
    count: int
    amount: Decimal | None
    currency: str
    oldest: datetime


def label_of_code(code: str) -> str:
    """Return what people call a kind of exception."""
    return LABELS.get(code, code.replace("_", " ").capitalize())


def kinds_of_work(entities: list[Entity]) -> list[KindOfWork]:
    """Return the open exceptions by kind, the longest open first."""
    rows = ExceptionItem.objects.filter(entity__in=entities, closed_at__isnull=True).order_by()
    grouped = rows.values("code", "currency").annotate(count=Count("id"), amount=Sum("amount"), oldest=Min("opened_at"))
    return [
        KindOfWork(row["code"], label_of_code(row["code"]), row["count"], row["amount"], row["currency"], row["oldest"])
        for row in grouped.order_by("oldest")
    ]


def addresses_of(items: Sequence[ExceptionItem]) -> dict[int, str]:
    """Return where exceptions are seen to, by their ids; those whose subject has no page are left out."""
    overruns = [int(item.subject_id) for item in items if item.subject_type == OVERRUN]
    codes = Overrun.objects.filter(pk__in=overruns).values_list("pk", "account__budget__code") if overruns else []
    budgets = {str(pk): reverse("budgets:budget", args=[code]) for pk, code in codes}
    return {item.pk: address for item in items if (address := _address_of(item, budgets))}


def _address_of(item: ExceptionItem, budgets: Mapping[str, str]) -> str:
    if item.subject_type == OVERRUN:
        return budgets.get(item.subject_id, "")
    page = PAGES.get(item.subject_type)
    try:
        return reverse(page, args=[item.subject_id]) if page else ""
    except NoReverseMatch:
        return ""


def open_suggestions(entities: list[Entity]) -> QuerySet[Suggestion]:
    """Return the suggestions that wait for an answer, the likeliest first."""
    rows = Suggestion.objects.filter(entity__in=entities, state=Suggestion.State.OPEN)
    related = ("payment", "invoice__vendor", "invoice_line", "request_line__request__vendor", "entity")
    return rows.select_related(*related).order_by("-score", "id")


def bank_accounts(entities: list[Entity]) -> list[tuple[BankAccount, date | None]]:
    """Return each bank account with the last day that a statement covers."""
    rows = BankAccount.objects.filter(entity__in=entities).annotate(until=Max("statements__to_on"))
    return [(account, account.until) for account in rows]


def counts(entities: list[Entity]) -> dict[str, int]:
    """Return how many invoices are open, and how many payments found no invoice."""
    invoices = Invoice.objects.filter(entity__in=entities).exclude(open_amount=0).exclude(document_state="voided")
    payments = Payment.objects.filter(entity__in=entities, amount__gt=0).exclude(open_amount=0)
    return {"invoices": invoices.count(), "payments": payments.count()}
