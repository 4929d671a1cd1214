"""Statements: who may see and answer which, and what one says."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import DecimalField, Exists, Model, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from budgets.models import (
    Balance,
    ChargebackAdjustment,
    ChargebackDispute,
    ChargebackPart,
    ChargebackRun,
    ChargebackStatement,
    CostCentre,
    Entry,
)
from budgets.rules.words import CHARGEBACK_SOURCE
from budgets.selectors.budgets import READING
from budgets.selectors.chargebacks import ZERO, Borne, borne_in, document_of, moved_by, totals_of
from core.access import WHOLE, may
from core.errors import NotFound
from core.models import Entity, Role, RoleAssignment, User
from core.reach import in_reach
from core.rules.rights import RIGHTS_BY_KIND, Right

# What rose by more than this against the month before is worth a look.
RISE_PCT = Decimal(10)
MONTHS_BEFORE = 2


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What a receiver bears of a pool, and what it bore of it the last time."""

    borne: Borne
    name: str
    before: Decimal | None

    @property
    def rise_pct(self) -> Decimal | None:
        """By how much more it is than the last time, in per cent; None where there is nothing to compare."""
        return (self.borne.amount - self.before) * 100 / self.before if self.before else None

    @property
    def is_worth_a_look(self) -> bool:
        return self.rise_pct is not None and self.rise_pct > RISE_PCT


@dataclass(frozen=True)
class StatementFigures:
    """What a statement says. `plan` and `own` are of the categories that it lands in, in its month."""

    lines: list[StatementLine]
    plan: Decimal
    own: Decimal
    estimate: Decimal
    months: int
    # The chargeback by other rules that moves the month's spend: what this one says is for looking at.
    moved_by: ChargebackRun | None = None

    @property
    def amount(self) -> Decimal:
        return sum((line.borne.amount for line in self.lines), ZERO)

    @property
    def variance(self) -> Decimal:
        """What it costs more than planned; negative where it costs less."""
        return self.own + self.amount - self.plan

    @property
    def opportunities(self) -> list[StatementLine]:
        return [line for line in self.lines if line.is_worth_a_look]


def statements_in_reach(user: User) -> QuerySet[ChargebackStatement]:
    """Return the statements of the cost centres whose figures the person reads, and those that ask them, the newest first."""
    reach = in_reach(user, *READING, under="receiver__path", entity="run__entity") | Q(manager=user)
    found = ChargebackStatement.objects.filter(reach).select_related("run__entity", "run__rules", "receiver", "manager")
    return found.order_by("-run__month", "-run__number", "receiver__path")


def with_amounts(found: QuerySet[ChargebackStatement]) -> QuerySet[ChargebackStatement]:
    """Return statements that know, as `amount`, what they come to in their run's currency: its shares and adjustments."""
    return found.annotate(
        amount=_sum_of(ChargebackPart, "receiver")
        + _sum_of(ChargebackAdjustment, "taker")
        - _sum_of(ChargebackAdjustment, "giver")
    )


def _sum_of(model: type[Model], side: str) -> Coalesce:
    rows = model._default_manager.filter(run=OuterRef("run"), **{side: OuterRef("receiver")}).order_by()
    summed = Subquery(rows.values("run").annotate(sum=Sum("amount")).values("sum"))
    return Coalesce(summed, Value(ZERO), output_field=DecimalField(max_digits=24, decimal_places=2))


def access_statement_by_id(user: User, statement_id: int) -> ChargebackStatement:
    """Return a statement if the person reads its cost centre's figures, or is asked about it. Raises NotFound."""
    found = statements_in_reach(user).filter(pk=statement_id).first()
    if found is None:
        raise NotFound("There is no such statement, or none that you may see.", remedy="Start from the list of statements.")
    return found


def disputes_in_reach(user: User) -> QuerySet[ChargebackDispute]:
    """Return the disputes of the statements that the person may see."""
    theirs = statements_in_reach(user).order_by().values("pk")
    related = ("statement__run__entity", "statement__receiver", "owner", "raised_by", "resolved_by")
    return ChargebackDispute.objects.filter(statement__in=theirs).select_related(*related)


def access_dispute_by_id(user: User, dispute_id: int) -> ChargebackDispute:
    """Return a dispute if the person may see its statement. Raises NotFound."""
    found = disputes_in_reach(user).filter(pk=dispute_id).first()
    if found is None:
        raise NotFound("There is no such dispute, or none that you may see.", remedy="Start from the list of statements.")
    return found


def keeps_books(user: User, entity: Entity) -> bool:
    """Say whether the person keeps the books of the whole organization."""
    return may(user, Right.BUDGET, entity=entity, path=WHOLE)


def managers_of(entity: Entity, centre: CostCentre) -> list[User]:
    """Return who may answer for a cost centre: those who decide over it and keep no books, the nearest scope first.

    Within a scope approvers come before executives, and these before requesters; then by seniority.
    """
    kinds = [Role.Kind.APPROVER, Role.Kind.EXECUTIVE, Role.Kind.REQUESTER]
    rows = RoleAssignment.objects.filter(entity=entity, role__kind__in=kinds, user__is_active=True)
    scoped = [
        (row.cost_centre.path if row.cost_centre else WHOLE, row) for row in rows.select_related("user", "role", "cost_centre")
    ]
    fitting = [(scope, row) for scope, row in scoped if centre.path.startswith(scope)]
    fitting.sort(key=lambda pair: (-len(pair[0]), kinds.index(Role.Kind(pair[1].role.kind)), pair[1].pk))
    people = dict.fromkeys(row.user for _, row in fitting if Right.DECIDE in RIGHTS_BY_KIND[row.role.kind])
    return [person for person in people if not keeps_books(person, entity)]


def figures_of(statement: ChargebackStatement, rows: Sequence[Borne] | None = None) -> StatementFigures:
    """Return what a statement says."""
    run, receiver = statement.run, statement.receiver
    pools = {pool.code: pool for pool in document_of(run).pools}
    borne = [row for row in rows or borne_in(run) if row.receiver == receiver and (row.amount or row.adjusted)]
    earlier = _earlier(run)
    last = {row.pool: row.amount for row in borne_in(earlier[0]) if row.receiver == receiver} if earlier else {}
    lines = [StatementLine(row, pools[row.pool].name, last.get(row.pool)) for row in borne]
    categories = {pools[row.pool].lands_in for row in borne}
    plan = _planned(run, receiver, categories)
    amounts = [sum((row.amount for row in borne), ZERO), *(totals_of(borne_in(each)).get(receiver, ZERO) for each in earlier)]
    estimate = (sum(amounts, ZERO) / len(amounts)).quantize(ZERO)
    return StatementFigures(lines, plan, _own(run, receiver, categories), estimate, len(amounts), moved_by(run))


def _earlier(run: ChargebackRun) -> list[ChargebackRun]:
    """Return the same rule set's chargebacks of earlier months, the latest first: as posted, or as shown beside one posted."""
    same = ChargebackRun.objects.filter(entity=run.entity, month__lt=run.month, rules_code=run.rules_code)
    moved = ChargebackRun.objects.filter(entity=run.entity, month=OuterRef("month"), state="posted")
    others = moved.exclude(rules_code=run.rules_code)
    rows = same.filter(Q(state="posted") | Q(Exists(others), state="review")).select_related("rules")
    return list(rows.order_by("-month")[:MONTHS_BEFORE])


def _planned(run: ChargebackRun, receiver: CostCentre, categories: set[str]) -> Decimal:
    at = {"account__cost_centre": receiver, "account__category__code__in": categories, "account__currency": run.currency}
    total = Balance.objects.filter(month=run.month, **at).aggregate(total=Sum("allotted"))["total"]
    return total or ZERO


def _own(run: ChargebackRun, receiver: CostCentre, categories: set[str]) -> Decimal:
    at = {"account__cost_centre": receiver, "account__category__code__in": categories, "account__currency": run.currency}
    rows = Entry.objects.filter(month=run.month, bucket="spent", **at).exclude(journal__source_type=CHARGEBACK_SOURCE)
    total = rows.aggregate(total=Sum("amount"))["total"]
    return total or ZERO
