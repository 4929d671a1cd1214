"""Reserves as they stand: what is stated of each, what it should hold and holds, what may be drawn, and for which lines."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from approvals.models import Committee, PeopleGroup, Request, Reserve, ReserveDraw, ReserveTerms
from approvals.rules.owners import OwnerKind, named, word_of
from approvals.rules.reserves import (
    Basis,
    Change,
    Grown,
    Kind,
    left_for,
    projected_growth,
    projected_savings,
    target_of,
)
from approvals.selectors.committees import standings_of
from approvals.selectors.delegations import deciders_in
from approvals.selectors.policies import kinds_with_subject, policy_for
from approvals.selectors.terms import RESERVE_DRAW
from budgets.models import Balance, BudgetLineMonth, BudgetVersion, Entry, FundsAccount, Journal, Projection
from budgets.rules.sentences import month_name
from core.access import entities_of, may
from core.errors import Missing, NotFound
from core.models import Entity, Role, User
from core.rules.rights import RIGHTS_BY_KIND, Right

ZERO = Decimal("0.00")
# Under each heading the words by which a statement names them, and what people read.
Approvers = list[tuple[str, list[tuple[str, str]]]]
RELATED = ("entity__calendar", "account__budget", "account__cost_centre", "account__category", "account__entity", "closed_by")


@dataclass(frozen=True, slots=True)
class Target:
    """What a reserve should hold in a month, and how that is reckoned. `amount` is None where it cannot be; `words` says why."""

    amount: Decimal | None
    words: str


# ---------------------------------------------------------------- who sees them, and what is stated


def reserves_seen(user: User) -> QuerySet[Reserve]:
    """Return the reserves of the organizations in which `user` holds a role: whoever may need one may read of it."""
    return Reserve.objects.filter(entity__in=entities_of(user)).select_related(*RELATED)


def access_reserve_by_id(user: User, reserve_id: int) -> Reserve:
    """Return a reserve, if `user` may see it. Raises NotFound either way it is not so."""
    found = reserves_seen(user).filter(pk=reserve_id).first()
    if found is None:
        raise NotFound("There is no such reserve, or it is not yours to see.", remedy="Choose one from the list of reserves.")
    return found


def access_entity_of_reserves(user: User, code: str) -> Entity:
    """Return an organization in which `user` holds a role by its code; a blank code means the first that has a reserve.

    Raises NotFound.
    """
    entities = list(entities_of(user).order_by("code"))
    if code:
        entities = [entity for entity in entities if entity.code == code]
    elif having := set(Reserve.objects.filter(entity__in=entities).values_list("entity_id", flat=True)):
        entities = [entity for entity in entities if entity.pk in having]
    if not entities:
        raise NotFound("There is no such organization, or none in which you hold a role.", remedy="Name one of yours.")
    return entities[0]


def keeps_reserves(user: User, entity: Entity) -> bool:
    """Say whether a person keeps the books of the whole organization, and so its reserves."""
    return may(user, Right.BUDGET, entity=entity, path="/")


def latest_terms(reserve: Reserve) -> ReserveTerms | None:
    """Return what was stated last, whether its month has come or not."""
    return ReserveTerms.objects.filter(reserve=reserve).order_by("-number").first()


def terms_at(reserve: Reserve, month: date) -> ReserveTerms | None:
    """Return what holds in a month; None before the first statement begins."""
    return terms_of_all([reserve], month).get(reserve.pk)


def terms_of_all(reserves: Iterable[Reserve], month: date) -> dict[int, ReserveTerms]:
    """Return of each reserve what holds in a month."""
    rows = ReserveTerms.objects.filter(reserve__in=list(reserves), starts_on__lte=month)
    rows = rows.select_related("budget", "cost_centre", "stated_by")
    return {terms.reserve_id: terms for terms in rows.order_by("reserve_id", "-number").distinct("reserve_id")}


def approver_words(terms: ReserveTerms) -> str:
    """Name who approves the use of a reserve."""
    return named(terms.approver)


def basis_words(terms: ReserveTerms, currency: str) -> str:
    """Say what the target of a reserve is, as it was stated."""
    if terms.basis == Basis.FIXED:
        return f"{terms.amount:,.2f} {currency}"
    assert terms.share_pct is not None
    share = f"{terms.share_pct.normalize():f} %"
    if terms.budget is not None:
        where = f" at {terms.cost_centre.name} and below it" if terms.cost_centre else ""
        return f"{share} of what {terms.budget.name} plans for a month{where}"
    does = "saves in" if terms.basis == Basis.SAVINGS else "grows by in"
    return f"{share} of what the projection {terms.projection}, {terms.horizon_months} months, {does} a month"


# ---------------------------------------------------------------- what it should hold


def target_at(reserve: Reserve, terms: ReserveTerms | None, month: date) -> Target:
    """Return what a reserve should hold in a month by what is stated of it then."""
    if terms is None:
        return Target(None, f"Nothing is stated of it for {month_name(month)}.")
    if terms.basis == Basis.FIXED:
        return Target(terms.amount, "a fixed amount")
    assert terms.share_pct is not None
    if terms.basis == Basis.BUDGET:
        base, of = _planned(terms, month)
    else:
        base, of = _projected(reserve, terms)
    if base is None:
        return Target(None, of)
    return Target(target_of(terms.share_pct, base), f"{terms.share_pct.normalize():f} % of {base:,.2f}, {of}")


def _planned(terms: ReserveTerms, month: date) -> tuple[Decimal | None, str]:
    """Return what the budget's version in force plans for a month, without the lines that are reserves.

    What was moved since does not count: a draw would else raise what the reserve should hold.
    """
    assert terms.budget is not None
    budget, above = terms.budget, terms.cost_centre.path if terms.cost_centre else ""
    where = f"{budget.name}, {terms.cost_centre.name}" if terms.cost_centre else budget.name
    kept = set(
        Reserve.objects.filter(account__budget=budget, closed_at__isnull=True).values_list(
            "account__cost_centre_id", "account__category_id"
        )
    )
    rows = BudgetLineMonth.objects.filter(
        line__version__budget=budget, line__version__state=BudgetVersion.State.IN_FORCE, month=month
    ).values_list("line__cost_centre_id", "line__category_id", "line__cost_centre__path", "amount")
    found = [amount for centre, category, path, amount in rows if (centre, category) not in kept and path.startswith(above)]
    if not found:
        return None, f"{where} plans nothing for {month_name(month)}."
    return sum(found, ZERO), f"planned for {where} in {month_name(month)}"


def _projected(reserve: Reserve, terms: ReserveTerms) -> tuple[Decimal | None, str]:
    named = f"{terms.projection} in {terms.horizon_months} months"
    rows = Projection.objects.filter(
        entity_id=reserve.entity_id,
        name=terms.projection,
        horizon_months=terms.horizon_months or 0,
        currency=reserve.account.currency,
    )
    stated = rows.order_by("-number").first()
    if stated is None:
        return None, f"There is no projection {named} in {reserve.account.currency}."
    parts = [Grown(*row) for row in stated.parts.order_by("position").values_list("base", "grown", "projected")]
    if not parts:
        return None, f"The parts of the projection {named} were removed at the end of their retention period."
    if terms.basis == Basis.SAVINGS:
        return projected_savings(parts), f"saved in a month by the projection {named}"
    return projected_growth(parts), f"by which a month grows in the projection {named}"


# ---------------------------------------------------------------- what it holds


def changes_of(reserves: Collection[Reserve], *, through: date) -> dict[int, list[Change]]:
    """Return what each reserve's line was allotted and gave, in the months up to one.

    A draw is what its request moved away. Given back is what taking its approval back reversed, and what was moved to the
    reserve from a line for which something was drawn. All else was added, or taken away where it is below zero.
    """
    draws = {
        (reserve_id, str(request_id)): taker_id
        for reserve_id, request_id, taker_id in ReserveDraw.objects.filter(reserve__in=reserves).values_list(
            "reserve_id", "request_id", "taker_id"
        )
    }
    takers = {(reserve_id, taker_id) for (reserve_id, _), taker_id in draws.items()}
    by_account = {reserve.account_id: reserve.pk for reserve in sorted(reserves, key=lambda each: each.closed_at is None)}
    found: dict[int, list[Change]] = {reserve.pk: [] for reserve in reserves}
    rows = list(
        Entry.objects.filter(account__in=by_account, bucket="allotted", month__lte=through)
        .order_by("id")
        .values_list("account_id", "month", "amount", "journal_id", "journal__kind", "journal__source_type", "journal__source_id")
    )
    givers = _givers([row[3] for row in rows if row[4] == Journal.Kind.TRANSFER and row[2] > 0])
    for account_id, month, amount, journal_id, _, source_type, source_id in rows:
        reserve_id = by_account[account_id]
        kind = Kind.ADDED
        if source_type == "request" and (reserve_id, source_id) in draws:
            kind = Kind.DRAWN if amount < 0 else Kind.GIVEN_BACK
        elif amount > 0 and any((reserve_id, giver) in takers for giver in givers.get(journal_id, ())):
            kind = Kind.GIVEN_BACK
        found[reserve_id].append(Change(month, kind, amount))
    return found


def _givers(journals: Collection[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    rows = Entry.objects.filter(journal__in=journals, amount__lt=0).values_list("journal_id", "account_id") if journals else ()
    for journal_id, account_id in rows:
        found.setdefault(journal_id, set()).add(account_id)
    return found


def available_in(account: FundsAccount, month: date) -> Decimal:
    """Return what may be drawn from a reserve's line in a month: what waits for a decision is gone already."""
    rows = Balance.objects.filter(account=account).values_list("month", "allotted", "reserved", "committed", "spent")
    return left_for([(at, allotted - reserved - committed - spent) for at, allotted, reserved, committed, spent in rows], month)


def waiting_on(reserves: Collection[Reserve], *, month: date) -> dict[int, Decimal]:
    """Return by account what draws that wait for a decision hold, in the months up to one."""
    accounts = [reserve.account_id for reserve in reserves]
    rows = Balance.objects.filter(account__in=accounts, month__lte=month).order_by().values_list("account_id")
    return dict(rows.annotate(Sum("reserved")))


# ---------------------------------------------------------------- for which lines


def open_reserve_of(account: FundsAccount) -> Reserve | None:
    """Return the reserve that a budget line holds; None for an ordinary line."""
    return Reserve.objects.filter(account=account, closed_at__isnull=True).select_related(*RELATED).first()


def lines_of_reserves(entities: Iterable[int]) -> set[int]:
    """Return the ids of the budget lines that hold a reserve."""
    return set(Reserve.objects.filter(entity__in=list(entities), closed_at__isnull=True).values_list("account_id", flat=True))


def covers(reserve: Reserve, account: FundsAccount) -> bool:
    """Say whether a reserve is there for a budget line: the line lies at or below its cost centre, in its currency."""
    held = reserve.account
    return (
        held.pk != account.pk
        and held.entity_id == account.entity_id
        and held.currency == account.currency
        and account.cost_centre.path.startswith(held.cost_centre.path)
    )


def reserves_covering(account: FundsAccount, month: date) -> list[tuple[Reserve, Decimal]]:
    """Return the open reserves that are there for a budget line and have something left in a month, with how much."""
    rows = Reserve.objects.filter(entity=account.entity_id, closed_at__isnull=True).select_related(*RELATED)
    open_ones = [reserve for reserve in rows if covers(reserve, account)]
    left = [(reserve, available_in(reserve.account, month)) for reserve in open_ones]
    return [(reserve, amount) for reserve, amount in left if amount > 0]


def draw_kind(reserve: Reserve, taker: FundsAccount) -> str:
    """Return the kind under which a draw is decided; blank where the policy that covers both lines knows none."""
    paths = [reserve.account.cost_centre.path, taker.cost_centre.path]
    try:
        version = policy_for(entity=reserve.entity, cost_centre_paths=paths)
    except Missing:
        return ""
    return next(iter(kinds_with_subject(version, RESERVE_DRAW)), "")


def draws_seen(reserve: Reserve, *, month: date | None = None) -> QuerySet[ReserveDraw]:
    """Return the draws on a reserve that wait or were approved, the oldest first; with a `month`, those that draw in it."""
    counted = Q(request__state__in=(Request.State.SUBMITTED, Request.State.APPROVED))
    rows = ReserveDraw.objects.filter(counted, reserve=reserve)
    if month is not None:
        rows = rows.filter(request__lines__month=month).distinct()
    related = ("request__requester", "taker__budget", "taker__cost_centre", "terms", "report__confirmed_by")
    return rows.select_related(*related).order_by("request_id")


def lines_to_hold_one(entity: Entity) -> list[FundsAccount]:
    """Return the budget lines of an organization that may hold a reserve: in force, without one, and never spent from."""
    spent = Entry.objects.filter(account=OuterRef("pk")).exclude(bucket="allotted")
    in_force = BudgetVersion.objects.filter(state=BudgetVersion.State.IN_FORCE).values("budget_id")
    held = Reserve.objects.filter(account=OuterRef("pk"), closed_at__isnull=True)
    rows = FundsAccount.objects.filter(~Exists(spent), ~Exists(held), entity=entity, budget__in=in_force)
    return list(rows.select_related("budget", "cost_centre", "entity").order_by("budget__code", "name"))


def approvers_to_choose(entity: Entity, *, stated: str = "") -> Approvers:
    """Return who may approve the use of a reserve, under headings: roles that somebody holds, committees, groups, people.

    Roles and people are those that decide. Whoever is `stated` now is among them, even where they would not be offered any more.
    """
    deciding = [kind for kind, rights in RIGHTS_BY_KIND.items() if Right.DECIDE in rights]
    roles = Role.objects.filter(assignments__entity=entity, assignments__user__is_active=True, kind__in=deciding)
    sitting = standings_of(list(Committee.objects.filter(entity=entity).order_by("code")))
    groups = PeopleGroup.objects.filter(entity=entity, places__isnull=False).distinct().order_by("name", "code")
    people = deciders_in(entity)
    found: Approvers = [
        ("Whoever holds a role", list(roles.distinct().order_by("name").values_list("code", "name"))),
        ("A committee", [(word_of(OwnerKind.COMMITTEE, each.committee.code), each.name) for each in sitting.values()]),
        ("A group", [(word_of(OwnerKind.GROUP, each.code), each.name) for each in groups]),
        ("A person", [(word_of(OwnerKind.PERSON, each.email), f"{each.name}, {each.email}") for each in people]),
    ]
    if stated and stated not in {word for _, choices in found for word, _ in choices}:
        found.append(("As it is", [(stated, named(stated))]))
    return [(heading, choices) for heading, choices in found if choices]
