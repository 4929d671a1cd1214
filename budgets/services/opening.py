"""Opening balances from the system that kept the books before."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from budgets.models import FundsAccount, Journal
from budgets.rules.months import first_of
from budgets.rules.opening import BUCKETS, OpeningRow, check_rows, check_source, check_totals
from budgets.services.ledger import PostedJournal, Posting
from budgets.services.movements import Movement, begin, carry_out
from core.errors import InvalidInput
from core.models import Entity, User

__all__ = ["OpeningRow", "open_balances", "opening_key", "opening_thread"]


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
    check_rows(rows)
    check_totals(rows, totals)
    _check_currency(rows)
    said = {"month": str(first_of(month)), "rows": [_said(row) for row in rows]}
    movement = Movement(opening_key(entity, source_name), "balances.opened", entity, entity, actor, said)
    if first := begin(movement):
        return first
    postings = [
        posting
        for number, row in enumerate(rows, start=1)
        for posting in _postings(row, first_of(month), opening_thread(entity, source_name, number))
    ]
    return carry_out(
        movement, kind=Journal.Kind.OPENING, postings=postings, source=("opening", source_name), is_fact=True, memo=memo
    )


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
    return f"opening:{entity.pk}:{source_name}:{number}"


def _check_currency(rows: Sequence[OpeningRow]) -> None:
    currencies = set(FundsAccount.objects.filter(pk__in={row.account_id for row in rows}).values_list("currency", flat=True))
    if len(currencies) > 1:
        raise InvalidInput(
            f"The rows are in {' and '.join(sorted(currencies))}.", remedy="Open each currency's balances with sums of their own."
        )


def _said(row: OpeningRow) -> list[Any]:
    return [row.account_id, row.reference, *(f"{getattr(row, bucket):.2f}" for bucket in BUCKETS)]
