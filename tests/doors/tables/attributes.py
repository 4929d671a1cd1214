"""The doors of attributes of an organization's own: what is asked, and what budgets, requests and invoices have."""

from typing import Any

from tests.doors.words import (
    ADMINISTER,
    AUDIT,
    BUDGET,
    DECIDE,
    RECONCILE,
    REPORT,
    REQUEST,
    Access,
    Answer,
    Door,
    Part,
    Persona,
    Things,
    form,
    may,
    page,
    reads,
)

SETS = reads(ADMINISTER, whole=True)
BOOKS = may(BUDGET, whole=True)
WORK = may(RECONCILE, whole=True)
EVERY = (ADMINISTER, AUDIT, BUDGET, DECIDE, RECONCILE, REPORT, REQUEST)
# Finance states what a request has at any time; who asked for it, while it is a draft.
STATES = reads(
    REQUEST,
    BUDGET,
    allowed=Answer.REFUSED,
    finance={Part.OWN: Answer.ALLOWED, Part.NEAR: Answer.ALLOWED, Part.SHARED: Answer.ALLOWED},
)
INVOICES = ("reconciliation_invoiceattribute",)
VALUES = {"attributes": {"region": "emea"}}


def _theirs(persona: Persona, part: Part) -> Answer:
    """Whoever holds a role in an organization reads what it asks."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if not persona.rights:
        return Answer.REFUSED
    return Answer.HIDDEN if part in {Part.FAR, Part.MISSING} else Answer.ALLOWED


def _new(things: Things) -> dict[str, Any]:
    return {"kind": "budget", "name": "Colour", "code": "colour", "type": "text", "starts_on": "2026-01-01"}


def _changed(things: Things) -> dict[str, Any]:
    return {"name": "Area", "type": "text", "starts_on": "2026-01-01"}


def _region(things: Things) -> dict[str, Any]:
    return {"region": "emea"}


DOORS: list[Door] = [
    page("budgets:attributes", SETS, query="entity"),
    form("budgets:attribute-new", SETS, entity_code="entity", body=_new, changes=("budgets_attribute",)),
    form("budgets:attribute", SETS, attribute_id="attribute", body=_changed, changes=("budgets_attribute",)),
    form("budgets:budget-attributes", BOOKS, code="budget", body=_region, changes=("budgets_budgetattribute",)),
    form("approvals:request-attributes", STATES, number="request", body=_region, changes=("approvals_requestattribute",)),
    form(
        "reconciliation:invoice-attributes",
        WORK,
        invoice_id="invoice",
        body=_region,
        changes=("reconciliation_invoiceattribute",),
    ),
]
API: list[Door] = [
    Door(
        "api:attributes-list",
        get=reads(*EVERY),
        post=SETS,
        body=lambda things: {"entity": things["entity"], **_new(things)},
        names=("entity",),
        changes=("budgets_attribute",),
    ),
    Door("api:attributes-detail", get=Access(_theirs), put=SETS, at={"id": "attribute"}, body=_changed),
    Door(
        "api:budgets-attributes",
        post=BOOKS,
        at={"code": "budget"},
        body=lambda things: VALUES,
        changes=("budgets_budgetattribute",),
    ),
    *(
        Door(f"{space}:budgets-owner", post=BOOKS, at={"code": "budget"}, body=lambda things: {"owner": None})
        for space in ("api", "plain")
    ),
    Door("plain:budgets-attributes", post=BOOKS, at={"code": "budget"}, body=lambda things: VALUES),
    Door("api:requests-attributes", post=STATES, at={"number": "request"}, body=lambda things: VALUES),
    Door("api:invoices-attributes", post=WORK, at={"id": "invoice"}, body=lambda things: VALUES),
]
