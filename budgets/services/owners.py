"""Saying who owns a budget: who signs its versions for that side, and is asked when facts go over its limits."""

from django.db import transaction

from budgets.events import OwnerNamed, VersionToSign
from budgets.locks import lock_budget
from budgets.models import Budget
from budgets.selectors.owners import may_name_owner, people_to_own
from budgets.selectors.sign_offs import waiting_version
from core import clock
from core.errors import InvalidInput, NotAllowed
from core.models import User
from core.services import audit
from core.services.outbox import publish


@transaction.atomic
def set_owner(*, budget_id: int, owner: User | None, actor: User) -> Budget:
    """Say who owns a budget; None: whoever decides over its cost centre stands for the owner. The same again is no change.

    Raises NotAllowed (the books of the whole organization are not the actor's), InvalidInput (the owner cannot be that person).
    """
    budget = lock_budget(budget_id)
    if not may_name_owner(actor, budget):
        raise NotAllowed("You do not keep this organization's books.", remedy="Ask finance to name the owner.")
    if owner == budget.owner:
        return budget
    if owner is not None and owner not in people_to_own(budget):
        sentence = f"Choose somebody who asks or decides over {budget.cost_centre.name} and does not keep its books."
        raise InvalidInput(f"{owner.name} cannot own {budget.name}.", remedy=sentence, details={"owner": sentence})
    before = budget.owner
    budget.owner = owner
    budget.save(update_fields=["owner"])
    said = [{"owner": person.name if person else None} for person in (before, owner)]
    audit.record(actor=actor, verb="budget.owner_set", subject=budget, entity=budget.entity, before=said[0], after=said[1])
    if owner is not None and owner != actor:
        publish(OwnerNamed(budget_id=budget.pk, person_id=owner.pk, at=clock.now().isoformat()))
    waiting = waiting_version(budget)
    if waiting is not None:
        publish(VersionToSign(version_id=waiting.pk, at=clock.now().isoformat()))
    return budget
