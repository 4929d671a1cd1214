"""Keeping plans as templates, and putting them away."""

from django.db import transaction

from budgets.locks import lock_key, lock_template
from budgets.models import BudgetTemplate, BudgetVersion
from budgets.selectors.documents import document_of
from core import clock
from core.errors import InvalidInput, WrongState
from core.models import User
from core.services import audit

LONGEST_NAME, LONGEST_ABOUT = 100, 300


@transaction.atomic
def keep_template(*, version: BudgetVersion, name: str, actor: User, about: str = "") -> BudgetTemplate:
    """Keep a version's plan as a template: its lines, envelopes, thresholds, controls, milestones and bands, not what was spent.

    Raises InvalidInput naming the fields: a name that a template of the organization has already.
    """
    entity, said = version.budget.entity, " ".join(name.split())
    lock_key(f"budget-templates:{entity.pk}")
    wrong = {}
    if not said or len(said) > LONGEST_NAME:
        wrong["name"] = f"Give it a name of up to {LONGEST_NAME} characters."
    elif BudgetTemplate.objects.filter(entity=entity, name__iexact=said, put_away_at__isnull=True).exists():
        wrong["name"] = f"There is a template {said} already. Choose another name, or put that one away first."
    if len(about) > LONGEST_ABOUT:
        wrong["about"] = f"Say it in {LONGEST_ABOUT} characters."
    if wrong:
        raise InvalidInput(next(iter(wrong.values())), details=wrong)
    kept = BudgetTemplate.objects.create(
        entity=entity,
        name=said,
        about=about.strip(),
        document=document_of(version),
        taken_from=version,
        kept_at=clock.now(),
        kept_by=actor,
    )
    after = {"name": said, "budget": version.budget.code, "version": version.number}
    audit.record(actor=actor, verb="budget_template.kept", subject=kept, entity=entity, after=after)
    return kept


@transaction.atomic
def put_template_away(*, template_id: int, actor: User) -> BudgetTemplate:
    """Offer a template no more; budgets that began from it stay as they are. Raises WrongState where it was put away before."""
    found = lock_template(template_id)
    if found.put_away_at is not None:
        raise WrongState(f"{found.name} was put away already.", remedy="Nothing is left to do.")
    found.put_away_at, found.put_away_by = clock.now(), actor
    found.save(update_fields=["put_away_at", "put_away_by"])
    audit.record(actor=actor, verb="budget_template.put_away", subject=found, entity=found.entity, before={"name": found.name})
    return found
