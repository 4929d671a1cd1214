"""Filters of the lists of reconciliation."""

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from budgets.attribute_filters import AttributeFilter
from core.names import fold
from reconciliation.models import ExceptionItem, Invoice, InvoiceAttribute, Payment
from reconciliation.rules.references import number_key
from reconciliation.selectors.work import label_of_code


def invoices_found(rows: QuerySet[Invoice], words: str) -> QuerySet[Invoice]:
    """Keep invoices whose number begins with the words, or whose vendor's name holds them."""
    key = number_key(words) or "-"
    return rows.filter(Q(number_key__startswith=key) | Q(vendor__name_key__contains=fold(words) or "-"))


def payments_found(rows: QuerySet[Payment], typed: str) -> QuerySet[Payment]:
    """Keep payments whose counterparty, text or end-to-end id holds what was typed."""
    words = typed.replace("\x00", "")[:200]
    return rows.filter(Q(counterparty_name__icontains=words) | Q(remittance__icontains=words) | Q(end_to_end_id__icontains=words))


class InvoiceFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Invoices by number or vendor, and by each of their states."""

    q = django_filters.CharFilter(method="search", label="Number or vendor")
    money_state = django_filters.ChoiceFilter(choices=Invoice.MoneyState.choices, label="Payment", empty_label="All")
    match_state = django_filters.ChoiceFilter(choices=Invoice.MatchState.choices, label="Request", empty_label="All")
    attribute = AttributeFilter(values=InvoiceAttribute, kind="invoice")
    coding = django_filters.ChoiceFilter(
        method="coded", choices=[("open", "not coded"), ("done", "coded")], label="Budget line", empty_label="All"
    )

    class Meta:
        model = Invoice
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep invoices whose number, or whose vendor's name, begins with what was typed."""
        return invoices_found(queryset, value)

    def coded(self, queryset: QuerySet[Invoice], name: str, value: str) -> QuerySet[Invoice]:
        """Keep invoices with a line that is on no budget line, or those without one."""
        waiting = queryset.filter(lines__account__isnull=True)
        if value == "open":
            return waiting.exclude(document_state="voided").distinct()
        return queryset.exclude(pk__in=waiting.order_by().values("pk"))


class PaymentFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Payments by who was paid, and by how far they found their invoices."""

    q = django_filters.CharFilter(method="search", label="Name or reference")
    match_state = django_filters.ChoiceFilter(choices=Payment.MatchState.choices, label="Invoice", empty_label="All")
    direction = django_filters.ChoiceFilter(
        method="directed", choices=[("out", "paid out"), ("in", "came in")], label="Direction", empty_label="Both"
    )

    class Meta:
        model = Payment
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Payment], name: str, value: str) -> QuerySet[Payment]:
        """Keep payments whose counterparty, text or end-to-end id holds what was typed."""
        return payments_found(queryset, value)

    def directed(self, queryset: QuerySet[Payment], name: str, value: str) -> QuerySet[Payment]:
        """Keep what left the account, or what came in."""
        return queryset.filter(amount__gt=0) if value == "out" else queryset.filter(amount__lt=0)


class ExceptionFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Exceptions by kind and owner, open ones unless asked otherwise."""

    code = django_filters.ChoiceFilter(label="Kind", empty_label="All")
    owner = django_filters.ChoiceFilter(field_name="owner_id", label="Owner", empty_label="All")
    state = django_filters.ChoiceFilter(
        method="in_state", choices=[("closed", "closed"), ("all", "open and closed")], label="State", empty_label="open"
    )

    queryset: QuerySet[ExceptionItem]

    class Meta:
        model = ExceptionItem
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every: QuerySet[ExceptionItem] = self.queryset.order_by()
        self.filters["code"].extra["choices"] = [(code, label_of_code(code)) for code in _values(every, "code")]
        owners = every.exclude(owner=None).values_list("owner_id", "owner__name").distinct()
        self.filters["owner"].extra["choices"] = sorted(owners, key=lambda pair: pair[1])
        if not self.data.get("state"):
            self.queryset = self.queryset.filter(closed_at__isnull=True)

    def in_state(self, queryset: QuerySet[ExceptionItem], name: str, value: str) -> QuerySet[ExceptionItem]:
        """Keep the closed ones, or all."""
        return queryset.filter(closed_at__isnull=False) if value == "closed" else queryset


def _values(rows: QuerySet[ExceptionItem], name: str) -> Iterable[str]:
    return sorted(rows.values_list(name, flat=True).distinct())
