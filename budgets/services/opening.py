"""Opening balances from the system that kept the books before."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import Budget, FundsAccount, Journal
from budgets.rules.months import first_of
from budgets.rules.opening import BUCKETS, ZERO, OpeningRow, check_rows, check_source, check_totals
from budgets.selectors.books import in_books
from budgets.selectors.opening import SOURCE, access_opening, openings_of, source_id_of
from budgets.services.ledger import PostedJournal, Posting, reverse
from budgets.services.movements import Movement, begin, carry_out
from core import clock
from core.access import hold_to_limit
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.rules.rights import Right
from core.services import audit

__all__ = ["OpeningRow", "open_balances", "open_budget", "opening_key", "opening_thread", "undo_opening"]


@transaction.atomic
def open_budget(
    *,
    budget: Budget,
    month: date,
    source_name: str,
    rows: Sequence[OpeningRow],
    totals: Mapping[str, Decimal],
    actor: User | None,
    dry_run: bool = False,
) -> PostedJournal:
    """Open the lines of one budget; once for a budget and an old system, and once more after it was undone.

    With `dry_run` everything is done and undone again, refusals included. Raises what `open_balances` raises, NotAllowed where
    it is more than the actor's limit, and InvalidInput for a line of another budget.
    """
    check_source(source_name)
    check_rows(rows)
    source_id = source_id_of(budget, source_name)
    lock_key(f"opening:{source_id}")
    _check_lines(budget, rows)
    _hold_to_limit(budget, rows, actor)
    undone = openings_of(budget).filter(source_id=source_id, reversed_by__isnull=False).count()
    posted = _open(
        # An old system's name has no colon in it: no other key of an opening is like this one.
        key=f"opening:{budget.entity_id}:{source_id}" + (f":{undone}" if undone else ""),
        source_id=source_id,
        entity=budget.entity,
        month=month,
        rows=rows,
        totals=totals,
        actor=actor,
    )
    transaction.set_rollback(dry_run)
    return posted


@transaction.atomic
def undo_opening(*, budget: Budget, journal_id: int, actor: User, reason: str) -> PostedJournal:
    """Take an opening of the budget back by the opposite journal; then it can be opened anew.

    Raises WrongState where it was undone before or an order of it was settled meanwhile, ClosedPeriod, NotFound, InvalidInput.
    """
    if not reason.strip():
        raise InvalidInput("No reason is given.", remedy="Say why in a sentence.", details={"reason": "Say why in a sentence."})
    lock_key(f"opening:{access_opening(budget, journal_id).source_id}")
    journal = access_opening(budget, journal_id)
    if reversal := getattr(journal, "reversed_by", None):
        raise WrongState("This opening was taken back before.", remedy=f"See journal {reversal.pk}.", code="already_reversed")
    after = {"journal": journal.pk, "source": journal.source_id, "reason": reason}
    audit.record(actor=actor, verb="balances.opening_undone", subject=budget, entity=budget.entity, after=after)
    return reverse(journal_id=journal.pk, key=f"opening-undone:{journal.pk}", actor=actor, memo=reason)


@transaction.atomic
def open_balances(
    *,
    entity: Entity,
    month: date,
    source_name: str,
    rows: Sequence[OpeningRow],
    totals: Mapping[str, Decimal],
    actor: User | None,
    memo: str = "",
) -> PostedJournal:
    """Post what each row says into `month`, as a fact; once for an entity and a `source_name`, the old system's name.

    `totals` are the old system's own sums by bucket (what is left out is zero): the rows must add up to them, to the cent. Each
    row has a thread of its own, so that its commitment can be settled by the journal's key (`opening_key`). All rows are in one
    currency. Raises InvalidInput (control_total: `details` by bucket), Missing, ClosedPeriod, and Stale where the source was
    opened with other rows.
    """
    check_source(source_name)
    return _open(
        key=opening_key(entity, source_name),
        source_id=source_name,
        entity=entity,
        month=month,
        rows=rows,
        totals=totals,
        actor=actor,
        memo=memo,
    )


def _open(
    *,
    key: str,
    source_id: str,
    entity: Entity,
    month: date,
    rows: Sequence[OpeningRow],
    totals: Mapping[str, Decimal],
    actor: User | None,
    memo: str = "",
) -> PostedJournal:
    check_rows(rows)
    check_totals(rows, totals)
    _check_currency(rows)
    said = {"month": str(first_of(month)), "rows": [_said(row) for row in rows]}
    movement = Movement(key, "balances.opened", entity, entity, actor, said)
    if first := begin(movement):
        return first
    postings = [
        posting for number, row in enumerate(rows, start=1) for posting in _postings(row, first_of(month), f"{key}:{number}")
    ]
    kind, source = Journal.Kind.OPENING, (SOURCE, source_id)
    return carry_out(movement, kind=kind, postings=postings, source=source, is_fact=True, memo=memo)


def _check_lines(budget: Budget, rows: Sequence[OpeningRow]) -> None:
    own = set(FundsAccount.objects.filter(budget=budget).values_list("pk", flat=True))
    if not {row.account_id for row in rows} <= own:
        raise InvalidInput(f"A row is of another budget than {budget.name}.", remedy="Open each budget from its own page.")


def _hold_to_limit(budget: Budget, rows: Sequence[OpeningRow], actor: User | None) -> None:
    allotted = max(sum((row.allotted for row in rows), ZERO), ZERO)
    amount = in_books(allotted, budget.currency, budget.entity, on=clock.now().date())
    what = f"opening with {allotted:,.2f} {budget.currency} allotted"
    hold_to_limit(actor, Right.BUDGET, entity=budget.entity, path=budget.cost_centre.path, amount=amount, what=what)


def _postings(row: OpeningRow, month: date, thread: str) -> list[Posting]:
    """Return the entries of one row: what is not zero. An allotment belongs to no order."""
    amounts = {bucket: getattr(row, bucket) for bucket in BUCKETS}
    return [
        Posting(row.account_id, month, bucket, amount, "" if bucket == "allotted" else thread, row.reference[:300])
        for bucket, amount in amounts.items()
        if amount
    ]


def opening_key(entity: Entity, source_name: str) -> str:
    """Return the key of the journal that opened an old system's balances."""
    return f"opening:{entity.pk}:{source_name}"


def opening_thread(entity: Entity, source_name: str, number: int) -> str:
    """Return the thread of a row, counted from one."""
    return f"{opening_key(entity, source_name)}:{number}"


def _check_currency(rows: Sequence[OpeningRow]) -> None:
    currencies = set(FundsAccount.objects.filter(pk__in={row.account_id for row in rows}).values_list("currency", flat=True))
    if len(currencies) > 1:
        raise InvalidInput(
            f"The rows are in {' and '.join(sorted(currencies))}.", remedy="Open each currency's balances with sums of their own."
        )


def _said(row: OpeningRow) -> list[Any]:
    return [row.account_id, row.reference, *(f"{getattr(row, bucket):.2f}" for bucket in BUCKETS)]
