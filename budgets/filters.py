"""Filters of the lists of entries and of controls."""

from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.db.models import QuerySet

from budgets.forms import MomentField
from budgets.models import Bucket, Budget, Category, Control, CostCentre, Entry, Mode
from budgets.rules.months import months_between
from budgets.selectors.controls import of_kind
from core.templatetags.figures import month as month_text

# What a budget page calls held: all that takes from an allotment.
HELD = "held"
HOLDING = (Bucket.RESERVED, Bucket.COMMITTED, Bucket.SPENT)


class MomentFilter(django_filters.Filter):  # type: ignore[misc]  # the library carries no types
    """A day or a moment of the past."""

    field_class = MomentField


Node = TypeVar("Node", Category, CostCentre)


def _with_all_above(nodes: QuerySet[Node], tree: QuerySet[Node]) -> list[Node]:
    """Return the nodes and all above them, in the order of the tree."""
    paths = set(nodes.values_list("path", flat=True))
    return [node for node in tree.order_by("path") if any(path.startswith(node.path) for path in paths)]


class EntryFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Entries of one budget by category, cost centre (with all below it), month, months up to one, bucket, moment and journal.

    `group` is a category with all in it, `at` a cost centre alone, `under` what lies below one: what leads from a figure to its
    entries says so. The bucket `held` stands for what takes from the allotment.
    """

    category = django_filters.ChoiceFilter(field_name="account__category__code", label="Category", empty_label="All")
    group = django_filters.ChoiceFilter(method="in_group", label="Category with all in it", widget=forms.HiddenInput)
    cost_centre = django_filters.ChoiceFilter(method="below", label="Cost centre", empty_label="All")
    at = django_filters.ChoiceFilter(field_name="account__cost_centre__code", label="Cost centre alone", widget=forms.HiddenInput)
    under = django_filters.ChoiceFilter(method="strictly_below", label="Below the cost centre", widget=forms.HiddenInput)
    account = django_filters.NumberFilter(field_name="account_id", label="Line", widget=forms.HiddenInput)
    month = django_filters.ChoiceFilter(method="in_month", label="Month", empty_label="All")
    until = django_filters.ChoiceFilter(method="up_to", label="Up to month", empty_label="All")
    bucket = django_filters.ChoiceFilter(
        method="in_bucket",
        choices=[*Bucket.choices, (HELD, "held: reserved, committed, spent")],
        label="Bucket",
        empty_label="All",
    )
    after = MomentFilter(field_name="recorded_at", lookup_expr="gt", label="Recorded after")
    as_of = MomentFilter(field_name="recorded_at", lookup_expr="lte", label="Recorded up to")
    journal = django_filters.NumberFilter(
        field_name="journal_id", label="Journal", widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    class Meta:
        model = Entry
        fields: list[str] = []

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget
        accounts = self.queryset.order_by().values("account_id").distinct()
        categories = Category.objects.filter(accounts__in=accounts).distinct().values_list("code", "name")
        groups = _with_all_above(Category.objects.filter(accounts__in=accounts), Category.objects.filter(entity=budget.entity))
        held = _with_all_above(CostCentre.objects.filter(accounts__in=accounts), CostCentre.objects.filter(entity=budget.entity))
        top = budget.cost_centre.path
        centres = [centre for centre in held if centre.path == top or not top.startswith(centre.path)]
        months = months_between(budget.starts_on, budget.ends_on)
        self.filters["category"].extra["choices"] = list(categories)
        self.filters["group"].extra["choices"] = [(group.code, group.name) for group in groups]
        for name in ("cost_centre", "at", "under"):
            self.filters[name].extra["choices"] = [(centre.code, str(centre)) for centre in centres]
        self.filters["after"].extra["zone"] = self.filters["as_of"].extra["zone"] = ZoneInfo(budget.entity.time_zone)
        choices = [(f"{first:%Y-%m}", month_text(first)) for first in months]
        self.filters["month"].extra["choices"] = self.filters["until"].extra["choices"] = choices

    def below(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries at a cost centre and at all below it."""
        centre = CostCentre.objects.filter(entity=self.budget.entity, code=value).first()
        return queryset.filter(account__cost_centre__path__startswith=centre.path) if centre else queryset.none()

    def strictly_below(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries below a cost centre, not those at it."""
        return self.below(queryset, name, value).exclude(account__cost_centre__code=value)

    def in_bucket(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries of a bucket, or of all that hold money."""
        return queryset.filter(bucket__in=HOLDING if value == HELD else [value])

    def in_group(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries on a category and on all in it."""
        group = Category.objects.filter(entity=self.budget.entity, code=value).first()
        return queryset.filter(account__category__path__startswith=group.path) if group else queryset.none()

    def in_month(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries of a posting month, written YYYY-MM."""
        return queryset.filter(month=f"{value}-01")

    def up_to(self, queryset: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        """Keep the entries of a posting month, written YYYY-MM, and of all before it."""
        return queryset.filter(month__lte=f"{value}-01")


class ControlFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Controls by the kind of their node and by what they do."""

    kind = django_filters.ChoiceFilter(method="on", label="On", empty_label="All")
    mode = django_filters.ChoiceFilter(choices=Mode.choices, label="Does", empty_label="All")

    class Meta:
        model = Control
        fields: list[str] = []

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["kind"].extra["choices"] = [(key, label.capitalize()) for key, label in kinds]

    def on(self, queryset: QuerySet[Control], name: str, value: str) -> QuerySet[Control]:
        """Keep the controls on nodes of a kind."""
        return queryset.filter(of_kind(value))
