"""What an organization's chargebacks put behind the doors: rules, a reading, rates, a month drawn up, one with the managers."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from budgets.models import ChargebackRun
from budgets.rules.carrying import CarryTerms
from budgets.rules.day_rates import day_rate_of
from budgets.rules.readings import reading_of
from budgets.services.accounts import ensure_account
from budgets.services.carry_rules import state_carry_rule
from budgets.services.chargebacks import draw_up, send_statements
from budgets.services.day_rates import state_day_rates
from budgets.services.readings import state_readings
from budgets.services.rule_sets import state_rule_set
from budgets.services.statements import dispute_statement
from tests.doors.house import House
from tests.factories.budgets import BudgetFactory, CostCentreFactory, move

MONTHS = {"run": date(2026, 4, 1), "drawn_run": date(2026, 5, 1), "disputed_run": date(2026, 6, 1)}


def charge_back(house: House, *parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Charge what is spent in common to the cost centres of the parts; return what each part has of that."""
    whose = f"{house.word} ".lstrip()
    centre = CostCentreFactory.create(entity=house.entity, code="POOL", name=f"{whose}common tools", parent=house.root)
    budget = BudgetFactory.create(
        entity=house.entity, code=f"{whose.strip().upper()}POOL-26", name=f"{whose}tools", cost_centre=centre
    )
    software = house.categories["software"]
    account = ensure_account(budget=budget, cost_centre=centre, category=software, name=f"{whose}tools line")
    above = CarryTerms("above")
    carried = state_carry_rule(
        cost_centre=centre, starts_on=date(2026, 1, 1), terms=above, note=f"{whose}word", actor=house.finance
    )
    for month in MONTHS.values():
        move(account, "spent", "61.00", month=month, thread=f"tools:{month}", is_fact=True)
    centres = [part["_centre"] for part in parts]
    document = _document(whose, [each.code for each in centres])
    rules = state_rule_set(entity=house.entity, document=document, actor=house.finance).rules
    said = reading_of(metric="calls", month="2026-04", cost_centre=centres[0].code, units="12", source=f"{whose}meter")
    reading = state_readings(entity=house.entity, readings=[said], actor=house.finance)[0]
    runs = {name: _drawn(house, month) for name, month in MONTHS.items()}
    for name in ("run", "disputed_run"):
        send_statements(run_id=runs[name].pk, actor=house.finance)
    common = {name: run.pk for name, run in runs.items()} | {"rule_set": rules.pk, "reading": reading.pk}
    common |= {"day_rate": _day_rate(house, whose), "carry_rule": carried.pk}
    return [common | _of_part(runs, part) for part in parts]


def _day_rate(house: House, whose: str) -> int:
    said = day_rate_of(
        role="developer", name=f"{whose}developer", starts_on="2026-01", rate="700", currency="USD", source=f"{whose}band"
    )
    return state_day_rates(entity=house.entity, rates=[said], actor=house.finance)[0].pk


def _document(whose: str, codes: list[str]) -> dict[str, Any]:
    share = Decimal(100) / len(codes)
    tools = {
        "code": "tools",
        "name": f"{whose}tools",
        "collects": {"cost_centre": "POOL"},
        "lands_in": "software",
        "shares": [{"to": code, "pct": str(share)} for code in codes],
    }
    return {"code": "monthly", "name": f"{whose}chargeback", "starts_on": "2026-01", "pools": [tools]}


def _drawn(house: House, month: date) -> ChargebackRun:
    return draw_up(entity=house.entity, month=month, rules_code="monthly", actor=house.finance)


def _of_part(runs: Mapping[str, ChargebackRun], part: Mapping[str, Any]) -> dict[str, Any]:
    """Let the part's approver dispute one statement, and another wait for the answer."""
    centre, approver = part["_centre"], part["_approver"]
    waiting, disputed = (runs[name].statements.get(receiver=centre) for name in ("run", "disputed_run"))
    words = f"{centre.name} uses less."
    dispute = dispute_statement(statement_id=disputed.pk, actor=approver, words=words)
    return {"statement": waiting.pk, "disputed": disputed.pk, "dispute": dispute.pk, "requester_id": part["_requester"].pk}
