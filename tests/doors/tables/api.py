"""The doors of the API, as people with a session meet them. Whoever comes with a token is a persona of its own."""

from typing import Any

from budgets.models import CostCentre, FundsAccount
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
    Persona,
    Things,
    may,
    own_only,
    public,
    reads,
    signed_in,
)

READING = (REPORT, AUDIT, BUDGET, RECONCILE, DECIDE)
LISTING = (*READING, REQUEST)
ANY = (*LISTING, "administer")
# Whoever holds no role has nothing to call for.
NO_ROLE = {"roleless": Answer.REFUSED, "superuser": Answer.REFUSED}
NOTICES = own_only("requester", **NO_ROLE)
BOOKS = reads(BUDGET, whole=True)


def _thing(name: str, access: Access, *, key: str = "id", thing: str = "", **more: Any) -> list[Door]:
    """A list, and one of it."""
    return [
        Door(f"api:{name}-list", get=Access(lambda persona, part: _listed(access, persona))),
        Door(f"api:{name}-detail", get=access, at={key: thing or f"api:{name}"}, **more),
    ]


def _listed(access: Access, persona: Persona) -> Answer:
    """Whoever may read one may list, what they reach being their own affair."""
    answer = access.answer(persona, Part.OWN)
    return Answer.ALLOWED if answer == Answer.HIDDEN else answer


def _budget_doors(space: str) -> list[Door]:
    """The budgets are at two addresses: with a version and, as its first users have it, without."""
    loads = may(BUDGET, allowed=Answer.WRONG, bookkeeper=Answer.WRONG)
    return [
        Door(f"{space}:budgets-list", get=reads(*LISTING), post=loads),
        Door(
            f"{space}:budgets-detail",
            get=reads(*LISTING),
            put=may(BUDGET, allowed=Answer.WRONG, shared=Answer.WRONG),
            at={"code": "budget"},
        ),
        Door(f"{space}:budgets-figures", get=reads(*LISTING), at={"code": "budget"}),
        Door(f"{space}:budgets-cost-centres", get=reads(*LISTING), at={"code": "budget"}),
        Door(f"{space}:budgets-changes", get=reads(*LISTING), at={"code": "budget"}),
        Door(f"{space}:budgets-summary", get=reads(*LISTING)),
    ]


def _projection(things: Things) -> dict[str, Any]:
    part = {"name": "AWS", "base": "314.54", "growth_pct": "30", "reduction_pct": "20"}
    head = {"name": "AWS", "base_month": "2026-06", "horizon_months": 3, "buffer_pct": "15"}
    return {"entity": things["entity"], **head, "parts": [part]}


def _month_drawn(things: Things) -> dict[str, Any]:
    return {"entity": things["entity"], "month": "2026-05", "rules": "monthly"}


def _adjustment(things: Things) -> dict[str, Any]:
    root = CostCentre.objects.filter(entity__code=things["entity"], parent=None).first()
    sides = {"giver": "WORKS", "taker": root.code if root else ""}
    return {"pool": "tools", **sides, "amount": "1.00", "reason": "scope_change", "words": "A team moved."}


def _why(things: Things) -> dict[str, Any]:
    return {"reason": "Not this month."}


def _rules(things: Things) -> dict[str, Any]:
    tools = {"code": "tools", "name": "Tools", "collects": {"cost_centre": "POOL"}, "lands_in": "software", "direct": "WORKS"}
    document = {"code": "quarterly", "name": "Quarterly", "starts_on": "2026-07", "pools": [tools]}
    return {"entity": things["entity"], "document": document}


def _reading(things: Things) -> dict[str, Any]:
    said = {"metric": "calls", "month": "2026-05", "cost_centre": "WORKS", "units": "7", "source": "A meter"}
    return {"entity": things["entity"], **said}


def _band(things: Things) -> dict[str, Any]:
    part = {"category": things.get("category", "software"), "low": "10.00", "high": "12.00"}
    centre = CostCentre.objects.filter(budgets__code=things["budget"]).values_list("code", flat=True).first()
    return {"cost_centre": centre or "none", "starts_on": "2026-05", "parts": [part]}


def _recoding(things: Things) -> dict[str, Any]:
    return {"to": things.get("account", 999999999), "reason": "It is training."}


def _carry_rule(things: Things) -> dict[str, Any]:
    root = CostCentre.objects.filter(entity__code=things["entity"], parent=None).first()
    said = {"cost_centre": root.code if root else "", "starts_on": "2026-12", "kind": "share", "share_pct": "50"}
    return {"entity": things["entity"], **said}


def _opening(things: Things) -> dict[str, Any]:
    line = FundsAccount.objects.filter(budget__code=things["budget"]).select_related("category", "cost_centre").first()
    place = {"category": line.category.code, "cost_centre": line.cost_centre.code} if line else {}
    rows = [{"category": "none", "cost_centre": "NONE", "spent": "7.00", **place}]
    return {"source_name": "Old books", "month": "2026-03", "totals": {"spent": "7.00"}, "rows": rows}


LOOKING = reads(BUDGET, AUDIT, whole=True)
ANSWERING = reads(*READING, allowed=Answer.REFUSED, approver={Part.OWN: Answer.ALLOWED})


def _rate(things: Things) -> dict[str, Any]:
    return {"entity": things["entity"], "currency": "EUR", "rate": "1.10", "valid_on": "2026-03-01", "source": "A bank"}


def _months(things: Things) -> dict[str, Any]:
    return {"entity": things["entity"], "first": "2027-01", "last": "2027-02"}


DOORS: list[Door] = [
    # A page for people, about what programs may call.
    Door("api", get=signed_in()),
    Door("schema", get=signed_in()),
    Door("~api/^.", get=public(Answer.HIDDEN), post=public(Answer.HIDDEN), put=public(Answer.HIDDEN)),
    Door("api:me-list", get=reads(*ANY)),
    *_thing("entities", reads(*ANY), key="code", thing="entity"),
    *_thing("notices", NOTICES, thing="notice"),
    *_thing("jobs", reads(AUDIT, whole=True, without=Answer.HIDDEN, **NO_ROLE), thing="job"),
    Door("api:notices-read", post=NOTICES, at={"id": "notice"}, changes=("core_notice",)),
    Door("api:notices-read-all", post=reads(*ANY), changes=("core_notice",), changed_by=("requester",)),
    Door("api:person-calendars-list", get=reads("administer"), post=may("administer", allowed=Answer.WRONG)),
    *_thing("cost-centres", reads(*ANY), thing="centre"),
    *_thing("categories", reads(*ANY), thing="category_id"),
    *_thing("vendors", reads(*ANY), thing="vendor"),
    Door(
        "api:periods-list",
        get=reads(BUDGET),
        post=BOOKS,
        body=_months,
        names=("entity",),
        changes=("budgets_period",),
    ),
    Door("api:periods-detail", get=BOOKS, at={"id": "period"}),
    Door("api:periods-close", post=BOOKS, at={"id": "period"}, changes=("budgets_period",)),
    Door(
        "api:periods-reopen",
        post=BOOKS,
        at={"id": "closed_period"},
        body=lambda things: {"reason": "A late file."},
        changes=("budgets_period",),
    ),
    Door(
        "api:rates-list",
        get=reads(*READING),
        post=BOOKS,
        body=_rate,
        names=("entity",),
        changes=("budgets_exchangerate",),
    ),
    Door("api:rates-detail", get=reads(*READING), at={"id": "rate"}),
    Door(
        "api:projections-list",
        get=reads(*READING),
        post=BOOKS,
        body=_projection,
        names=("entity",),
        changes=("budgets_projection", "budgets_projectionpart"),
    ),
    Door("api:projections-detail", get=reads(*READING), at={"id": "projection"}),
    Door("api:chargebacks-list", get=reads(BUDGET, AUDIT), post=BOOKS, body=_month_drawn, changes=("budgets_chargebackrun",)),
    Door("api:chargebacks-detail", get=LOOKING, at={"id": "run"}),
    Door("api:chargebacks-figures", get=LOOKING, query="entity"),
    Door("api:chargebacks-borne", get=LOOKING, at={"id": "run"}),
    Door(
        "api:chargebacks-adjust",
        post=BOOKS,
        at={"id": "drawn_run"},
        body=_adjustment,
        changes=("budgets_chargebackadjustment",),
    ),
    Door("api:chargebacks-send", post=BOOKS, at={"id": "drawn_run"}, changes=("budgets_chargebackstatement",)),
    Door("api:chargebacks-post-it", post=reads(BUDGET, whole=True, allowed=Answer.WRONG), at={"id": "run"}),
    Door("api:chargebacks-undo", post=reads(BUDGET, whole=True, allowed=Answer.WRONG), at={"id": "run"}, body=_why),
    Door("api:chargebacks-drop", post=BOOKS, at={"id": "drawn_run"}, body=_why, changes=("budgets_chargebackrun",)),
    *_thing("chargeback-statements", reads(*READING), thing="statement"),
    Door("api:chargeback-statements-figures", get=reads(*READING), at={"id": "statement"}),
    Door("api:chargeback-statements-accept", post=ANSWERING, at={"id": "statement"}, changes=("budgets_chargebackstatement",)),
    Door(
        "api:chargeback-statements-dispute",
        post=ANSWERING,
        at={"id": "statement"},
        body=lambda things: {"words": "Too much."},
        changes=("budgets_chargebackdispute",),
    ),
    *_thing("chargeback-disputes", reads(*READING), thing="dispute"),
    Door(
        "api:chargeback-disputes-resolve",
        post=reads(BUDGET, bookkeeper={Part.OWN: Answer.REFUSED, Part.SHARED: Answer.REFUSED}),
        at={"id": "dispute"},
        body=lambda things: {"answer": "The contract says so."},
        changes=("budgets_chargebackdispute",),
    ),
    Door(
        "api:rule-sets-list", get=reads(BUDGET, AUDIT), post=BOOKS, body=_rules, names=("entity",), changes=("budgets_ruleset",)
    ),
    Door("api:rule-sets-detail", get=LOOKING, at={"id": "rule_set"}),
    Door(
        "api:usage-readings-list",
        get=reads(BUDGET, AUDIT),
        post=BOOKS,
        body=_reading,
        names=("entity",),
        changes=("budgets_usagereading",),
    ),
    Door("api:usage-readings-detail", get=LOOKING, at={"id": "reading"}),
    *_budget_doors("api"),
    *_budget_doors("plain"),
    Door("api:versions-list", get=reads(*LISTING), at={"code": "budget"}),
    Door("api:versions-detail", get=reads(*LISTING), at={"code": "budget", "number": "version"}),
    Door("api:versions-sign-offs", get=reads(*LISTING), at={"code": "budget", "number": "version"}),
    Door(
        "api:versions-sign",
        post=reads(*LISTING, allowed=Answer.WRONG, shared=Answer.WRONG),
        at={"code": "budget", "number": "version"},
        body=lambda things: {"side": "owner", "digest": "0" * 64},
    ),
    Door("api:versions-again", post=may(BUDGET, whole=True, allowed=Answer.WRONG), at={"code": "budget", "number": "version"}),
    Door("api:versions-workbook", get=reads(*LISTING, shared=Answer.REFUSED), at={"code": "budget", "number": "version"}),
    Door("api:versions-plan", get=reads(*LISTING), at={"code": "budget", "number": "version"}),
    Door(
        "api:openings-list",
        get=BOOKS,
        post=BOOKS,
        at={"code": "budget"},
        body=_opening,
        changes=("budgets_journal",),
    ),
    # What the world's journals are: none of them opened a budget.
    Door("api:openings-detail", get=reads(BUDGET, allowed=Answer.HIDDEN), at={"code": "budget", "id": "journal"}),
    Door("api:openings-undo", post=reads(BUDGET, allowed=Answer.HIDDEN), at={"code": "budget", "id": "journal"}, body=_why),
    Door(
        "api:carry-rules-list",
        get=reads(BUDGET, AUDIT),
        post=BOOKS,
        body=_carry_rule,
        names=("entity",),
        changes=("budgets_carryrule",),
    ),
    Door("api:carry-rules-detail", get=LOOKING, at={"id": "carry_rule"}),
    # Nothing was carried on in the world of the doors.
    Door(
        "api:carries-list",
        get=BOOKS,
        post=BOOKS,
        at={"code": "budget"},
        body=lambda things: {"through": "2026-03"},
        changes=("budgets_carryrun",),
    ),
    Door("api:carries-detail", get=reads(BUDGET, allowed=Answer.HIDDEN), at={"code": "budget", "id": "=1"}),
    Door("api:carries-undo", post=reads(BUDGET, allowed=Answer.HIDDEN), at={"code": "budget", "id": "=1"}, body=_why),
    Door(
        "api:bands-list",
        get=reads(*READING),
        post=may(BUDGET, whole=True),
        at={"code": "budget"},
        body=_band,
        changes=("budgets_estimateband",),
    ),
    # Whoever reads a part of the common budget is not shown the band of its whole.
    Door("api:bands-detail", get=reads(*READING, shared=Answer.HIDDEN), at={"code": "budget", "id": "band"}),
    Door("api:bands-standing", get=reads(*READING), at={"code": "budget"}),
    *_thing("accounts", reads(*LISTING), thing="account"),
    *_thing("entries", reads(*LISTING), thing="entry"),
    # What is looked at here is an allotment: it is no spend.
    Door("api:entries-recode", post=may(BUDGET, allowed=Answer.HIDDEN), at={"id": "entry"}, body=_recoding),
    *_thing("journals", reads(*LISTING), thing="journal"),
    Door("api:controls-list", get=reads(*READING), post=may(BUDGET, allowed=Answer.WRONG)),
    Door(
        "api:controls-detail",
        get=reads(*READING),
        put=may(BUDGET, allowed=Answer.WRONG),
        delete=may(BUDGET, allowed=Answer.WRONG),
        at={"id": "control"},
    ),
    Door("api:controls-windows", get=reads(*READING), at={"id": "control"}),
    Door("api:ledger-check", get=reads(AUDIT)),
]
