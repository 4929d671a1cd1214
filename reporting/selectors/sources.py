"""What stands around the figures: where they came from, and what is known but not in them."""

from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Max, Q, Sum

from budgets.models import Budget
from reconciliation.models import ImportFile, Invoice, InvoiceLine
from reconciliation.models import Source as FileSource
from reporting.rules.figures import Outside, Source
from reporting.rules.grouping import next_month
from reporting.rules.wording import counted

BANK = FileSource.Format.CAMT053


def sources_of(budget: Budget) -> tuple[Source, ...]:
    """Return the sources that have sent files to the budget's entity, with the moment each was last imported."""
    rows = ImportFile.objects.filter(source__entity=budget.entity_id, state=ImportFile.State.DONE).values_list("source__name")
    return tuple(Source(name, last) for name, last in rows.annotate(Max("finished_at")).order_by("source__name"))


def outside_of(budget: Budget, month: date) -> tuple[Outside, ...]:
    """Return what the entity knows of and no report holds yet: rows in quarantine, invoice lines without an account."""
    return tuple(each for each in (_in_quarantine(budget), _without_account(budget, month)) if each.count)


def _in_quarantine(budget: Budget) -> Outside:
    held = ImportFile.objects.filter(source__entity=budget.entity_id, quarantined__gt=0).exclude(source__format=BANK)
    same = Q(currency__in=["", budget.currency])
    sums = held.aggregate(count=Sum("quarantined"), amount=Sum("quarantined_total", filter=same))
    count = sums["count"] or 0
    sentence = f"{budget.entity.name} as a whole has {counted(count, 'imported row')} in quarantine, in no budget yet."
    return Outside("quarantined", sentence, count, sums["amount"] if count else Decimal(0))


def _without_account(budget: Budget, month: date) -> Outside:
    lines = InvoiceLine.objects.filter(
        account__isnull=True,
        invoice__entity=budget.entity_id,
        invoice__currency=budget.currency,
        invoice__issued_on__lt=next_month(month),
    ).exclude(invoice__document_state=Invoice.DocumentState.VOIDED)
    sums = lines.aggregate(count=Count("id"), amount=Sum(F("net") + F("vat") - F("recoverable")))
    count = sums["count"]
    sentence = f"{budget.entity.name} as a whole has {counted(count, 'invoice line')} on no budget line yet."
    return Outside("without_account", sentence, count, sums["amount"])
