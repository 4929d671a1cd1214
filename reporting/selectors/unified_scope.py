"""Of what a unified view is: an organization, one of its budgets, a cost centre with all below it. Who may read which."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from budgets.models import Budget, Category, CostCentre
from budgets.rules.months import add_months, fiscal_year_of, months_between
from budgets.selectors.budgets import READING, access_budget_by_code
from core.access import entities_of, paths_of
from core.errors import InvalidInput, NotFound
from core.models import Entity, User
from reconciliation.selectors.reading import READERS as BOOKS
from reporting.rules.wording import span
from reporting.selectors.access import access_report_budget, whole_budgets

MOST_MONTHS = 36
NOTHING = NotFound(
    "There is no such organization, budget or cost centre, or none that you read as a whole.",
    remedy="Choose one of those within your reach.",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Accounts that are shown together, and the months of theirs. `budget` and `centre` narrow the organization where given.

    `sees_books`: the reader may see the organization's imports and their rows.
    """

    entity: Entity
    first: date
    last: date
    budget: Budget | None = None
    centre: CostCentre | None = None
    is_whole: bool = False
    sees_books: bool = False

    @property
    def currency(self) -> str:
        """The budget's currency; of several budgets the organization's, at the rates that their entries bear."""
        return self.budget.currency if self.budget else self.entity.currency

    @property
    def name(self) -> str:
        """What it is about, in words."""
        parts = [self.budget.name] if self.budget else []
        parts += [self.centre.name] if self.centre else []
        return ", ".join(parts) or self.entity.name

    @property
    def months(self) -> list[date]:
        return months_between(self.first, self.last)

    @property
    def span(self) -> str:
        return span(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks for, by codes; blank where nothing was said."""

    entity: str = ""
    budget: str = ""
    cost_centre: str = ""
    first: date | None = None
    last: date | None = None


def entities_to_unify(user: User) -> list[Entity]:
    """Return the organizations of which the person reads something."""
    return list(entities_of(user, *READING).order_by("code"))


def access_scope(user: User, asked: Asked, *, today: date) -> Scope:
    """Return what is asked for, if the person reads all of it.

    Without a budget or a cost centre that is the whole organization, or for those who reach over a part of it the first cost
    centre of theirs. Raises NotFound, NotAllowed for a budget that is seen in part, InvalidInput for months that cannot be.
    """
    entities = entities_to_unify(user)
    if asked.budget and not asked.cost_centre:
        budget: Budget | None = access_report_budget(user, asked.budget)
    else:
        budget = access_budget_by_code(user, asked.budget) if asked.budget else None
    wanted = budget.entity.code if budget else asked.entity
    entity = next((each for each in entities if wanted in {"", each.code}), None)
    if entity is None or (budget and asked.entity not in {"", entity.code}):
        raise NOTHING
    paths = paths_of(user, entity, *READING)
    centre = _centre(entity, asked.cost_centre, paths, is_budget=budget is not None)
    first, last = _months(asked, entity, budget, today)
    sees_books = "/" in paths_of(user, entity, *BOOKS)
    return Scope(entity, first, last, budget, centre, is_whole="/" in paths, sees_books=sees_books)


def _centre(entity: Entity, code: str, paths: list[str], *, is_budget: bool) -> CostCentre | None:
    if not code and ("/" in paths or is_budget):
        return None
    centres = CostCentre.objects.filter(entity=entity)
    found = centres.filter(code=code).first() if code else centres.filter(path=paths[0]).first()
    if found is None or not any(found.path.startswith(path) for path in paths):
        raise NOTHING
    return found


def _months(asked: Asked, entity: Entity, budget: Budget | None, today: date) -> tuple[date, date]:
    """Return the months asked for, else the fiscal year, or the budget's months, up to this one."""
    now = today.replace(day=1)
    last = asked.last or (min(max(now, budget.starts_on), budget.ends_on) if budget else max(now, asked.first or now))
    usual = budget.starts_on if budget else fiscal_year_of(last, entity.fiscal_year_start_month)
    first = asked.first or max(min(usual, last), add_months(last, 1 - MOST_MONTHS))
    if not date(1990, 1, 1) <= first <= last <= date(2200, 1, 1):
        sentence = "The last month lies before the first." if last < first else "That is too far away."
        raise InvalidInput(sentence, remedy="Choose months from 1990 to 2200, the earlier one first.", code="months_cannot_be")
    if len(months_between(first, last)) > MOST_MONTHS:
        raise InvalidInput(f"A view spans {MOST_MONTHS} months at most.", remedy="Choose fewer.", code="too_many_months")
    return first, last


def budgets_to_unify(user: User, entity: Entity) -> QuerySet[Budget]:
    """Return the organization's budgets that the person reads whole."""
    return whole_budgets(user).filter(entity=entity).order_by("code")


def centres_to_unify(user: User, entity: Entity) -> list[CostCentre]:
    """Return the organization's cost centres within the person's reach, in the order of the tree."""
    paths = paths_of(user, entity, *READING)
    centres = CostCentre.objects.filter(entity=entity).order_by("path")
    return [centre for centre in centres if any(centre.path.startswith(path) for path in paths)]


def category_path(entity: Entity, code: str) -> str:
    """Return the path of a category. Raises NotFound."""
    path = Category.objects.filter(entity=entity, code=code).values_list("path", flat=True).first()
    if path is None:
        raise NotFound("There is no such category.", remedy="Choose one from the view.")
    return path
