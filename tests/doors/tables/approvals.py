"""The doors of approvals: the queue, requests, and asking for money."""

from datetime import timedelta
from typing import Any

from core import clock
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
    public,
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


def _writing(*rights: str) -> Access:
    """A draft is there for who wrote it, and for nobody else who may ask; others are told that they may not."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if not persona.rights.intersection(rights):
            return Answer.REFUSED
        return Answer.ALLOWED if persona.name == "requester" and part == Part.OWN else Answer.HIDDEN

    return Access(rule)


DRAFTS = _writing(REQUEST)


def keeps(persona: Persona, part: Part) -> Answer:
    """A view of a list is there for the requester who kept it, and for nobody else who has lists."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if not persona.rights.intersection({REQUEST, DECIDE, AUDIT}):
        return Answer.REFUSED
    return Answer.ALLOWED if persona.name == "requester" and part == Part.OWN else Answer.HIDDEN


OWN_VIEW = Access(keeps)
# Administrators ask for changes of policies, and submit and withdraw these.
SUBMITS = _writing(REQUEST, ADMINISTER)


def _writes_wrong(persona: Persona, part: Part) -> Answer:
    """A draft of one's own that fits is told so."""
    answer = DRAFTS.answer(persona, part)
    return Answer.WRONG if answer == Answer.ALLOWED else answer


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


def _from_line_to_line(things: Things) -> dict[str, Any]:
    line = things.get("account", "")
    return {"giver": line, "taker": line, "amount-2026-03": "12.00", "reason": "It is needed."}


def _from_later(things: Things) -> dict[str, Any]:
    said = {"into": "2026-03", "later": "2026-02", "amount": "12.00", "reason": "It is needed."}
    return {"account": things.get("account", ""), **said}


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


def _declared(things: Things) -> dict[str, Any]:
    spoken_at = clock.now() - timedelta(minutes=10)
    said = {"criterion": "Production outage", "words": "By telephone.", "spoken_at": f"{spoken_at:%Y-%m-%dT%H:%M}"}
    return said | {"approver": things.get("approver_id", "")}


def _only(name: str) -> Access:
    """Open to one person; others who see the request are told that it is not theirs to do."""

    def rule(persona: Persona, part: Part) -> Answer:
        seen = SEEN.answer(persona, part)
        return Answer.REFUSED if seen == Answer.ALLOWED and (persona.name, part) != (name, Part.OWN) else seen

    return Access(rule)


def _looks_back(persona: Persona, part: Part) -> Answer:
    """Open to who reconciles the whole organization; others who see the request are told that it is not theirs to do."""
    seen = SEEN.answer(persona, part)
    looks = RECONCILE in persona.rights and persona.whole
    return seen if looks or seen != Answer.ALLOWED else Answer.REFUSED


LOOKS_BACK = Access(_looks_back)


def _looked(things: Things) -> dict[str, Any]:
    return {"outcome": "in_order", "remark": "As it should be."}


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


def sits(persona: Persona, part: Part) -> Answer:
    """A committee is seen by the executive, who sits on it, and by those who audit or set up the whole organization."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if not persona.rights:
        return Answer.REFUSED
    oversees = persona.whole and bool(persona.rights.intersection({AUDIT, ADMINISTER}))
    sees = part in {Part.OWN, Part.NEAR} and (oversees or persona.name == "executive")
    return Answer.ALLOWED if sees else Answer.HIDDEN


def runs(answer: Answer, *, administers: bool = False) -> Access:
    """A meeting is run by its chair, finance; others who see it are told that they do not."""

    def rule(persona: Persona, part: Part) -> Answer:
        seen = sits(persona, part)
        able = persona.name == "finance" or (administers and ADMINISTER in persona.rights)
        return seen if seen != Answer.ALLOWED else answer if able else Answer.REFUSED

    return Access(rule)


def _managed(things: Things) -> dict[str, Any]:
    return {"person": things.get("approver_id", ""), "manager": things.get("taker", "")}


def _grouped(things: Things) -> dict[str, Any]:
    return {"name": "Buyers of tomorrow", "people": things.get("taker_mail", "")}


POLICIES = reads(ADMINISTER, AUDIT)
ACCOUNT = "line-0-account"
REQUESTS = ("approvals_request",)

DOORS: list[Door] = [
    page("approvals:queue", reads(DECIDE, AUDIT)),
    act(
        "approvals:view-save",
        may(REQUEST, DECIDE, AUDIT),
        body=lambda things: {"page": "queue", "name": "Late", "query": "due=overdue"},
        names=(),
        changes=("approvals_savedview",),
    ),
    act("approvals:view-drop", OWN_VIEW, view_id="view", changes=("approvals_savedview",)),
    # Everybody of the organization may be asked, and may be the one decision more: by name.
    page("approvals:stage", SEEN, stage_id="stage", shows="colleagues"),
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
        "approvals:undo",
        _only("approver"),
        number="decided",
        decision_id="decision",
        changes=("approvals_decision",),
    ),
    act(
        "approvals:comment-write",
        SEEN,
        number="request",
        body=lambda things: {"comment-text": "It is soon."},
        changes=("approvals_comment",),
    ),
    act(
        "approvals:comment-edit",
        _only("requester"),
        number="request",
        comment_id="comment",
        body=lambda things: {f"c{things.get('comment')}-text": "It is sooner."},
        changes=("approvals_wording",),
    ),
    act(
        "approvals:comment-withdraw",
        _only("requester"),
        number="request",
        comment_id="comment",
        changes=("approvals_comment",),
    ),
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
    form(
        "approvals:one-more",
        _only("approver"),
        stage_id="stage",
        body=_taken,
        changes=("approvals_stagemember",),
        shows="colleagues",
    ),
    page("approvals:requests", reads(REQUEST, DECIDE, AUDIT)),
    page("approvals:requests-csv", reads(REQUEST, DECIDE, AUDIT)),
    form(
        "approvals:new",
        reads(REQUEST),
        body=_asked,
        names=(ACCOUNT,),
        changes=REQUESTS,
    ),
    # A budget is amended by who asks for money over all of it; of a budget whose version plans nothing, nothing is.
    form(
        "approvals:amend",
        reads(REQUEST, shared=Answer.HIDDEN),
        post=may(REQUEST, shared=Answer.HIDDEN, allowed=Answer.WRONG),
        code="budget",
        body=lambda things: {"reason": "It is needed."},
    ),
    form(
        "approvals:grid",
        reads(REQUEST, shared=Answer.HIDDEN),
        post=may(REQUEST, shared=Answer.HIDDEN, allowed=Answer.WRONG),
        code="budget",
        body=lambda things: {"reason": "It is needed."},
    ),
    form("approvals:override", DRAFTS, post=Access(_writes_wrong), number="draft"),
    form("approvals:amend-edit", reads(REQUEST, allowed=Answer.HIDDEN), number="draft"),
    form("approvals:grid-edit", reads(REQUEST, allowed=Answer.HIDDEN), number="draft"),
    # Of one line to itself nothing is moved: who may is told so.
    form("approvals:advance", reads(REQUEST), post=may(REQUEST, allowed=Answer.WRONG), body=_from_later, names=("account",)),
    # A request for money is changed elsewhere, whoever asks.
    form("approvals:advance-edit", reads(REQUEST, allowed=Answer.HIDDEN), number="draft"),
    form("approvals:move", reads(REQUEST), post=may(REQUEST, allowed=Answer.WRONG), body=_from_line_to_line, names=("giver",)),
    act("approvals:move-sides", may(REQUEST), body=_from_line_to_line, names=("giver",)),
    # A request for money is changed elsewhere, whoever asks.
    form("approvals:move-edit", reads(REQUEST, allowed=Answer.HIDDEN), number="draft"),
    act("approvals:lines", may(REQUEST), body=_asked, names=(ACCOUNT,)),
    act("approvals:about", may(REQUEST), body=_asked, names=(ACCOUNT,)),
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
    act("approvals:submit", SUBMITS, number="draft", changes=REQUESTS),
    act("approvals:withdraw", _mine(Answer.REFUSED, Answer.REFUSED, REQUEST, ADMINISTER), number="request", changes=REQUESTS),
    act("approvals:copy", _mine(Answer.REFUSED, Answer.REFUSED, REQUEST), number="request", changes=REQUESTS),
    act("approvals:look-back", LOOKS_BACK, number="automatic", body=_looked, changes=("approvals_lookback",)),
    page("approvals:receipt", SEEN, number="decided", receipt_number="receipt"),
    page("approvals:receipt-file", SEEN, number="decided", receipt_number="receipt"),
    page("approvals:attachment", SEEN, number="request", attachment_id="attachment"),
    # Links that hold, and whom they open to: tests/approvals/pages/test_link_pages.py.
    form("approvals:by-link", public(Answer.HIDDEN), secret="=no-such"),
    # Colleagues of the whole organization may be named.
    form(
        "approvals:delegations",
        reads(DECIDE, ADMINISTER, AUDIT),
        post=may(DECIDE, ADMINISTER, AUDIT, allowed=Answer.WRONG),
        body=lambda things: {"first_day": ""},
        shows="colleagues",
    ),
    act("approvals:delegation-end", Access(delegation_ends), delegation_id="delegation", changes=("approvals_delegation",)),
    page("approvals:emergencies", reads(REQUEST, DECIDE, AUDIT, ADMINISTER)),
    page("approvals:emergency", SEEN, number="emergency"),
    act(
        "approvals:emergency-answer",
        _only("approver"),
        number="emergency",
        debt_id="debt",
        body=lambda things: {"outcome": "confirmed", "text": ""},
        changes=("approvals_debt",),
    ),
    form("approvals:emergency-declare", DRAFTS, number="draft", body=_declared, changes=("approvals_emergency",)),
    form(
        "approvals:emergency-terms",
        reads(ADMINISTER),
        post=may(ADMINISTER, allowed=Answer.WRONG),
        body=lambda things: {"criteria": ""},
    ),
    page("approvals:contracts", reads(REQUEST, DECIDE, AUDIT)),
    page("approvals:policies", reads(ADMINISTER, AUDIT)),
    page("approvals:policy-version", POLICIES, version_id="policy_version"),
    page("approvals:policy-document", POLICIES, version_id="policy_version"),
    form("approvals:policy-load", reads(ADMINISTER), post=may(ADMINISTER, allowed=Answer.WRONG), body=lambda things: {"how": ""}),
    act("approvals:policy-keep", may(ADMINISTER, allowed=Answer.WRONG)),
    act("approvals:policy-publish", _administers(), version_id="policy_draft", changes=("approvals_policyversion",)),
    act(
        "approvals:policy-withdraw",
        _administers(),
        version_id="policy_scheduled",
        changes=("approvals_policyversion",),
    ),
    # This policy changes without an approval: who may ask is told so, on the page.
    act(
        "approvals:policy-ask",
        _administers(Answer.WRONG),
        version_id="policy_draft",
        body=lambda things: {"reason": "It is needed."},
    ),
    act("approvals:policy-drop", _administers(), version_id="policy_draft", changes=("approvals_policyversion",)),
    act("approvals:policy-replay", may(ADMINISTER, AUDIT, whole=True), version_id="policy_version", changes=("core_job",)),
    page("approvals:owners", reads(ADMINISTER, AUDIT, whole=True)),
    act("approvals:owners-managers", _administers(), body=_managed, changes=("approvals_manager",)),
    form("approvals:group-new", reads(ADMINISTER), post=may(ADMINISTER, allowed=Answer.WRONG), body=lambda things: {"code": ""}),
    form("approvals:group", _administers(), group_id="group", body=_grouped, changes=("approvals_peoplegroup",)),
    act("approvals:group-drop", _administers(), group_id="group", changes=("approvals_peoplegroup",)),
    page("approvals:committees", reads(REQUEST, DECIDE, RECONCILE, AUDIT, ADMINISTER)),
    page("approvals:committee", Access(sits), committee_id="committee"),
    form(
        "approvals:committee-new", reads(ADMINISTER), post=may(ADMINISTER, allowed=Answer.WRONG), body=lambda things: {"code": ""}
    ),
    form(
        "approvals:committee-next",
        _administers(),
        post=_administers(Answer.WRONG),
        committee_id="committee",
        body=lambda things: {"name": ""},
    ),
    form(
        "approvals:meeting-call",
        runs(Answer.ALLOWED, administers=True),
        post=runs(Answer.WRONG, administers=True),
        committee_id="committee",
        body=lambda things: {"purpose": ""},
    ),
    page("approvals:meeting", Access(sits), meeting_id="meeting"),
    act("approvals:meeting-open", runs(Answer.ALLOWED), meeting_id="meeting", changes=("approvals_meeting",)),
    # Neither is open: nobody is put down as attending, nothing is closed twice.
    act("approvals:meeting-attend", runs(Answer.WRONG), meeting_id="meeting"),
    act("approvals:meeting-close", runs(Answer.WRONG), meeting_id="meeting"),
    page("approvals:meeting-minutes", Access(sits), meeting_id="closed_meeting"),
    page("approvals:waits", reads(ADMINISTER, AUDIT)),
    page("approvals:pace", reads(DECIDE, REQUEST)),
    page("approvals:waits-export", reads(ADMINISTER, AUDIT, whole=True), query="entity"),
    form(
        "approvals:history-new", reads(ADMINISTER), post=may(ADMINISTER, allowed=Answer.WRONG), body=lambda things: {"kind": ""}
    ),
    page("approvals:history", reads(ADMINISTER, AUDIT, whole=True), log_id="history"),
    act("approvals:history-drop", _administers(), log_id="history", changes=("approvals_historylog",)),
]
