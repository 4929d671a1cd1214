"""Chargebacks: who may see which, what each receiver bears, and how one differs from the one before."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from budgets.models import ChargebackRun, CostCentre, Journal
from budgets.rules.rule_sets import PoolPart, RuleSetDocument, parse
from budgets.selectors.rule_sets import BOOKS
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import Entity, User

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Borne:
    """What a receiver bears of a pool: by the rules, adjusted, and in all."""

    pool: str
    receiver: CostCentre
    by_rules: Decimal
    adjusted: Decimal
    why: str

    @property
    def amount(self) -> Decimal:
        return self.by_rules + self.adjusted


@dataclass(frozen=True, slots=True)
class PoolStand:
    """What a pool collected, what of it goes on, and by what rule."""

    pool: PoolPart
    collected: Decimal
    allocated: Decimal
    left_because: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """What a share of a pool comes to by the rules, all that bear it together. `within` is the share that it is a part of."""

    pool: str
    to: str
    name: str
    within: str
    pct: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Differs:
    """What a receiver bears now, and bore in the run before."""

    receiver: CostCentre
    before: Decimal
    now: Decimal

    @property
    def difference(self) -> Decimal:
        return self.now - self.before


def runs_in_reach(user: User) -> QuerySet[ChargebackRun]:
    """Return the chargebacks of the organizations whose books the person keeps or audits."""
    found = ChargebackRun.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity", "rules", "drawn_by", "posted_by").order_by("-month", "-number")


def access_run_by_id(user: User, run_id: int) -> ChargebackRun:
    """Return a chargeback if the person keeps or audits the books of its organization. Raises NotFound."""
    run = runs_in_reach(user).filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such chargeback, or none that you may see.", remedy="Start from the list of chargebacks.")
    return run


def document_of(run: ChargebackRun) -> RuleSetDocument:
    """Return the rules that a run was made by."""
    return parse(run.rules.document)


def borne_in(run: ChargebackRun) -> list[Borne]:
    """Return what each receiver bears of each pool, by receiver and then in the order of the rules' pools."""
    stand: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    why: dict[tuple[str, int], str] = {}
    centres: dict[int, CostCentre] = {}
    for part in run.parts.select_related("receiver"):
        stand[part.pool, part.receiver_id][0] += part.amount
        why[part.pool, part.receiver_id] = part.why
        centres[part.receiver_id] = part.receiver
    for made in run.adjustments.select_related("giver", "taker"):
        stand[made.pool, made.giver_id][1] -= made.amount
        stand[made.pool, made.taker_id][1] += made.amount
        centres |= {made.giver_id: made.giver, made.taker_id: made.taker}
    order = {pool.code: index for index, pool in enumerate(document_of(run).pools)}
    rows = [
        Borne(pool, centres[receiver_id], by_rules, adjusted, why.get((pool, receiver_id), "by adjustment"))
        for (pool, receiver_id), (by_rules, adjusted) in stand.items()
    ]
    return sorted(rows, key=lambda row: (row.receiver.path, order.get(row.pool, 0)))


def totals_of(rows: list[Borne]) -> dict[CostCentre, Decimal]:
    """Return what each receiver bears in all."""
    totals: dict[CostCentre, Decimal] = {}
    for row in rows:
        totals[row.receiver] = totals.get(row.receiver, ZERO) + row.amount
    return totals


def pools_of(run: ChargebackRun) -> list[PoolStand]:
    """Return what each pool collected and what of it goes on."""
    collected = dict(run.sources.order_by().values_list("pool").annotate(Sum("amount")))
    allocated = dict(run.parts.order_by().values_list("pool").annotate(Sum("amount")))
    return [PoolStand(pool, collected.get(pool.code, ZERO), allocated.get(pool.code, ZERO)) for pool in document_of(run).pools]


def levels_of(run: ChargebackRun) -> list[Level]:
    """Return what the shares of pools that have shares within them come to: each, then at once what it consists of."""
    nested = [pool for pool in document_of(run).pools if any(share.of_which for share in pool.shares)]
    if not nested:
        return []
    amounts = {(pool, code): amount for pool, code, amount in run.parts.values_list("pool", "receiver__code", "amount")}
    names = dict(CostCentre.objects.filter(entity=run.entity).values_list("code", "name"))
    return [
        Level(
            pool.code,
            share.to,
            names.get(share.to, share.to),
            above[-1].to if above else "",
            share.pct,
            sum((amounts.get((pool.code, leaf.to), ZERO) for leaf in share.leaves()), ZERO),
        )
        for pool in nested
        for top in pool.shares
        for above, share in top.walk()
    ]


def run_before(run: ChargebackRun) -> ChargebackRun | None:
    """Return how the same month was drawn up before by the same rule set, or None."""
    earlier = ChargebackRun.objects.filter(entity=run.entity, month=run.month, rules_code=run.rules_code, number__lt=run.number)
    return earlier.select_related("rules").order_by("-number").first()


def differences(run: ChargebackRun, before: ChargebackRun) -> list[Differs]:
    """Return how what each receiver bears differs from the run before; those for whom nothing changed are left out."""
    now, was = totals_of(borne_in(run)), totals_of(borne_in(before))
    rows = [Differs(each, was.get(each, ZERO), now.get(each, ZERO)) for each in {**was, **now}]
    return sorted((row for row in rows if row.difference), key=lambda row: row.receiver.path)


def posted_run(entity: Entity, month: date) -> ChargebackRun | None:
    """Return the month's chargeback as it is posted, or None."""
    return ChargebackRun.objects.filter(entity=entity, month=month, state="posted").select_related("rules").first()


def moved_by(run: ChargebackRun) -> ChargebackRun | None:
    """Return the chargeback by another rule set that the month's spend is moved by, or None. Such a run is for looking at."""
    found = posted_run(run.entity, run.month) if run.is_open else None
    return found if found is not None and found.rules_code != run.rules_code else None


def runs_beside(run: ChargebackRun) -> list[ChargebackRun]:
    """Return what other rule sets make of the month: open or posted."""
    others = ChargebackRun.objects.filter(entity=run.entity, month=run.month, state__in=[*ChargebackRun.OPEN, "posted"])
    return list(others.exclude(rules_code=run.rules_code).select_related("rules").order_by("number"))


def journal_of(run: ChargebackRun) -> Journal | None:
    """Return the journal that a run was posted by, or None."""
    return Journal.objects.filter(key=run.key).first()
