"""The doors of budgets: budgets and their versions, entries, controls, periods, rates, loading a file."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from budgets.views.load import Shown
from tests.doors.words import (
    AUDIT,
    BUDGET,
    DECIDE,
    RECONCILE,
    REPORT,
    REQUEST,
    Answer,
    Door,
    Things,
    act,
    form,
    may,
    page,
    reads,
)

READING = (REPORT, AUDIT, BUDGET, RECONCILE, DECIDE)
LISTING = (*READING, REQUEST)
# Finance of a part keeps no books of the organization.
BOOKS = may(BUDGET, whole=True)
PLAN = """
schema: purser/budget/1
entity: {{code: {entity}, name: {entity}, currency: USD}}
cost_centres: [{{code: P1, name: A new one}}]
categories: [{{code: software, name: Software}}]
budget:
  code: P1-26
  name: A new budget
  kind: project
  currency: USD
  total: "10.00"
  cost_centre: P1
  starts_on: 2026-08
  months: 1
  envelopes: [{{category: software, amount: "10.00", lines: [{{name: One, cost_centre: P1, amount: "10.00"}}]}}]
"""


def _plan(things: Things) -> str:
    return PLAN.format(entity=things["entity"])


def _file(things: Things) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("plan.yaml", _plan(things).encode())}


def _shown(things: Things) -> dict[str, Any]:
    return {"shown": Shown(_plan(things), "plan.yaml", things["_me"], things["entity"], 0).signed()}


def _terms(things: Things) -> dict[str, Any]:
    return {"mode": "warn", "own_limit": "500", "tolerance": "0"}


def _node(things: Things) -> dict[str, Any]:
    return {**_terms(things), "over": "budget", "line": things.get("account", ""), "period": "month"}


def _node_over_all(things: Things) -> dict[str, Any]:
    return {**_terms(things), "cost_centre": things.get("centre", ""), "period": "month"}


def _state(things: Things) -> dict[str, Any]:
    return {"currency": "EUR", "rate": "1.10", "valid_on": "2026-03-01", "source": "A bank"}


DOORS: list[Door] = [
    page("budgets:list", reads(*LISTING)),
    form(
        "budgets:load",
        reads(BUDGET),
        post=may(BUDGET, bookkeeper=Answer.WRONG),
        body=_file,
        names=("file",),
    ),
    act(
        "budgets:load-confirm",
        may(BUDGET, bookkeeper=Answer.HIDDEN),
        body=_shown,
        names=("shown",),
        changes=("budgets_budget",),
    ),
    page("budgets:periods", reads(BUDGET, whole=True), query="entity"),
    act(
        "budgets:periods-open",
        BOOKS,
        entity_code="entity",
        body=lambda things: {"first": "2027-01", "last": "2027-02"},
        changes=("budgets_period",),
    ),
    act(
        "budgets:periods-close",
        BOOKS,
        entity_code="entity",
        body=lambda things: {"month": "2026-11"},
        changes=("budgets_period",),
    ),
    act(
        "budgets:periods-reopen",
        BOOKS,
        entity_code="entity",
        body=lambda things: {"month": "2026-12", "reason": "A late file."},
        changes=("budgets_period",),
    ),
    # Whoever has a part in an organization finds its own controls empty, and its rates.
    page("budgets:entity-controls", reads(*READING), query="entity"),
    page("budgets:control", reads(*READING), control_id="control"),
    form(
        "budgets:control-change",
        may(BUDGET),
        control_id="control",
        body=_terms,
    ),
    act("budgets:control-remove", may(BUDGET), control_id="control"),
    form("budgets:entity-control-new", BOOKS, entity_code="entity", body=_node_over_all, names=("cost_centre",)),
    page("budgets:rates", reads(*READING), query="entity"),
    act("budgets:rates-state", BOOKS, entity_code="entity", body=_state, changes=("budgets_exchangerate",)),
    page("budgets:journal", reads(*READING), journal_id="journal"),
    page("budgets:budget", reads(*READING), code="budget"),
    page("budgets:version", reads(*READING), code="budget", number="version"),
    page("budgets:controls", reads(*READING), code="budget"),
    form(
        "budgets:control-new",
        may(BUDGET, shared=Answer.REFUSED),
        code="budget",
        body=_node,
        names=("line",),
    ),
    page("budgets:entries", reads(*READING), code="budget"),
]
