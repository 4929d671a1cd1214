"""Payments, what they settle, what they may settle, and what needs a person."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from core.api.acts import write
from core.api.endpoint import NUMBER, Endpoint, Listed, Shown
from core.api.queries import is_dry_run
from core.errors import NotFound
from core.models import Job
from core.rules.rights import Right
from core.services.jobs import start_job
from reconciliation.api import invoice_serializers as shapes
from reconciliation.api.filters import ExceptionFilter, PaymentFilter, SuggestionFilter
from reconciliation.models import Allocation, ExceptionItem, Payment, Suggestion
from reconciliation.selectors import reading
from reconciliation.selectors.reading import entities_for
from reconciliation.selectors.work import open_suggestions
from reconciliation.services.answers import accept_suggestion, dismiss_suggestion
from reconciliation.services.exceptions import close_exception
from reconciliation.services.foreseeing import foreseen_in
from reconciliation.services.payments import allocate, undo_allocation

READERS = frozenset(reading.READERS)
WORKING = frozenset({Right.RECONCILE})


class Payments(Listed[Payment], Shown[Payment]):
    """Payments, the latest first."""

    room = "reconciliation"
    model = Payment
    rights = READERS
    shows = shapes.PaymentSerializer
    lists = shapes.PaymentRowSerializer
    filterset_class = PaymentFilter
    orderings = ("-booked_on", "booked_on", "-id", "id")
    places = {"id": (NUMBER, "The payment's number.")}

    def rows(self) -> QuerySet[Payment]:
        return Payment.objects.filter(entity__in=entities_for(self.person)).select_related("entity")

    def one(self) -> Payment:
        return reading.access_payment_by_id(self.person, self.number(), *_wanted(self))

    def dress(self, rows: Sequence[Payment]) -> list[Any]:
        return [{"payment": row} if self.act.paged else _told(row) for row in rows]

    @write(takes=shapes.AllocatingSerializer, gives=shapes.PaymentSerializer, rights=WORKING)
    def allocate(self, payment: Payment, data: dict[str, Any]) -> Payment:
        """Settle an invoice with a payment, or with a part of it."""
        invoice = reading.access_invoice_by_id(self.person, data["invoice"], Right.RECONCILE)
        allocate(
            payment_id=payment.pk,
            invoice_id=invoice.pk,
            amount=data["amount"],
            actor=self.person,
            rule="person",
            why="Chosen by a person.",
        )
        return reading.access_payment_by_id(self.person, payment.pk)


class Allocations(Shown[Allocation]):
    """A payment, or a part of it, that settles an invoice."""

    room = "reconciliation"
    model = Allocation
    rights = READERS
    shows = shapes.AllocationSerializer
    places = {"id": (NUMBER, "The allocation's number.")}

    def one(self) -> Allocation:
        return reading.access_allocation_by_id(self.person, self.number(), *_wanted(self))

    @write(gives=shapes.AllocationSerializer, rights=WORKING)
    def undo(self, allocation: Allocation) -> Allocation:
        """Take a payment off one invoice, and just that."""
        undo_allocation(allocation_id=allocation.pk, actor=self.person)
        return reading.access_allocation_by_id(self.person, allocation.pk)


class Suggestions(Listed[Suggestion], Shown[Suggestion]):
    """Matches that may be right and wait for an answer, the likeliest first."""

    room = "reconciliation"
    model = Suggestion
    rights = READERS
    shows = shapes.SuggestionSerializer
    filterset_class = SuggestionFilter
    orderings = ("-score", "id", "-id")
    places = {"id": (NUMBER, "The suggestion's number.")}

    def rows(self) -> QuerySet[Suggestion]:
        return open_suggestions(entities_for(self.person)).select_related("entity", "decided_by")

    def one(self) -> Suggestion:
        return reading.access_suggestion_by_id(self.person, self.number(), *_wanted(self))

    @write(gives=shapes.SuggestionSerializer, rights=WORKING)
    def accept(self, suggestion: Suggestion) -> Suggestion:
        """Do what a suggestion says. It can be undone on the match or allocation that it makes."""
        return accept_suggestion(suggestion_id=suggestion.pk, actor=self.person)

    @write(gives=shapes.SuggestionSerializer, rights=WORKING)
    def dismiss(self, suggestion: Suggestion) -> Suggestion:
        """Say that a suggestion is wrong; it is not made again."""
        return dismiss_suggestion(suggestion_id=suggestion.pk, actor=self.person)


class Exceptions(Listed[ExceptionItem], Shown[ExceptionItem]):
    """What needs a person, the longest open first."""

    room = "reconciliation"
    model = ExceptionItem
    rights = READERS
    shows = shapes.ExceptionSerializer
    filterset_class = ExceptionFilter
    orderings = ("opened_at", "-opened_at", "id")
    places = {"id": (NUMBER, "The exception's number.")}

    def rows(self) -> QuerySet[ExceptionItem]:
        rows = ExceptionItem.objects.filter(entity__in=entities_for(self.person))
        return rows.select_related("entity", "owner", "closed_by")

    def one(self) -> ExceptionItem:
        return reading.access_exception_by_id(self.person, self.number(), *_wanted(self))

    @write(takes=shapes.ClosingSerializer, gives=shapes.ExceptionSerializer, rights=WORKING)
    def close(self, item: ExceptionItem, data: dict[str, Any]) -> ExceptionItem:
        """Close an exception by hand, with the reason."""
        return close_exception(item_id=item.pk, actor=self.person, note=data["note"])


class Matching(Endpoint[Job]):
    """The search for matches."""

    room = "reconciliation"
    model = Job
    rights = WORKING
    shows = shapes.StartedSerializer

    @write(takes=shapes.LookingSerializer, gives=shapes.StartedSerializer, status=202, detail=False, heavy=True)
    def look(self, data: dict[str, Any]) -> dict[str, Any]:
        """Let everything that is still open look for its counterpart, as a job an organization.

        A dry run gives what the jobs would match by themselves.
        """
        code = data.get("entity")
        entities = [each for each in entities_for(self.person, Right.RECONCILE) if code in (None, each.code)]
        if not entities:
            raise NotFound("There is no such organization, or none in which you reconcile.", remedy="Ask for the role there.")
        return {
            "jobs": [
                start_job(
                    kind="match",
                    title=f"Look for matches in {entity.name}",
                    args={"entity_id": entity.pk},
                    actor=self.person,
                    entity=entity,
                )
                for entity in entities
            ],
            "would_match": foreseen_in(entities) if is_dry_run(self.request) else [],
        }


def _wanted(endpoint: Any) -> list[Right]:
    return [Right.RECONCILE] if endpoint.act.is_write else []


def _told(payment: Payment) -> dict[str, Any]:
    """Return all that its own address tells, in a fixed number of queries."""
    return {
        "payment": payment,
        "allocations": payment.allocations.select_related("invoice", "payment", "made_by", "undone_by").order_by("id"),
        "suggestions": [each.pk for each in open_suggestions([payment.entity]).filter(payment=payment)],
        "events": payment.events.select_related("actor").order_by("-at", "-id"),
    }
