"""Who is told of chargebacks, statements and disputes."""

from collections.abc import Iterable

from django.urls import reverse

from budgets.events import (
    ChargebackDropped,
    ChargebackPosted,
    ChargebackSent,
    ChargebackUndone,
    DisputeEscalated,
    DisputeEvent,
    DisputeReminded,
    DisputeResolved,
    StatementAccepted,
    StatementAsked,
    StatementDisputed,
    StatementEvent,
    StatementReminded,
)
from budgets.models import ChargebackDispute, ChargebackRun, ChargebackStatement
from budgets.selectors.audiences import told_of
from budgets.selectors.statements import figures_of, keeps_books
from core.access import WHOLE, people_with
from core.events import on
from core.models import User
from core.rules.rights import Right
from core.services.notices import notify, settle


@on(ChargebackSent)
def ask_managers(event: ChargebackSent) -> None:
    """Each manager is asked about the statement of their cost centre."""
    for statement in _statements(run_id=event.run_id):
        _ask(statement, event.at)


@on(StatementAsked)
def ask_manager(event: StatementAsked) -> None:
    """One manager is asked, or asked again."""
    _ask(_statement(event), event.at)


@on(StatementReminded)
def remind_manager(event: StatementReminded) -> None:
    """The answer is still waited for."""
    statement = _statement(event)
    if statement.state == ChargebackStatement.State.SENT:
        words = f"{statement}: your answer is waited for until {statement.due_at:%Y-%m-%d %H:%M} UTC"
        body = "Without one, finance may post it as it stands."
        _tell(statement, [statement.manager], "reminded", words, body, at=event.at, level="act")


@on(StatementAccepted)
def settle_question(event: StatementAccepted) -> None:
    """Nobody is asked about it any more."""
    statement = _statement(event)
    settle(people=[statement.manager_id], urls={_url(statement)})


@on(StatementDisputed)
def tell_owner(event: StatementDisputed) -> None:
    """Whoever sees to it hears what is wrong."""
    dispute = _dispute(event)
    statement = dispute.statement
    settle(people=[statement.manager_id], urls={_url(statement)})
    words = f"{statement.receiver.name} disputes its chargeback of {statement.run.month:%B %Y}"
    body = f"{dispute.raised_by}: {dispute.words}\n\nResolve it by {dispute.due_at:%Y-%m-%d %H:%M} UTC."
    _tell(statement, [dispute.owner], "disputed", words, body, at=str(dispute.pk), level="act")


@on(DisputeReminded)
def remind_owner(event: DisputeReminded) -> None:
    """Three of five working days are gone."""
    dispute = _dispute(event)
    if dispute.resolved_at is None:
        statement = dispute.statement
        words = f"The dispute of {statement.receiver.name} is still open, until {dispute.due_at:%Y-%m-%d %H:%M} UTC"
        _tell(statement, [dispute.owner], "dispute_reminded", words, dispute.words, at=str(dispute.pk), level="act")


@on(DisputeEscalated)
def tell_finance(event: DisputeEscalated) -> None:
    """It is overdue: all who keep these books hear of it, and who raised it."""
    dispute = _dispute(event)
    if dispute.resolved_at is not None:
        return
    statement = dispute.statement
    entity = statement.run.entity
    finance = [person for person in people_with(Right.BUDGET, entity=entity, path=WHOLE) if keeps_books(person, entity)]
    words = f"The dispute of {statement.receiver.name} is open for five working days"
    body = f"{dispute.owner} sees to it. {dispute.words}"
    _tell(statement, [*finance, dispute.raised_by], "dispute_escalated", words, body, at=str(dispute.pk), level="watch")


@on(DisputeResolved)
def tell_manager(event: DisputeResolved) -> None:
    """Whoever raised it hears how it ended; its owner is asked no more."""
    dispute = _dispute(event)
    statement = dispute.statement
    settle(people=[dispute.owner_id], urls={_url(statement)})
    adjusted = dispute.outcome == ChargebackDispute.Outcome.ADJUSTED
    how = "it was adjusted, and you are asked again" if adjusted else "it stands as it is"
    words = f"Your dispute of {statement}: {how}"
    body = f"{dispute.resolved_by}: {dispute.answer}"
    _tell(statement, [dispute.raised_by], "dispute_resolved", words, body, at=str(dispute.pk))


@on(ChargebackPosted)
def tell_of_posting(event: ChargebackPosted) -> None:
    """It stands in the budgets of those who bear it; finance, leads and executives hear their part of it."""
    for statement in _statements(run_id=event.run_id):
        settle(people=[statement.manager_id], urls={_url(statement)})
        amount = figures_of(statement).amount
        words = f"{statement}: {amount:,.2f} {statement.run.currency} is charged to your budget"
        _tell(statement, [statement.manager], "posted", words, "", at="")
    run = ChargebackRun.objects.select_related("entity", "rules").get(pk=event.run_id)
    for told in told_of(run):
        for person in told.people:
            notify(
                person=person,
                kind="budgets.chargeback_posted",
                subject=told.words,
                key=f"chargeback:{run.pk}:posted:{told.audience}",
                entity=run.entity,
                body=told.body,
                url=told.url,
            )


@on(ChargebackDropped)
def settle_questions(event: ChargebackDropped) -> None:
    """Nobody is asked about its statements any more."""
    for statement in _statements(run_id=event.run_id):
        settle(people=[statement.manager_id], urls={_url(statement)})


@on(ChargebackUndone)
def tell_of_undoing(event: ChargebackUndone) -> None:
    """It stands there no more."""
    for statement in _statements(run_id=event.run_id):
        words = f"{statement}: the chargeback is taken back"
        _tell(statement, [statement.manager], "undone", words, statement.run.ended_because, at="")


def _ask(statement: ChargebackStatement, at: str) -> None:
    if statement.state != ChargebackStatement.State.SENT:
        return
    amount = figures_of(statement).amount
    words = f"{statement}: {amount:,.2f} {statement.run.currency} is to be charged to your budget. Accept or dispute it"
    body = f"An answer is wanted until {statement.due_at:%Y-%m-%d %H:%M} UTC; without one, finance may post it."
    _tell(statement, [statement.manager], "asked", words, body, at=at, level="act")


def _tell(
    statement: ChargebackStatement, people: Iterable[User], what: str, words: str, body: str, *, at: str, level: str = "info"
) -> None:
    for person in dict.fromkeys(people):
        notify(
            person=person,
            kind=f"budgets.statement_{what}",
            subject=words,
            key=f"statement:{statement.pk}:{what}:{at}",
            entity=statement.run.entity,
            body=body,
            url=_url(statement),
            level=level,
        )


def _url(statement: ChargebackStatement) -> str:
    return reverse("budgets:statement", args=[statement.pk])


def _statements(run_id: int) -> list[ChargebackStatement]:
    return list(ChargebackStatement.objects.select_related(*RELATED).filter(run_id=run_id))


def _statement(event: StatementEvent) -> ChargebackStatement:
    return ChargebackStatement.objects.select_related(*RELATED).get(pk=event.statement_id)


def _dispute(event: DisputeEvent) -> ChargebackDispute:
    related = [f"statement__{name}" for name in RELATED]
    return ChargebackDispute.objects.select_related("owner", "raised_by", "resolved_by", *related).get(pk=event.dispute_id)


RELATED = ("run__entity", "run__rules", "receiver", "manager")
