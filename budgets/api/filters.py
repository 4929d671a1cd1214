"""Filters of the lists of budgets."""

from django.db.models import QuerySet

from budgets.api.attribute_fields import HAVING, Condition
from budgets.models import (
    Attribute,
    Bucket,
    Budget,
    BudgetAttribute,
    Control,
    CostCentre,
    Entry,
    FundsAccount,
    Journal,
    Mode,
    Period,
    Window,
)
from budgets.selectors.attributes import having
from budgets.selectors.controls import KINDS, of_kind
from core.api.fields import MomentField, MonthField
from core.api.filters import Asked, Choice, Code, FilterSet, Flag, Number

BELOW = "At this cost centre, or at one below it."


class MasterFilter(FilterSet):
    """Of an organization, in use or not, by code."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    code = Asked(Code(), field_name="code")
    is_active = Asked(Flag(), field_name="is_active")


class PeriodFilter(FilterSet):
    """Of an organization, open or closed, by month."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    state = Asked(Choice(Period.State.choices), field_name="state")
    month = Asked(MonthField(), field_name="month")


class RateFilter(FilterSet):
    """Of an organization, by currency."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    currency = Asked(Code(), field_name="currency")


class BudgetFilter(FilterSet):
    """Of an organization, by kind, cost centre and month."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    kind = Asked(Choice(Budget.Kind.choices), field_name="kind")
    cost_centre = Asked(Code(), method="below", about=BELOW)
    month = Asked(MonthField(), method="spanning", about="Budgets that span this month.")
    attribute = Asked(Condition(), method="with_attribute", about=HAVING)
    is_in_force = Asked(Flag(), method="in_force", about="Whether a version of it is in force.")

    def with_attribute(self, rows: QuerySet[Budget], name: str, value: str) -> QuerySet[Budget]:
        """Keep those that have the attribute so."""
        return having(rows, BudgetAttribute, "budget", value)

    def below(self, rows: QuerySet[Budget], name: str, value: str) -> QuerySet[Budget]:
        """Keep the budgets of a cost centre and of all below it."""
        paths = CostCentre.objects.filter(code=value).values_list("entity_id", "path")
        found = rows.none()
        for entity_id, path in paths:
            found |= rows.filter(entity_id=entity_id, cost_centre__path__startswith=path)
        return found

    def spanning(self, rows: QuerySet[Budget], name: str, value: str) -> QuerySet[Budget]:
        """Keep the budgets that span a month."""
        return rows.filter(starts_on__lte=value, ends_on__gte=value)

    def in_force(self, rows: QuerySet[Budget], name: str, value: bool) -> QuerySet[Budget]:
        """Keep the budgets that have a version in force, or those that have none."""
        having = Budget.objects.filter(versions__state="in_force").values("pk")
        return rows.filter(pk__in=having) if value else rows.exclude(pk__in=having)


class AccountFilter(FilterSet):
    """By budget, cost centre, category and currency."""

    budget = Asked(Code(), field_name="budget__code")
    cost_centre = Asked(Code(), field_name="cost_centre__code")
    category = Asked(Code(), field_name="category__code")
    currency = Asked(Code(), field_name="currency")

    class Meta:
        model = FundsAccount
        fields: list[str] = []


class EntryFilter(FilterSet):
    """By where, when and in which bucket."""

    budget = Asked(Code(), field_name="account__budget__code")
    account = Asked(Number(), field_name="account_id")
    cost_centre = Asked(Code(), field_name="account__cost_centre__code")
    category = Asked(Code(), field_name="account__category__code")
    journal = Asked(Number(), field_name="journal_id")
    bucket = Asked(Choice(Bucket.choices), field_name="bucket")
    month = Asked(MonthField(), field_name="month")
    through = Asked(MonthField(), field_name="month", lookup_expr="lte", about="Of the months up to this one (included).")
    after = Asked(MomentField(), field_name="recorded_at", lookup_expr="gt", about="Recorded after this moment.")
    as_of = Asked(MomentField(), field_name="recorded_at", lookup_expr="lte", about="Recorded up to this moment (included).")
    thread = Asked(Code(), field_name="thread")

    class Meta:
        model = Entry
        fields: list[str] = []


class JournalFilter(FilterSet):
    """By organization, kind and source."""

    entity = Asked(Code(), field_name="entity__code")
    kind = Asked(Choice(Journal.Kind.choices), field_name="kind")
    source_type = Asked(Code(), field_name="source_type")
    source_id = Asked(Code(), field_name="source_id")
    since = Asked(MomentField(), field_name="recorded_at", lookup_expr="gte", about="Recorded at this moment or later.")

    class Meta:
        model = Journal
        fields: list[str] = []


class ControlFilter(FilterSet):
    """By organization, budget, what they sit on and what they do."""

    entity = Asked(Code(), field_name="entity__code")
    budget = Asked(Code(), field_name="budget__code")
    on = Asked(Choice(KINDS), method="of_kind", about="What it sits on.")
    mode = Asked(Choice(Mode.choices), field_name="mode")
    window = Asked(Choice(Window.choices), field_name="window")

    class Meta:
        model = Control
        fields: list[str] = []

    def of_kind(self, rows: QuerySet[Control], name: str, value: str) -> QuerySet[Control]:
        """Keep the controls on nodes of a kind."""
        return rows.filter(of_kind(value))


class TagTermsFilter(FilterSet):
    """Of an organization, by code."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    code = Asked(Code(), field_name="code")


class SpendItemFilter(FilterSet):
    """Of an organization, by source and thread."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    source = Asked(Code(), field_name="source", about="From the source with this code.")
    thread = Asked(Code(), field_name="thread", about="The thread of its entries in the ledger.")


class AttributeDefinitionFilter(FilterSet):
    """Of an organization, by what has it and by code."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    kind = Asked(Choice(Attribute.Kind.choices), field_name="kind")
    code = Asked(Code(), field_name="code")
