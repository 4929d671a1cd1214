"""The rate card: what a day of each role costs, from which month on, and what a line of staff is planned at."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet

from budgets.models import Budget, BudgetLine, BudgetVersion, DayRate, ExchangeRate
from budgets.rules.document import RatePart
from budgets.rules.rates import Exchange, Price
from budgets.rules.sentences import month_name
from budgets.selectors.rule_sets import BOOKS
from core.access import whole_entities_of
from core.errors import InvalidInput, NotFound
from core.models import Entity, User

PriceIn = Callable[[RatePart, date], Price]


@dataclass(frozen=True)
class CardRole:
    """A role of the card: what holds now, None before its first month, and what is stated for later months."""

    role: str
    name: str
    now: DayRate | None
    later: list[DayRate]

    @property
    def is_planned_with(self) -> bool:
        """Say whether a rate holds now, or will."""
        return any(each is not None and each.rate is not None for each in (self.now, *self.later))


def rates_that_hold(entity: Entity, roles: Iterable[str] | None = None) -> list[DayRate]:
    """Return of each role and first month what was stated last: a role's statements that hold one after another."""
    rows = DayRate.objects.filter(entity=entity)
    if roles is not None:
        rows = rows.filter(role__in=list(roles))
    return list(rows.order_by("role", "starts_on", "-id").distinct("role", "starts_on"))


def held_in(entity: Entity, role: str, month: date) -> DayRate | None:
    """Return which statement of a role holds in a month, or None."""
    return _holding(rates_that_hold(entity, [role]), month)


def card_of(entity: Entity, month: date) -> list[CardRole]:
    """Return the roles of an organization's card by name, as they stand in a month."""
    rows: dict[str, list[DayRate]] = {}
    for each in rates_that_hold(entity):
        rows.setdefault(each.role, []).append(each)
    card = [_role_of(role, stated, month) for role, stated in rows.items()]
    return sorted(card, key=lambda each: (each.name.casefold(), each.role))


def _role_of(role: str, stated: list[DayRate], month: date) -> CardRole:
    past = [each for each in stated if each.starts_on <= month]
    later = [each for each in stated if each.starts_on > month]
    now = past[-1] if past else None
    return CardRole(role, (now or later[0]).name, now, later)


def planned_with(entity: Entity) -> list[tuple[Budget, int]]:
    """Return the budgets whose version in force has lines that are planned with a role of the card, and how many."""
    lines = BudgetLine.objects.filter(version__state=BudgetVersion.State.IN_FORCE, version__budget__entity=entity)
    counts = lines.filter(basis__role__isnull=False).order_by().values("version__budget").annotate(lines=Count("id"))
    many = {row["version__budget"]: row["lines"] for row in counts}
    return [(budget, many[budget.pk]) for budget in Budget.objects.filter(pk__in=many).order_by("code")]


def day_rates_in_reach(user: User) -> QuerySet[DayRate]:
    """Return what was stated in the organizations whose books the person keeps or audits, the newest first."""
    found = DayRate.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity", "stated_by").order_by("-id")


def access_day_rate_by_id(user: User, day_rate_id: int) -> DayRate:
    """Return a statement of a day rate if the person keeps or audits the books of its organization. Raises NotFound."""
    found = day_rates_in_reach(user).filter(pk=day_rate_id).first()
    if found is None:
        raise NotFound("There is no such day rate, or none that you may see.", remedy="Start from the rate card.")
    return found


def prices_for(entity: Entity, currency: str, rates: Iterable[RatePart]) -> PriceIn:
    """Return what says at which price a line's people are planned in a month, in a budget of `currency`.

    A role costs what the card holds for the month; another currency counts at the exchange rates that hold on its first day.
    The function raises InvalidInput where the card, or the exchange rates, say nothing for the month.
    """
    parts = list(rates)
    roles: dict[str, list[DayRate]] = {}
    if named := {part.role for part in parts if part.role}:
        for each in rates_that_hold(entity, named):
            roles.setdefault(each.role, []).append(each)
    exchange = _Exchanges(entity, currency)

    def price_in(part: RatePart, month: date) -> Price:
        if part.role is None:
            stated = part.currency or currency
            return Price(part.day_rate or Decimal(0), stated, "", exchange.into_budget(stated, month))
        held = _holding(roles.get(part.role, []), month)
        if held is None or held.rate is None:
            raise _no_rate(entity, part.role, month, known=part.role in roles)
        return Price(held.rate, held.currency, held.source, exchange.into_budget(held.currency, month))

    return price_in


def _holding(stated: list[DayRate], month: date) -> DayRate | None:
    """Return which of a role's statements, the earliest first, holds in a month."""
    at = bisect_right([each.starts_on for each in stated], month)
    return stated[at - 1] if at else None


def _no_rate(entity: Entity, role: str, month: date, *, known: bool) -> InvalidInput:
    if not known:
        sentence = f"The rate card of {entity.name} has no role {role}."
        return InvalidInput(sentence, remedy="State its day rate on the rate card first.", code="no_role")
    sentence = f"The rate card of {entity.name} has no rate for {role} in {month_name(month)}."
    return InvalidInput(sentence, remedy="State one that holds from that month on, or plan the line without it.", code="no_rate")


class _Exchanges:
    """How amounts in other currencies count in a budget's, at the rates that hold on a month's first day."""

    def __init__(self, entity: Entity, currency: str) -> None:
        self._entity, self._currency = entity, currency
        self._stated: dict[str, list[ExchangeRate]] = {}

    def into_budget(self, currency: str, month: date) -> Exchange:
        """Return how many units of the budget's currency one of another is. Raises InvalidInput where no rate says it."""
        if currency == self._currency:
            return Exchange()
        ours, theirs = self._in_books(currency, month), self._in_books(self._currency, month)
        said = "; ".join(each.said_by for each in (ours, theirs) if each.said_by)
        return Exchange(ours.rate / theirs.rate, said)

    def _in_books(self, currency: str, month: date) -> Exchange:
        if currency == self._entity.currency:
            return Exchange()
        if currency not in self._stated:
            found = ExchangeRate.objects.filter(entity=self._entity, currency=currency)
            self._stated[currency] = list(found.order_by("valid_on", "id"))
        rows = self._stated[currency]
        at = bisect_right([each.valid_on for each in rows], month)
        if not at:
            raise InvalidInput(
                f"No exchange rate for {currency} holds on 1 {month_name(month)}.",
                remedy="State one on the page of exchange rates, valid from that day or an earlier one.",
                code="missing_rate",
            )
        held = rows[at - 1]
        return Exchange(held.rate, f"{held.source}, {held.currency} from {held.valid_on:%-d %b %Y}")
