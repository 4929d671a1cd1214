"""Filters of the lists of requests, of what waits, and of policies."""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from approvals.filters import BY_POLICY, by_whom, with_tag, words_in
from approvals.filters import QueueFilter as OfQueue
from approvals.models import (
    Contract,
    Delegation,
    EmergencyTerms,
    Overrun,
    Policy,
    PolicyVersion,
    Request,
    RequestAttribute,
    RequestLine,
    Stage,
)
from approvals.selectors.contracts import in_force
from approvals.selectors.policy_pages import with_standing
from budgets.api.attribute_fields import HAVING, Condition
from budgets.selectors.attributes import having
from core import clock
from core.api.fields import MonthField
from core.api.filters import Asked, Choice, Code, FilterSet

WORDS = "Words in its number, title, reason, vendor or requester."
TAG = "Bearing this tag, key=value, or a tag with this key."
AUTOMATIC = "policy: approved by the policy itself; unseen: of these, what nobody has looked back at."
WHOSE = (("mine", "mine"), ("scope", "scope"))


class RequestFilter(FilterSet):
    """By words, state, kind, the month they are spent in, and whose they are."""

    q = Asked(Code(), method="with_words", about=WORDS)
    state = Asked(Choice(Request.State.choices), field_name="state")
    kind = Asked(Code(), field_name="kind")
    month = Asked(MonthField(), method="in_month", about="With a line in this month.")
    whose = Asked(Choice(WHOSE), method="of", about="mine: those one asked for oneself; scope: all that one may see.")
    tag = Asked(Code(), method="with_a_tag", about=TAG)
    attribute = Asked(Condition(), method="with_attribute", about=HAVING)
    approved_by = Asked(Choice(BY_POLICY), method="by_a_policy", about=AUTOMATIC)

    class Meta:
        model = Request
        fields: list[str] = []

    def with_attribute(self, rows: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
        """Keep those that have the attribute so."""
        return having(rows, RequestAttribute, "request", value)

    def with_words(self, rows: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
        """Keep requests that have the words somewhere."""
        found: QuerySet[Request] = words_in()(rows, name, value)
        return found

    def in_month(self, rows: QuerySet[Request], name: str, value: date) -> QuerySet[Request]:
        """Keep requests that have a line in the month."""
        return rows.filter(pk__in=RequestLine.objects.filter(month=value).values("request_id"))

    def with_a_tag(self, rows: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
        """Keep requests that bear the tag."""
        found: QuerySet[Request] = with_tag()(rows, name, value)
        return found

    def by_a_policy(self, rows: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
        """Keep what a policy approved by itself."""
        return by_whom(rows, name, value)

    def of(self, rows: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
        """Keep the person's own, or all."""
        return rows.filter(requester=self.request.user) if value == "mine" else rows


class ContractFilter(FilterSet):
    """By whether they have ended."""

    state = Asked(Choice((("in_force", "in force"), ("ended", "ended"))), method="by_end", about="Left out: all.")

    class Meta:
        model = Contract
        fields: list[str] = []

    def by_end(self, rows: QuerySet[Contract], name: str, value: str) -> QuerySet[Contract]:
        """Keep those that have not ended, or those that have."""
        return in_force(rows, ended=value == "ended").order_by(*(rows.query.order_by or ()))


class QueueFilter(FilterSet):
    """By words, kind and clock."""

    q = Asked(Code(), method="with_words", about=WORDS)
    kind = Asked(Code(), field_name="request__kind")
    due = Asked(Choice(OfQueue.DUE), method="by_clock", about="Where its clock stands now.")
    tag = Asked(Code(), method="with_a_tag", about=TAG)

    class Meta:
        model = Stage
        fields: list[str] = []

    def with_words(self, rows: QuerySet[Stage], name: str, value: str) -> QuerySet[Stage]:
        """Keep stages of requests that have the words somewhere."""
        found: QuerySet[Stage] = words_in("request__")(rows, name, value)
        return found

    def with_a_tag(self, rows: QuerySet[Stage], name: str, value: str) -> QuerySet[Stage]:
        """Keep stages of requests that bear the tag."""
        found: QuerySet[Stage] = with_tag("request__")(rows, name, value)
        return found

    def by_clock(self, rows: QuerySet[Stage], name: str, value: str) -> QuerySet[Stage]:
        """Keep stages by where their clock stands now."""
        return rows.filter(**of_clock(value))


def of_clock(value: str) -> dict[str, Any]:
    """Return the condition for stages whose clock stands so."""
    now = clock.now()
    return {"overdue": {"due_at__lt": now}, "open": {"due_at__gte": now}}.get(value, {"escalated_at__isnull": False})


class PolicyFilter(FilterSet):
    """Of an organization, by code."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    code = Asked(Code(), field_name="code")

    class Meta:
        model = Policy
        fields: list[str] = []


class VersionFilter(FilterSet):
    """Of an organization or a policy, in a state."""

    entity = Asked(Code(), field_name="policy__entity__code", about="Of the organization with this code.")
    policy = Asked(Code(), field_name="policy__code", about="Of the policy with this code.")
    state = Asked(Choice(PolicyVersion.Standing.choices), method="by_standing", about="Where it stands now.")

    class Meta:
        model = PolicyVersion
        fields: list[str] = []

    def by_standing(self, rows: QuerySet[PolicyVersion], name: str, value: str) -> QuerySet[PolicyVersion]:
        """Keep those that stand so now."""
        return with_standing(rows, value)


class DelegationFilter(FilterSet):
    """By where they stand now, and whose they are."""

    state = Asked(Choice((("in_force", "in force"), ("to_come", "to come"), ("over", "over"))), method="by_time", about="Now.")
    whose = Asked(Choice((("mine", "mine"), ("to_me", "to me"))), method="of", about="Of the caller, or to the caller.")

    class Meta:
        model = Delegation
        fields: list[str] = []

    def by_time(self, rows: QuerySet[Delegation], name: str, value: str) -> QuerySet[Delegation]:
        """Keep those that stand so now."""
        now = clock.now()
        if value == "over":
            return rows.filter(ends_at__lte=now)
        later = rows.filter(ends_at__gt=now)
        return later.filter(starts_at__lte=now) if value == "in_force" else later.filter(starts_at__gt=now)

    def of(self, rows: QuerySet[Delegation], name: str, value: str) -> QuerySet[Delegation]:
        """Keep the caller's own, or those that name them."""
        return rows.filter(person=self.request.user) if value == "mine" else rows.filter(delegate=self.request.user)


class TermsFilter(FilterSet):
    """By organization."""

    entity = Asked(Code(), field_name="entity__code", about="The organization's code.")

    class Meta:
        model = EmergencyTerms
        fields: list[str] = []


class OverrunFilter(FilterSet):
    """By organization, budget and state."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    budget = Asked(Code(), field_name="account__budget__code", about="Of the budget with this code.")
    state = Asked(Choice(Overrun.State.choices), field_name="state")

    class Meta:
        model = Overrun
        fields: list[str] = []
