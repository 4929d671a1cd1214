"""Rule sets of chargebacks and readings of usage: listed, shown, stated."""

from typing import Any

from django.db.models import QuerySet

from budgets.api import chargeback_serializers as shapes
from budgets.models import RuleSet, UsageReading
from budgets.rules.readings import ReadingData
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import (
    BOOKS,
    access_reading_by_id,
    access_rule_set_by_id,
    readings_in_reach,
    readings_that_hold,
    rule_sets_in_reach,
)
from budgets.services.readings import state_readings
from budgets.services.rule_sets import state_rule_set
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.rules.rights import Right

KEEPING = frozenset({Right.BUDGET})


class RuleSets(Listed[RuleSet], Shown[RuleSet]):
    """Rule sets of chargebacks, every version."""

    room = "budgets"
    model = RuleSet
    rights = frozenset(BOOKS)
    shows = shapes.RuleSetSerializer
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The version's number.")}

    def rows(self) -> QuerySet[RuleSet]:
        return rule_sets_in_reach(self.person)

    def one(self) -> RuleSet:
        return access_rule_set_by_id(self.person, self.number())

    @write(takes=shapes.StatedRuleSetSerializer, gives=shapes.RuleSetSerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> RuleSet:
        """State the next version of a rule set. The same again is the version that is there."""
        entity = access_entity_of_finance(self.person, data["entity"])
        return state_rule_set(entity=entity, document=data["document"], actor=self.person).rules


class Readings(Listed[UsageReading], Shown[UsageReading]):
    """Readings of usage, the newest first."""

    room = "budgets"
    model = UsageReading
    rights = frozenset(BOOKS)
    shows = shapes.ReadingSerializer
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The reading's number.")}

    def rows(self) -> QuerySet[UsageReading]:
        return readings_in_reach(self.person)

    def one(self) -> UsageReading:
        return access_reading_by_id(self.person, self.number())

    @write(takes=shapes.StatedReadingSerializer, gives=shapes.ReadingSerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> UsageReading:
        """State a reading. What says the same as the one that holds is that one."""
        entity = access_entity_of_finance(self.person, data["entity"])
        said = ReadingData(data["metric"], data["month"], data["cost_centre"], data["units"], data["source"])
        rows = state_readings(entity=entity, readings=[said], actor=self.person)
        held = rows or [
            each
            for each in readings_that_hold(entity, [said.month])
            if (each.metric, each.cost_centre.code) == (said.metric, said.cost_centre)
        ]
        return held[0]
