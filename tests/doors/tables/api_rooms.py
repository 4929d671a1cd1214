"""The doors of the API in approvals and reconciliation. A form with a file is no JSON: whoever may is told so."""

from datetime import timedelta
from typing import Any

from core import clock
from tests.doors.tables.approvals import DRAFTS, LOOKS_BACK, OWN_VIEW, REQUESTS, SEEN, SUBMITS, delegation_ends
from tests.doors.words import (
    ADMINISTER,
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
    reads,
)

READING = (REPORT, AUDIT, BUDGET, RECONCILE, DECIDE)
RIGHTS = (REQUEST, DECIDE, RECONCILE, BUDGET, REPORT, AUDIT, ADMINISTER)
# Whoever holds no role is told so, and does not learn what there is.
SEES = reads(RECONCILE, AUDIT, DECIDE)
POLICIES = reads(ADMINISTER, AUDIT)
LIST = reads(RECONCILE, AUDIT)
LOOK = reads(RECONCILE, AUDIT, whole=True)
WORK = may(RECONCILE, whole=True)


def _asking(answer: Answer, *, mine: Answer | None = None, rights: tuple[str, ...] = (REQUEST,)) -> Access:
    """Those who may ask get `answer` about a request that they see; its requester gets `mine`."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if not persona.rights.intersection(rights):
            return Answer.REFUSED
        seen = SEEN.answer(persona, part)
        if seen != Answer.ALLOWED:
            return seen
        return mine if mine is not None and persona.name == "requester" else answer

    return Access(rule)


def _only(name: str) -> Access:
    """Open to one person; others who see the request are told that it is not theirs to do."""

    def rule(persona: Persona, part: Part) -> Answer:
        seen = SEES.answer(persona, part)
        return Answer.REFUSED if seen == Answer.ALLOWED and (persona.name, part) != (name, Part.OWN) else seen

    return Access(rule)


def _sees_delegation(persona: Persona, part: Part) -> Answer:
    """Who audits the whole sees what they cannot end."""
    ends = delegation_ends(persona, part)
    return Answer.ALLOWED if persona.name == "auditor" and part in {Part.OWN, Part.NEAR} else ends


def _ends_delegation(persona: Persona, part: Part) -> Answer:
    """To audit is not enough at any of its addresses that change something."""
    if persona.signs_in and not persona.rights.intersection({DECIDE, ADMINISTER}):
        return Answer.REFUSED
    return delegation_ends(persona, part)


def _lines(things: Things) -> list[dict[str, Any]]:
    return [{"description": "What it is", "account": things.get("account"), "month": things.get("month"), "net": "12.00"}]


def _asked(things: Things) -> dict[str, Any]:
    said = {"kind": "vendor_payment", "title": "A new one", "reason": "It is needed."}
    return said | {"entity": things["entity"], "lines": _lines(things)}


def _typed(things: Things) -> dict[str, Any]:
    return {"entity": things["entity"], "kind": "vendor_payment", "lines": _lines(things)}


def _looked(things: Things) -> dict[str, Any]:
    return {"outcome": "in_order"}


def _looks(persona: Persona, part: Part) -> Answer:
    """Whoever decides or reconciles somewhere may try; the request says who looks back at it."""
    if persona.signs_in and not persona.rights.intersection({DECIDE, RECONCILE}):
        return Answer.REFUSED
    return LOOKS_BACK.answer(persona, part)


LOOKS = Access(_looks)


def _answered(things: Things) -> dict[str, Any]:
    return {"digest": things.get("digest", "none"), "comment": "So be it."}


def _declared(things: Things) -> dict[str, Any]:
    said = {"criterion": "Production outage", "words": "By telephone."}
    spoken_at = (clock.now() - timedelta(minutes=10)).isoformat()
    return said | {"request": things.get("draft", ""), "approver": things.get("approver_mail", ""), "spoken_at": spoken_at}


# Nothing is overwritten by who does not say what they have read.
UNREAD = _asking(Answer.WRONG, mine=Answer.WRONG)
OF_OTHERS = _asking(Answer.REFUSED, mine=Answer.ALLOWED)
ENDED_BY_OTHERS = _asking(Answer.REFUSED, mine=Answer.ALLOWED, rights=(REQUEST, ADMINISTER))
DECISIONS = _only("approver")
COMMENT = {"number": "request", "id": "comment"}
QUESTION = {"number": "request", "id": "question"}
QUESTIONS = ("approvals_question",)


RECEIPT = {"number": "decided", "receipt": "receipt"}


def _answered_at_once(things: Things) -> dict[str, Any]:
    """Answer a stage, and one that is nobody's."""
    picks = [{"stage": stage, "digest": things.get("digest", "none")} for stage in (things.get("stage", 1), 2**40)]
    return {"verdict": "reject", "comment": "Not this year.", "picks": picks}


def states_whole(persona: Persona, part: Part) -> Answer:
    """Who administers some organization is told that it is not this one."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if ADMINISTER not in persona.rights:
        return Answer.REFUSED
    return Answer.ALLOWED if part in {Part.OWN, Part.NEAR, Part.SHARED} else Answer.WRONG


def _terms(things: Things) -> dict[str, Any]:
    limits = [{"role": "project_manager", "amount": "400.00"}]
    return {"entity": things["entity"], "criteria": ["Production outage"], "limits": limits}


def _said(things: Things) -> dict[str, Any]:
    return {"text": "Is it needed now?"}


def _taken(things: Things) -> dict[str, Any]:
    return {"person": things.get("taker_mail", "nobody@example.org"), "reason": "Away from Monday on."}


def _put(things: Things) -> dict[str, Any]:
    return {"text": "Is it needed now?", "person": things.get("colleague_mail", "nobody@example.org")}


APPROVALS: list[Door] = [
    Door(
        "api:requests-list",
        get=reads(REQUEST, DECIDE, AUDIT),
        post=reads(REQUEST),
        body=_asked,
        names=("entity",),
        changes=REQUESTS,
    ),
    Door("api:requests-detail", get=SEES, put=UNREAD, patch=UNREAD, at={"number": "request"}),
    Door("api:requests-submit", post=SUBMITS, at={"number": "draft"}, changes=REQUESTS),
    Door("api:requests-withdraw", post=ENDED_BY_OTHERS, at={"number": "request"}, changes=REQUESTS),
    Door("api:requests-copy", post=OF_OTHERS, at={"number": "request"}, changes=REQUESTS),
    Door("api:requests-look-back", post=LOOKS, at={"number": "automatic"}, body=_looked, changes=("approvals_lookback",)),
    Door("api:requests-chain", post=reads(REQUEST), body=_typed, names=("entity",)),
    # The form is judged before the request is looked up.
    Door(
        "api:attachments-list",
        get=SEES,
        post=Access(
            lambda persona, part: (
                Answer.SIGN_IN if not persona.signs_in else Answer.WRONG if REQUEST in persona.rights else Answer.REFUSED
            )
        ),
        at={"number": "request"},
    ),
    Door("api:attachments-detail", get=SEES, delete=UNREAD, at={"number": "request", "id": "attachment"}),
    Door("api:attachments-content", get=SEES, at={"number": "request", "id": "attachment"}),
    Door("api:budget-approvals-list", get=reads(*READING, REQUEST), at={"code": "budget"}),
    Door("plain:budget-approvals-list", get=reads(*READING, REQUEST), at={"code": "budget"}),
    Door("api:overruns-list", get=reads(*READING)),
    Door("api:queue-list", get=reads(DECIDE, AUDIT)),
    Door(
        "api:saved-views-list",
        get=reads(REQUEST, DECIDE, AUDIT),
        post=reads(REQUEST, DECIDE, AUDIT),
        body=lambda things: {"page": "queue", "name": "Late", "query": "due=overdue"},
        names=(),
        changes=("approvals_savedview",),
    ),
    Door("api:saved-views-detail", get=OWN_VIEW, at={"id": "view"}),
    Door("api:saved-views-drop", post=OWN_VIEW, at={"id": "view"}, changes=("approvals_savedview",)),
    Door("api:queue-detail", get=SEES, at={"id": "stage"}),
    *(
        Door(f"api:queue-{verdict}", post=DECISIONS, at={"id": "stage"}, body=_answered, changes=("approvals_decision",))
        for verdict in ("approve", "reject", "send-back")
    ),
    Door("api:queue-undo", post=DECISIONS, at={"id": "decided_stage"}, changes=("approvals_decision",)),
    Door("api:queue-ask", post=DECISIONS, at={"id": "stage"}, body=_put, changes=QUESTIONS),
    *(
        Door(f"api:queue-{way}", post=DECISIONS, at={"id": "stage"}, body=_taken, changes=("approvals_stagemember",))
        for way in ("hand-over", "add-approver")
    ),
    # Each of several is answered as by itself: what is not theirs is said in the answer, and changes nothing.
    Door(
        "api:queue-bulk",
        post=reads(DECIDE),
        body=_answered_at_once,
        names=(),
        changes=("approvals_decision",),
        changed_by=("approver",),
    ),
    Door("api:receipts-list", get=SEES, at={"number": "decided"}),
    Door("api:receipts-detail", get=SEES, at=RECEIPT),
    Door("api:receipts-content", get=SEES, at=RECEIPT),
    Door("api:comments-list", get=SEES, post=SEES, at={"number": "request"}, body=_said, changes=("approvals_comment",)),
    Door("api:comments-detail", get=SEES, at=COMMENT),
    Door("api:comments-reword", post=_only("requester"), at=COMMENT, body=_said, changes=("approvals_wording",)),
    Door("api:comments-withdraw", post=_only("requester"), at=COMMENT, changes=("approvals_comment",)),
    # What was submitted does not change any more: its requester is told so.
    Door(
        "api:overrides-list",
        get=SEES,
        post=_asking(Answer.REFUSED, mine=Answer.WRONG),
        at={"number": "request"},
        body=lambda things: {"reason": "It cannot wait."},
    ),
    Door("api:questions-list", get=SEES, at={"number": "request"}),
    Door("api:questions-detail", get=SEES, at=QUESTION),
    Door("api:questions-answer", post=_only("requester"), at=QUESTION, body=_said, changes=QUESTIONS),
    Door("api:questions-withdraw", post=DECISIONS, at=QUESTION, changes=QUESTIONS),
    Door(
        "api:delegations-list",
        get=reads(DECIDE, ADMINISTER, AUDIT),
        # Whoever may state something is told what is wrong with it, whosever the organization is that they name.
        post=Access(
            lambda persona, part: (
                Answer.SIGN_IN
                if not persona.signs_in
                else Answer.WRONG
                if persona.rights.intersection({DECIDE, ADMINISTER})
                else Answer.REFUSED
            )
        ),
        body=lambda things: {"entity": things["entity"], "first_day": "2020-01-01", "last_day": "2020-01-02"},
        names=("entity",),
    ),
    Door("api:delegations-detail", get=Access(_sees_delegation), at={"id": "delegation"}),
    Door(
        "api:delegations-end",
        post=Access(_ends_delegation),
        at={"id": "delegation"},
        changes=("approvals_delegation",),
    ),
    Door(
        "api:emergencies-list",
        get=reads(*RIGHTS),
        post=DRAFTS,
        body=_declared,
        names=("request",),
        changes=("approvals_emergency",),
    ),
    Door("api:contracts-list", get=reads(REQUEST, DECIDE, AUDIT)),
    Door("api:emergencies-detail", get=SEES, at={"number": "emergency"}),
    Door(
        "api:emergency-terms-list",
        get=reads(*RIGHTS),
        post=Access(states_whole),
        body=_terms,
        names=("entity",),
        changes=("approvals_emergencyterms",),
    ),
    Door("api:emergency-terms-detail", get=reads(*RIGHTS), at={"id": "terms"}),
    Door("api:debts-list", get=reads(*RIGHTS)),
    Door("api:debts-detail", get=SEES, at={"id": "debt"}),
    Door(
        "api:debts-pay",
        post=DECISIONS,
        at={"id": "debt"},
        body=lambda things: {"outcome": "confirmed"},
        changes=("approvals_debt",),
    ),
    Door(
        "api:amendments-list",
        post=may(REQUEST, shared=Answer.HIDDEN, allowed=Answer.WRONG),
        body=lambda things: {
            "budget": things.get("budget", "NONE"),
            "base": 999,
            "since": "2026-03",
            "cells": [{"category": "a", "cost_centre": "b", "line": "c", "month": "2026-03", "amount": "1.00"}],
            "reason": "It is needed.",
        },
        names=("budget",),
    ),
    Door(
        "api:advances-list",
        post=may(REQUEST, allowed=Answer.WRONG),
        body=lambda things: {
            "account": things.get("account", 999999999),
            "into": "2026-03",
            "months": [{"month": "2026-02", "amount": "1.00"}],
            "reason": "It is needed.",
        },
        names=("account",),
    ),
    Door(
        "api:moves-list",
        post=may(REQUEST, allowed=Answer.WRONG),
        body=lambda things: {
            "giver": things.get("account", 999999999),
            "taker": things.get("account", 999999999),
            "months": [{"month": "2026-03", "amount": "1.00"}],
            "reason": "It is needed.",
        },
        names=("giver",),
    ),
    Door("api:policies-list", get=POLICIES),
    Door("api:policy-versions-list", get=POLICIES, post=may(ADMINISTER, allowed=Answer.WRONG)),
    Door(
        "api:policy-versions-detail",
        get=POLICIES,
        delete=may(ADMINISTER, whole=True, allowed=Answer.WRONG),
        at={"id": "policy_version"},
    ),
    Door("api:policy-versions-document", get=POLICIES, at={"id": "policy_version"}),
    Door(
        "api:policy-versions-publish",
        post=may(ADMINISTER, whole=True),
        at={"id": "policy_draft"},
        changes=("approvals_policyversion",),
    ),
    Door(
        "api:policy-versions-withdraw",
        post=may(ADMINISTER, whole=True),
        at={"id": "policy_scheduled"},
        changes=("approvals_policyversion",),
    ),
    Door(
        "api:policy-versions-ask",
        post=may(ADMINISTER, whole=True, allowed=Answer.WRONG),
        at={"id": "policy_draft"},
        body=lambda things: {"reason": "It is needed."},
    ),
    Door(
        "api:policy-versions-replay", post=may(ADMINISTER, AUDIT, whole=True), at={"id": "policy_version"}, changes=("core_job",)
    ),
]


def _work(name: str, thing: str, table: str, **more: Any) -> Door:
    return Door(f"api:{name}", post=WORK, at={"id": thing}, changes=(f"reconciliation_{table}",), **more)


RECONCILIATION: list[Door] = [
    Door("api:sources-list", get=reads(RECONCILE)),
    Door("api:sources-detail", get=reads(RECONCILE, whole=True), at={"id": "source"}),
    Door(
        "api:sources-expect",
        post=WORK,
        at={"id": "source"},
        body=lambda things: {"system": "erp", "cadence": "weekly", "grace_days": 2},
        changes=("reconciliation_source",),
    ),
    Door("api:imports-list", get=LIST, post=may(RECONCILE, allowed=Answer.WRONG)),
    Door("api:imports-detail", get=LOOK, at={"id": "import"}),
    Door("api:imports-outcome", get=LOOK, at={"id": "new_import"}),
    Door("api:imports-content", get=LOOK, at={"id": "import"}),
    Door("api:imports-start", post=WORK, at={"id": "new_import"}, changes=("core_job",)),
    Door("api:imports-retry", post=WORK, at={"id": "import"}),
    Door("api:rows-of-import-list", get=LOOK, at={"file": "import"}),
    Door("api:import-rows-detail", get=LOOK, at={"id": "row"}),
    _work("import-rows-fix", "row", "rawrow", body=lambda things: {"category": "software"}),
    _work("import-rows-ignore", "row", "rawrow", body=lambda things: {"reason": "A test row."}),
    _work("import-rows-accept", "changed_row", "rawrow"),
    Door("api:invoices-list", get=LIST),
    Door("api:invoices-detail", get=LOOK, at={"id": "invoice"}),
    _work("invoices-void", "invoice", "invoice", body=lambda things: {"reason": "The vendor sent another one."}),
    _work("invoices-clear", "held", "invoice"),
    _work("invoices-confirm", "doubled", "confirmation", body=lambda things: {"row": things.get("besides_row")}, names=("row",)),
    _work(
        "invoices-release", "doubled", "confirmation", body=lambda things: {"row": things.get("confirmed_row")}, names=("row",)
    ),
    Door("api:invoice-lines-detail", get=LOOK, at={"id": "line"}),
    Door("api:invoice-lines-choices", get=LOOK, at={"id": "line"}),
    _work(
        "invoice-lines-code",
        "line",
        "invoiceline",
        body=lambda things: {"account": things.get("account"), "month": "2026-03"},
        names=("account",),
    ),
    _work("invoice-lines-uncode", "coded_line", "invoiceline"),
    _work(
        "invoice-lines-match",
        "line",
        "commitmentmatch",
        body=lambda things: {"request_line": things.get("approved_line")},
        names=("request_line",),
    ),
    Door("api:matches-detail", get=LOOK, at={"id": "match"}),
    _work("matches-undo", "match", "commitmentmatch"),
    Door("api:payments-list", get=LIST),
    Door("api:payments-detail", get=LOOK, at={"id": "payment"}),
    _work(
        "payments-allocate",
        "payment",
        "allocation",
        body=lambda things: {"invoice": things.get("invoice"), "amount": "80.00"},
        names=("invoice",),
    ),
    Door("api:allocations-detail", get=LOOK, at={"id": "allocation"}),
    _work("allocations-undo", "allocation", "allocation"),
    Door("api:suggestions-list", get=LIST),
    Door("api:suggestions-detail", get=LOOK, at={"id": "suggestion"}),
    _work("suggestions-accept", "suggestion", "suggestion"),
    _work("suggestions-dismiss", "suggestion", "suggestion"),
    Door("api:exceptions-list", get=LIST),
    Door("api:exceptions-detail", get=LOOK, at={"id": "exception"}),
    _work("exceptions-close", "exception", "exceptionitem", body=lambda things: {"note": "It is settled by hand."}),
    Door(
        "api:matching-look",
        post=WORK,
        body=lambda things: {"entity": things["entity"]},
        names=("entity",),
        changes=("core_job",),
    ),
]

DOORS: list[Door] = [*APPROVALS, *RECONCILIATION]
