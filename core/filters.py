"""Filters of the lists of core."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.models import Entity, RoleAssignment, User
from core.rules.rights import RIGHTS_BY_KIND, WORDS, Right


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
