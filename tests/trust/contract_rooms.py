"""What happens in approvals, reconciliation and reporting in the world of the contract, and what its calls may name of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from approvals.models import (
    Attachment,
    Committee,
    Debt,
    Delegation,
    EmergencyTerms,
    Manager,
    Meeting,
    PeopleGroup,
    Policy,
    PolicyVersion,
    Receipt,
    Request,
    Reserve,
    SavedView,
    Stage,
)
from approvals.services.attachments import attach
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.meetings import call_meeting, close_meeting, open_meeting, record_attendance
from approvals.services.owners import save_group, state_manager
from approvals.services.policies import load_policy
from approvals.services.saved_views import save_view
from budgets.models import (
    Attribute,
    Budget,
    BudgetTemplate,
    BudgetVersion,
    CarryRule,
    ChargebackDispute,
    ChargebackRun,
    ChargebackStatement,
    DayRate,
    RuleSet,
    SpendItem,
    TagKey,
    TagRule,
    UsageReading,
)
from budgets.rules.carrying import CarryTerms
from budgets.selectors.band_statements import BandData, PartData
from budgets.services.attributes import AttributeData, define_attribute
from budgets.services.bands import state_band
from budgets.services.carry_rules import state_carry_rule
from budgets.services.chargebacks import draw_up, send_statements
from budgets.services.spend_tags import apply_tag_rules
from budgets.services.statements import dispute_statement
from budgets.services.tag_files import load_tags
from budgets.services.templates import keep_template
from core.models import RetentionHold, RetentionRun
from core.services.retention import place_hold
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
from tests.factories.approvals import draft, submitted
from tests.factories.budgets import move
from tests.factories.chargebacks import pool, read, rules_document, stated
from tests.factories.day_rates import rated
from tests.factories.emergencies import declared, terms
from tests.factories.owners import committee
from tests.factories.reconciliation import Detail, an_invoice, pay
from tests.fixtures.imports import SPEND_HEADER, SPEND_MAPPING
from tests.trust.scenarios.ground import MARCH, MONDAY, POLICY, Ground
from tests.trust.scenarios.reserves import kept_by

ROWS = ("2026-03-05,R-1,Acme Cloud,Software,PLATFORM,10.00", "2026-03-05,R-2,Acme Cloud,Telescopes,PLATFORM,4.00")
SHARES = [{"to": "PRODUCT", "pct": "60"}, {"to": "ENG", "pct": "40"}]
TEAM = {"team": "api"}
LISTED = {
    "carry-rules": CarryRule,
    "chargebacks": ChargebackRun,
    "chargeback-statements": ChargebackStatement,
    "chargeback-disputes": ChargebackDispute,
    "rule-sets": RuleSet,
    "usage-readings": UsageReading,
    "day-rates": DayRate,
    "attributes": Attribute,
    "tag-keys": TagKey,
    "tag-rules": TagRule,
    "spend-tags": SpendItem,
    "committees": Committee,
    "debts": Debt,
    "delegations": Delegation,
    "emergency-terms": EmergencyTerms,
    "groups": PeopleGroup,
    "managers": Manager,
    "meetings": Meeting,
    "policies": Policy,
    "policy-versions": PolicyVersion,
    "queue": Stage,
    "requests": Attachment,
    "reserves": Reserve,
    "saved-views": SavedView,
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
    "budget-templates": BudgetTemplate,
    "retention-holds": RetentionHold,
    "retention-removals": RetentionRun,
}


def happen(ground: Ground) -> None:
    """Let a file be attached and one imported, an emergency declared, invoices matched, paid and suggested, a pack frozen."""
    begun = draft(ground.requester, ground.account)
    attach(request_id=begun.pk, actor=ground.requester, name="offer.txt", content=b"An offer")
    terms(ground.entity, {"project_manager": 500})
    declared(draft(ground.requester, ground.account, "10"), ground.approver)
    submitted(ground.requester, ground.account, "11", tags={"level": "small"})
    days = date(2040, 1, 2), date(2040, 1, 6)
    state_delegation(data=DelegationData(ground.entity, ground.approver, ground.finance, *days), actor=ground.approver)
    _sit(ground)
    kept_by(ground)
    save_view(actor=ground.approver, page="queue", name="Late", query="due=overdue")
    state_carry_rule(
        cost_centre=ground.centres["ENG"], starts_on=date(2026, 6, 1), terms=CarryTerms("nothing"), actor=ground.finance
    )
    part = PartData(ground.account.category, Decimal(10), Decimal(20))
    state_band(budget=ground.budget, cost_centre=ground.centres["ENG"], data=BandData(MARCH, (part,)), actor=ground.finance)
    load_policy(document=POLICY | {"note": "Next."}, entity=ground.entity, actor=None, publish=False)
    _import(ground)
    _settle(ground)
    _charge(ground)
    _tag(ground)
    _ask(ground)
    freeze_pack(budget=ground.budget, month=MARCH, actor=ground.finance)
    version = BudgetVersion.objects.get(budget=ground.budget, state="in_force")
    for name in ("A plan", "Another plan"):
        keep_template(version=version, name=name, actor=ground.finance)
    place_hold(entity=ground.entity, kind="reports", reason="An audit.", actor=ground.finance)
    RetentionRun.objects.create(
        entity=ground.entity, digest="ab" * 32, listed=[], documents=1, ordered_by=ground.finance, finished_at=MONDAY
    )


def _sit(ground: Ground) -> None:
    """Let there be a group, a manager, and a committee: one meeting of it is closed, one open, and one to come."""
    save_group(entity=ground.entity, code="buyers", name="Buyers", people=[ground.approver, ground.finance], actor=None)
    state_manager(entity=ground.entity, person=ground.requester, manager=ground.approver, actor=None)
    asking = committee(ground.entity, ground.finance, [ground.approver], meets="monthly: budget review").committee
    for hours in (1, 2, 48):
        begins = MONDAY + timedelta(hours=hours)
        meeting = call_meeting(committee=asking, starts_at=begins, purpose="Budgets", actor=ground.finance)
        if hours < 24:
            open_meeting(meeting_id=meeting.pk, actor=ground.finance)
            record_attendance(meeting_id=meeting.pk, people=[ground.finance.pk], actor=ground.finance)
        if hours == 1:
            close_meeting(meeting_id=meeting.pk, actor=ground.finance)


def _charge(ground: Ground) -> None:
    """Put a month's chargeback before the managers; one statement is disputed."""
    move(ground.accounts["PLATFORM", "people"], "spent", "100.09", month=MARCH, thread="line:88", is_fact=True)
    stated(ground.entity, ground.finance, pool(shares=SHARES))
    read(ground.entity, ground.finance, "calls", PRODUCT="12")
    rated(ground.entity, "700")
    rated(ground.entity, "750", "2026-05", currency="EUR")
    run = draw_up(entity=ground.entity, month=MARCH, rules_code="monthly", actor=ground.finance)
    send_statements(run_id=run.pk, actor=ground.finance)
    statement = run.statements.select_related("manager").earliest("pk")
    dispute_statement(statement_id=statement.pk, actor=statement.manager, words="Too much.")


def _ask(ground: Ground) -> None:
    """Ask something of each kind of things."""
    for kind in ("budget", "request", "invoice"):
        data = AttributeData("Region", "text", date(2026, 1, 1), kind=kind, code="region")
        define_attribute(entity=ground.entity, data=data, actor=ground.finance)


def _tag(ground: Ground) -> None:
    """State a key that is optional, so that requests with other tags were right, a rule, and a tag on what was spent."""
    keys = [{"name": name, "allows": "text", "is_mandatory": name == "Team"} for name in ("Team", "Level")]
    document = {"starts_on": "2026-03", "target": "95", "keys": keys, "rules": [{"name": "All", "service": "*", "sets": TEAM}]}
    load_tags(entity=ground.entity, document=document, actor=ground.finance)
    apply_tag_rules(entity=ground.entity, month=MARCH, actor=ground.finance)


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
        "document": [POLICY, POLICY | {"note": "After."}, rules_document(pool(shares=SHARES))],
        "attributes": [{"region": "emea"}],
        "attribute": ["region", "region=emea"],
        "sets": [TEAM],
        "tags": [{"level": "small"}, TEAM],
        "threads": [["line:88"]],
        "row": list(RawRow.objects.values_list("pk", flat=True)),
        "from_source": list(Source.objects.values_list("pk", flat=True)),
        "invoice": list(Invoice.objects.values_list("pk", flat=True)),
        "receipt": [*Receipt.objects.values_list("number", flat=True), 1],
        "chair": [ground.finance.email],
        "members": [[ground.approver.email], []],
        "as_needed": [[ground.people["executive"].email]],
        "people": [[ground.finance.email, ground.approver.email], [ground.finance.email]],
        "manager": [ground.approver.email, ground.finance.email],
        "valid_from": ["2040-01-02"],
        "of": ["PLATFORM"],
        "to": [ground.other.pk, ground.account.pk],
        "baseline_month": ["2026-01"],
        "due_on": ["2026-12-31"],
        "request_line": list(submitted.lines.values_list("pk", flat=True)),
    }
