"""The doors of reserves: everybody with a role in the organization may read of them, whoever keeps its books states them."""

from typing import Any

from tests.doors.words import (
    ADMINISTER,
    AUDIT,
    BUDGET,
    DECIDE,
    REPORT,
    REQUEST,
    Access,
    Answer,
    Door,
    Part,
    Persona,
    Things,
    act,
    form,
    may,
    page,
    reads,
)

RIGHTS = (REQUEST, DECIDE, REPORT, AUDIT, ADMINISTER)
SEEN = reads(*RIGHTS)
UNSEEN = reads(*RIGHTS, allowed=Answer.HIDDEN, shared=Answer.HIDDEN)
TERMS = {"starts_on": "2026-05", "purpose": "Needs", "basis": "fixed", "approver": "executive", "document": "A report"}


def keeps(answer: Answer) -> Access:
    """Finance keeps the books of the whole; a bookkeeper of a part sees the reserve, and is told that they do not."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if BUDGET not in persona.rights:
            return Answer.REFUSED
        if part not in {Part.OWN, Part.NEAR, Part.SHARED}:
            return Answer.HIDDEN
        return answer if persona.whole else Answer.REFUSED

    return Access(rule)


def _typed(things: Things) -> dict[str, Any]:
    return TERMS | {"amount": "900", "report_days": "5", "decides_within": "2 business days"}


def _new(things: Things) -> dict[str, Any]:
    return _typed(things) | {"account": things.get("spare", ""), "name": "Second", "code": "second"}


def _stated(things: Things) -> dict[str, Any]:
    return TERMS | {"amount": "900.00", "report_days": 5}


def _made(things: Things) -> dict[str, Any]:
    return _stated(things) | {"account": things.get("spare", 999999999), "name": "Second", "code": "second"}


def _draw(things: Things) -> dict[str, Any]:
    return {
        "account": things.get("account", 999999999),
        "months": [{"month": "2026-03", "amount": "1.00"}],
        "reason": "It is needed.",
        "document": "In writing.",
    }


DOORS: list[Door] = [
    page("approvals:reserves", SEEN, query="entity"),
    page("approvals:reserves-csv", SEEN, query="entity"),
    form(
        "approvals:reserve-new",
        keeps(Answer.ALLOWED),
        entity_code="entity",
        body=_new,
        names=("account",),
        changes=("approvals_reserve",),
    ),
    page("approvals:reserve", SEEN, reserve_id="reserve"),
    form(
        "approvals:reserve-state",
        keeps(Answer.ALLOWED),
        reserve_id="reserve",
        body=_typed,
        changes=("approvals_reserveterms",),
    ),
    act(
        "approvals:reserve-close",
        keeps(Answer.ALLOWED),
        reserve_id="reserve",
        body=lambda things: {"reason": "No need."},
        changes=("approvals_reserve",),
    ),
    # It holds nothing, so nothing is drawn: who may is told so.
    form(
        "approvals:draw",
        reads(REQUEST),
        post=may(REQUEST, allowed=Answer.WRONG),
        reserve_id="reserve",
        body=lambda things: {"month": "2026-03", "amount": "1.00", "reason": "Needed.", "document": "In writing."},
    ),
    # A request for money is no draw, whoever asks.
    form("approvals:draw-edit", reads(REQUEST, allowed=Answer.HIDDEN), number="draft"),
    page("approvals:draw-report", UNSEEN, number="request"),
    act("approvals:draw-report-write", may(REQUEST, allowed=Answer.HIDDEN, shared=Answer.HIDDEN), number="request"),
    act("approvals:draw-report-confirm", UNSEEN, number="request"),
]

API: list[Door] = [
    Door(
        "api:reserves-list",
        get=SEEN,
        post=may(BUDGET, whole=True),
        body=_made,
        names=("account",),
        changes=("approvals_reserve",),
    ),
    Door("api:reserves-detail", get=SEEN, at={"id": "reserve"}),
    Door("api:reserves-report", get=SEEN, at={"id": "reserve"}),
    Door(
        "api:reserves-state",
        post=keeps(Answer.ALLOWED),
        at={"id": "reserve"},
        body=_stated,
        changes=("approvals_reserveterms",),
    ),
    Door(
        "api:reserves-close",
        post=keeps(Answer.ALLOWED),
        at={"id": "reserve"},
        body=lambda things: {"reason": "No need."},
        changes=("approvals_reserve",),
    ),
    Door("api:reserves-draw", post=may(REQUEST, allowed=Answer.WRONG), at={"id": "reserve"}, body=_draw, names=("account",)),
    Door("api:reserve-draws-detail", get=UNSEEN, at={"number": "request"}),
    Door(
        "api:reserve-draws-report",
        post=may(REQUEST, allowed=Answer.HIDDEN, shared=Answer.HIDDEN),
        at={"number": "request"},
        body=lambda things: {"outcome": "Done."},
    ),
    Door("api:reserve-draws-confirm", post=UNSEEN, at={"number": "request"}),
    Door("api:reserve-draws-give-back", post=UNSEEN, at={"number": "request"}, body=lambda things: {"missing": "More."}),
]
