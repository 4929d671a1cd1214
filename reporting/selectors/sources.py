"""What stands around the figures: where they came from, and what is known but not in them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value
from django.db.models.functions import Cast, JSONObject
from django.utils.dateparse import parse_datetime

from budgets.models import Budget, BudgetCategory, BudgetVersion, Finding, Period
from core.errors import Missing
from reconciliation.models import ImportFile, Invoice, InvoiceLine
from reconciliation.models import Source as FileSource
from reporting.rules.figures import FindingLine, Outside, Source
from reporting.rules.grouping import Envelope, next_month
from reporting.rules.wording import counted
from reporting.selectors.balances import MonthSums, last_posting_of, month_sums, months_of

SAID = {name: F(name) for name in ("code", "where", "sentence")}
ENVELOPE = {name: F(f"category__{name}") for name in ("code", "name", "path")}
BANK = FileSource.Format.CAMT053


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a report: its version and envelopes, the sums of its months, whether its month is closed, its sources,
    what does not add up, what is in no budget yet.
    """

    version: int
    envelopes: tuple[Envelope, ...]
    months: MonthSums
    is_closed: bool
    sources: tuple[Source, ...]
    findings: tuple[FindingLine, ...]
    outside: tuple[Outside, ...]
    last_posting: datetime | None


def surroundings_of(budget: Budget, month: date, *, past: datetime | None = None, category: str = "") -> Surroundings:
    """Return what stands around the report of `budget` to the end of `month`, in one query; as of `past` if given.

    Raises Missing where no version is in force.
    """
    files = ImportFile.objects.filter(source__entity=budget.entity_id)
    last = files.filter(state=ImportFile.State.DONE).order_by("source__name").values("source__name").annotate(Max("finished_at"))
    held = files.filter(quarantined__gt=0).exclude(source__format=BANK).order_by()
    same = Q(currency__in=["", budget.currency])
    envelopes, findings = (
        rows.filter(version=OuterRef("pk")).order_by("id") for rows in (BudgetCategory.objects, Finding.objects)
    )
    in_force = BudgetVersion.objects.filter(budget=budget, state=BudgetVersion.State.IN_FORCE).values(
        "number",
        envelopes=ArraySubquery(envelopes.values(told=JSONObject(**ENVELOPE, threshold=_exact("variance_threshold")))),
        months=month_sums(budget, category),
        closed=Exists(Period.objects.filter(entity=budget.entity_id, month=month, state=Period.State.CLOSED)),
        sources=ArraySubquery(last.values(told=JSONObject(name=F("source__name"), last=F("finished_at__max")))),
        does_not_add_up=ArraySubquery(
            findings.values(told=JSONObject(**{name: F(name) for name in SAID}, amount=_exact("amount")))
        ),
        held=_summed(held, Sum("quarantined"), Sum("quarantined_total", filter=same)),
        last=Subquery(last_posting_of(budget, as_of=past)),
        loose=_summed(_without_account(budget, month), Count("id"), Sum(F("net") + F("vat") - F("recoverable"))),
    )
    around = in_force.first()
    if around is None:
        raise Missing(f"No version of the budget {budget.code} is in force.", remedy="Put one in force first.")
    return Surroundings(
        version=around["number"],
        envelopes=tuple(_envelope(**row) for row in around["envelopes"]),
        months=months_of(around["months"], budget, as_of=past),
        is_closed=around["closed"],
        sources=tuple(Source(row["name"], parse_datetime(row["last"] or "")) for row in around["sources"]),
        findings=tuple(FindingLine(amount=Decimal(row.pop("amount")), **row) for row in around["does_not_add_up"]),
        outside=tuple(each for each in (_in_quarantine(budget, around["held"]), _loose(budget, around["loose"])) if each.count),
        last_posting=around["last"],
    )


def _envelope(*, code: str, name: str, path: str, threshold: str | None) -> Envelope:
    return Envelope(code, name, path, None if threshold is None else Decimal(threshold))


def _exact(name: str) -> Cast:
    """Return an amount as text, since JSON has no exact numbers."""
    return Cast(name, TextField())


def _summed(rows: QuerySet[Any], count: Any, amount: Any) -> ArraySubquery:
    """Return how many and how much as an array of one, or of none where there are no rows."""
    sums = rows.order_by().annotate(every=Value(1)).values("every").annotate(count=count, amount=amount)
    return ArraySubquery(sums.values(told=JSONObject(count=F("count"), amount=_exact("amount"))))


def _read(sums: list[dict[str, Any]]) -> tuple[int, Decimal | None]:
    if not sums or not sums[0]["count"]:
        return 0, None
    amount = sums[0]["amount"]
    return sums[0]["count"], None if amount is None else Decimal(amount)


def _in_quarantine(budget: Budget, sums: list[dict[str, Any]]) -> Outside:
    count, amount = _read(sums)
    sentence = f"{budget.entity.name} as a whole has {counted(count, 'imported row')} in quarantine, in no budget yet."
    return Outside("quarantined", sentence, count, amount)


def _without_account(budget: Budget, month: date) -> QuerySet[InvoiceLine]:
    return InvoiceLine.objects.filter(
        account__isnull=True,
        invoice__entity=budget.entity_id,
        invoice__currency=budget.currency,
        invoice__issued_on__lt=next_month(month),
    ).exclude(invoice__document_state=Invoice.DocumentState.VOIDED)


def _loose(budget: Budget, sums: list[dict[str, Any]]) -> Outside:
    count, amount = _read(sums)
    sentence = f"{budget.entity.name} as a whole has {counted(count, 'invoice line')} on no budget line yet."
    return Outside("without_account", sentence, count, amount)
