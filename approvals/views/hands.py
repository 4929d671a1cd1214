"""Handing a stage over, and asking for one more decision: a page each, from the panel."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from approvals.forms import HandsForm
from approvals.models import Request, Stage, StageMember
from approvals.selectors.people import may_be_added, may_take
from approvals.selectors.queue import access_stage_by_id
from approvals.services.hands import add_approver, hand_over
from approvals.services.standing import Stand, place_to_leave, refuse_unless_asked
from approvals.views.person import person_of
from core.errors import InvalidInput
from core.models import User


@dataclass(frozen=True)
class Way:
    """One of the two, in words and in deeds."""

    heading: str
    lead: str
    button: str
    nobody: str
    people: Callable[[Stage, User], list[User]]
    stand: Callable[[Request, Stage, User], Stand]
    service: Callable[..., StageMember]
    done: str


OVER = Way(
    heading="Hand it over",
    lead="Somebody else decides in your place. The clock runs on; you see the request still.",
    button="Hand over",
    nobody="Nobody else could decide on this stage now. Send the request back, or ask an administrator to name somebody.",
    people=lambda stage, person: may_take(stage.request, stage, giver=person),
    stand=place_to_leave,
    service=hand_over,
    done="{number} is with {person} now.",
)
MORE = Way(
    heading="Ask for one more decision",
    lead="The stage needs one more approval than now: yours still counts. The clock runs on.",
    button="Ask for it",
    nobody="Nobody who holds a role here is free to decide on it besides.",
    people=lambda stage, person: may_be_added(stage.request, person),
    stand=lambda *asked: refuse_unless_asked(*asked)[0],
    service=add_approver,
    done="{person} is asked to decide on {number} too.",
)


@require_http_methods(["GET", "HEAD", "POST"])
def over(request: HttpRequest, stage_id: int) -> HttpResponse:
    """Hand a stage over. Raises NotFound, NotAllowed, Stale."""
    return _shown(request, stage_id, OVER)


@require_http_methods(["GET", "HEAD", "POST"])
def more(request: HttpRequest, stage_id: int) -> HttpResponse:
    """Ask for one more decision on a stage. Raises NotFound, NotAllowed, Stale."""
    return _shown(request, stage_id, MORE)


def _shown(request: HttpRequest, stage_id: int, way: Way) -> HttpResponse:
    person = person_of(request)
    stage = access_stage_by_id(person, stage_id)
    place = way.stand(stage.request, stage, person).in_place_of
    people = way.people(stage, person)
    form = HandsForm(request.POST if request.method == "POST" else None, people=[(each.pk, each.name) for each in people])
    if form.is_valid() and (member := _done(stage, person, form, way)):
        messages.success(request, way.done.format(number=stage.request.number, person=member.person))
        return redirect("approvals:queue") if way is OVER else redirect("approvals:stage", stage.pk)
    context: dict[str, Any] = {
        "form": form,
        "way": way,
        "stage": stage,
        "request_": stage.request,
        "people": people,
        "place": place,
    }
    return render(request, "approvals/hands.html", context, status=422 if form.is_bound else 200)


def _done(stage: Stage, person: User, form: HandsForm, way: Way) -> StageMember | None:
    said = form.cleaned_data
    try:
        return way.service(stage_id=stage.pk, actor=person, person_id=said["person"], reason=said["reason"])
    except InvalidInput as refusal:
        for name, sentence in (refusal.details or {"": refusal.message}).items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return None
