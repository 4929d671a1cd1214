"""Three service centres that serve one another, charged back by each method: from the rule set to the spend as posted."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from budgets.chargeback_forms import RulesForm, filled_from
from budgets.models import Balance, ChargebackRun, CostCentre
from budgets.selectors.chargeback_figures import figures_of_chargebacks
from budgets.selectors.chargebacks import borne_in, totals_of
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.chargeback_posting import post_chargeback
from budgets.services.chargebacks import draw_up, send_statements
from budgets.services.statements import accept_statement
from core.models import Entity, User
from tests.factories.budgets import CostCentreFactory, move
from tests.factories.chargebacks import JANUARY, pool, read, stated
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

COSTS = {"S1": "92400.00", "S2": "184800.00", "S3": "138600.00"}
OWN = {"P1": "400000.00", "P2": "500000.00"}
USED = {
    "s1-hours": {"S2": "1000", "S3": "2000", "P1": "4000", "P2": "3000"},
    "s2-hours": {"S1": "2000", "S3": "4000", "P1": "10000", "P2": "4000"},
    "s3-hours": {"S1": "4500", "P1": "1500", "P2": "9000"},
}
WHOLE = Decimal("1315800.00")
POOLS = [pool(code.lower(), centre=code, usage=f"{code.lower()}-hours") for code in COSTS]


@dataclass
class Centres:
    """Where the service centres and those whom they serve have spent what they cost on their own."""

    entity: Entity
    controller: User
    centres: dict[str, CostCentre]

    def drawn(self, **terms: Any) -> ChargebackRun:
        stated(self.entity, self.controller, *POOLS, **terms)
        return draw_up(entity=self.entity, month=JANUARY, rules_code="monthly", actor=self.controller)

    def post(self, run: ChargebackRun) -> None:
        send_statements(run_id=run.pk, actor=self.controller)
        for statement in run.statements.select_related("manager"):
            accept_statement(statement_id=statement.pk, actor=statement.manager)
        post_chargeback(run_id=run.pk, actor=self.controller)


@pytest.fixture
def served(small_budget: SmallBudget, controller: User) -> Centres:
    entity, budget = small_budget.entity, small_budget.budget
    centres = {code: CostCentreFactory.create(entity=entity, code=code, parent=small_budget.parent) for code in COSTS | OWN}
    for number, (code, amount) in enumerate((COSTS | OWN).items()):
        account = ensure_account(budget=budget, cost_centre=centres[code], category=small_budget.categories["software"])
        move(account, "spent", amount, thread=f"raw-row:{number}", is_fact=True)
    for code in OWN:
        assign(UserFactory.create(name=f"{code} lead"), "team_lead", entity, cost_centre=centres[code])
    assign(controller, "controller", entity, kind="finance")
    controller.__dict__.pop("_grants", None)
    for metric, units in USED.items():
        read(entity, controller, metric, **units)
    return Centres(entity, controller, centres)


def spent(entity: Entity) -> dict[str, Decimal]:
    rows = Balance.objects.filter(account__entity=entity, month=JANUARY).exclude(spent=0)
    sums: dict[str, Decimal] = {}
    for code, amount in rows.values_list("account__cost_centre__code", "spent"):
        sums[code] = sums.get(code, Decimal(0)) + amount
    return sums


@pytest.mark.parametrize(
    ("terms", "p1", "p2"),
    [
        ({}, "604600.00", "711200.00"),
        ({"method": "step-down", "order": ["s1", "s2", "s3"]}, "573360.00", "742440.00"),
        ({"method": "reciprocal"}, "593500.00", "722300.00"),
    ],
    ids=["direct", "step-down", "reciprocal"],
)
def test_a_month_goes_on_by_each_method(served: Centres, terms: dict[str, Any], p1: str, p2: str) -> None:
    run = served.drawn(**terms)
    assert run.findings == []
    borne = totals_of(borne_in(run))
    by_code = {centre.code: amount for centre, amount in borne.items()}
    assert by_code == {"P1": Decimal(p1) - Decimal(OWN["P1"]), "P2": Decimal(p2) - Decimal(OWN["P2"])}
    served.post(run)
    assert figures_of_chargebacks(served.entity, since=JANUARY).by_use_pct == 100
    assert spent(served.entity) == {"P1": Decimal(p1), "P2": Decimal(p2)}
    assert sum(spent(served.entity).values()) == WHOLE
    assert check_ledger().is_whole


def test_what_is_left_out_of_step_down_is_another_order(served: Centres) -> None:
    by_order = {}
    for order in (["s1", "s2", "s3"], ["s3", "s2", "s1"]):
        run = served.drawn(method="step-down", order=order)
        by_order[order[0]] = {centre.code: amount for centre, amount in totals_of(borne_in(run)).items()}
        assert sum(by_order[order[0]].values()) == WHOLE - 900000
    assert by_order["s1"] != by_order["s3"]


def test_the_form_keeps_the_order_of_step_down(served: Centres) -> None:
    order = ["s3", "s1", "s2"]
    run = served.drawn(method="step-down", order=order)
    said = filled_from(run.rules)
    form = RulesForm({name: str(value) for name, value in said.items()}, entity=served.entity)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["document"]["order"] == order
