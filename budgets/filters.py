"""Filters of the list of entries."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from budgets.models import Bucket, Budget, Category, CostCentre, Entry
from budgets.rules.months import months_between
from core.templatetags.figures import month as month_text


class EntryFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Entries of one budget by category, cost centre (with all below it), month, months up to one, bucket and journal."""

    category = django_filters.ChoiceFilter(field_name="account__category__code", label="Category", empty_label="All")
    cost_centre = django_filters.ChoiceFilter(method="below", label="Cost centre", empty_label="All")
    account = django_filters.NumberFilter(field_name="account_id", label="Line", widget=forms.HiddenInput)
    month = django_filters.ChoiceFilter(method="in_month", label="Month", empty_label="All")
    until = django_filters.ChoiceFilter(method="up_to", label="Up to month", empty_label="All")
    bucket = django_filters.ChoiceFilter(choices=Bucket.choices, label="Bucket", empty_label="All")
    journal = django_filters.NumberFilter(
        field_name="journal_id", label="Journal", widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    class Meta:
        model = Entry
        fields: list[str] = []

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = self.queryset.order_by().values("account_id").distinct()
        categories = Category.objects.filter(accounts__in=accounts).distinct().values_list("code", "name")
        centres = CostCentre.objects.filter(accounts__in=accounts).distinct().order_by("path")
        months = months_between(budget.starts_on, budget.ends_on)
        self.filters["category"].extra["choices"] = list(categories)
        self.filters["cost_centre"].extra["choices"] = [(centre.code, str(centre)) for centre in centres]
        choices = [(f"{first:%Y-%m}", month_text(first)) for first in months]
        self.filters["month"].extra["choices"] = self.filters["until"].extra["choices"] = choices

    def below(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries at a cost centre and at all below it."""
        centre = CostCentre.objects.filter(code=value, accounts__entries__in=queryset.order_by()).first()
        return queryset.filter(account__cost_centre__path__startswith=centre.path) if centre else queryset.none()

    def in_month(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries of a posting month, written YYYY-MM."""
        return queryset.filter(month=f"{value}-01")

    def up_to(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries of a posting month, written YYYY-MM, and of all before it."""
        return queryset.filter(month__lte=f"{value}-01")
