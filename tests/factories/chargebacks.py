"""A month's chargeback in short, for tests: a platform's spend, borne by two others."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from budgets.models import ChargebackRun, CostCentre, RuleSet
from budgets.rules.readings import ReadingData, reading_of
from budgets.services.chargebacks import draw_up, send_statements
from budgets.services.readings import state_readings
from budgets.services.rule_sets import state_rule_set
from core.models import Entity, User
from tests.factories.budgets import CostCentreFactory, move
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

JANUARY = date(2026, 1, 1)
SHARES = [{"to": "PRODUCT", "pct": "60"}, {"to": "DATA", "pct": "40"}]


def pool(code: str = "platform", *, centre: str = "PLATFORM", **more: Any) -> dict[str, Any]:
    """A pool as a rule set states it; by shares unless it says otherwise."""
    how = {} if {"usage", "overhead", "direct", "shares"} & set(more) else {"shares": SHARES}
    return {"code": code, "name": code.capitalize(), "collects": {"cost_centre": centre}, "lands_in": "software", **how, **more}


def rules_document(*pools: dict[str, Any], **more: Any) -> dict[str, Any]:
    head = {"schema": "purser/allocation-rules/1", "code": "monthly", "name": "Monthly chargeback", "starts_on": "2026-01"}
    return {**head, "pools": list(pools or [pool()]), **more}


def stated(entity: Entity, actor: User, *pools: dict[str, Any], **more: Any) -> RuleSet:
    return state_rule_set(entity=entity, document=rules_document(*pools, **more), actor=actor).rules


@dataclass
class Charged:
    """An organization in which 100.09 was spent on the platform, and who is asked about it."""

    small: SmallBudget
    data: CostCentre
    product_lead: User
    data_lead: User
    controller: User

    @property
    def entity(self) -> Entity:
        return self.small.entity

    @property
    def product(self) -> CostCentre:
        return self.small.cost_centres["PRODUCT"]

    @property
    def platform(self) -> CostCentre:
        return self.small.cost_centres["PLATFORM"]

    def drawn(self, month: date = JANUARY) -> ChargebackRun:
        return draw_up(entity=self.entity, month=month, rules_code="monthly", actor=self.controller)

    def sent(self, month: date = JANUARY) -> ChargebackRun:
        return send_statements(run_id=self.drawn(month).pk, actor=self.controller)


def charge(small: SmallBudget, controller: User) -> Charged:
    """Spend on the platform, and give both receivers a manager."""
    data = CostCentreFactory.create(entity=small.entity, code="DATA", name="Data", parent=small.parent)
    leads = [UserFactory.create(name=f"{name} lead") for name in ("Product", "Data")]
    for lead, centre in zip(leads, (small.cost_centres["PRODUCT"], data), strict=True):
        assign(lead, "team_lead", small.entity, cost_centre=centre)
    assign(controller, "controller", small.entity, kind="finance")
    controller.__dict__.pop("_grants", None)
    move(small.account, "spent", "70.09", thread="raw-row:1", is_fact=True)
    move(small.accounts["PLATFORM", "training"], "spent", "30.00", thread="raw-row:2", is_fact=True)
    return Charged(small, data, leads[0], leads[1], controller)


def reading(metric: str, centre: str, units: str, month: str = "2026-01", source: str = "A meter") -> ReadingData:
    return reading_of(metric=metric, month=month, cost_centre=centre, units=units, source=source)


def read(entity: Entity, actor: User, metric: str, **units: str) -> None:
    state_readings(entity=entity, readings=[reading(metric, code, number) for code, number in units.items()], actor=actor)
