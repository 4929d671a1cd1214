"""Answering a request: approve, send back or reject, from the panel or its own page; the next one opens at once."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.filters import QueueFilter
from approvals.forms import DecisionForm
from approvals.models import Decision, Stage
from approvals.rules.changes import Change, changes_between
from approvals.selectors.queue import access_stage_by_id, queue_of
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.views.offers import done_word
from approvals.views.person import person_of
from approvals.views.queue import SORTS, kept_query, panel_context, queue_address, work_context
from core.errors import InvalidInput, Refusal
from core.models import User
from core.views.trying import may_be_tried

MOST_ORDERED = 1000


@dataclass(frozen=True)
class Conflict:
    """Why an answer did not count, and what is different now."""

    message: str
    remedy: str
    changes: list[Change] = field(default_factory=list)


@require_POST
@may_be_tried
def decide(request: HttpRequest, stage_id: int) -> HttpResponse:
    """Take an answer to a stage. 422: something is missing; 403: not theirs; 409: it changed meanwhile. Raises NotFound."""
    person = person_of(request)
    stage = access_stage_by_id(person, stage_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _again(request, person, stage, form)
    following = next_after(request, person, stage)
    try:
        decision = _answer(stage, person, form.cleaned_data)
    except InvalidInput as refusal:
        for name, sentence in refusal.details.items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return _again(request, person, stage, form)
    except Refusal as refusal:
        return _conflict(request, person, stage, refusal)
    as_whom = f"as {stage.name}" if stage.owner_id == person.pk else f"in place of {stage.name}"
    as_whom = f"for {decision.on_behalf_of}" if decision.on_behalf_of else as_whom
    done = f"{stage.request.number} {stage.request.title[:80]} is {done_word(decision)} by you {as_whom}."
    return _onward(request, person, following, done)


def _answer(stage: Stage, person: User, said: dict[str, Any]) -> Decision:
    if said["verdict"] == "approve":
        return approve_stage(stage_id=stage.pk, actor=person, digest=said["digest"], comment=said["comment"])
    if said["verdict"] == "reject":
        return reject_stage(stage_id=stage.pk, actor=person, digest=said["digest"], comment=said["comment"])
    return send_back(stage_id=stage.pk, actor=person, digest=said["digest"], comment=said["comment"])


def next_after(request: HttpRequest, person: User, stage: Stage) -> int | None:
    """Return the stage that takes the place of this one in the list as it is narrowed and sorted: the next, or the one before."""
    sort = request.GET.get("sort", "due")
    order = SORTS.get(sort, SORTS["due"])[1]
    narrowed = QueueFilter(request.GET, queryset=queue_of(person), kinds=_any_kind(request))
    ids = list(narrowed.qs.order_by(*order).values_list("pk", flat=True)[:MOST_ORDERED])
    if stage.pk not in ids:
        return ids[0] if ids else None
    place = ids.index(stage.pk)
    rest = ids[place + 1 :] or ids[:place][-1:]
    return rest[0] if rest else None


def _any_kind(request: HttpRequest) -> list[tuple[str, str]]:
    kind = request.GET.get("kind", "")
    return [(kind, kind)] if kind else []


def _onward(request: HttpRequest, person: User, following: int | None, done: str) -> HttpResponse:
    """Open the next request: in place for htmx, by an address of its own otherwise."""
    query = kept_query(request.GET)
    address = f"{reverse('approvals:stage', args=[following])}{query}" if following else f"{queue_address()}{query}"
    if not request.headers.get("HX-Request"):
        messages.success(request, done)
        return redirect(address)
    context = work_context(request, person, chosen=following) | {"done": done}
    if following:
        context |= panel_context(request, person, access_stage_by_id(person, following))
    response = render(request, "approvals/_work.html", context)
    response["HX-Replace-Url"] = address
    return response


def _again(request: HttpRequest, person: User, stage: Stage, form: DecisionForm) -> HttpResponse:
    """Show the panel again with what is missing beside its field."""
    words = "" if "comment" in form.errors else " ".join(str(error) for errors in form.errors.values() for error in errors)
    return _panel_again(request, person, stage, {"decision": form, "decision_error": words}, status=422)


def _conflict(request: HttpRequest, person: User, stage: Stage, refusal: Refusal) -> HttpResponse:
    """Show why the answer did not count, with the request as it stands now."""
    now = queue_of(person).filter(request_id=stage.request_id).first()
    shown = access_stage_by_id(person, now.pk if now else stage.pk)
    conflict = Conflict(refusal.message, refusal.remedy, _changes(stage, shown))
    return _panel_again(request, person, shown, {"conflict": conflict}, status=refusal.status)


def _changes(before: Stage, now: Stage) -> list[Change]:
    contents = {round_.number: round_.content for round_ in now.request.rounds.all()}
    old, new = contents.get(before.round), contents.get(now.request.round)
    return changes_between(old, new) if old and new else []


def _panel_again(request: HttpRequest, person: User, stage: Stage, more: dict[str, Any], *, status: int) -> HttpResponse:
    context = work_context(request, person, chosen=stage.pk) | panel_context(request, person, stage) | more
    part = bool(request.headers.get("HX-Request"))
    template = "approvals/_work.html" if part else "approvals/queue.html"
    response = render(request, template, context | {"one": not part}, status=status)
    if part:
        response["X-Purser-Part"] = "work"
    return response
