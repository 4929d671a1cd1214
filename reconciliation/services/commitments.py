"""Matching invoice lines to request lines: the commitment is liquidated, what is beyond it is spend without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from approvals.models import Request, RequestLine
from approvals.services.spend import key_of
from budgets.models import Bucket
from budgets.rules.settling import taken
from budgets.selectors.balances import thread_balance
from budgets.selectors.months import open_among
from budgets.selectors.threads import parts_of_thread
from budgets.services import ledger
from core import clock
from core.errors import InvalidInput, NotFound, WrongState
from core.models import User
from core.services.audit import record
from core.services.outbox import publish
from reconciliation.events import CommitmentLiquidated
from reconciliation.locks import lock_request
from reconciliation.models import CommitmentMatch, Confirmation, InvoiceLine
from reconciliation.rules.amounts import to_liquidate
from reconciliation.selectors.months import first_open
from reconciliation.services.coding import (
    check_account,
    check_standing,
    clear_coding,
    let_go,
    lock_confirmations_of_line,
    lock_line,
    lock_rows_of_line,
    memo_of,
    set_coding,
    source_of,
    spend_posting,
)
from reconciliation.services.confirming import Weighed, keep_weighed, weigh
from reconciliation.services.duties import refuse_answer_to_its_settler
from reconciliation.services.exceptions import resolve_exceptions
from reconciliation.services.findings import over_key, raise_over_commitment
from reconciliation.services.folds import OWN, refresh_invoice, tell
from reconciliation.services.requisitions import judge_requisition
from reconciliation.services.suggesting import lapse_line_suggestions
from reconciliation.services.tagging import note_line

PERSON = "person"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a match will do: how much it covers, how much of the commitment goes, and in which months."""

    amount: Decimal
    liquidated: Decimal
    remaining: Decimal
    codes_line: bool
    spend_month: date | None
    commitment_month: date | None


@transaction.atomic
def match_to_request(
    *, invoice_line_id: int, request_line_id: int, actor: User | None, rule: str = PERSON, why: str = "Chosen by a person."
) -> CommitmentMatch:
    """Match an invoice line to a line of an approved request: its commitment goes by what the invoice costs, if that is left.

    A line that is not coded yet is coded by it, on the request's account, in the same journal; a ledger's row that is the same
    document gives way to it. A cost above the commitment
    is spent beyond it and raises an exception with the figures; a credit gives commitment back.
    Raises WrongState, InvalidInput, NotFound, ClosedPeriod, NotAllowed where who settled the invoice approved the request.
    """
    rows = lock_rows_of_line(invoice_line_id)
    request_line = _lock_request_line(request_line_id)
    line = lock_line(invoice_line_id)
    _check(line, request_line)
    refuse_answer_to_its_settler(line.invoice, request_line.request)
    plan = _plan(line, request_line)
    match = _create(line, request_line, plan, actor=actor, rule=rule, why=why)
    weighed = weigh(line.invoice, rows) if plan.codes_line else Weighed()
    postings = _postings(line, request_line, plan) + weighed.postings
    if plan.codes_line:
        _note(line, request_line, plan)
    if postings:
        _post(match, postings, plan, actor)
    _after(match, plan, actor)
    if match.journal_id:
        keep_weighed(line.invoice, weighed, journal_id=match.journal_id, actor=actor)
    return match


@transaction.atomic
def unmatch(*, match_id: int, actor: User) -> CommitmentMatch:
    """Undo just what a match did: the commitment comes back, and the spend goes where this match had coded the line.

    Rows of ledgers that gave way to the invoice count again with its last coding. Raises WrongState, NotFound, ClosedPeriod.
    """
    found = CommitmentMatch.objects.select_related("request_line").filter(pk=match_id).first()
    if found is None:
        raise NotFound("There is no such match.", remedy="Go back to the invoice.")
    confirmations = lock_confirmations_of_line(found.invoice_line_id)
    _lock_request_line(found.request_line_id)
    line = lock_line(found.invoice_line_id)
    match = CommitmentMatch.objects.get(pk=match_id)
    _check_undoable(match, line, confirmations)
    match.undone_at, match.undone_by = clock.now(), actor
    match.save(update_fields=["undone_at", "undone_by"])
    tell(line.invoice, source=OWN, code="unmatched", external_id=f"match:{match.pk}:undone", actor=actor)
    record(actor=actor, verb="commitment.unmatched", subject=match, entity=line.invoice.entity)
    resolve_exceptions(entity=line.invoice.entity, keys=[over_key(match)])
    if match.codes_line:
        clear_coding(line, actor=actor)
        # The reversal below gives back what this match had taken the place of.
        let_go(line.invoice, confirmations, actor=actor, journal_id=match.journal_id)
    refresh_invoice(line.invoice)
    judge_requisition(invoice=line.invoice)
    if match.journal_id:
        ledger.reverse(journal_id=match.journal_id, key=f"commitment-match:{match.pk}:undo", actor=actor, memo="Match undone")
    return match


def remaining_commitment(request_line: RequestLine) -> Decimal:
    """Return what is left of a request line's commitment, in the request's currency."""
    balance = thread_balance([request_line.thread]).get(request_line.thread, {})
    return balance.get("committed", Decimal("0.00"))


def _lock_request_line(request_line_id: int) -> RequestLine:
    line = RequestLine.objects.select_related("account").filter(pk=request_line_id).first()
    if line is None:
        raise NotFound("There is no such request line.", remedy="Choose a line of an approved request.")
    line.request = lock_request(line.request_id)
    return line


def _check(line: InvoiceLine, request_line: RequestLine) -> None:
    check_standing(line.invoice)
    if request_line.request.state != Request.State.APPROVED:
        raise WrongState(f"{request_line.request.number} is not approved.", remedy="Only an approved request is a commitment.")
    check_account(line.invoice, request_line.account)
    if line.is_coded and line.account_id != request_line.account_id:
        raise WrongState(
            "The invoice line is on another budget line than the request.",
            remedy="Undo its coding first; the match codes it from the request.",
            code="other_account",
        )
    if line.matches.filter(request_line=request_line, undone_at__isnull=True).exists():
        raise WrongState("These two are matched already.", remedy="Nothing is left to do.", code="already_matched")


def _plan(line: InvoiceLine, request_line: RequestLine) -> Plan:
    covered = line.matches.filter(undone_at__isnull=True).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    amount = line.amount - covered
    if amount == 0:
        raise WrongState("This invoice line is matched in full.", remedy="Undo a match first.", code="already_matched")
    remaining = remaining_commitment(request_line)
    liquidated = to_liquidate(amount=amount, remaining=remaining, liquidated=_liquidated_before(request_line))
    entity = line.invoice.entity
    wished = [line.service_month, request_line.month, line.invoice.issued_on, clock.now().date()]
    spend_month = line.month or first_open(entity, wished)
    # A commitment of a month that was closed is taken back in the month of the spend: closed figures stay as they were.
    commitment_month = first_open(entity, [request_line.month, spend_month])
    return Plan(amount, liquidated, remaining, not line.is_coded, spend_month, commitment_month)


def _liquidated_before(request_line: RequestLine) -> Decimal:
    active = CommitmentMatch.objects.filter(request_line=request_line, undone_at__isnull=True)
    return active.aggregate(sum=Sum("liquidated"))["sum"] or Decimal(0)


def _create(
    line: InvoiceLine, request_line: RequestLine, plan: Plan, *, actor: User | None, rule: str, why: str
) -> CommitmentMatch:
    return CommitmentMatch.objects.create(
        invoice_line=line,
        request_line=request_line,
        amount=plan.amount,
        liquidated=plan.liquidated,
        codes_line=plan.codes_line,
        rule=rule,
        why=why[:400],
        made_by=actor,
        made_at=clock.now(),
    )


def _note(line: InvoiceLine, request_line: RequestLine, plan: Plan) -> None:
    """What the request bears, its spend bears."""
    month, account_id = plan.spend_month or request_line.month, request_line.account_id
    note_line(line, account_id=account_id, month=month, thread=request_line.thread, borne=request_line.request.tags)


def _postings(line: InvoiceLine, request_line: RequestLine, plan: Plan) -> list[ledger.Posting]:
    thread = request_line.thread
    # Where no month is open, the wish for the first choice lets the ledger refuse with its own sentence.
    spend_month = plan.spend_month or request_line.month
    postings = [spend_posting(line, request_line.account_id, spend_month, thread=thread)] if plan.codes_line else []
    for month, amount in _taken_from(request_line, plan):
        postings.append(ledger.Posting(request_line.account_id, month, "committed", -amount, thread, memo_of(line)))
    return postings


def _taken_from(request_line: RequestLine, plan: Plan) -> list[tuple[date, Decimal]]:
    """Return in which months what a match liquidates is taken back: where it lies, since an order may have been moved.

    What lies in a closed month is taken back in the month of the spend. A credit gives back in the request's month.
    """
    elsewhere = plan.commitment_month or request_line.month
    if plan.liquidated <= 0:
        return [(elsewhere, plan.liquidated)] if plan.liquidated else []
    lying = [part for part in parts_of_thread(request_line.thread) if part.bucket == Bucket.COMMITTED]
    pieces = taken(lying, {request_line.thread: plan.liquidated})
    is_open = open_among(request_line.request.entity, (piece.month for piece in pieces))
    found: dict[date, Decimal] = {}
    for piece in pieces:
        month = piece.month if piece.month in is_open else elsewhere
        found[month] = found.get(month, Decimal(0)) + piece.amount
    return list(found.items())


def _post(match: CommitmentMatch, postings: list[ledger.Posting], plan: Plan, actor: User | None) -> None:
    line = match.invoice_line
    journal = ledger.post(
        key=f"commitment-match:{match.pk}",
        kind="spend" if plan.codes_line else "liquidate",
        entity=line.invoice.entity,
        postings=postings,
        actor=actor,
        source=source_of(line.invoice),
        is_fact=True,
        settles=key_of(match.request_line.request, "commit") if plan.liquidated else "",
        memo=f"{match.request_line.request.number} line {match.request_line.number}, {memo_of(line)}"[:400],
    )
    match.journal_id = journal.id
    match.save(update_fields=["journal"])


def _after(match: CommitmentMatch, plan: Plan, actor: User | None) -> None:
    line, request_line = match.invoice_line, match.request_line
    note = f"Line {line.number} answers {request_line.request.number} line {request_line.number}. {match.why}"
    tell(line.invoice, source=OWN, code="matched", external_id=f"match:{match.pk}", actor=actor, note=note)
    figures = {"amount": str(match.amount), "liquidated": str(match.liquidated)}
    after = {"request": request_line.request.number, "rule": match.rule} | figures
    record(actor=actor, verb="commitment.matched", subject=match, entity=line.invoice.entity, after=after)
    if match.amount > 0 and match.beyond > 0:
        raise_over_commitment(match, beyond=match.beyond, remaining=plan.remaining)
    refresh_invoice(line.invoice)
    judge_requisition(invoice=line.invoice)
    lapse_line_suggestions(line, request_line, is_used_up=plan.remaining <= match.liquidated)
    publish(CommitmentLiquidated(match_id=match.pk))
    if plan.codes_line and match.journal_id:
        month = plan.spend_month or request_line.month
        set_coding(line, account=request_line.account, month=month, journal_id=match.journal_id, actor=actor)


def _check_undoable(match: CommitmentMatch, line: InvoiceLine, confirmations: Sequence[Confirmation]) -> None:
    if not match.is_active:
        raise WrongState("This match was undone before.", remedy="Nothing is left to undo.", code="already_undone")
    others = line.matches.filter(undone_at__isnull=True).exclude(pk=match.pk)
    if match.codes_line and others.exists():
        raise WrongState("Another match rests on this one's coding.", remedy="Undo the later match first.", code="later_match")
    took = any(each.journal_id == match.journal_id for each in confirmations if match.codes_line and match.journal_id)
    if took and line.invoice.lines.filter(account__isnull=False).exclude(pk=line.pk).exists():
        raise WrongState(
            "With this match the invoice took the place of a ledger's row, and other lines of it are on budget lines.",
            remedy="Undo the coding of the other lines first.",
            code="later_coding",
        )
    if line.invoice.document_state == "voided":
        raise InvalidInput("This invoice is void.", remedy="Nothing is left to undo.")
