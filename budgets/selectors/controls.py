"""The controls that a person may look at, how each stands now, and how one would stand that is not stated yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Case, Count, F, Max, Q, QuerySet, Sum, When

from budgets.models import Balance, Budget, Control, ControlMonth, Cover, Excused, FundsAccount, Mode
from budgets.rules.windows import WindowStand, stands_of, tightest
from budgets.selectors.budgets import READING
from budgets.services.controls import Node, Terms, fingerprint
from core.access import entities_of, may
from core.errors import NotFound
from core.models import AuditRecord, Entity, User
from core.reach import in_reach
from core.rules.rights import Right

ZERO = Decimal("0.00")
SUBJECT = Control._meta.label_lower
Months = dict[date, tuple[Decimal, Decimal]]

KINDS = [
    ("organization", "organization"),
    ("budget", "budget as a whole"),
    ("cost_centre", "cost centre"),
    ("category", "category"),
    ("line", "line"),
]
_OF_KIND = {
    "line": Q(account__isnull=False),
    "category": Q(account=None, category__isnull=False),
    "cost_centre": Q(account=None, category=None, cost_centre__isnull=False),
    "budget": Q(account=None, category=None, cost_centre=None, budget__isnull=False),
    "organization": Q(account=None, category=None, cost_centre=None, budget=None),
}


@dataclass(frozen=True)
class ControlRow:
    """A control, its tightest window now, what is excused there, in how many windows, and who stated it and when.

    Amounts are in the control's currency. `stand` is None before anything is allotted or held under it.
    """

    control: Control
    stand: WindowStand | None
    excused: Decimal = ZERO
    windows_excused: int = 0
    stated: AuditRecord | None = None

    @property
    def kind(self) -> str:
        return kind_of(self.control)


@dataclass(frozen=True)
class StandRow:
    """One window of a control, and what is excused in it."""

    stand: WindowStand
    excused: Decimal = ZERO


@dataclass(frozen=True)
class Prospect:
    """How a node would stand under terms that are not stated yet, beside the control that it has now (None for none).

    `over` counts the windows that hold more than they might; `allotted` is the most that is allotted in one of the windows that
    have less of a limit of their own, None where there is none.
    """

    now: Control | None
    seen: str
    stand: WindowStand | None
    lines: int
    over: int
    allotted: WindowStand | None


def kind_of(control: Control) -> str:
    """Return what the control sits on, in words: a line, a category, a cost centre, a budget as a whole, the organization."""
    if control.account_id:
        return "line"
    if control.category_id:
        return "category"
    if control.cost_centre_id:
        return "cost centre"
    return "budget as a whole" if control.budget_id else "organization"


def of_kind(kind: str) -> Q:
    """Return the condition for controls on nodes of a kind, one of KINDS."""
    return _OF_KIND[kind]


def controls_in_reach(user: User, *rights: Right) -> QuerySet[Control]:
    """Return the controls on nodes that lie within the person's reach as a whole, the widest first."""
    reach = in_reach(user, *(rights or READING), under=_under)
    related = ("entity", "account", "budget", "category", "cost_centre")
    return Control.objects.filter(reach).select_related(*related).order_by("depth", "category__path", "name", "id")


def _under(path: str) -> Q:
    return Q(cost_centre__path__startswith=path) | Q(cost_centre=None, budget__cost_centre__path__startswith=path)


def access_control_by_id(user: User, control_id: int, *rights: Right) -> Control:
    """Return the control if the person may read it, or has one of `rights` over its node. Raises NotFound."""
    control = controls_in_reach(user, *rights).filter(pk=control_id).first()
    if control is None:
        raise NotFound("There is no such control, or none that you may see.", remedy="Start from the list of controls.")
    return control


def readable_entities(user: User) -> list[Entity]:
    """Return the organizations in which the person reads figures, by code."""
    return list(entities_of(user, *READING).order_by("code"))


def access_entity_to_read(user: User, code: str) -> Entity:
    """Return the organization with this code if the person reads figures there; a blank code means the first. Raises NotFound."""
    for entity in readable_entities(user):
        if code in {"", entity.code}:
            return entity
    raise NotFound("There is no such organization, or none that you may see.", remedy="Start from the list of budgets.")


def may_state(user: User, entity: Entity, node: Node) -> bool:
    """Say whether the person keeps the books of all that the node covers."""
    place = node.account or node.budget
    centre = node.cost_centre or (place.cost_centre if place is not None else None)
    return may(user, Right.BUDGET, entity=entity, path=centre.path if centre else "/")


def control_rows(controls: Sequence[Control]) -> list[ControlRow]:
    """Return each control with its tightest window. As many queries for a page of them as for one."""
    months = months_of(controls)
    excused = _excused(controls)
    stated = _stated([control.pk for control in controls if control.origin != Control.Origin.VERSION])
    return [
        ControlRow(
            control,
            tightest(_stands(control, months[control.pk])),
            *excused.get(control.pk, (ZERO, 0)),
            stated=stated.get(str(control.pk)),
        )
        for control in controls
    ]


def group_rows(budget: Budget) -> list[ControlRow]:
    """Return the budget's controls on its categories, cost centres and whole, the deepest last."""
    controls = Control.objects.filter(budget=budget, account=None).select_related("category", "cost_centre", "entity")
    return control_rows(list(controls.order_by("depth", "id")))


def stand_rows(control: Control) -> list[StandRow]:
    """Return every window of a control, in order, with what is excused in it."""
    excused = {(row.first, row.last): row.amount for row in Excused.objects.filter(control=control)}
    return [
        StandRow(stand, excused.get((stand.first, stand.last), ZERO))
        for stand in _stands(control, months_of([control])[control.pk])
    ]


def history_of(control: Control) -> list[AuditRecord]:
    """Return who stated what of a control, the newest first."""
    trail = AuditRecord.objects.filter(subject_type=SUBJECT, subject_id=str(control.pk), verb__startswith="control.")
    return list(trail.select_related("actor").order_by("-id")[:50])


def months_of(controls: Iterable[Control]) -> dict[int, Months]:
    """Return what is allotted and held under each control by month, in its currency.

    A stop has counters; what warns or tracks is added up from the balances that it covers.
    """
    found: dict[int, Months] = {control.pk: {} for control in controls}
    stops = [control.pk for control in controls if control.mode == Mode.STOP]
    counters = ControlMonth.objects.filter(control_id__in=stops).values_list("control_id", "month", "cap", "held")
    for control_id, month, cap, held in [*counters, *_covered([pk for pk in found if pk not in stops])]:
        found[control_id][month] = (cap, held)
    return found


def _covered(control_ids: list[int]) -> list[tuple[int, date, Decimal, Decimal]]:
    if not control_ids:
        return []
    balances = "account__balances__"
    own = Q(account__currency=F("control__currency"))
    held = F(f"{balances}reserved") + F(f"{balances}committed") + F(f"{balances}spent")
    rows = Cover.objects.filter(control_id__in=control_ids).values_list("control_id", f"{balances}month")
    sums = rows.annotate(
        cap=Sum(Case(When(own, then=F(f"{balances}allotted")), default=F(f"{balances}pooled_allotted"))),
        all_held=Sum(Case(When(own, then=held), default=F(f"{balances}pooled_held"))),
    )
    return [row for row in sums if row[1] is not None]


def _stands(control: Control, months: Months) -> list[WindowStand]:
    start = control.entity.fiscal_year_start_month
    return stands_of(control.window, months, tolerance=control.tolerance, start_month=start, own_limit=control.own_limit)


def _excused(controls: Iterable[Control]) -> dict[int, tuple[Decimal, int]]:
    """Return the most that is excused in one window of each control, which is its tightest, and in how many there is some."""
    rows = Excused.objects.filter(control__in=list(controls)).order_by().values_list("control_id")
    return {pk: (most, windows) for pk, most, windows in rows.annotate(most=Max("amount"), windows=Count("first"))}


def _stated(control_ids: Iterable[int]) -> dict[str, AuditRecord]:
    trail = AuditRecord.objects.filter(
        subject_type=SUBJECT, subject_id__in=[str(pk) for pk in control_ids], verb__in=["control.set", "control.changed"]
    )
    newest = trail.select_related("actor").order_by("subject_id", "-id").distinct("subject_id")
    return {record.subject_id: record for record in newest}


def control_at(entity: Entity, node: Node, window: str) -> Control | None:
    """Return the control that a node has for a window, or None."""
    rows = Control.objects.filter(entity=entity, window=window)
    if node.account is not None:
        return rows.filter(account=node.account).first()
    place = {"budget": node.budget, "cost_centre": node.cost_centre, "category": node.category}
    return rows.filter(account=None, **place).first()


def prospect_of(entity: Entity, node: Node, terms: Terms) -> Prospect:
    """Return how the node would stand under the terms, from what is allotted and held now. Nothing is locked."""
    accounts = accounts_under(entity, node)
    months = _months_under(accounts, node.currency(entity))
    start = entity.fiscal_year_start_month
    stands = stands_of(terms.window, months, tolerance=terms.tolerance, start_month=start, own_limit=terms.own_limit)
    rolled = stands_of(terms.window, months, tolerance=Decimal(0), start_month=start)
    bare = stands_of(terms.window, months, tolerance=Decimal(0), start_month=start, own_limit=terms.own_limit)
    above = [allotted for allotted, own in zip(rolled, bare, strict=True) if allotted.cap > own.cap]
    now = control_at(entity, node, terms.window)
    over = sum(stand.left < 0 for stand in stands)
    most = max(above, key=lambda stand: stand.cap, default=None)
    return Prospect(now, fingerprint(now), tightest(stands), accounts.count(), over, most)


def accounts_under(entity: Entity, node: Node) -> QuerySet[FundsAccount]:
    """Return the accounts that lie under a node: at its cost centre and category, and below them."""
    accounts = FundsAccount.objects.filter(entity=entity)
    if node.account is not None:
        return accounts.filter(pk=node.account.pk)
    if node.budget is not None:
        accounts = accounts.filter(budget=node.budget)
    if node.cost_centre is not None:
        accounts = accounts.filter(cost_centre__path__startswith=node.cost_centre.path)
    if node.category is not None:
        accounts = accounts.filter(category__path__startswith=node.category.path)
    return accounts


def _months_under(accounts: QuerySet[FundsAccount], currency: str) -> Months:
    own = Q(account__currency=currency)
    held = F("reserved") + F("committed") + F("spent")
    rows = Balance.objects.filter(account__in=accounts).order_by().values_list("month")
    sums = rows.annotate(
        cap=Sum(Case(When(own, then=F("allotted")), default=F("pooled_allotted"))),
        all_held=Sum(Case(When(own, then=held), default=F("pooled_held"))),
    )
    return {month: (cap, all_held) for month, cap, all_held in sums}
