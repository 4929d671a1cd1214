"""A request's own page: what was asked, where its money stands, who decides, what happened, what can be done."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from approvals.models import Request, RequestAttribute
from approvals.rules.particulars import POLICY_CHANGE, TRAVEL
from approvals.rules.tags import tags_text
from approvals.selectors.advances import months_of_request
from approvals.selectors.amendments import comparison_of
from approvals.selectors.emergencies import may_declare
from approvals.selectors.moves import sides_of_request
from approvals.selectors.orders import Order, may_close, order_of
from approvals.selectors.overrides import effects_overridden
from approvals.selectors.particulars import marks_of, words_of
from approvals.selectors.policies import kind_named
from approvals.selectors.policy_pages import change_shown
from approvals.selectors.receipts import receipts_of
from approvals.selectors.requests import access_request_by_number
from approvals.selectors.stories import Story, lines_with_held, story_of
from approvals.selectors.terms import (
    ADVANCE,
    AMENDMENT,
    HOLDS_NOTHING,
    OVERRIDE,
    OVERRUN,
    OWN_PAGE,
    RESERVE_DRAW,
    VIREMENT,
    override_of,
    terms_in_words,
)
from approvals.services.attributes import may_state
from approvals.services.requests import copy_request, submit_request, withdraw_request
from approvals.views.asked import questions_shown
from approvals.views.by_policy import look_back_of
from approvals.views.call_offs import called_off_from, contract_words, may_open
from approvals.views.discussion import discussion_of
from approvals.views.offers import offers_among
from approvals.views.person import person_of
from approvals.views.receipts import receipt_row
from approvals.views.refusals import refusal_shown
from approvals.views.rows import row_of, submitted_words
from approvals.views.since import Since, since_decided
from approvals.views.story import (
    history_of,
    risk_shown,
    stages_shown,
    trace_shown,
)
from approvals.views.ways import ways_for
from budgets.selectors.attributes import attributes_shown
from budgets.selectors.statements import keeps_books
from core import clock
from core.access import may, needs
from core.errors import Refusal
from core.models import User
from core.rules.rights import Right
from core.views.trying import may_be_tried

ZERO = Decimal("0.00")
EDIT_PAGES = {
    ADVANCE: "approvals:advance-edit",
    AMENDMENT: "approvals:amend-edit",
    OVERRIDE: "approvals:override",
    RESERVE_DRAW: "approvals:draw-edit",
    VIREMENT: "approvals:move-edit",
}


@dataclass(frozen=True)
class LineShown:
    """A line and where its money stands: what is still reserved, committed or spent of it. In the request's currency."""

    description: str
    account_words: str
    month: date
    net: Decimal
    vat: Decimal
    recoverable: Decimal
    amount: Decimal
    reserved: Decimal
    committed: Decimal
    spent: Decimal


@dataclass(frozen=True)
class Action:
    """Something that can be done now: a link or a button; `tried` where it can be shown first what it would do."""

    word: str
    url: str
    get: bool = False
    main: bool = False
    tried: bool = False


@require_safe
def page(request: HttpRequest, number: str) -> HttpResponse:
    """Show a request to somebody who may see it. Raises NotFound."""
    person = person_of(request)
    return render(request, "approvals/request.html", page_context(access_request_by_number(person, number), person))


def page_context(found: Request, person: User) -> dict[str, Any]:
    """Return everything that the page shows."""
    story = story_of(found)
    lines, order = lines_shown(found), order_of(found)
    return {
        "request_": found,
        "row": row_of(found, story.waiting, story.asked),
        "kind": kind_words(found),
        "stated": words_of(found),
        "overspent": overspent_of(found, lines),
        "marks": marks_of(found),
        "under": contract_words(found),
        "opens_contract": may_open(found, person),
        "called_off": called_off_from(found, person),
        "change": change_shown(found) if found.subject_kind == POLICY_CHANGE else None,
        "lines": lines,
        "terms": terms_in_words(found),
        "sides": sides_of_request(found),
        "months": months_of_request(found),
        "comparison": comparison_of(found),
        "beyond": effects_overridden(found),
        "sums": {name: sum((getattr(line, name) for line in lines), ZERO) for name in ("reserved", "committed", "spent")},
        "attachments": story.attachments,
        "trace": trace_shown(found),
        "stages": stages_shown(story.of_round(found.round), story.decisions, story.clocks, story.asked),
        "history": history_of(story),
        "since": since_decided(person, story, number=found.round) if found.state == Request.State.SUBMITTED else Since(),
        "risk": risk_shown(found),
        "promise": story.promise,
        "promise_is_late": story.promise is not None and story.promise.is_late(clock.now()),
        "tags": tags_text(found.tags),
        "attributes": attributes_shown(RequestAttribute, "request", found) if story.has("attributes") else [],
        "attributes_url": reverse("approvals:request-attributes", args=[found.number]) if may_state(found, person) else "",
        **look_back_of(story, person),
        "questions": questions_shown(found, story.questions, person),
        **discussion_of(story, person),
        "receipts": [receipt_row(receipt) for receipt in receipts_of(found)] if story.decisions else [],
        "undo_offers": offers_among(story.decisions, person, now=clock.now()),
        "closings": order.closings if order else (),
        "may_open_again": bool(order and order.closings) and may_close(person, found),
        "actions": actions_for(story, person, has_lines=bool(lines), order=order),
    }


def lines_shown(found: Request) -> list[LineShown]:
    """Return the lines with the balance of their threads."""
    lines = lines_with_held(found)
    return [
        LineShown(
            description=line.description,
            account_words=f"{line.account.name}, {line.account.budget.name} · {line.account.cost_centre}",
            month=line.month,
            net=line.net,
            vat=line.vat,
            recoverable=line.recoverable,
            amount=line.funds,
            reserved=held["reserved"],
            committed=held["committed"],
            spent=held["spent"],
        )
        for line, held in lines
    ]


def overspent_of(found: Request, lines: list[LineShown]) -> Decimal:
    """Return by how much a trip cost more than was approved."""
    spent = sum((line.spent for line in lines), ZERO)
    return max(spent - found.amount, ZERO) if found.subject_kind == TRAVEL else ZERO


def kind_words(found: Request) -> str:
    """Return the kind as its policy names it."""
    named = kind_named(found.policy_version, found.kind) if found.policy_version else ""
    return named or found.kind.replace("_", " ").capitalize() or "not chosen yet"


def actions_for(story: Story, person: User, *, has_lines: bool, order: Order | None = None) -> list[Action]:
    """Return what this person can do with the request as it stands, the main thing first."""
    found, mine = story.request, story.for_decision_by(person)
    actions = [Action(f"Decide as {mine.name}", reverse("approvals:stage", args=[mine.pk]), get=True, main=True)] if mine else []
    if found.requester_id == person.pk:
        actions += _own(found, person)
    if found.subject_kind == RESERVE_DRAW and found.state == Request.State.APPROVED:
        url = reverse("approvals:draw-report", args=[found.number])
        actions.append(Action("Report about its use", url, get=True, main=found.requester_id == person.pk))
    if order and order.left and may_close(person, found):
        actions.append(Action("Close the order", reverse("approvals:order-close", args=[found.number]), get=True))
        if keeps_books(person, found.entity):
            actions.append(Action("Move the order", reverse("approvals:order-move", args=[found.number]), get=True))
    is_copied = has_lines and found.subject_kind not in OWN_PAGE
    if found.requester_id == person.pk and is_copied and may(person, Right.REQUEST, entity=found.entity):
        actions.append(Action("Copy as new", reverse("approvals:copy", args=[found.number])))
    return actions


def _own(found: Request, person: User) -> list[Action]:
    actions = []
    if found.is_editable:
        actions.append(Action(_submit_words(found), reverse("approvals:submit", args=[found.number]), main=True, tried=True))
    if found.is_editable and found.subject_kind not in {OVERRUN, POLICY_CHANGE}:
        override = override_of(found)
        edit = EDIT_PAGES.get(found.subject_kind, "approvals:edit")
        actions.append(Action("Edit", reverse(edit, args=[override.covers.number if override else found.number]), get=True))
    if found.subject_kind not in OWN_PAGE and may_declare(found, person, now=clock.now()):
        actions.append(Action("It is an emergency", reverse("approvals:emergency-declare", args=[found.number]), get=True))
    if found.is_editable or found.state == Request.State.SUBMITTED:
        actions.append(Action("Withdraw", reverse("approvals:withdraw", args=[found.number]), tried=True))
    return actions


def _submit_words(found: Request) -> str:
    return "Submit" if found.subject_kind in HOLDS_NOTHING else f"Submit and hold {found.amount:,.2f}"


@require_POST
@needs(Right.REQUEST, Right.ADMINISTER)
@may_be_tried
def submit(request: HttpRequest, number: str) -> HttpResponse:
    """Submit a draft. A refusal is shown on its page with the ways out."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    try:
        done = submit_request(request_id=found.pk, actor=person)
    except Refusal as refusal:
        return _refused(request, found, person, refusal)
    messages.success(request, submitted_words(done))
    return redirect("approvals:request", number)


@require_POST
@needs(Right.REQUEST, Right.ADMINISTER)
@may_be_tried
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take a request back and free its money."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    try:
        withdraw_request(request_id=found.pk, actor=person)
    except Refusal as refusal:
        return _refused(request, found, person, refusal)
    freed = "" if found.subject_kind in HOLDS_NOTHING else " What it held is free again."
    messages.success(request, f"{number} is withdrawn.{freed}")
    return redirect("approvals:request", number)


@require_POST
@needs(Right.REQUEST)
def copy(request: HttpRequest, number: str) -> HttpResponse:
    """Begin a new draft with the same content."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    made = copy_request(request_id=found.pk, actor=person)
    messages.success(request, f"{made.number} is a copy of {number}. Change what is different, then submit it.")
    return redirect("approvals:edit", made.number)


def _refused(request: HttpRequest, found: Request, person: User, refusal: Refusal) -> HttpResponse:
    shown = refusal_shown(refusal, person=person, currency=found.currency, ways=ways_for(found, refusal, person))
    context = page_context(access_request_by_number(person, found.number), person) | {"refusal": shown}
    return render(request, "approvals/request.html", context, status=refusal.status)
