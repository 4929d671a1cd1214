"""Scenarios of chargebacks: rules, readings, a month drawn up, answered, posted, undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from budgets.models import ChargebackDispute, ChargebackRun, ChargebackStatement
from budgets.rules.day_rates import DayRateData
from budgets.services import beginning, chargeback_posting, chargebacks, day_rates, readings, rule_sets, statements, watching
from core import clock
from core.jobs import JobContext
from core.models import Job
from reporting.services import statements as pdfs
from tests.factories.approvals import MARCH
from tests.factories.budgets import move
from tests.factories.chargebacks import pool, reading, rules_document
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

only_reads(
    beginning.document_from_table,
    day_rates.changes_of,
    readings.changes_of,
    chargebacks.refuse_closed,
    chargebacks.clocks,
    chargebacks.checked_reason,
)
only_reads(pdfs.statement_html)
steps_of(chargebacks.adjust, steps=[chargebacks.write_adjustment])
steps_of(chargebacks.send_statements, steps=[chargebacks.ask])
SHARES = [{"to": "PRODUCT", "pct": "60"}, {"to": "ENG", "pct": "40"}]


def _rules(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "document": rules_document(pool(shares=SHARES)), "actor": ground.finance}


def _drawn(ground: Ground) -> ChargebackRun:
    return chargebacks.draw_up(**_draw_up(ground))


def _sent(ground: Ground) -> ChargebackRun:
    return chargebacks.send_statements(run_id=_drawn(ground).pk, actor=ground.finance)


def _waiting(ground: Ground) -> ChargebackStatement:
    return _sent(ground).statements.select_related("manager").earliest("pk")


def _disputed(ground: Ground) -> ChargebackDispute:
    statement = _waiting(ground)
    return statements.dispute_statement(statement_id=statement.pk, actor=statement.manager, words="Too much.")


def _accepted(ground: Ground) -> ChargebackRun:
    run = _sent(ground)
    for statement in run.statements.select_related("manager"):
        statements.accept_statement(statement_id=statement.pk, actor=statement.manager)
    return run


@scenario(rule_sets.state_rule_set)
def _state_rule_set(ground: Ground) -> dict[str, Any]:
    return _rules(ground)


@scenario(rule_sets.state_rule_set, label="dry run")
def _state_rule_set_dry(ground: Ground) -> dict[str, Any]:
    return _rules(ground) | {"dry_run": True}


@scenario(readings.state_readings)
def _state_readings(ground: Ground) -> dict[str, Any]:
    rows = [reading("calls", code, units, "2026-03") for code, units in (("PRODUCT", "4000"), ("ENG", "3000"))]
    return {"entity": ground.entity, "readings": rows, "actor": ground.finance}


@scenario(day_rates.state_day_rates)
def _state_day_rates(ground: Ground) -> dict[str, Any]:
    terms = (("developer", Decimal(750), "USD"), ("tester", Decimal("410.50"), "EUR"), ("clerk", None, "USD"))
    said = [DayRateData(role, role.title(), MARCH, amount, currency, "Band 4") for role, amount, currency in terms]
    return {"entity": ground.entity, "rates": said, "actor": ground.finance}


@scenario(chargebacks.draw_up)
def _draw_up(ground: Ground) -> dict[str, Any]:
    rule_sets.state_rule_set(**_rules(ground))
    move(ground.account, "spent", "100.09", month=MARCH, thread="line:8", is_fact=True)
    return {"entity": ground.entity, "month": MARCH, "rules_code": "monthly", "actor": ground.finance}


@scenario(chargebacks.draw_up, label="again")
def _draw_up_again(ground: Ground) -> dict[str, Any]:
    _sent(ground)
    return {"entity": ground.entity, "month": MARCH, "rules_code": "monthly", "actor": ground.finance}


@scenario(chargebacks.adjust)
def _adjust(ground: Ground) -> dict[str, Any]:
    sides = ground.centres["PRODUCT"], ground.centres["ENG"]
    data = chargebacks.AdjustmentData("platform", *sides, Decimal(10), "scope_change", "One team moved.")
    return {"run_id": _drawn(ground).pk, "data": data, "actor": ground.finance}


@scenario(chargebacks.send_statements)
def _send_statements(ground: Ground) -> dict[str, Any]:
    return {"run_id": _drawn(ground).pk, "actor": ground.finance}


@scenario(chargebacks.drop)
def _drop(ground: Ground) -> dict[str, Any]:
    return {"run_id": _sent(ground).pk, "actor": ground.finance, "reason": "Not this month."}


@scenario(chargeback_posting.post_chargeback)
def _post_chargeback(ground: Ground) -> dict[str, Any]:
    return {"run_id": _accepted(ground).pk, "actor": ground.finance}


@scenario(chargeback_posting.post_chargeback, label="in the place of another")
def _post_chargeback_again(ground: Ground) -> dict[str, Any]:
    first = _accepted(ground)
    chargeback_posting.post_chargeback(run_id=first.pk, actor=ground.finance)
    again = chargebacks.draw_up(entity=ground.entity, month=MARCH, rules_code="monthly", actor=ground.finance)
    chargebacks.send_statements(run_id=again.pk, actor=ground.finance)
    for statement in again.statements.select_related("manager"):
        statements.accept_statement(statement_id=statement.pk, actor=statement.manager)
    return {"run_id": again.pk, "actor": ground.finance}


@scenario(chargeback_posting.undo_chargeback)
def _undo_chargeback(ground: Ground) -> dict[str, Any]:
    run = _accepted(ground)
    chargeback_posting.post_chargeback(run_id=run.pk, actor=ground.finance)
    return {"run_id": run.pk, "actor": ground.finance, "reason": "The wrong rules."}


@scenario(statements.accept_statement)
def _accept_statement(ground: Ground) -> dict[str, Any]:
    statement = _waiting(ground)
    return {"statement_id": statement.pk, "actor": statement.manager}


@scenario(statements.dispute_statement)
def _dispute_statement(ground: Ground) -> dict[str, Any]:
    statement = _waiting(ground)
    return {"statement_id": statement.pk, "actor": statement.manager, "words": "Too much.", "amount": Decimal(20)}


@scenario(statements.resolve_dispute)
def _resolve_dispute(ground: Ground) -> dict[str, Any]:
    dispute = _disputed(ground)
    others = [centre for centre in ground.centres.values() if centre.code in {"PRODUCT", "ENG"}]
    taker = next(centre for centre in others if centre.pk != dispute.statement.receiver_id)
    shift = statements.Shift("platform", taker, Decimal(5), "resource_shift")
    return {"dispute_id": dispute.pk, "actor": ground.finance, "answer": "Two people moved.", "shift": shift}


@scenario(statements.resolve_dispute, label="refused")
def _refuse_dispute(ground: Ground) -> dict[str, Any]:
    return {"dispute_id": _disputed(ground).pk, "actor": ground.finance, "answer": "The meter says so."}


@scenario(statements.ask_another)
def _ask_another(ground: Ground) -> dict[str, Any]:
    return {"statement_id": _waiting(ground).pk, "actor": ground.finance, "manager": ground.people["executive"]}


@scenario(pdfs.start_statement_pdf)
def _start_statement_pdf(ground: Ground) -> dict[str, Any]:
    return {"statement": _waiting(ground), "actor": ground.finance}


@scenario(pdfs.make_statement_pdf)
def _make_statement_pdf(ground: Ground) -> dict[str, Any]:
    statement = _waiting(ground)
    pdfs.start_statement_pdf(statement=statement, actor=ground.finance)
    return {"context": JobContext(Job.objects.get()), "statement_id": statement.pk}


@scenario(pdfs.render_statement)
def _render_statement(ground: Ground) -> dict[str, Any]:
    return {"statement": _waiting(ground), "actor": ground.finance}


@scenario(watching.watch_chargebacks, steps="Statements and disputes are told of batch by batch, each in a transaction.")
def _watch_chargebacks(ground: Ground) -> dict[str, Any]:
    with clock.at(clock.now() - timedelta(days=30)):
        _disputed(ground)
    return {}
