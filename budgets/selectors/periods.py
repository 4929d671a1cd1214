"""Posting months, and the entities whose books a person keeps."""

from django.db.models import QuerySet

from budgets.models import Period
from budgets.rules.months import fiscal_year_of
from core.access import entities_of, whole_entities_of
from core.errors import NotFound
from core.models import Entity, User
from core.rules.rights import Right


def entities_of_finance(user: User) -> list[Entity]:
    """Return the entities over all of which the person keeps the books, by code."""
    return list(whole_entities_of(user, Right.BUDGET).order_by("code"))


def access_entity_of_finance(user: User, code: str) -> Entity:
    """Return the entity with this code if the person keeps its books; a blank code means the first. Raises NotFound."""
    for entity in entities_of_finance(user):
        if code in {"", entity.code}:
            return entity
    raise NotFound(
        "There is no such entity, or none whose books you keep.",
        remedy="Name one of yours, or ask an administrator to set up the entity and your role in it.",
    )


def entity_to_close(user: User) -> str:
    """Return the code of the entity whose oldest open month is the oldest of all, or a blank text where no month is open."""
    entities = entities_of_finance(user)
    rows = Period.objects.filter(entity__in=entities, state=Period.State.OPEN).order_by("month", "entity__code")
    return rows.values_list("entity__code", flat=True).first() or ""


def periods_by_year(entity: Entity) -> list[tuple[str, list[Period]]]:
    """Return the entity's months by fiscal year, the newest year first, months in order, called by its calendar years."""
    years: dict[str, list[Period]] = {}
    for period in Period.objects.filter(entity=entity).select_related("closed_by").order_by("month"):
        start = fiscal_year_of(period.month, entity.fiscal_year_start_month)
        name = str(start.year) if entity.fiscal_year_start_month == 1 else f"{start.year} to {start.year + 1}"
        years.setdefault(name, []).append(period)
    return list(reversed(years.items()))


def periods_in_reach(user: User) -> QuerySet[Period]:
    """Return the months of the entities whose books the person keeps."""
    return Period.objects.filter(entity__in=entities_of_finance(user)).select_related("entity", "closed_by")


def access_period_by_id(user: User, period_id: int) -> Period:
    """Return the month if the person keeps its entity's books. Raises NotFound."""
    period = periods_in_reach(user).filter(pk=period_id).first()
    if period is None:
        raise NotFound("There is no such month, or none whose books you keep.", remedy="Start from the list of months.")
    return period


def access_entity_to_keep(user: User, code: str) -> Entity:
    """Return the entity with this code if the person keeps the books of some part of it. Raises NotFound."""
    entity = entities_of(user, Right.BUDGET).filter(code=code).first()
    if entity is None:
        raise NotFound("There is no such entity, or none whose books you keep.", remedy="Name one of yours.")
    return entity
