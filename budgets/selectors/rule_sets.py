"""Rule sets and readings of usage: what holds in a month, and what was stated before."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from budgets.models import RuleSet, UsageReading
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import Entity, User
from core.rules.rights import Right

# Whoever keeps the books of the whole, or looks at all of it.
BOOKS = (Right.BUDGET, Right.AUDIT)


def access_entity_of_books(user: User, code: str) -> Entity:
    """Return the organization with this code if the person keeps or audits its books; a blank code means the first.

    Raises NotFound.
    """
    for entity in whole_entities_of(user, *BOOKS).order_by("code"):
        if code in {"", entity.code}:
            return entity
    raise NotFound("There is no such organization, or none whose books you keep.", remedy="Name one of yours.")


def rule_sets_in_reach(user: User) -> QuerySet[RuleSet]:
    """Return every version of the rule sets of the organizations whose books the person keeps or audits."""
    found = RuleSet.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity", "stated_by").order_by("entity__code", "code", "-number")


def access_rule_set_by_id(user: User, rule_set_id: int) -> RuleSet:
    """Return a version of a rule set if the person keeps or audits the books of its organization. Raises NotFound."""
    found = rule_sets_in_reach(user).filter(pk=rule_set_id).first()
    if found is None:
        raise NotFound("There is no such rule set, or none that you may see.", remedy="Start from the list of rule sets.")
    return found


def holding_rules(entity: Entity, month: date) -> list[RuleSet]:
    """Return of each rule set the version that holds in a month: the newest whose month has come."""
    rows = RuleSet.objects.filter(entity=entity, starts_on__lte=month).select_related("entity")
    newest: dict[str, RuleSet] = {}
    for version in rows.order_by("code", "-starts_on", "-number"):
        newest.setdefault(version.code, version)
    return list(newest.values())


def rules_for(entity: Entity, code: str, month: date) -> RuleSet | None:
    """Return the version of a rule set that holds in a month, or None."""
    return next((version for version in holding_rules(entity, month) if version.code == code), None)


def latest_of(entity: Entity, code: str) -> RuleSet | None:
    """Return what was stated last under a code, whether its month has come or not."""
    return RuleSet.objects.filter(entity=entity, code=code).order_by("-number").first()


def readings_in_reach(user: User) -> QuerySet[UsageReading]:
    """Return the readings of the organizations whose books the person keeps or audits, the newest first."""
    found = UsageReading.objects.filter(entity__in=whole_entities_of(user, *BOOKS))
    return found.select_related("entity", "cost_centre", "stated_by").order_by("-id")


def access_reading_by_id(user: User, reading_id: int) -> UsageReading:
    """Return a reading if the person keeps or audits the books of its organization. Raises NotFound."""
    found = readings_in_reach(user).filter(pk=reading_id).first()
    if found is None:
        raise NotFound("There is no such reading, or none that you may see.", remedy="Start from the list of readings.")
    return found


def readings_that_hold(entity: Entity, months: Iterable[date]) -> list[UsageReading]:
    """Return of each metric, month and cost centre what was stated last."""
    rows = UsageReading.objects.filter(entity=entity, month__in=list(months)).select_related("cost_centre", "stated_by")
    latest = rows.order_by("metric", "month", "cost_centre_id", "-id").distinct("metric", "month", "cost_centre_id")
    return sorted(latest, key=lambda each: (each.month, each.metric, each.cost_centre.path))


def units_of(entity: Entity, month: date) -> dict[str, dict[str, Decimal]]:
    """Return by metric how many units each cost centre, by its code, used in a month."""
    units: dict[str, dict[str, Decimal]] = {}
    for reading in readings_that_hold(entity, [month]):
        units.setdefault(reading.metric, {})[reading.cost_centre.code] = reading.units
    return units
