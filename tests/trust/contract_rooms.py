"""What happens in approvals, reconciliation and reporting in the world of the contract, and what its calls may name of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from approvals.models import Attachment, Delegation, Policy, PolicyVersion, Request, Stage
from approvals.services.attachments import attach
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.policies import load_policy
from budgets.models import Budget
from reconciliation.models import (
    Allocation,
    CommitmentMatch,
    ExceptionItem,
    ImportFile,
    Invoice,
    InvoiceLine,
    Payment,
    RawRow,
    Source,
    Suggestion,
)
from reconciliation.services.commitments import match_to_request
from reconciliation.services.ingest import apply, receive_file
from reconciliation.services.payments import allocate
from reconciliation.services.sources import save_source
from reporting.models import Pack
from reporting.services.packs import freeze_pack
from tests.factories.approvals import draft
from tests.factories.reconciliation import Detail, an_invoice, pay
from tests.fixtures.imports import SPEND_HEADER, SPEND_MAPPING
from tests.trust.scenarios.ground import MARCH, POLICY, Ground

ROWS = ("2026-03-05,R-1,Acme Cloud,Software,PLATFORM,10.00", "2026-03-05,R-2,Acme Cloud,Telescopes,PLATFORM,4.00")
LISTED = {
    "delegations": Delegation,
    "policies": Policy,
    "policy-versions": PolicyVersion,
    "queue": Stage,
    "requests": Attachment,
    "sources": Source,
    "imports": ImportFile,
    "import-rows": RawRow,
    "invoices": Invoice,
    "invoice-lines": InvoiceLine,
    "matches": CommitmentMatch,
    "payments": Payment,
    "allocations": Allocation,
    "suggestions": Suggestion,
    "exceptions": ExceptionItem,
    "packs": Pack,
}


def happen(ground: Ground) -> None:
    """Let a file be attached and one imported, invoices be matched, paid and suggested, and a pack be frozen."""
    begun = draft(ground.requester, ground.account)
    attach(request_id=begun.pk, actor=ground.requester, name="offer.txt", content=b"An offer")
    days = date(2040, 1, 2), date(2040, 1, 6)
    state_delegation(data=DelegationData(ground.entity, ground.approver, ground.finance, *days), actor=ground.approver)
    load_policy(document=POLICY | {"note": "Next."}, entity=ground.entity, actor=None, publish=False)
    _import(ground)
    _settle(ground)
    freeze_pack(budget=ground.budget, month=MARCH, actor=ground.finance)


def _import(ground: Ground) -> None:
    source = save_source(
        entity=ground.entity,
        code="ledger",
        name="Ledger export",
        format_code="spend_csv",
        mapping=SPEND_MAPPING,
        actor=ground.finance,
    )
    content = "\n".join([SPEND_HEADER, *ROWS, ""]).encode()
    apply(
        import_file_id=receive_file(source=source, name="spend.csv", content=content, actor=ground.finance).pk,
        actor=ground.finance,
    )
    receive_file(source=source, name="next.csv", content=content.replace(b"R-", b"S-"), actor=ground.finance)


def _settle(ground: Ground) -> None:
    request = Request.objects.filter(state=Request.State.APPROVED).earliest("pk")
    matched, paid, waiting = (an_invoice(ground.entity, ground.finance, f"INV-{net}", net=net) for net in (50, 60, 70))
    match_to_request(invoice_line_id=matched.lines.get().pk, request_line_id=request.lines.get().pk, actor=ground.finance)
    first, second = pay(ground.entity, ground.finance, Detail("60.00"), Detail("70.00"))
    allocate(payment_id=first.pk, invoice_id=paid.pk, amount=first.amount, actor=ground.finance, rule="person", why="Chosen.")
    Suggestion.objects.create(
        entity=ground.entity,
        kind=Suggestion.Kind.PAYMENT,
        payment=second,
        invoice=waiting,
        amount=second.amount,
        score=70,
        reasons=["Same amount."],
    )


def numbers() -> dict[str, list[Any]]:
    """Return the numbers that there are, by the list they are in."""
    return {name: list(model._default_manager.order_by("-pk").values_list("pk", flat=True)[:3]) for name, model in LISTED.items()}


def known(ground: Ground) -> dict[str, list[Any]]:
    """Return what the names in bodies and addresses may stand for; `requests.number` is a name below one address alone."""
    submitted = Request.objects.filter(state=Request.State.SUBMITTED).latest("pk")
    begun = Request.objects.get(state=Request.State.DRAFT)
    line = {"description": "Licences", "account": ground.account.pk, "month": "2026-03", "net": "10.00"}
    return {
        "requests.number": [begun.number, submitted.number],
        "file": list(ImportFile.objects.values_list("pk", flat=True)),
        "kind": ["vendor_payment", Budget.Kind.values[0]],
        "lines": [[line], [line | {"vat": "2.00", "recoverable": "1.00"}]],
        "digest": [submitted.digest],
        "document": [POLICY, POLICY | {"note": "After."}],
        "from_source": list(Source.objects.values_list("pk", flat=True)),
        "invoice": list(Invoice.objects.values_list("pk", flat=True)),
        "request_line": list(submitted.lines.values_list("pk", flat=True)),
    }
