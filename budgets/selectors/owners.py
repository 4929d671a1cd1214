"""Who may own a budget, and who says so."""

from budgets.models import Budget
from core.access import WHOLE, may, people_with
from core.errors import InvalidInput
from core.models import User
from core.rules.rights import Right


def may_name_owner(user: User, budget: Budget) -> bool:
    """Say whether the person names this budget's owner: who keeps the books of the whole organization does."""
    return may(user, Right.BUDGET, entity=budget.entity, path=WHOLE)


def people_to_own(budget: Budget) -> list[User]:
    """Return who may own a budget, by name: who asks or decides over its cost centre, and does not keep its books.

    Its versions are signed by the owner and by finance: the two sides are never one.
    """
    entity, path = budget.entity, budget.cost_centre.path
    found = {
        person.pk: person
        for right in (Right.DECIDE, Right.REQUEST)
        for person in people_with(right, entity=entity, path=path)
        if not may(person, Right.BUDGET, entity=entity, path=path)
    }
    return sorted(found.values(), key=lambda person: (person.name, person.pk))


def person_to_own(budget: Budget, email: str) -> User:
    """Return who has this address among those who may own a budget. Raises InvalidInput."""
    found = next((person for person in people_to_own(budget) if person.email.casefold() == email.casefold()), None)
    if found is None:
        sentence = f"Name somebody who asks or decides over {budget.cost_centre.name} and does not keep its books."
        raise InvalidInput("Nobody of this address can own the budget.", remedy=sentence, details={"owner": sentence})
    return found
