"""The doors of the API, as people with a session meet them. Whoever comes with a token is a persona of its own."""

from typing import Any

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
        Door(f"{space}:budgets-summary", get=reads(*LISTING)),
    ]


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
    *_budget_doors("api"),
    *_budget_doors("plain"),
    Door("api:versions-list", get=reads(*LISTING), at={"code": "budget"}),
    Door("api:versions-detail", get=reads(*LISTING), at={"code": "budget", "number": "version"}),
    Door("api:versions-plan", get=reads(*LISTING), at={"code": "budget", "number": "version"}),
    *_thing("accounts", reads(*LISTING), thing="account"),
    *_thing("entries", reads(*LISTING), thing="entry"),
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
