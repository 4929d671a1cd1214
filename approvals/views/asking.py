"""Asking for money: the form, its lines, and what it says while one types."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from approvals.forms import Choices, LineForm
from approvals.models import Request
from approvals.selectors.doubles import Candidate, Double, possible_doubles
from approvals.selectors.requests import access_request_by_number, visible_requests
from approvals.selectors.terms import OWN_PAGE
from approvals.services.attachments import attach, detach
from approvals.services.requests import save_draft, submit_request
from approvals.views.about import About
from approvals.views.chain import chain_of
from approvals.views.choices import choices_for
from approvals.views.left import Left, Picture, picture_of, sum_of
from approvals.views.own import Own, keep_own, own_of
from approvals.views.person import person_of
from approvals.views.refusals import RefusalShown, refusal_shown, tell_fields
from approvals.views.rows import submitted_words
from approvals.views.typed import Typed, as_kept, as_typed, blank, half_typed, judged, rebound
from approvals.views.ways import ways_for
from core import clock
from core.access import needs
from core.errors import InvalidInput, NotFound, Refusal, WrongState
from core.models import User
from core.names import fold
from core.rules.rights import Right
from core.uploads import read_bounded


@dataclass(frozen=True)
class LineShown:
    """A line of the form with what is left on its budget line."""

    form: LineForm
    left: Left | None
    number: int


@dataclass
class Asking:
    """One showing of the form: who asks, what is typed, the kept draft, and what went wrong."""

    person: User
    choices: Choices
    typed: Typed
    kept: Request | None = None
    form_key: UUID = field(default_factory=uuid4)
    refusal: RefusalShown | None = None
    quote_error: str = ""
    own: list[Own] | None = None
    status: int = 200


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def new(request: HttpRequest) -> HttpResponse:
    """Show an empty form, or take what was typed into it."""
    person = person_of(request)
    choices = choices_for(person)
    if request.method == "POST":
        return _take(request, person, choices, _kept_draft(request, person))
    kind = request.GET.get("kind", "")
    return _show(request, Asking(person, choices, blank(choices, kind if kind in dict(choices.kinds) else "")))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Show a draft, or a request that was sent back, for its requester to change."""
    person = person_of(request)
    kept = own_editable(person, number)
    choices = choices_for(person)
    if request.method == "POST":
        return _take(request, person, choices, kept)
    return _show(request, Asking(person, choices, as_kept(kept, choices), kept))


def own_editable(person: User, number: str, *, subject_kind: str = "") -> Request:
    """Return a request that the person may change: one for money, or one of `subject_kind`. Raises NotFound, WrongState."""
    kept = access_request_by_number(person, number)
    if kept.requester_id != person.pk:
        raise WrongState("Only its requester changes a request.", remedy="Send it back with a comment, or copy it as your own.")
    if not kept.is_editable:
        raise WrongState(
            f"{kept.number} is {kept.get_state_display()} and no longer changes.",
            remedy="Open it to see where it stands, or copy it as new.",
        )
    if kept.subject_kind != subject_kind and {kept.subject_kind, subject_kind} & OWN_PAGE:
        raise NotFound("This is changed on another page.", remedy="Open the request and choose Edit.")
    return kept


def _kept_draft(request: HttpRequest, person: User) -> Request | None:
    """Return the draft that this form was kept as before, if any."""
    number = request.POST.get("draft", "")
    return own_editable(person, number) if number else None


def _form_key(request: HttpRequest) -> UUID:
    """Return which showing of the form this is; a form without a key gets one."""
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


# ---------------------------------------------------------------- taking what was typed


def _take(request: HttpRequest, person: User, choices: Choices, kept: Request | None) -> HttpResponse:
    if kept and request.POST.get("detach", "").isdecimal():
        detach(request_id=kept.pk, attachment_id=int(request.POST["detach"]), actor=person)
        return _show(request, Asking(person, choices, as_typed(request.POST, choices), kept))
    if {"add", "remove", "spread", "ask"} & set(request.POST):
        return _show(request, Asking(person, choices, _reshaped(request, choices), kept, _form_key(request)))
    asking = Asking(person, choices, judged(request.POST, choices), kept, _form_key(request))
    if not asking.typed.is_valid:
        asking.status = 422
        return _show(request, asking)
    return _keep(request, asking)


def _reshaped(request: HttpRequest, choices: Choices) -> Typed:
    remove = request.POST.get("remove", "")
    return as_typed(
        request.POST,
        choices,
        remove=int(remove) if remove.isdecimal() else None,
        add="add" in request.POST,
        spread="spread" in request.POST,
    )


def _keep(request: HttpRequest, asking: Asking) -> HttpResponse:
    """Save the draft first, so that a refusal further on loses nothing."""
    entity = asking.typed.read[0].account.entity
    kept_id = asking.kept.pk if asking.kept else None
    try:
        asking.kept = save_draft(
            actor=asking.person, entity=entity, data=asking.typed.data(), request_id=kept_id, form_key=asking.form_key
        )
    except InvalidInput as refusal:
        tell_fields(asking.typed, refusal)
        asking.status = 422
        return _show(request, asking)
    asking.own = own_of(asking.choices, asking.kept, request.POST)
    if not keep_own(asking.own, asking.kept, asking.person, whole=request.POST.get("then") == "submit"):
        asking.status = 422
        return _show(request, asking)
    if not _attach(request, asking):
        return _show(request, asking)
    if request.POST.get("then") == "submit":
        return _submit(request, asking)
    messages.success(request, f"Kept as {asking.kept.number}. Nothing is held until you submit it.")
    return redirect("approvals:request", asking.kept.number)


def _attach(request: HttpRequest, asking: Asking) -> bool:
    file = request.FILES.get("quote")
    if file is None or asking.kept is None:
        return True
    try:
        content = read_bounded(file, most=settings.MAX_ATTACHMENT_BYTES)
        attach(request_id=asking.kept.pk, actor=asking.person, name=file.name or "file", content=content)
    except Refusal as refusal:
        asking.quote_error = str(refusal)
    asking.status = 422 if asking.quote_error else asking.status
    return not asking.quote_error


def _submit(request: HttpRequest, asking: Asking) -> HttpResponse:
    assert asking.kept is not None
    try:
        done = submit_request(request_id=asking.kept.pk, actor=asking.person)
    except Refusal as refusal:
        if isinstance(refusal, InvalidInput):
            _tell_where(asking, refusal)
        asking.refusal = refusal_shown(
            refusal,
            person=asking.person,
            currency=asking.kept.currency,
            ways=ways_for(asking.kept, refusal, asking.person),
        )
        asking.status = refusal.status
        return _show(request, asking)
    messages.success(request, submitted_words(done))
    return redirect("approvals:request", done.number)


def _tell_where(asking: Asking, refusal: InvalidInput) -> None:
    """Mark the field that a kind will not go without."""
    asking.quote_error = str(refusal.details.get("quote", ""))
    fields = {place: said for place, said in refusal.details.items() if place.startswith("particulars.")}
    if fields:
        tell_fields(asking.typed, InvalidInput(refusal.message, details=fields))


# ---------------------------------------------------------------- showing it


def _show(request: HttpRequest, asking: Asking) -> HttpResponse:
    if asking.own is None:
        asking.own = own_of(asking.choices, asking.kept, request.POST or None)
    return render(request, "approvals/form.html", _context(asking), status=asking.status)


def _context(asking: Asking) -> dict[str, Any]:
    kept = asking.kept
    reckoned = asking.typed if asking.typed.form.is_bound else rebound(asking.typed, asking.choices)
    words = _returned_words(kept)
    return live_context(asking.person, asking.choices, asking.typed, reckoned, kept) | {
        "form": asking.typed.form,
        "lines_error": reckoned.mixed,
        "chain": chain_of(reckoned, asking.person, kept),
        "heading": f"Change {kept.number}" if kept and kept.round else "Ask for money",
        "action": reverse("approvals:edit", args=[kept.number]) if kept else reverse("approvals:new"),
        "form_key": asking.form_key,
        "owns": asking.own,
        "attachments": kept.attachments.all() if kept else [],
        "most_bytes": settings.MAX_ATTACHMENT_BYTES,
        "quote_error": asking.quote_error,
        "refusal": asking.refusal,
        "wrong": asking.status == 422,
        "saved_at": kept.updated_at if kept else None,
        "returned_by": words[0],
        "returned_words": words[1],
    }


def _returned_words(kept: Request | None) -> tuple[str, str]:
    """Return who sent a request back, and the words with it."""
    if kept is None or kept.state != Request.State.RETURNED:
        return "", ""
    last = kept.decisions.filter(verdict="send_back", voided_at__isnull=True).select_related("person").last()
    return (last.decider.name, last.comment) if last else ("", "")


def lines_shown(shown: Typed, reckoned: Typed, picture: Picture) -> list[LineShown]:
    """Return the lines with what is left under each."""
    by_number = {line.number: picture.by_account.get(line.account.pk) for line in reckoned.read}
    return [LineShown(form, by_number.get(form.number), form.number + 1) for form in shown.lines]


def live_context(person: User, choices: Choices, shown: Typed, reckoned: Typed, kept: Request | None) -> dict[str, Any]:
    """Return what changes on the form while one types: `shown` is what stands there, `reckoned` the same, judged."""
    read = [] if reckoned.mixed else reckoned.read
    picture = picture_of(read)
    return {
        "lines": lines_shown(shown, reckoned, picture),
        "choices": choices,
        "draft": kept,
        "about": About(shown.about),
        "sum": sum_of(read, count=len(reckoned.lines), currency=choices.currency),
        "above": picture.above,
        "doubles": doubles_of(person, reckoned, kept),
    }


def doubles_of(person: User, reckoned: Typed, kept: Request | None) -> list[Double]:
    """Return requests that look like this one."""
    lines = [Candidate(line.account.pk, line.month, line.funds) for line in reckoned.read]
    vendor = str(reckoned.form.data.get("vendor", "") or "")[:300]
    seen = visible_requests(person)
    return possible_doubles(seen, vendor_key=fold(vendor), lines=lines, besides=kept.number if kept else "")


# ---------------------------------------------------------------- while one types


@require_POST
@needs(Right.REQUEST)
def lines(request: HttpRequest) -> HttpResponse:
    """Give the lines back with one more or one less, as typed."""
    person = person_of(request)
    choices = choices_for(person)
    typed = _reshaped(request, choices)
    reckoned = rebound(typed, choices)
    context = live_context(person, choices, typed, reckoned, None) | {"reshaped": True}
    response = render(request, "approvals/_lines_answer.html", context)
    response["HX-Trigger-After-Settle"] = "lines-changed"
    return response


@require_POST
@needs(Right.REQUEST)
def about(request: HttpRequest) -> HttpResponse:
    """Give the fields of the kind that is chosen, with what was typed into them."""
    choices = choices_for(person_of(request))
    typed = _reshaped(request, choices)
    return render(request, "approvals/_about.html", {"about": About(typed.about)})


@require_POST
@needs(Right.REQUEST)
def remains(request: HttpRequest) -> HttpResponse:
    """Say what is left now and after on each line, and keep the draft where it can be kept."""
    person = person_of(request)
    choices = choices_for(person)
    typed = half_typed(request.POST, choices)
    kept = _kept_draft(request, person)
    return render(request, "approvals/_live.html", live_context(person, choices, typed, typed, kept))


@require_POST
@needs(Right.REQUEST)
def chain(request: HttpRequest) -> HttpResponse:
    """Say who would decide, why, and by when."""
    person = person_of(request)
    typed = half_typed(request.POST, choices_for(person))
    return render(request, "approvals/_chain.html", {"chain": chain_of(typed, person, _kept_draft(request, person))})


@require_POST
@needs(Right.REQUEST)
def autosave(request: HttpRequest) -> HttpResponse:
    """Keep a draft that is whole enough to be kept; say so, or say nothing. Nothing is held."""
    person = person_of(request)
    choices = choices_for(person)
    typed = judged(request.POST, choices)
    if not typed.is_valid:
        return HttpResponse(status=204)
    entity = typed.read[0].account.entity
    try:
        kept = _kept_draft(request, person)
        kept = save_draft(
            actor=person, entity=entity, data=typed.data(), request_id=kept.pk if kept else None, form_key=_form_key(request)
        )
        # What cannot be so is said when a button is pressed.
        keep_own(own_of(choices, kept, request.POST), kept, person, whole=False)
    except Refusal:
        # It was submitted meanwhile, or cannot be kept as it stands: pressing a button says so, typing does not.
        return HttpResponse(status=204)
    context = {"draft": kept, "saved_at": clock.now()}
    response = render(request, "approvals/_autosaved.html", context)
    response["HX-Trigger"] = "draft-saved"
    return response
