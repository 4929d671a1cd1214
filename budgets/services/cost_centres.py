"""The cost centre tree."""

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Concat, Substr

from budgets.locks import lock_cost_centre, lock_structure
from budgets.models import CostCentre
from budgets.rules.codes import check_code, path_below
from budgets.services.controls import rebuild
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit


@transaction.atomic
def add_cost_centre(
    *,
    entity: Entity,
    code: str,
    name: str,
    actor: User | None,
    parent: CostCentre | None = None,
    kind: str = CostCentre.Kind.TEAM,
) -> CostCentre:
    """Add a node to the entity's tree, under `parent` or at its top. Raises InvalidInput."""
    check_code(code)
    if CostCentre.objects.filter(entity=entity, code=code).exists():
        raise InvalidInput(f"There is a cost centre {code} already.", remedy="Choose another code.", code="taken")
    if parent is not None and parent.entity_id != entity.pk:
        raise InvalidInput("The cost centre above belongs to another entity.", remedy="Choose one of this entity.")
    path = path_below(parent.path if parent else "", code)
    node = CostCentre.objects.create(entity=entity, code=code, name=name, kind=kind, parent=parent, path=path)
    audit.record(actor=actor, verb="cost_centre.added", subject=node, entity=entity, after={"path": path, "name": name})
    return node


@transaction.atomic
def move(*, cost_centre_id: int, parent_id: int | None, actor: User | None) -> CostCentre:
    """Move a node and all below it under another one, or to the top, and compute what covers what anew.

    Postings wait meanwhile. Raises InvalidInput where the node would end up below itself.
    """
    lock_structure()
    node = lock_cost_centre(cost_centre_id)
    parent = lock_cost_centre(parent_id) if parent_id is not None else None
    if parent is not None and parent.path.startswith(node.path):
        raise InvalidInput("A cost centre cannot be moved below itself.", remedy="Choose another place for it.")
    if parent is not None and parent.entity_id != node.entity_id:
        raise InvalidInput("The cost centre above belongs to another entity.", remedy="Choose one of this entity.")
    before, after = node.path, path_below(parent.path if parent else "", node.code)
    node.parent = parent
    node.save(update_fields=["parent"])
    _rewrite_paths(node.entity_id, before, after)
    rebuild(entity_id=node.entity_id)
    audit.record(
        actor=actor, verb="cost_centre.moved", subject=node, entity=node.entity, before={"path": before}, after={"path": after}
    )
    node.refresh_from_db()
    return node


def _rewrite_paths(entity_id: int, before: str, after: str) -> None:
    rest = Substr(F("path"), len(before) + 1)
    below = CostCentre.objects.filter(entity_id=entity_id, path__startswith=before)
    below.update(path=Concat(Value(after), rest, output_field=CharField()))
