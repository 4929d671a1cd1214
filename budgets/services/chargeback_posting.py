"""Posting a month's chargeback, and undoing it: the spend of its pools moves to those who bear it, in the month itself."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from budgets.events import ChargebackPosted, ChargebackUndone
from budgets.locks import lock_chargeback_month, lock_structure
from budgets.models import ChargebackRun, ChargebackStatement, CostCentre, FundsAccount, Journal
from budgets.rules.words import CHARGEBACK_SOURCE
from budgets.selectors.accounts import find_account, find_budget
from budgets.selectors.chargebacks import Borne, borne_in, document_of, journal_of, moved_by, posted_run
from budgets.selectors.collecting import collect
from budgets.services.accounts import ensure_account
from budgets.services.chargebacks import checked_reason, refuse_closed
from budgets.services.ledger import PostedJournal, Posting, post, reverse
from core import clock
from core.errors import Missing, Stale, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish


@transaction.atomic
def post_chargeback(*, run_id: int, actor: User) -> PostedJournal:
    """Move the spend of the pools to those who bear it, as one journal in the chargeback's month.

    What the month had posted before by the same rule set is taken back in the same transaction. It has been spent: no stop
    refuses it. Raises WrongState (not with the managers, the month is posted by another rule set, a dispute is open, an answer
    is still waited for), Stale (the month's spend changed since), ClosedPeriod, Missing (no budget covers a receiver).
    """
    now = clock.now()
    run = lock_chargeback_month(run_id)
    if run.state != ChargebackRun.State.REVIEW:
        raise WrongState(f"This chargeback is {run.get_state_display()}.", remedy="Only one that the managers have is posted.")
    refuse_closed(run.entity, run.month)
    _refuse_moved(run)
    _refuse_unanswered(run)
    lock_structure()
    _refuse_changed(run)
    postings = _postings(run)
    before = posted_run(run.entity, run.month)
    if before is not None:
        before.ended_at, before.ended_because = now, f"Run {run.number} took its place."
        before.replace()
        before.save(update_fields=["state", "ended_at", "ended_because"])
    run.posted_at, run.posted_by = now, actor
    run.post()
    run.save(update_fields=["state", "posted_at", "posted_by"])
    after = {"month": f"{run.month:%Y-%m}", "key": run.key, "replaces": before.key if before else None}
    audit.record(actor=actor, verb="chargeback.posted", subject=run, entity=run.entity, after=after)
    publish(ChargebackPosted(run_id=run.pk, at=now.isoformat()))
    if before is not None:
        _take_back(before, actor)
    return post(
        key=run.key,
        kind=Journal.Kind.RECODE,
        entity=run.entity,
        postings=postings,
        actor=actor,
        source=(CHARGEBACK_SOURCE, str(run.pk)),
        is_fact=True,
        memo=f"Chargeback of {run.month:%B %Y}, run {run.number}",
    )


@transaction.atomic
def undo_chargeback(*, run_id: int, actor: User, reason: str) -> PostedJournal:
    """Take a posted chargeback back, as the opposite of its journal. Raises WrongState, InvalidInput, ClosedPeriod."""
    now = clock.now()
    run = lock_chargeback_month(run_id)
    words = checked_reason(reason)
    if run.state != ChargebackRun.State.POSTED:
        raise WrongState(f"This chargeback is {run.get_state_display()}.", remedy="Only a posted one is undone.")
    refuse_closed(run.entity, run.month)
    lock_structure()
    run.ended_at, run.ended_because = now, words
    run.undo()
    run.save(update_fields=["state", "ended_at", "ended_because"])
    audit.record(actor=actor, verb="chargeback.undone", subject=run, entity=run.entity, after={"reason": words})
    publish(ChargebackUndone(run_id=run.pk, at=now.isoformat()))
    return _take_back(run, actor)


def _take_back(run: ChargebackRun, actor: User) -> PostedJournal:
    journal = journal_of(run)
    assert journal is not None, "posted with its journal, as the database holds"
    memo = f"Chargeback of {run.month:%B %Y}, run {run.number}: {run.ended_because}"
    return reverse(journal_id=journal.pk, key=f"{run.key}:back", actor=actor, memo=memo[:400])


def _refuse_moved(run: ChargebackRun) -> None:
    """A month's spend is moved once: what other rules make of it is for looking at."""
    if (other := moved_by(run)) is not None:
        raise WrongState(
            f"The spend of {run.month:%B %Y} is moved by run {other.number}, by {other.rules.name}, and it is moved once.",
            remedy=f"Leave this one to be looked at; or undo run {other.number} first.",
            code="moved_by_other_rules",
        )


def _refuse_unanswered(run: ChargebackRun) -> None:
    """Whoever disputes is answered first; whoever is silent for five working days holds nobody up."""
    waiting = run.statements.filter(
        Q(state=ChargebackStatement.State.DISPUTED) | Q(state=ChargebackStatement.State.SENT, due_at__gt=clock.now())
    )
    rows = list(waiting.select_related("receiver", "manager"))
    if disputed := [row for row in rows if row.state == ChargebackStatement.State.DISPUTED]:
        raise WrongState(
            f"{_names(disputed)} dispute{'s' if len(disputed) == 1 else ''} what they bear.",
            remedy="Resolve it first, by an adjustment or a refusal with its reason.",
            code="disputed",
        )
    if rows:
        raise WrongState(
            f"{_names(rows)} did not answer yet.",
            remedy=f"Ask {rows[0].manager.name}, or wait: after five working days without an answer it may be posted.",
            code="unanswered",
        )


def _names(rows: Iterable[ChargebackStatement]) -> str:
    return " and ".join(row.receiver.name for row in rows)


def _refuse_changed(run: ChargebackRun) -> None:
    """What is posted is what the managers saw: where the month's spend is another now, it is drawn up again."""
    collected, _ = collect(run.entity, run.month, document_of(run).pools)
    now = {each.account_id: each.amount for each in collected}
    if now != dict(run.sources.values_list("account_id", "amount")):
        raise Stale(
            f"What was spent in {run.month:%B %Y} in its pools changed since this was drawn up.",
            remedy="Draw the month up again; the difference is shown.",
            code="spend_changed",
        )


def _postings(run: ChargebackRun) -> list[Posting]:
    """Take off each account of a pool what was collected from it, and put it where the receivers bear it."""
    pools = {pool.code: pool for pool in document_of(run).pools}
    borne = [row for row in borne_in(run) if row.amount]
    shared = {row.pool for row in borne}
    off = [
        Posting(source.account_id, run.month, "spent", -source.amount, _thread(run, source.pool), _memo(pools[source.pool].name))
        for source in run.sources.order_by("id")
        if source.pool in shared
    ]
    on: dict[tuple[int, str], Decimal] = {}
    words: dict[tuple[int, str], str] = {}
    for row in borne:
        place = (_landing(run, row, pools[row.pool].lands_in).pk, row.pool)
        on[place] = on.get(place, Decimal(0)) + row.amount
        words[place] = _memo(f"{pools[row.pool].name} to {row.receiver.name}, {row.why}")
    return off + [
        Posting(account_id, run.month, "spent", amount, _thread(run, pool), words[account_id, pool])
        for (account_id, pool), amount in on.items()
    ]


def _thread(run: ChargebackRun, pool: str) -> str:
    return f"{run.key}:{pool}"


def _memo(text: str) -> str:
    return f"Chargeback: {text}"[:300]


def _landing(run: ChargebackRun, row: Borne, category_code: str) -> FundsAccount:
    """Return the account in which a receiver finds what it bears; made where its budget has none. Raises Missing."""
    entity, centre = run.entity, row.receiver
    category = entity.categories.get(code=category_code)
    found = find_account(entity=entity, cost_centre_code=centre.code, category=category, month=run.month, currency=run.currency)
    if found is not None:
        return found
    budget = find_budget(entity=entity, cost_centre_path=centre.path, month=run.month, currency=run.currency)
    if budget is None:
        raise _no_budget(run, centre)
    return ensure_account(budget=budget, cost_centre=centre, category=category)


def _no_budget(run: ChargebackRun, centre: CostCentre) -> Missing:
    return Missing(
        f"No budget in force covers {centre.name} in {run.month:%B %Y} in {run.currency}.",
        remedy="Load one, or draw the month up by rules that leave it out.",
        code="no_budget",
        details={"cost_centre": centre.code},
    )
