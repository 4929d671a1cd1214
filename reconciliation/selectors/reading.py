"""The guarded doors to invoices, payments, suggestions and exceptions.

They belong to an entity as a whole, so only a role over the whole entity opens them: finance to work, auditors to look.
"""

from core.access import paths_of, whole_entities_of
from core.errors import NotFound
from core.models import Entity, User
from core.rules.rights import Right
from reconciliation.models import Allocation, CommitmentMatch, ExceptionItem, Invoice, InvoiceLine, Payment, Suggestion

READERS = (Right.RECONCILE, Right.AUDIT)


def entities_for(user: User, *rights: Right) -> list[Entity]:
    """Return the entities whose reconciliation the person may read, or in which they have one of `rights` over the whole."""
    wanted = rights or READERS
    return list(whole_entities_of(user, *wanted))


def may_reconcile(user: User, entity: Entity) -> bool:
    """Say whether the person may change what is reconciled in the entity."""
    return "/" in paths_of(user, entity, Right.RECONCILE)


def access_invoice_by_id(user: User, invoice_id: int, *rights: Right) -> Invoice:
    """Return an invoice that the person may read. Raises NotFound."""
    rows = Invoice.objects.select_related("entity", "vendor", "suspected_of", "recorded_by")
    found = rows.filter(pk=invoice_id, entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such invoice, or none that you may see.", remedy="Go back to the list of invoices.")
    return found


def access_line_by_id(user: User, line_id: int, *rights: Right) -> InvoiceLine:
    """Return an invoice line that the person may read. Raises NotFound."""
    rows = InvoiceLine.objects.select_related("invoice__entity", "invoice__vendor")
    found = rows.filter(pk=line_id, invoice__entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such invoice line, or none that you may see.", remedy="Go back to the list of invoices.")
    return found


def access_match_by_id(user: User, match_id: int, *rights: Right) -> CommitmentMatch:
    """Return a match that the person may read. Raises NotFound."""
    rows = CommitmentMatch.objects.select_related("invoice_line__invoice")
    found = rows.filter(pk=match_id, invoice_line__invoice__entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such match, or none that you may see.", remedy="Go back to the invoice.")
    return found


def access_payment_by_id(user: User, payment_id: int, *rights: Right) -> Payment:
    """Return a payment that the person may read. Raises NotFound."""
    rows = Payment.objects.select_related("entity", "entry__statement__bank_account")
    found = rows.filter(pk=payment_id, entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such payment, or none that you may see.", remedy="Go back to the list of payments.")
    return found


def access_allocation_by_id(user: User, allocation_id: int, *rights: Right) -> Allocation:
    """Return an allocation that the person may read. Raises NotFound."""
    rows = Allocation.objects.select_related("payment", "invoice")
    found = rows.filter(pk=allocation_id, invoice__entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such allocation, or none that you may see.", remedy="Go back to the payment.")
    return found


def access_suggestion_by_id(user: User, suggestion_id: int, *rights: Right) -> Suggestion:
    """Return a suggestion that the person may read. Raises NotFound."""
    found = Suggestion.objects.filter(pk=suggestion_id, entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such suggestion, or none that you may see.", remedy="Go back to the list of suggestions.")
    return found


def access_exception_by_id(user: User, item_id: int, *rights: Right) -> ExceptionItem:
    """Return an exception that the person may read. Raises NotFound."""
    found = ExceptionItem.objects.select_related("entity").filter(pk=item_id, entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such exception, or none that you may see.", remedy="Go back to the list of exceptions.")
    return found
