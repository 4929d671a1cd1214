"""Filters of the lists of core."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from core import trail
from core.models import AuditRecord, Entity, RoleAssignment, User
from core.rules.rights import RIGHTS_BY_KIND, WORDS, Right
from core.selectors.trail import of_topic


class AssignmentFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Assignments by person, organization and right."""

    person = django_filters.ModelChoiceFilter(
        field_name="user", queryset=User.objects.none(), label="Person", empty_label="Everybody"
    )
    entity = django_filters.ModelChoiceFilter(
        queryset=Entity.objects.none(), label="Organization", empty_label="All", to_field_name="code"
    )
    right = django_filters.ChoiceFilter(
        method="carrying", choices=[(right.value, WORDS[right][0]) for right in Right], label="Who may", empty_label="Anything"
    )

    class Meta:
        model = RoleAssignment
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, entities: QuerySet[Entity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["entity"].queryset = entities
        people = self.queryset.order_by().values("user_id")
        self.filters["person"].queryset = User.objects.filter(pk__in=people).order_by("name")

    def carrying(self, queryset: QuerySet[RoleAssignment], name: str, value: str) -> QuerySet[RoleAssignment]:
        """Keep assignments whose role carries a right."""
        return queryset.filter(role__kind__in=[kind for kind, rights in RIGHTS_BY_KIND.items() if value in rights])


class TrailFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library carries no types
    """Records of the audit trail by what they are about, who did it, when, and words."""

    topic = django_filters.ChoiceFilter(method="about", label="About", empty_label="Everything")
    person = django_filters.ModelChoiceFilter(
        field_name="actor", queryset=User.objects.none(), label="Who", empty_label="Everybody"
    )
    since = django_filters.DateFilter(
        field_name="at", lookup_expr="date__gte", label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = django_filters.DateFilter(
        field_name="at", lookup_expr="date__lte", label="To", widget=forms.DateInput(attrs={"type": "date"})
    )
    q = django_filters.CharFilter(method="saying", label="Deed or number")

    class Meta:
        model = AuditRecord
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["topic"].extra["choices"] = [(topic.code, topic.title) for topic in trail.topics.values()]
        people = RoleAssignment.objects.filter(entity=entity).values("user_id")
        self.filters["person"].queryset = User.objects.filter(pk__in=people).order_by("name")

    def about(self, queryset: QuerySet[AuditRecord], name: str, value: str) -> QuerySet[AuditRecord]:
        """Keep the records of a part of the trail."""
        return of_topic(queryset, value)

    def saying(self, queryset: QuerySet[AuditRecord], name: str, value: str) -> QuerySet[AuditRecord]:
        """Keep records of a deed, such as *budget* or *chargeback posted*, or of the thing with a number."""
        words = value.replace("\x00", "").strip()[:80]
        verb = ".".join(words.lower().split(maxsplit=1)).replace(" ", "_")
        return queryset.filter(Q(verb__contains=verb) | Q(subject_id=words))
