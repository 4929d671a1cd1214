"""Statements: accepted or disputed by the manager, and disputes resolved by an adjustment or a refusal with its reason."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from budgets.events import DisputeResolved, StatementAccepted, StatementAsked, StatementDisputed
from budgets.locks import lock_chargeback_dispute, lock_statement
from budgets.models import ChargebackDispute, ChargebackRun, ChargebackStatement, CostCentre
from budgets.selectors.statements import keeps_books, managers_of
from budgets.services.chargebacks import AdjustmentData, ask, clocks, write_adjustment
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Shift:
    """What of a disputed statement goes to another cost centre."""

    pool: str
    taker: CostCentre
    amount: Decimal
    reason: str


@transaction.atomic
def accept_statement(*, statement_id: int, actor: User) -> ChargebackStatement:
    """Say that a statement is right. Raises NotAllowed, WrongState."""
    statement = _answerable(statement_id, actor, [ChargebackStatement.State.SENT])
    _answered(statement, actor)
    statement.accept()
    statement.save(update_fields=["state", "answered_at", "answered_by"])
    _record(statement, actor, "statement.accepted")
    publish(StatementAccepted(statement_id=statement.pk, at=clock.now().isoformat()))
    return statement


@transaction.atomic
def dispute_statement(*, statement_id: int, actor: User, words: str, amount: Decimal | None = None) -> ChargebackDispute:
    """Say that a statement is not right, and what is wrong. Whoever drew the month up sees to it, within five working days.

    Raises NotAllowed, WrongState, InvalidInput by field.
    """
    statement = _answerable(statement_id, actor, [ChargebackStatement.State.SENT, ChargebackStatement.State.ACCEPTED])
    said = _checked(words, "words", "Say what is wrong; whoever sees to it reads it.")
    if amount is not None and (not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.01"))):
        raise _bad("amount", "State an amount above zero, to the cent, or leave it blank.")
    now = clock.now()
    remind_at, due_at = clocks(statement.run.entity)
    dispute = ChargebackDispute.objects.create(
        statement=statement,
        words=said,
        amount=amount,
        raised_at=now,
        raised_by=actor,
        owner=_owner_of(statement.run),
        remind_at=remind_at,
        due_at=due_at,
    )
    _answered(statement, actor)
    statement.dispute()
    statement.save(update_fields=["state", "answered_at", "answered_by"])
    _record(statement, actor, "statement.disputed", words=said[:500], amount=str(amount) if amount else "")
    publish(StatementDisputed(dispute_id=dispute.pk, at=now.isoformat()))
    return dispute


@transaction.atomic
def resolve_dispute(*, dispute_id: int, actor: User, answer: str, shift: Shift | None = None) -> ChargebackDispute:
    """End a dispute: with a `shift` by an adjustment, after which both sides are asked anew; else by a refusal with its reason.

    Raises NotAllowed, WrongState (resolved before), InvalidInput by field.
    """
    now = clock.now()
    dispute = lock_chargeback_dispute(dispute_id)
    statement = dispute.statement
    run = statement.run
    if not keeps_books(actor, run.entity):
        raise NotAllowed("You do not keep these books.", remedy=f"{dispute.owner.name} sees to it.", code="not_yours")
    if dispute.raised_by_id == actor.pk:
        raise NotAllowed("You raised this.", remedy="Somebody else of finance resolves it.", code="own_dispute")
    if dispute.resolved_at is not None:
        raise WrongState("This dispute is resolved.", remedy="Nothing is left to do.")
    if run.state != ChargebackRun.State.REVIEW:
        raise WrongState(f"This chargeback is {run.get_state_display()}.", remedy="Its disputes rest with it.")
    said = _checked(answer, "answer", "Say how it was resolved; the manager reads it.")
    if shift is not None:
        data = AdjustmentData(shift.pool, statement.receiver, shift.taker, shift.amount, shift.reason, said[:400])
        write_adjustment(run, data, actor, dispute)
    dispute.resolved_at, dispute.resolved_by, dispute.answer = now, actor, said
    dispute.outcome = ChargebackDispute.Outcome.ADJUSTED if shift else ChargebackDispute.Outcome.REFUSED
    dispute.save(update_fields=["resolved_at", "resolved_by", "answer", "outcome"])
    if shift is not None:
        _ask_again(statement)
        _ask_taker(run, shift.taker)
    else:
        _answered(statement, actor)
        statement.settle()
        statement.save(update_fields=["state", "answered_at", "answered_by"])
    _record(statement, actor, "dispute.resolved", outcome=dispute.outcome, answer=said[:500])
    publish(DisputeResolved(dispute_id=dispute.pk, at=now.isoformat()))
    return dispute


@transaction.atomic
def ask_another(*, statement_id: int, actor: User, manager: User) -> ChargebackStatement:
    """Ask somebody else who decides over the cost centre; the clock begins anew. Raises NotAllowed, WrongState, InvalidInput."""
    statement = lock_statement(statement_id)
    if not keeps_books(actor, statement.run.entity):
        raise NotAllowed("You do not keep these books.", remedy="Ask finance to put it before somebody else.", code="not_yours")
    _refuse_unless(statement, [ChargebackStatement.State.SENT])
    if manager.pk == statement.manager_id or manager not in managers_of(statement.run.entity, statement.receiver):
        raise _bad("manager", f"Choose somebody else who decides over {statement.receiver.name}.")
    before = statement.manager_id
    statement.manager = manager
    statement.remind_at, statement.due_at = clocks(statement.run.entity)
    statement.reminded_at = None
    statement.save(update_fields=["manager", "remind_at", "due_at", "reminded_at"])
    _record(statement, actor, "statement.passed_on", before=before, now=manager.pk)
    publish(StatementAsked(statement_id=statement.pk, at=clock.now().isoformat()))
    return statement


def _answerable(statement_id: int, actor: User, states: list[ChargebackStatement.State]) -> ChargebackStatement:
    statement = lock_statement(statement_id)
    if statement.manager_id != actor.pk:
        raise NotAllowed(
            "This statement is not put to you.",
            remedy=f"{statement.manager.name} answers it; finance may put it before somebody else.",
            code="not_yours",
        )
    _refuse_unless(statement, states)
    return statement


def _refuse_unless(statement: ChargebackStatement, states: list[ChargebackStatement.State]) -> None:
    if statement.run.state != ChargebackRun.State.REVIEW:
        state = statement.run.get_state_display()
        raise WrongState(f"This chargeback is {state}.", remedy="Its statements are answered before that.")
    if statement.state not in states:
        state = statement.get_state_display()
        raise WrongState(f"This statement: {state}.", remedy="Nothing is left to do.")


def _answered(statement: ChargebackStatement, actor: User) -> None:
    statement.answered_at, statement.answered_by = clock.now(), actor


def _owner_of(run: ChargebackRun) -> User:
    """Return who sees to a dispute: whoever drew the month up, as the one who knows it."""
    return run.drawn_by


def _ask_again(statement: ChargebackStatement) -> None:
    statement.answered_at = statement.answered_by = None
    statement.remind_at, statement.due_at = clocks(statement.run.entity)
    statement.reminded_at = None
    statement.ask_again()
    statement.save(update_fields=["state", "answered_at", "answered_by", "remind_at", "due_at", "reminded_at"])
    publish(StatementAsked(statement_id=statement.pk, at=clock.now().isoformat()))


def _ask_taker(run: ChargebackRun, taker: CostCentre) -> None:
    """Whoever bears more now is asked, or asked again, about that."""
    there = run.statements.select_related("receiver").filter(receiver=taker).first()
    if there is None:
        made = ask(run, taker)
        publish(StatementAsked(statement_id=made.pk, at=clock.now().isoformat()))
    elif there.state in (ChargebackStatement.State.ACCEPTED, ChargebackStatement.State.SETTLED):
        there.run = run
        _ask_again(there)


def _checked(text: str, name: str, sentence: str) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST or "\x00" in said:
        raise _bad(name, sentence)
    return said


def _bad(name: str, sentence: str) -> InvalidInput:
    return InvalidInput("Something is missing.", remedy=sentence, details={name: sentence})


def _record(statement: ChargebackStatement, actor: User, verb: str, **said: object) -> None:
    entity = statement.run.entity
    after = {"receiver": statement.receiver.code, "month": f"{statement.run.month:%Y-%m}", **said}
    audit.record(actor=actor, verb=verb, subject=statement, entity=entity, after=after)
