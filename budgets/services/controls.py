"""Controls: the limits on accounts, categories, cost centres, budgets, and on the organization as a whole."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, connection, transaction

from budgets.locks import lock_structure
from budgets.models import Budget, Category, Control, CostCentre, FundsAccount, Mode, Window
from budgets.refusals import refuse
from budgets.rules.postings import CENT, LARGEST
from budgets.selectors.books import in_books
from core import clock
from core.access import WHOLE, hold_to_limit
from core.errors import InvalidInput, NotFound, Stale, WrongState
from core.models import Entity, User
from core.rules.rights import Right
from core.services import audit

# The deeper, the earlier it is locked; what most postings share comes last.
ACCOUNT_DEPTH, CATEGORY_DEPTH, COST_CENTRE_DEPTH, BUDGET_DEPTH = 1000, 500, 200, 100
# Above all budgets of an organization.
ENTITY_CATEGORY_DEPTH, ENTITY_COST_CENTRE_DEPTH, ENTITY_DEPTH = 60, 30, 10
MOST_TOLERANCE = Decimal(10)


@dataclass(frozen=True, slots=True)
class Node:
    """Where a control sits: an account; or a category and a cost centre, each with all below it, in a budget or in all.

    Names neither of them, nor a budget: the organization as a whole.
    """

    account: FundsAccount | None = None
    budget: Budget | None = None
    cost_centre: CostCentre | None = None
    category: Category | None = None

    def name(self, entity: Entity) -> str:
        if self.account is not None:
            return self.account.name
        parts = [part.name for part in (self.category, self.cost_centre) if part is not None]
        whole = self.budget.name if self.budget is not None else entity.name
        return f"{', '.join(parts)} ({whole})" if parts else whole

    def depth(self) -> int:
        if self.account is not None:
            return ACCOUNT_DEPTH
        in_budget = self.budget is not None
        if self.category is not None:
            level = self.category.path.count("/") + (self.cost_centre.path.count("/") if self.cost_centre else 0)
            return (CATEGORY_DEPTH if in_budget else ENTITY_CATEGORY_DEPTH) + min(level, 29)
        if self.cost_centre is not None:
            return (COST_CENTRE_DEPTH if in_budget else ENTITY_COST_CENTRE_DEPTH) + min(self.cost_centre.path.count("/"), 29)
        return BUDGET_DEPTH if in_budget else ENTITY_DEPTH

    def currency(self, entity: Entity) -> str:
        """Return what its limit is in: its accounts' currency; the organization's where it covers several budgets."""
        if self.account is not None:
            return self.account.currency
        return self.budget.currency if self.budget is not None else entity.currency


@dataclass(frozen=True, slots=True)
class Terms:
    """What a control does: `own_limit` is for each of its windows, None for the roll-up of what the node's lines are allotted.

    `tolerance` is a share of the limit: 0.1 lets 10 % over pass.
    """

    mode: str
    window: str
    tolerance: Decimal = Decimal(0)
    own_limit: Decimal | None = None


def fingerprint(control: Control | None) -> str:
    """Return what a person saw of a control, for `seen`; a blank text stands for none."""
    if control is None:
        return ""
    return f"{control.mode} {control.tolerance:.4f} {'roll-up' if control.own_limit is None else f'{control.own_limit:.2f}'}"


@transaction.atomic
def set_control(
    *,
    entity: Entity,
    node: Node,
    terms: Terms,
    actor: User | None,
    force: bool = False,
    reason: str = "",
    seen: str | None = None,
) -> Control:
    """State the control of a node for a window, or change the one there is. Every posting is kept out meanwhile.

    What stands over the new limit is excused, and only what makes it worse is refused from then on. A limit of its own below
    what is allotted or held under it is refused, unless it is forced, with a reason. `seen` is the fingerprint of the
    control that the person looked at. Raises NoFunds, InvalidInput, NotAllowed (above_limit: its own limit is more than the
    person's), and Stale where another has changed it since.
    """
    _check(entity, node, terms, force=force, reason=reason)
    _hold_to_limit(entity, node, terms, actor)
    lock_structure()
    before = _found(entity, node, terms.window)
    _check_seen(before, seen)
    control_id = _call("SELECT budgets_set_control(%s::jsonb, %s)", [json.dumps(_stated(entity, node, terms)), force])
    control = Control.objects.get(pk=control_id)
    told = {"forced": force, "reason": reason} if force or reason else {}
    audit.record(
        actor=actor,
        verb="control.changed" if before else "control.set",
        subject=control,
        entity=entity,
        before=_said(before) if before else None,
        after=_said(control) | told,
    )
    return control


@transaction.atomic
def remove_control(*, control_id: int, actor: User | None, seen: str | None = None) -> None:
    """Take away a control that a person stated, or give one of a budget's version back what the budget says.

    `seen` is the fingerprint of what the person looked at. Raises NotFound, WrongState for one that a version stated and nobody
    changed, and Stale where another has changed it since.
    """
    lock_structure()
    control = Control.objects.select_related("entity").filter(pk=control_id).first()
    if control is None:
        raise NotFound("There is no such control.", remedy="Go back to the list of controls.")
    _check_seen(control, seen)
    if control.origin == Control.Origin.VERSION:
        raise WrongState(
            "The budget's version states this control.", remedy="Change it instead, to “track” if it shall not stop."
        )
    audit.record(actor=actor, verb="control.removed", subject=control, entity=control.entity, before=_said(control))
    _call("SELECT budgets_remove_control(%s)", [control_id])


@transaction.atomic
def set_controls(*, budget: Budget, categories: Iterable[Category] = (), cost_centres: Iterable[CostCentre] = ()) -> None:
    """State the controls of a budget: one on each account, on each of `categories` and `cost_centres`, and on the whole.

    Their mode, window and tolerance are the budget's; what a person stated stays. Cover and counters are computed anew, with
    every posting kept out. What stands over its limit then is excused: only what makes it worse is refused.
    """
    nodes = [Node(budget=budget), *(Node(budget=budget, category=category) for category in categories)]
    nodes += [Node(budget=budget, cost_centre=node) for node in cost_centres]
    terms = Terms(budget.group_mode, budget.window, budget.tolerance)
    _call(
        "SELECT budgets_set_controls(%s, %s::jsonb)", [budget.pk, json.dumps([_stated(budget.entity, at, terms) for at in nodes])]
    )


def rebuild(*, entity_id: int) -> None:
    """Compute cover and counters of all controls of an entity anew, with every posting kept out."""
    _call("SELECT budgets_rebuild(%s, NULL)", [entity_id])


def _call(statement: str, values: list[Any]) -> Any:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()[0]
    except DatabaseError as error:
        refuse(error)


def _stated(entity: Entity, node: Node, terms: Terms) -> dict[str, Any]:
    return {
        "entity": entity.pk,
        "account": node.account.pk if node.account else None,
        "budget": (node.account.budget_id if node.account else None) or (node.budget.pk if node.budget else None),
        "cost_centre": node.account.cost_centre_id if node.account else (node.cost_centre.pk if node.cost_centre else None),
        "category": node.account.category_id if node.account else (node.category.pk if node.category else None),
        "name": node.name(entity),
        "depth": node.depth(),
        "mode": terms.mode,
        "window": terms.window,
        "tolerance": str(terms.tolerance),
        "own_limit": None if terms.own_limit is None else str(terms.own_limit),
        "currency": node.currency(entity),
    }


def _found(entity: Entity, node: Node, window: str) -> Control | None:
    rows = Control.objects.filter(entity=entity, window=window)
    if node.account is not None:
        return rows.filter(account=node.account).first()
    place = {"account": None, "budget": node.budget, "cost_centre": node.cost_centre, "category": node.category}
    return rows.filter(**place).first()


def _said(control: Control) -> dict[str, Any]:
    limit = None if control.own_limit is None else str(control.own_limit)
    return {
        "node": control.name,
        "mode": control.mode,
        "window": control.window,
        "tolerance": str(control.tolerance),
        "own_limit": limit,
        "currency": control.currency,
    }


def _check_seen(control: Control | None, seen: str | None) -> None:
    if seen is not None and seen != fingerprint(control):
        raise Stale("Somebody changed this control after you looked.", remedy="Look at how it stands now, then decide.")


def _check(entity: Entity, node: Node, terms: Terms, *, force: bool, reason: str) -> None:
    if terms.mode not in Mode.values or terms.window not in Window.values:
        raise InvalidInput("A control stops, warns or tracks, over a window.", remedy="Choose a mode and a window.")
    if (
        not terms.tolerance.is_finite()
        or not 0 <= terms.tolerance <= MOST_TOLERANCE
        or terms.tolerance != round(terms.tolerance, 4)
    ):
        raise InvalidInput("The tolerance is a share of the limit, from 0 to 1,000 %.", remedy="State 10 % for a tenth over.")
    if terms.own_limit is not None:
        _check_limit(terms.own_limit)
    if force and not reason.strip():
        raise InvalidInput("A limit that is set all the same needs its reason.", remedy="Say why.", code="reason_missing")
    _check_node(entity, node)


def _hold_to_limit(entity: Entity, node: Node, terms: Terms, actor: User | None) -> None:
    if terms.own_limit is None:
        return
    place = node.account or node.budget
    centre = node.cost_centre or (place.cost_centre if place is not None else None)
    amount = in_books(terms.own_limit, node.currency(entity), entity, on=clock.now().date())
    path = centre.path if centre is not None else WHOLE
    hold_to_limit(actor, Right.BUDGET, entity=entity, path=path, amount=amount, what="the control's limit")


def _check_limit(limit: Decimal) -> None:
    if not limit.is_finite() or limit < 0 or limit >= LARGEST or limit != limit.quantize(CENT):
        raise InvalidInput(
            "A limit is an amount to the cent, not below zero.", remedy="Leave it empty to roll up what is allotted."
        )


def _check_node(entity: Entity, node: Node) -> None:
    parts = [part for part in (node.account, node.budget, node.cost_centre, node.category) if part is not None]
    if any(part.entity_id != entity.pk for part in parts):
        raise InvalidInput("A control's node belongs to one organization.", remedy="Choose all its parts from one.")
    if node.account is not None and len(parts) > 1:
        raise InvalidInput("A budget line is a node by itself.", remedy="Choose the line alone, or a category or cost centre.")
