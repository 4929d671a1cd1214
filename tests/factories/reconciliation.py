"""Invoices, statements and approved requests for tests, made through the services; and a small camt.053 writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from approvals.data import LineData as RequestLineData
from approvals.data import RequestData
from approvals.models import Request, RequestLine, Stage
from approvals.services.decisions import approve_stage
from approvals.services.policies import load_policy
from approvals.services.requests import save_draft, submit_request
from budgets.models import FundsAccount, Vendor
from core.models import Entity, User
from core.services.outbox import drain
from reconciliation.models import Invoice, Payment
from reconciliation.rules.camt import parse_statements
from reconciliation.rules.invoices import InvoiceData, LineData
from reconciliation.services.invoices import record_invoice
from reconciliation.services.statements import RecordedStatement, record_statement

ISSUED = date(2026, 3, 10)
MARCH = date(2026, 3, 1)
IBAN = "NL91ABNA0417164300"
POLICY = {
    "code": "small",
    "name": "Small approvals",
    "currency": "USD",
    "contact": "finance",
    "roles": {
        "program_director": {"name": "Program director", "kind": "approver"},
        "finance": {"name": "Finance", "kind": "finance"},
    },
    "kinds": {"vendor_payment": {"name": "Vendor payment"}},
    "rules": [{"kind": "vendor_payment", "over": 0, "stages": ["program_director"], "sla": "2 business days"}],
}


def approved_request(
    *, account: FundsAccount, net: Any, requester: User, approver: User, vendor: Vendor | None = None, month: date = MARCH
) -> RequestLine:
    """Take a request of one line through its decision, so that its money is committed; return its line."""
    load_policy(document=POLICY, entity=account.entity, actor=None)
    data = RequestData(
        kind="vendor_payment",
        title="Platform licences",
        reason="The team needs them.",
        vendor_id=vendor.pk if vendor else None,
        lines=[RequestLineData(description="Licences", account_id=account.pk, month=month, net=Decimal(net))],
    )
    draft = save_draft(actor=requester, entity=account.entity, data=data)
    submit_request(request_id=draft.pk, actor=requester)
    request = Request.objects.get(pk=draft.pk)
    stage = Stage.objects.get(request=request, state="assigned")
    approve_stage(stage_id=stage.pk, actor=approver, digest=request.digest)
    return RequestLine.objects.select_related("request", "account").get(request=request)


def invoice_data(number: str = "INV-1001", net: Any = "100.00", **more: Any) -> InvoiceData:
    """Return an invoice of one line as it would come in."""
    line = LineData(
        description=more.pop("description", "Licences"),
        net=Decimal(net),
        vat=Decimal(more.pop("vat", 0)),
        recoverable=Decimal(more.pop("recoverable", 0)),
        account_id=more.pop("account_id", None),
        month=more.pop("month", None),
    )
    told: dict[str, Any] = {"vendor_name": "Acme Cloud", "issued_on": ISSUED, "currency": "USD", "lines": (line,)} | more
    return InvoiceData(number=number, **told)


def an_invoice(entity: Entity, actor: User | None, number: str = "INV-1001", net: Any = "100.00", **more: Any) -> Invoice:
    """Record an invoice of one line and return it."""
    return record_invoice(entity=entity, data=invoice_data(number, net, **more), actor=actor).invoice


@dataclass(frozen=True)
class Detail:
    """A part of a camt.053 entry. Positive amounts are paid out."""

    amount: str
    name: str = "Acme Cloud"
    iban: str = "DE89370400440532013000"
    end_to_end_id: str = "NOTPROVIDED"
    remittance: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Entry:
    """An entry of a statement: one detail, or a batch of several."""

    details: Sequence[Detail]
    booked_on: date = date(2026, 3, 20)
    is_reversal: bool = False

    @property
    def amount(self) -> Decimal:
        return sum((Decimal(detail.amount) for detail in self.details), Decimal(0))


def camt(
    *entries: Entry,
    opening: Any = "10000.00",
    identification: str = "STMT-1",
    day: date = date(2026, 3, 20),
    iban: str = IBAN,
) -> bytes:
    """Return a camt.053 file with one statement. Its closing balance is what its entries make of the opening one."""
    closing = Decimal(opening) - sum((entry.amount for entry in entries), Decimal(0))
    body = "".join(_entry(number, entry) for number, entry in enumerate(entries, start=1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>M-{identification}</MsgId><CreDtTm>{day}T20:00:00Z</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{identification}</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>{day}T20:00:00Z</CreDtTm>"
        f"<FrToDt><FrDtTm>{day}T00:00:00Z</FrDtTm><ToDtTm>{day}T23:59:59Z</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>USD</Ccy></Acct>"
        f"{_balance('OPBD', Decimal(opening), day)}{_balance('CLBD', closing, day)}{body}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(code: str, amount: Decimal, day: date) -> str:
    sign = "CRDT" if amount >= 0 else "DBIT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{abs(amount):.2f}</Amt>'
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(number: int, entry: Entry) -> str:
    reversal = "<RvslInd>true</RvslInd>" if entry.is_reversal else ""
    return (
        f'<Ntry><NtryRef>{number}</NtryRef><Amt Ccy="USD">{abs(entry.amount):.2f}</Amt>'
        f"<CdtDbtInd>{_sign(entry.amount)}</CdtDbtInd>{reversal}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{entry.booked_on}</Dt></BookgDt><ValDt><Dt>{entry.booked_on}</Dt></ValDt>"
        f"<AcctSvcrRef>BANK-{number}</AcctSvcrRef><NtryDtls>{''.join(map(_detail, entry.details))}</NtryDtls></Ntry>"
    )


def _detail(detail: Detail) -> str:
    structured = f"<Strd><CdtrRefInf><Ref>{escape(detail.reference)}</Ref></CdtrRefInf></Strd>" if detail.reference else ""
    free = f"<Ustrd>{escape(detail.remittance)}</Ustrd>" if detail.remittance else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{escape(detail.end_to_end_id)}</EndToEndId></Refs>"
        f'<Amt Ccy="USD">{abs(Decimal(detail.amount)):.2f}</Amt><CdtDbtInd>{_sign(Decimal(detail.amount))}</CdtDbtInd>'
        f"<RltdPties><Cdtr><Pty><Nm>{escape(detail.name)}</Nm></Pty></Cdtr>"
        f"<CdtrAcct><Id><IBAN>{detail.iban}</IBAN></Id></CdtrAcct></RltdPties>"
        f"<RmtInf>{free}{structured}</RmtInf></TxDtls>"
    )


def _sign(amount: Decimal) -> str:
    return "DBIT" if amount >= 0 else "CRDT"


def take_statement(entity: Entity, actor: User | None, content: bytes) -> RecordedStatement:
    """Read and record a file with one statement."""
    [parsed] = parse_statements(content)
    return record_statement(entity=entity, statement=parsed, actor=actor)


def pay(entity: Entity, actor: User | None, *details: Detail, day: date = date(2026, 3, 20)) -> list[Payment]:
    """Record a statement with one entry per detail, each settled nothing yet; return the payments in order."""
    number = entity.payments.count() + 1
    content = camt(*[Entry([detail], booked_on=day) for detail in details], identification=f"STMT-{number}", day=day)
    statement = take_statement(entity, actor, content).statement
    return list(Payment.objects.filter(entry__statement=statement).order_by("entry__number", "number"))


def handle_events() -> None:
    """Let every announced event reach its handlers, and those that they announce."""
    while drain():
        pass
