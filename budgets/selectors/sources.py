"""From a receiver's cent to its sources: which pool, by what rule, and a share of which entries."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from budgets.models import ChargebackAdjustment, ChargebackStatement, Entry, FundsAccount
from budgets.selectors.chargebacks import ZERO, Borne, borne_in, document_of
from budgets.selectors.entries import entries_in_reach
from core.models import User
from core.money import quantize


@dataclass(frozen=True, slots=True)
class SourceShare:
    """An account that a pool was collected from, and what of it a receiver bears."""

    account: FundsAccount
    collected: Decimal
    share: Decimal


@dataclass(frozen=True)
class Traced:
    """What a receiver bears of a pool, and where it comes from. `pct` is its part of the whole pool."""

    name: str
    borne: Borne
    whole: Decimal
    accounts: list[SourceShare]
    entries: QuerySet[Entry]
    in_all: int
    adjustments: list[ChargebackAdjustment]

    @property
    def pct(self) -> Decimal:
        return self.borne.amount * 100 / self.whole


def sources_of(user: User, statement: ChargebackStatement, pool: str) -> Traced | None:
    """Return where what a receiver bears of a pool comes from, or None where it bears nothing of it.

    Of the entries those that the reader may see elsewhere too; the others are counted.
    """
    run, receiver = statement.run, statement.receiver
    borne = next((row for row in borne_in(run) if row.pool == pool and row.receiver == receiver), None)
    if borne is None:
        return None
    sources = list(run.sources.filter(pool=pool).select_related("account__budget").order_by("account_id"))
    whole = sum((source.amount for source in sources), ZERO)
    shares = _shares(borne.amount, [source.amount for source in sources], run.currency)
    where = Q(pk__in=[])
    for source in sources:
        where |= Q(account_id=source.account_id, journal_id__in=source.journal_ids)
    entries = Entry.objects.filter(where, month=run.month, bucket="spent")
    seen = entries_in_reach(user).filter(pk__in=entries.values("pk")).select_related("journal", "account__budget")
    adjusted = run.adjustments.filter(Q(giver=receiver) | Q(taker=receiver), pool=pool)
    return Traced(
        next(each.name for each in document_of(run).pools if each.code == pool),
        borne,
        whole,
        [SourceShare(source.account, source.amount, share) for source, share in zip(sources, shares, strict=True)],
        seen.order_by("id"),
        entries.count(),
        list(adjusted.select_related("giver", "taker", "made_by")),
    )


def _shares(amount: Decimal, collected: list[Decimal], currency: str) -> list[Decimal]:
    """Divide what is borne over the accounts that it comes from, credits against costs, so that it adds up to it."""
    whole = sum(collected, ZERO)
    shares = [quantize(each * amount / whole, currency) for each in collected]
    largest = max(range(len(shares)), key=lambda index: abs(collected[index]))
    shares[largest] += amount - sum(shares, ZERO)
    return shares
