"""Approved requests as orders, in part invoiced."""

from approvals.models import Request
from core.models import User
from reconciliation.services.commitments import match_to_request
from tests.factories.approvals import approve_all, submitted
from tests.factories.reconciliation import an_invoice
from tests.fixtures.approvals import House


def an_order(house: House, controller: User) -> Request:
    """Return an approved request of 70.00, of which 25.00 is invoiced."""
    request = submitted(house.engineer, house.account, "70")
    approve_all(request)
    invoice = an_invoice(house.entity, controller, net="25.00")
    match_to_request(invoice_line_id=invoice.lines.get().pk, request_line_id=request.lines.get().pk, actor=controller)
    request.refresh_from_db()
    return request
