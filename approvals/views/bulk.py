"""Several requests answered at once from the list, and the page that says what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from approvals.forms import BulkForm
from approvals.models import Stage
from approvals.services.bulk import Answered, Pick, answer_many
from approvals.views.offers import Offer, offer_of
from approvals.views.person import person_of
from approvals.views.queue import kept_query, queue_address, work_context
from core import clock
from core.access import needs
from core.errors import InvalidInput
from core.rules.rights import Right


@dataclass(frozen=True)
class Told:
    """What became of one answer, with the offer to take it back."""

    stage: Stage | None
    counted: bool
    word: str
    note: str
    offer: Offer | None


def _offer(answered: Answered) -> Offer | None:
    decision = answered.decision
    return offer_of(decision, clock.now()) if decision is not None and decision.undo_until is not None else None


@require_POST
@needs(Right.DECIDE)
def answer(request: HttpRequest) -> HttpResponse:
    """Answer what was chosen in the list. 422: nothing chosen, or no reason; then none is decided, and all stays chosen."""
    person = person_of(request)
    form = BulkForm(request.POST, auto_id="bulk_%s")
    values = request.POST.getlist("pick")
    if not form.is_valid():
        return _again(request, form, values)
    said = form.cleaned_data
    try:
        answered = answer_many(picks=read_picks(values), actor=person, verdict=said["verdict"], comment=said["comment"])
    except InvalidInput as refusal:
        form.add_error("comment" if "comment" in refusal.details else None, f"{refusal.message} {refusal.remedy}".strip())
        return _again(request, form, values)
    counted = sum(each.counted for each in answered)
    context = {
        "answered": [Told(each.stage, each.counted, each.word, each.note, _offer(each)) for each in answered],
        "counted": counted,
        "others": len(answered) - counted,
        "word": "approved" if said["verdict"] == "approve" else "rejected",
        "comment": said["comment"],
        "back_url": f"{queue_address()}{kept_query(request.GET)}",
    }
    return render(request, "approvals/answered.html", context)


def _again(request: HttpRequest, form: BulkForm, values: list[str]) -> HttpResponse:
    context: dict[str, Any] = work_context(request, person_of(request), picked=frozenset(values)) | {"bulk": form}
    return render(request, "approvals/queue.html", context, status=422)


def read_picks(values: Sequence[Any]) -> list[Pick]:
    """Return picks from the text that the list's boxes send, `stage:digest`; what is none is left out."""
    pairs = [str(value).partition(":") for value in values]
    return [Pick(int(number), digest[:200]) for number, _, digest in pairs if number.isdecimal() and len(number) < 18]
