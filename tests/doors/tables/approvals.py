"""The doors of approvals: the queue, requests, and asking for money."""

from typing import Any

from tests.doors.words import (
    ADMINISTER,
    AUDIT,
    DECIDE,
    RECONCILE,
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

# Requests are seen by those who decide, reconcile or audit in their part; a draft by nobody but who wrote it.
SEEN = reads(RECONCILE, AUDIT, DECIDE, without=Answer.HIDDEN)


def _mine(answer: Answer, without: Answer, *rights: str) -> Access:
    """Open to the requester; others who see the request get `answer`, those without the right `without`."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if not persona.rights.intersection(rights):
            return without
        seen = SEEN.answer(persona, part)
        if persona.name == "requester" or seen != Answer.ALLOWED:
            return seen
        return answer

    return Access(rule)


def _writes(persona: Persona, part: Part) -> Answer:
    """A draft is there for who wrote it, and for nobody else who may ask for money; others are told that they may not."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if REQUEST not in persona.rights:
        return Answer.REFUSED
    return Answer.ALLOWED if persona.name == "requester" and part == Part.OWN else Answer.HIDDEN


DRAFTS = Access(_writes)


def _asked(things: Things) -> dict[str, Any]:
    return {
        "title": "A new one",
        "kind": "vendor_payment",
        "vendor": "",
        "reason": "It is needed.",
        "line-0-description": "What it is",
        "line-0-account": things.get("account", ""),
        "line-0-month": things.get("month", ""),
        "line-0-net": "12.00",
    }


def _kept(things: Things) -> dict[str, Any]:
    return {**_asked(things), "draft": things.get("draft", "")}


def _decided(things: Things) -> dict[str, Any]:
    return {"verdict": "approve", "digest": things.get("digest", "none"), "comment": ""}


def _put(things: Things) -> dict[str, Any]:
    return {"person": things.get("colleague", ""), "text": "Is it needed now?"}


def _picked(things: Things) -> dict[str, Any]:
    return {"verdict": "approve", "comment": "", "pick": f"{things.get('stage', 0)}:{things.get('digest', 'none')}"}


def _taken(things: Things) -> dict[str, Any]:
    return {"person": things.get("taker", ""), "reason": "Away from Monday on."}


def _only(name: str) -> Access:
    """Open to one person; others who see the request are told that it is not theirs to do."""

    def rule(persona: Persona, part: Part) -> Answer:
        seen = SEEN.answer(persona, part)
        return Answer.REFUSED if seen == Answer.ALLOWED and (persona.name, part) != (name, Part.OWN) else seen

    return Access(rule)


def _administers(part_answer: Answer = Answer.ALLOWED, **but: Any) -> Access:
    return may(ADMINISTER, whole=True, allowed=part_answer, **but)


def delegation_ends(persona: Persona, part: Part) -> Answer:
    """The approver's delegation to finance is ended by either, or by an administrator; who audits sees it."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if not persona.rights.intersection({DECIDE, ADMINISTER, AUDIT}):
        return Answer.REFUSED
    if part not in {Part.OWN, Part.NEAR}:
        return Answer.HIDDEN
    if persona.name == "auditor":
        return Answer.REFUSED
    ends = persona.name in {"finance", "administrator"} or (persona.name == "approver" and part == Part.OWN)
    return Answer.ALLOWED if ends else Answer.HIDDEN


POLICIES = reads(ADMINISTER, AUDIT)
ACCOUNT = "line-0-account"
REQUESTS = ("approvals_request",)

DOORS: list[Door] = [
    page("approvals:queue", reads(DECIDE, AUDIT)),
    page("approvals:stage", SEEN, stage_id="stage"),
    act(
        "approvals:decide",
        _only("approver"),
        stage_id="stage",
        body=_decided,
        changes=("approvals_decision",),
    ),
    # Whoever may decide is let in; of what is not theirs the page says that it did not count.
    act(
        "approvals:answer-many",
        may(DECIDE),
        body=_picked,
        names=("pick",),
        changes=("approvals_decision",),
        changed_by=("approver",),
    ),
    act("approvals:ask", _only("approver"), stage_id="stage", body=_put, changes=("approvals_question",)),
    act(
        "approvals:question-answer",
        _only("requester"),
        number="request",
        question_id="question",
        body=lambda things: {f"q{things.get('question')}-text": "It is needed."},
        changes=("approvals_question",),
    ),
    act(
        "approvals:question-withdraw",
        _only("approver"),
        number="request",
        question_id="question",
        changes=("approvals_question",),
    ),
    form("approvals:hand-over", _only("approver"), stage_id="stage", body=_taken, changes=("approvals_stagemember",)),
    form("approvals:one-more", _only("approver"), stage_id="stage", body=_taken, changes=("approvals_stagemember",)),
    page("approvals:requests", reads(REQUEST, DECIDE, AUDIT)),
    form(
        "approvals:new",
        reads(REQUEST),
        body=_asked,
        names=(ACCOUNT,),
        changes=REQUESTS,
    ),
    act("approvals:lines", may(REQUEST), body=_asked, names=(ACCOUNT,)),
    act("approvals:remains", may(REQUEST), body=_asked, names=(ACCOUNT,)),
    act("approvals:chain", may(REQUEST), body=_asked, names=(ACCOUNT,)),
    act(
        "approvals:autosave",
        may(REQUEST),
        body=_kept,
        names=(ACCOUNT, "draft"),
        changes=REQUESTS,
        # Others name a draft that is not theirs: nothing is kept, and typing says nothing of it.
        changed_by=("requester",),
    ),
    page("approvals:request", SEEN, number="request"),
    form(
        "approvals:edit",
        DRAFTS,
        number="draft",
        body=_kept,
        names=(ACCOUNT,),
        changes=REQUESTS,
    ),
    act("approvals:submit", DRAFTS, number="draft", changes=REQUESTS),
    act("approvals:withdraw", _mine(Answer.REFUSED, Answer.REFUSED, REQUEST), number="request", changes=REQUESTS),
    act("approvals:copy", _mine(Answer.REFUSED, Answer.REFUSED, REQUEST), number="request", changes=REQUESTS),
    page("approvals:attachment", SEEN, number="request", attachment_id="attachment"),
    # Colleagues of the whole organization may be named.
    form(
        "approvals:delegations",
        reads(DECIDE, ADMINISTER, AUDIT),
        post=may(DECIDE, ADMINISTER, AUDIT, allowed=Answer.WRONG),
        body=lambda things: {"first_day": ""},
        shows="near",
    ),
    act("approvals:delegation-end", Access(delegation_ends), delegation_id="delegation", changes=("approvals_delegation",)),
    page("approvals:policies", reads(ADMINISTER, AUDIT)),
    page("approvals:policy-version", POLICIES, version_id="policy_version"),
    page("approvals:policy-document", POLICIES, version_id="policy_version"),
    form("approvals:policy-load", reads(ADMINISTER), post=may(ADMINISTER, allowed=Answer.WRONG), body=lambda things: {"how": ""}),
    act("approvals:policy-keep", may(ADMINISTER, allowed=Answer.WRONG)),
    act("approvals:policy-publish", _administers(), version_id="policy_draft", changes=("approvals_policyversion",)),
    act("approvals:policy-drop", _administers(), version_id="policy_draft", changes=("approvals_policyversion",)),
    act("approvals:policy-replay", may(ADMINISTER, AUDIT, whole=True), version_id="policy_version", changes=("core_job",)),
    page("approvals:waits", reads(ADMINISTER, AUDIT)),
    page("approvals:waits-export", reads(ADMINISTER, AUDIT, whole=True), query="entity"),
    form(
        "approvals:history-new", reads(ADMINISTER), post=may(ADMINISTER, allowed=Answer.WRONG), body=lambda things: {"kind": ""}
    ),
    page("approvals:history", reads(ADMINISTER, AUDIT, whole=True), log_id="history"),
    act("approvals:history-drop", _administers(), log_id="history", changes=("approvals_historylog",)),
]
