"""Filters of the request list and of the queue. What does not parse filters nothing and says so beside its field."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from approvals.models import Request, RequestAttribute, Stage
from approvals.rules.tags import KEY
from approvals.selectors.automatic import by_policy, not_looked_at
from budgets.attribute_filters import AttributeFilter
from budgets.rules.months import add_months
from core import clock


class Narrowing(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """A filter set that knows whether anything was chosen."""

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["kind"].extra["choices"] = kinds
        for field in self.form.fields.values():
            field.widget.attrs["class"] = "input"

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter holds."""
        return any(self.form.cleaned_data.values()) if self.form.is_valid() else True


def words_in(prefix: str = "") -> Any:
    """Return a filter by words in what a request says; `prefix` leads to the request."""

    def search(rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        words = value.replace("\x00", "")[:200]
        fields = ("number", "title", "reason", "vendor__name", "requester__name")
        found = Q()
        for field in fields:
            found |= Q(**{f"{prefix}{field}__icontains": words})
        return rows.filter(found)

    return search


def with_tag(prefix: str = "") -> Any:
    """Return a filter by a tag, given as key=value, or by a key alone; `prefix` leads to the request."""

    def search(rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        key, equals, said = (word.strip() for word in value.replace("\x00", "")[:120].partition("="))
        if not equals:
            return rows.filter(**{f"{prefix}tags__has_key": key.lower()})
        if not KEY.match(key.lower()):
            return rows.none()
        return rows.filter(**{f"{prefix}tags__{key.lower()}__iexact": said})

    return search


BY_POLICY = (("policy", "The policy itself"), ("unseen", "The policy, not yet looked at"))


def by_whom(rows: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
    """Keep what a policy approved by itself: all of it, or what nobody has looked back at."""
    found = by_policy(rows).filter(state=Request.State.APPROVED)
    return not_looked_at(found) if value == "unseen" else found


def month_choices() -> list[tuple[str, str]]:
    """Return the months that may be filtered by: a year and a half back, half a year on."""
    present = clock.now().date().replace(day=1)
    months = [add_months(present, offset) for offset in range(6, -19, -1)]
    return [(f"{month:%Y-%m}", f"{month:%b %Y}") for month in months]


class RequestFilter(Narrowing):
    """Requests by words, state, kind and the month they are spent in."""

    q = django_filters.CharFilter(method=words_in(), label="Words")
    state = django_filters.ChoiceFilter(choices=Request.State.choices, label="State", empty_label="Any")
    kind = django_filters.ChoiceFilter(choices=[], label="Kind", empty_label="Any")
    month = django_filters.ChoiceFilter(choices=month_choices, method="in_month", label="Month", empty_label="Any")
    tag = django_filters.CharFilter(method=with_tag(), label="Tag")
    attribute = AttributeFilter(values=RequestAttribute, kind="request")
    approved_by = django_filters.ChoiceFilter(choices=BY_POLICY, method=by_whom, label="Approved by", empty_label="Anybody")

    class Meta:
        model = Request
        fields: list[str] = []

    def in_month(self, rows: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
        """Keep requests that have a line in the month."""
        return rows.filter(lines__month=date.fromisoformat(f"{value}-01")).distinct()


class QueueFilter(Narrowing):
    """Stages that wait, by words, kind and clock."""

    DUE = (("overdue", "Overdue"), ("open", "Not yet due"), ("escalated", "Escalated"), ("paused", "Standing still"))

    q = django_filters.CharFilter(method=words_in("request__"), label="Words")
    kind = django_filters.ChoiceFilter(field_name="request__kind", choices=[], label="Kind", empty_label="Any")
    due = django_filters.ChoiceFilter(method="by_clock", choices=DUE, label="Clock", empty_label="Any")
    tag = django_filters.CharFilter(method=with_tag("request__"), label="Tag")

    class Meta:
        model = Stage
        fields: list[str] = []

    def by_clock(self, rows: QuerySet[Stage], name: str, value: str) -> QuerySet[Stage]:
        """Keep stages by where their clock stands now."""
        now = clock.now()
        if value == "overdue":
            return rows.filter(due_at__lt=now, paused_at__isnull=True)
        if value == "paused":
            return rows.filter(paused_at__isnull=False)
        return rows.filter(due_at__gte=now) if value == "open" else rows.filter(escalated_at__isnull=False)
