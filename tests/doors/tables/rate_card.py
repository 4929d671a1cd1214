"""The doors of beginning a budget, of the rate card, and of budgets' lines of staff held against it."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from budgets.views.day_rates import SALT
from budgets.views.shown_files import ShownFile
from tests.doors.words import (
    AUDIT,
    BUDGET,
    DECIDE,
    RECONCILE,
    REPORT,
    Answer,
    Door,
    Things,
    act,
    form,
    may,
    page,
    reads,
)

BOOKS = may(BUDGET, whole=True)
LOADS = reads(BUDGET, whole=True)
LOOKING = reads(BUDGET, AUDIT, whole=True)
READING = reads(REPORT, AUDIT, BUDGET, RECONCILE, DECIDE, shared=Answer.REFUSED)
# Nothing of the house's budgets is planned with the card: who may come so far is told so.
NOTHING_DIFFERS = may(BUDGET, whole=True, allowed=Answer.WRONG)
CARD = "role,name,starts_on,rate,currency,source\ntester,Tester,2026-07,450.00,USD,Quote 9\n"


def _rate(things: Things) -> dict[str, Any]:
    return {"role": "tester", "name": "Tester", "starts_on": "2026-07", "rate": "450.00", "currency": "USD", "source": "Quote"}


def _begun(things: Things) -> dict[str, Any]:
    head = {"code": "BEGUN", "name": "Begun", "kind": "operating", "currency": "USD", "starts_on": "2026-01", "months": "12"}
    table = "category,cost_centre,line,amount\nsoftware,NONE,Licences,5"
    return {**head, "window": "year", "cost_centre": things.get("centre", ""), "pasted": table}


def _since(things: Things) -> dict[str, Any]:
    return {"since": "2026-07"}


DOORS: list[Door] = [
    form("budgets:begin", LOADS, query="entity", body=_begun, names=("cost_centre",)),
    page("budgets:begin-example", may(BUDGET)),
    page("budgets:rate-card", LOOKING, query="entity"),
    page("budgets:rate-card-csv", LOOKING, query="entity"),
    act("budgets:day-rate-state", BOOKS, entity_code="entity", body=_rate, changes=("budgets_dayrate",)),
    act(
        "budgets:day-rates-load",
        BOOKS,
        entity_code="entity",
        body=lambda things: {"file": SimpleUploadedFile("card.csv", CARD.encode())},
        names=("file",),
    ),
    act(
        "budgets:day-rates-keep",
        BOOKS,
        entity_code="entity",
        body=lambda things: {"shown": ShownFile(CARD, "card.csv", things["_me"], things["entity"]).signed(SALT)},
        names=("shown",),
        changes=("budgets_dayrate",),
    ),
    page("budgets:staffing", READING, code="budget"),
    act("budgets:reprice", BOOKS, code="budget", body=_since),
]
API: list[Door] = [
    Door(
        "api:day-rates-list",
        get=reads(BUDGET, AUDIT),
        post=BOOKS,
        body=lambda things: {"entity": things["entity"], **_rate(things)},
        names=("entity",),
        changes=("budgets_dayrate",),
    ),
    Door("api:day-rates-detail", get=LOOKING, at={"id": "day_rate"}),
    *(Door(f"{space}:budgets-staffing", get=READING, at={"code": "budget"}) for space in ("api", "plain")),
    *(Door(f"{space}:budgets-reprice", post=NOTHING_DIFFERS, at={"code": "budget"}, body=_since) for space in ("api", "plain")),
]
