"""Controls: listed with how they stand, stated, changed, removed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from budgets.api import budget_serializers as shapes
from budgets.api.filters import ControlFilter
from budgets.models import Control
from budgets.selectors.accounts import access_account_by_id
from budgets.selectors.budgets import READING, access_budget_by_code
from budgets.selectors.controls import access_control_by_id, control_at, control_rows, controls_in_reach, may_state, stand_rows
from budgets.selectors.master import categories_in_reach, cost_centres_in_reach
from budgets.selectors.periods import access_entity_to_keep
from budgets.services.controls import Node, Terms, fingerprint, remove_control, set_control
from core.api.acts import read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.errors import NotAllowed, NotFound, WrongState
from core.models import Entity
from core.rules.rights import Right

BOOKS = frozenset({Right.BUDGET})


class Controls(Listed[Control], Shown[Control]):
    """Controls with the window that has the least left, the widest first."""

    room = "budgets"
    model = Control
    rights = frozenset(READING)
    shows = shapes.ControlSerializer
    filterset_class = ControlFilter
    orderings = ("depth", "-depth", "name", "id")
    places = {"id": (NUMBER, "The control's number.")}

    def rows(self) -> QuerySet[Control]:
        return controls_in_reach(self.person)

    def one(self) -> Control:
        wanted = [Right.BUDGET] if self.act.is_write else []
        return access_control_by_id(self.person, self.number(), *wanted)

    def dress(self, rows: Sequence[Control]) -> list[Any]:
        return list(control_rows(list(rows)))

    @write(takes=shapes.NewControlSerializer, gives=shapes.ControlSerializer, status=201, rights=BOOKS)
    def create(self, data: dict[str, Any]) -> Control:
        """State a control on a node that has none for this window. What stands over it then is excused."""
        entity = access_entity_to_keep(self.person, data["entity"])
        node = self._node(entity, data)
        if not may_state(self.person, entity, node):
            raise NotAllowed("You do not keep the books of all that this covers.", remedy="Ask finance to state the control.")
        if (there := control_at(entity, node, data["window"])) is not None:
            raise WrongState(
                "This has a control for this window already.", remedy="Change that one.", code="exists", details={"id": there.pk}
            )
        return self._set(entity, node, data["window"], data, seen="")

    @write(takes=shapes.TermsSerializer, gives=shapes.ControlSerializer, rights=BOOKS)
    def update(self, control: Control, data: dict[str, Any]) -> Control:
        """Change what a control does. Its node and its window stay."""
        return self._set(control.entity, _node_of(control), control.window, data, seen=fingerprint(control))

    @write(rights=BOOKS)
    def destroy(self, control: Control) -> None:
        """Remove a control that a person stated, or give one that was changed back what the budget's version states."""
        remove_control(control_id=control.pk, actor=self.person, seen=fingerprint(control))

    @read(gives=shapes.ControlWindowsSerializer)
    def windows(self, control: Control) -> dict[str, Any]:
        """Show every window of a control."""
        return {"control": control.pk, "currency": control.currency, "windows": stand_rows(control)}

    def _set(self, entity: Entity, node: Node, window: str, data: dict[str, Any], *, seen: str) -> Control:
        terms = Terms(data["mode"], window, data.get("tolerance", Decimal(0)), data.get("own_limit"))
        force, reason = data.get("force", False), data.get("reason", "")
        return set_control(
            entity=entity, node=node, terms=terms, actor=self.person, force=force, reason=reason if force else "", seen=seen
        )

    def _node(self, entity: Entity, data: dict[str, Any]) -> Node:
        """Return the node that the codes name. Raises NotFound."""
        return Node(
            account=access_account_by_id(self.person, data["account"], Right.BUDGET) if "account" in data else None,
            budget=access_budget_by_code(self.person, data["budget"]) if "budget" in data else None,
            cost_centre=_named(cost_centres_in_reach(self.person), entity, data["cost_centre"])
            if "cost_centre" in data
            else None,
            category=_named(categories_in_reach(self.person), entity, data["category"]) if "category" in data else None,
        )


def _named(rows: QuerySet[Any], entity: Entity, code: str) -> Any:
    found = rows.filter(entity=entity, code=code).first()
    if found is None:
        raise NotFound(f"There is no {code}, or none that you may see.", remedy="Use a code from the lists.")
    return found


def _node_of(control: Control) -> Node:
    if control.account is not None:
        return Node(account=control.account)
    return Node(budget=control.budget, cost_centre=control.cost_centre, category=control.category)
