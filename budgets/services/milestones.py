"""Milestones: dated promises of a budget."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.models import Budget, Milestone, Vendor
from budgets.rules.codes import check_code
from core.errors import InvalidInput, WrongState
from core.models import User
from core.services import audit


@transaction.atomic
def set_milestone(
    *,
    budget: Budget,
    code: str,
    name: str,
    due_on: date,
    actor: User | None,
    planned_cost: Decimal | None = None,
    vendor: Vendor | None = None,
) -> Milestone:
    """Add a milestone to a budget, or restate the one with this code. Raises InvalidInput."""
    check_code(code)
    if vendor is not None and vendor.entity_id != budget.entity_id:
        raise InvalidInput("The vendor belongs to another entity.", remedy="Choose one of the budget's entity.")
    stated = {"name": name, "due_on": due_on, "planned_cost": planned_cost, "vendor": vendor}
    milestone, _ = Milestone.objects.update_or_create(budget=budget, code=code, defaults=stated)
    after = {"name": name, "due_on": due_on.isoformat(), "planned_cost": str(planned_cost) if planned_cost is not None else None}
    audit.record(actor=actor, verb="milestone.set", subject=milestone, entity=budget.entity, after=after)
    return milestone


@transaction.atomic
def complete_milestone(*, milestone: Milestone, done_on: date, actor: User | None) -> Milestone:
    """Say that a milestone was reached. Raises WrongState where it was before."""
    if milestone.done_on is not None:
        raise WrongState(f"{milestone.name} was completed on {milestone.done_on}.", remedy="Nothing is left to do.")
    milestone.done_on = done_on
    milestone.save(update_fields=["done_on"])
    after = {"done_on": done_on.isoformat()}
    audit.record(actor=actor, verb="milestone.completed", subject=milestone, entity=milestone.budget.entity, after=after)
    return milestone
