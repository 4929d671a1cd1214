"""Carrying budgets on, for programs: what cost centres say, and what was carried."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from budgets.api import carry_serializers as shapes
from budgets.models import Budget, CarryRule, CarryRun, CostCentre
from budgets.rules.carrying import CarryTerms
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.carry_previews import access_run_of, choose_into_budget, journals_of, runs_of, span_of
from budgets.selectors.carry_rules import access_carry_rule_by_id, carry_rules_in_reach
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS
from budgets.services.carry_rules import state_carry_rule
from budgets.services.carry_runs import carry_budget, undo_carry
from core.api.acts import write
from core.api.endpoint import CODE, NUMBER, Listed, Shown
from core.errors import InvalidInput
from core.rules.rights import Right

KEEPING = frozenset({Right.BUDGET})


class CarryRules(Listed[CarryRule], Shown[CarryRule]):
    """What cost centres say about what is carried on, every statement, the newest first."""

    room = "budgets"
    model = CarryRule
    rights = frozenset(BOOKS)
    shows = shapes.CarryRuleSerializer
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The statement's number.")}

    def rows(self) -> QuerySet[CarryRule]:
        return carry_rules_in_reach(self.person)

    def one(self) -> CarryRule:
        return access_carry_rule_by_id(self.person, self.number())

    @write(takes=shapes.CarryRuleTakenSerializer, gives=shapes.CarryRuleSerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> CarryRule:
        """State what a cost centre carries on. The same again is the statement that is there."""
        entity = access_entity_of_finance(self.person, data["entity"])
        centre = CostCentre.objects.filter(entity=entity, code=data["cost_centre"]).select_related("entity").first()
        if centre is None:
            sentence = "There is no such cost centre."
            raise InvalidInput(f"There is no cost centre {data['cost_centre']}.", details={"cost_centre": sentence})
        terms = CarryTerms(data["kind"], data.get("share_pct"), data.get("amount"), data.get("currency", ""))
        rule = state_carry_rule(
            cost_centre=centre, starts_on=data["starts_on"], terms=terms, note=data.get("note", ""), actor=self.person
        )
        return access_carry_rule_by_id(self.person, rule.pk)


class Carries(Listed[CarryRun], Shown[CarryRun]):
    """What a budget carried on, the newest first."""

    room = "budgets"
    model = CarryRun
    rights = KEEPING
    shows = shapes.CarrySerializer
    orderings = ("-id", "id")
    places = {"code": (CODE, "The budget's code."), "id": (NUMBER, "Its number.")}

    def rows(self) -> QuerySet[CarryRun]:
        return runs_of(self._budget())

    def one(self) -> CarryRun:
        return access_run_of(self._budget(), self.number())

    def dress(self, rows: Sequence[CarryRun]) -> list[Any]:
        journals = journals_of(rows)
        for run in rows:
            run.__dict__["journal_id"] = journals[run.pk].pk if run.pk in journals else None
        return list(rows)

    def _budget(self) -> Budget:
        budget = access_budget_by_code(self.person, self.kwargs["code"])
        access_entity_of_finance(self.person, budget.entity.code)
        return budget

    @write(takes=shapes.CarryTakenSerializer, gives=shapes.CarrySerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> CarryRun:
        """Carry on what is left of a month or a year, once. A dry run gives what each line would carry."""
        budget = self._budget()
        span = span_of(budget, data["through"], whole_year=data.get("span") == "year", into=data.get("into"))
        into_budget = choose_into_budget(budget, span.into, data.get("into_budget", ""))
        return carry_budget(budget=budget, into_budget=into_budget, span=span, actor=self.person)

    @write(takes=shapes.CarryBackSerializer, gives=shapes.CarrySerializer, rights=KEEPING)
    def undo(self, run: CarryRun, data: dict[str, Any]) -> CarryRun:
        """Take back what was carried on, by the opposite journal."""
        budget = self._budget()
        undo_carry(budget=budget, run_id=run.pk, actor=self.person, reason=data["reason"])
        return access_run_of(budget, run.pk)
