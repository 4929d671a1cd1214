"""Budget templates, and what a budget that begins from one would be."""

from typing import Any

from django.db.models import QuerySet

from budgets.models import BudgetTemplate
from budgets.rules.copying import CopyTerms, copied
from budgets.selectors.periods import entities_of_finance
from core.errors import NotFound
from core.models import User


def templates_in_reach(user: User) -> QuerySet[BudgetTemplate]:
    """Return the templates of the organizations whose books the person keeps, those that were put away too."""
    rows = BudgetTemplate.objects.filter(entity__in=entities_of_finance(user))
    return rows.select_related("entity", "taken_from__budget", "kept_by", "put_away_by")


def access_template_by_id(user: User, template_id: int) -> BudgetTemplate:
    """Return a template if the person keeps its organization's books. Raises NotFound."""
    found = templates_in_reach(user).filter(pk=template_id).first()
    if found is None:
        raise NotFound("There is no such template, or none of yours.", remedy="Start from the list of templates.")
    return found


def begun_from(template: BudgetTemplate, terms: CopyTerms) -> dict[str, Any]:
    """Return the budget file of a budget that begins from a template. Raises InvalidInput."""
    return copied(template.document, terms)
