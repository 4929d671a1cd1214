"""The doors of budgets: budgets and their versions, entries, controls, periods, rates, loading a file."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from budgets.models import Budget, CostCentre, FundsAccount
from budgets.views.load import Shown
from budgets.views.readings import SALT
from budgets.views.shown_files import ShownFile
from tests.doors.words import (
    AUDIT,
    BUDGET,
    DECIDE,
    RECONCILE,
    REPORT,
    REQUEST,
    Access,
    Answer,
    Door,
    Part,
    Things,
    act,
    form,
    may,
    page,
    reads,
    signed_in,
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
    return {"shown": Shown(_plan(things), "plan.yaml", things["_me"], things["entity"], 0, 0).signed()}


def _terms(things: Things) -> dict[str, Any]:
    return {"mode": "warn", "own_limit": "500", "tolerance": "0"}


def _node(things: Things) -> dict[str, Any]:
    return {**_terms(things), "over": "budget", "line": things.get("account", ""), "period": "month"}


def _node_over_all(things: Things) -> dict[str, Any]:
    return {**_terms(things), "cost_centre": things.get("centre", ""), "period": "month"}


def _state(things: Things) -> dict[str, Any]:
    return {"currency": "EUR", "rate": "1.10", "valid_on": "2026-03-01", "source": "A bank"}


def _projection(things: Things) -> dict[str, Any]:
    head = {"name": "AWS", "base_month": "2026-06", "horizon_months": "3", "buffer_pct": "15", "rows": "1"}
    rounding = {"grown": "down to 1", "lowered": "half up to 1", "only_grown": "down to 1", "recommended": "half up to 10"}
    return {**head, **rounding, "part-0": "AWS", "base-0": "314.54", "growth-0": "30", "reduction-0": "20"}


def _copy(things: Things) -> dict[str, Any]:
    return {"code": "COPY-27", "name": "A copy", "starts_on": "2026-08", "share_pct": "110"}


def _table(things: Things) -> dict[str, Any]:
    return {"pasted": "category,cost_centre,line,2026-08\nsoftware,NONE,Licences,1.00"}


def _signature(things: Things) -> dict[str, Any]:
    return {"side": "owner", "digest": "0" * 64}


def _why(things: Things) -> dict[str, Any]:
    return {"reason": "Not this month."}


def _adjustment(things: Things) -> dict[str, Any]:
    pool = CostCentre.objects.filter(entity__code=things["entity"], code="WORKS").first()
    root = CostCentre.objects.filter(entity__code=things["entity"], parent=None).first()
    sides = {"giver": pool.pk if pool else "", "taker": root.pk if root else ""}
    return {"pool": "tools", **sides, "amount": "1.00", "reason": "scope_change", "words": "A team moved."}


def _rules(things: Things) -> dict[str, Any]:
    head = {"code": "quarterly", "name": "Quarterly", "starts_on": "2026-07", "method": "direct", "rows": "1"}
    row = {
        "code-0": "tools",
        "name-0": "Tools",
        "centre-0": "POOL",
        "lands_in-0": "software",
        "how-0": "direct",
        "said-0": "WORKS",
    }
    return {**head, **row}


def _reading(things: Things) -> dict[str, Any]:
    said = {"metric": "calls", "month": "2026-05", "units": "7", "source": "A meter"}
    return {**said, "cost_centre": things.get("centre", "")}


READINGS = "metric,month,cost_centre,units,source\ncalls,2026-05,WORKS,9,A report\n"


def _readings(things: Things) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("usage.csv", READINGS.encode())}


def _shown_readings(things: Things) -> dict[str, Any]:
    return {"shown": ShownFile(READINGS, "usage.csv", things["_me"], things["entity"]).signed(SALT)}


def _opening(things: Things) -> dict[str, Any]:
    line = FundsAccount.objects.filter(budget__code=things["budget"]).select_related("category", "cost_centre").first()
    place = f"{line.category.code},{line.cost_centre.code}" if line else "none,NONE"
    rows = f"category,cost_centre,spent\n{place},7.00"
    return {"source_name": "Old books", "month": "2026-03", "spent": "7.00", "rows": rows}


def _carry_rule(things: Things) -> dict[str, Any]:
    return {"cost_centre": things.get("centre", ""), "starts_on": "2026-12", "kind": "share", "up_to": "50"}


def _band(things: Things) -> dict[str, Any]:
    centre = Budget.objects.filter(code=things["budget"]).values_list("cost_centre_id", flat=True).first()
    category = {"category-0": things.get("category_id", ""), "low-0": "10", "high-0": "12"}
    return {"cost_centre": centre or "", "starts_on": "2026-05", **category}


def _by_finance() -> Access:
    """Whoever sees a statement is refused, but for whoever keeps the books of the whole."""
    keeps = dict.fromkeys((Part.OWN, Part.NEAR, Part.SHARED), Answer.ALLOWED)
    return reads(*READING, without=Answer.HIDDEN, allowed=Answer.REFUSED, finance=keeps)


LOOKING = reads(BUDGET, AUDIT, whole=True)
STATEMENT = reads(*READING, without=Answer.HIDDEN)

DOORS: list[Door] = [
    page("budgets:list", reads(*LISTING)),
    page("budgets:list-csv", reads(*LISTING)),
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
    page("budgets:projections", reads(*READING), query="entity"),
    page("budgets:projection", reads(*READING), projection_id="projection"),
    form(
        "budgets:projection-new",
        BOOKS,
        entity_code="entity",
        body=_projection,
        names=("name",),
        changes=("budgets_projection", "budgets_projectionpart"),
    ),
    page("budgets:chargebacks", LOOKING, query="entity"),
    act(
        "budgets:chargeback-draw",
        BOOKS,
        entity_code="entity",
        body=lambda things: {"month": "2026-05", "rules": "monthly"},
        changes=("budgets_chargebackrun",),
    ),
    page("budgets:chargeback", LOOKING, run_id="run"),
    act("budgets:chargeback-adjust", BOOKS, run_id="drawn_run", body=_adjustment, changes=("budgets_chargebackadjustment",)),
    act("budgets:chargeback-send", BOOKS, run_id="drawn_run", changes=("budgets_chargebackstatement",)),
    # The managers did not answer yet, and nothing is posted.
    act("budgets:chargeback-post", may(BUDGET, whole=True, allowed=Answer.WRONG), run_id="run"),
    act("budgets:chargeback-undo", may(BUDGET, whole=True, allowed=Answer.WRONG), run_id="run", body=_why),
    act("budgets:chargeback-drop", BOOKS, run_id="drawn_run", body=_why, changes=("budgets_chargebackrun",)),
    page("budgets:rule-sets", LOOKING, query="entity"),
    page("budgets:rule-set", LOOKING, rule_set_id="rule_set"),
    form("budgets:rule-set-new", BOOKS, entity_code="entity", body=_rules, changes=("budgets_ruleset",)),
    page("budgets:readings", LOOKING, query="entity"),
    act(
        "budgets:reading-state",
        BOOKS,
        entity_code="entity",
        body=_reading,
        names=("cost_centre",),
        changes=("budgets_usagereading",),
    ),
    act("budgets:readings-load", BOOKS, entity_code="entity", body=_readings, names=("file",)),
    act(
        "budgets:readings-keep",
        BOOKS,
        entity_code="entity",
        body=_shown_readings,
        names=("shown",),
        changes=("budgets_usagereading",),
    ),
    page("budgets:statements", signed_in()),
    page("budgets:statement", STATEMENT, statement_id="statement"),
    page("budgets:statement-csv", STATEMENT, statement_id="statement"),
    page("budgets:statement-sources", STATEMENT, statement_id="statement", pool="=tools"),
    act(
        "budgets:statement-answer",
        reads(*READING, without=Answer.HIDDEN, allowed=Answer.REFUSED, approver={Part.OWN: Answer.ALLOWED}),
        statement_id="statement",
        body=lambda things: {"answer": "accept"},
        changes=("budgets_chargebackstatement",),
    ),
    act(
        "budgets:statement-resolve",
        _by_finance(),
        statement_id="disputed",
        body=lambda things: {"outcome": "refused", "answer": "The contract says so."},
        changes=("budgets_chargebackdispute",),
    ),
    act(
        "budgets:statement-pass-on",
        _by_finance(),
        statement_id="statement",
        body=lambda things: {"manager": things.get("requester_id", "")},
        changes=("budgets_chargebackstatement",),
    ),
    page("budgets:journal", reads(*READING), journal_id="journal"),
    page("budgets:budget", reads(*READING), code="budget"),
    # What is looked at here is an allotment: it is no spend.
    form("budgets:recode", may(BUDGET, allowed=Answer.HIDDEN), code="budget", entry_id="entry"),
    page("budgets:bands", reads(*READING), code="budget"),
    form("budgets:band-state", BOOKS, code="budget", body=_band, names=("cost_centre",), changes=("budgets_estimateband",)),
    form("budgets:owner", BOOKS, code="budget", body=lambda things: {"owner": ""}, names=("owner",)),
    page("budgets:cost-centres", reads(*READING), code="budget"),
    page("budgets:changes", reads(*READING), code="budget"),
    page("budgets:versions", reads(*READING), code="budget"),
    page("budgets:version", reads(*READING), code="budget", number="version"),
    page("budgets:version-file", reads(*READING, shared=Answer.REFUSED), code="budget", number="version"),
    page("budgets:version-table", reads(*READING, shared=Answer.REFUSED), code="budget", number="version"),
    page("budgets:version-workbook", reads(*READING, shared=Answer.REFUSED), code="budget", number="version"),
    # Of a version in force, and of one that does not wait, nothing is signed: who may come so far is told so.
    act(
        "budgets:version-sign",
        reads(*READING, allowed=Answer.WRONG, shared=Answer.WRONG),
        code="budget",
        number="version",
        body=_signature,
    ),
    act("budgets:version-drop", may(BUDGET, whole=True, allowed=Answer.WRONG), code="budget", number="version"),
    # The version in force is none to go back to: it leads back with that.
    act("budgets:version-again", may(BUDGET, whole=True), code="budget", number="version"),
    page("budgets:templates", reads(BUDGET, whole=True), query="entity"),
    form(
        "budgets:template-keep",
        BOOKS,
        code="budget",
        body=lambda things: {"name": "A plan", "about": ""},
        changes=("budgets_budgettemplate",),
    ),
    form("budgets:template-begin", may(BUDGET, whole=True), template_id="template", body=_copy, names=("code",)),
    act("budgets:template-away", may(BUDGET, whole=True), template_id="template", changes=("budgets_budgettemplate",)),
    form("budgets:copy", BOOKS, code="budget", body=_copy, names=("code",)),
    form("budgets:table", BOOKS, code="budget", body=_table, names=("pasted",)),
    page("budgets:carry-rules", LOOKING, query="entity"),
    act(
        "budgets:carry-rule-state",
        BOOKS,
        entity_code="entity",
        body=_carry_rule,
        names=("cost_centre",),
        changes=("budgets_carryrule",),
    ),
    form("budgets:carry", BOOKS, code="budget", body=lambda things: {"through": "2026-03", "span": "month"}),
    # Nothing was carried on in the world of the doors.
    act("budgets:carry-undo", may(BUDGET, whole=True, allowed=Answer.HIDDEN), code="budget", run_id="=1", body=_why),
    form("budgets:opening", BOOKS, code="budget", body=_opening),
    # What the world's journals are: none of them opened a budget.
    act(
        "budgets:opening-undo",
        may(BUDGET, whole=True, allowed=Answer.HIDDEN),
        code="budget",
        journal_id="journal",
        body=_why,
    ),
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
