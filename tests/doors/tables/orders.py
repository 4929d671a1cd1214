"""The doors of closing orders: of requests by who asked and by who keeps the books, of opening balances by the latter."""

from typing import Any

from tests.doors.tables.approvals import SEEN
from tests.doors.words import BUDGET, REQUEST, Access, Answer, Door, Part, Persona, Things, act, form, may

# What the doors lead to is an allotment, and a request that waits: nothing of it is committed.
OPENED = may(BUDGET, whole=True, allowed=Answer.WRONG)


def _closes(asked: Answer, kept: Answer, *rights: str) -> Access:
    """Open to who asked and to who keeps the books of all of the organization; others who see the request are refused.

    `rights` are those of which one is wanted; by default who asks has one too.
    """

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if not persona.rights.intersection(rights or {REQUEST, BUDGET}):
            return Answer.REFUSED
        seen = SEEN.answer(persona, part)
        if seen != Answer.ALLOWED:
            return seen
        if persona.name == "requester":
            return asked
        return kept if BUDGET in persona.rights and persona.whole else Answer.REFUSED

    return Access(rule)


def _why(things: Things) -> dict[str, Any]:
    return {"reason": "Nothing more comes of it."}


def _month(things: Things) -> dict[str, Any]:
    return {"to_month": "2026-07", "reason": "It is delivered later."}


def _order(things: Things) -> dict[str, Any]:
    return {"thread": "t:1", "reason": "It was invoiced."}


KEEPS = _closes(Answer.REFUSED, Answer.ALLOWED, BUDGET)
KEPT_WRONG = _closes(Answer.REFUSED, Answer.WRONG, BUDGET)
DOORS: list[Door] = [
    form(
        "approvals:order-close",
        _closes(Answer.ALLOWED, Answer.ALLOWED),
        post=_closes(Answer.WRONG, Answer.WRONG),
        number="request",
        body=_why,
    ),
    form("approvals:order-move", KEEPS, post=KEPT_WRONG, number="request", body=_month),
    act("approvals:order-again", _closes(Answer.ALLOWED, Answer.ALLOWED), number="request"),
    act("budgets:order-close", OPENED, journal_id="journal", body=_order),
    act("budgets:order-again", OPENED, journal_id="journal"),
]
API: list[Door] = [
    Door("api:requests-close", post=_closes(Answer.WRONG, Answer.WRONG), at={"number": "request"}, body=_why),
    Door("api:requests-move-order", post=KEPT_WRONG, at={"number": "request"}, body=_month),
    Door("api:requests-open-again", post=_closes(Answer.WRONG, Answer.WRONG), at={"number": "request"}),
    Door("api:journals-close", post=OPENED, at={"id": "journal"}, body=_order),
    Door("api:journals-open-again", post=OPENED, at={"id": "journal"}),
]
