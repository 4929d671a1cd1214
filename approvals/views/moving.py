"""Moving budget from one line to another: the form, both sides while one types, and what came of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from approvals.change_forms import MoveForm, key_of
from approvals.forms import Choices
from approvals.models import Request
from approvals.selectors.moves import Side, Way, sides_of, way_of
from approvals.selectors.terms import VIREMENT, virement_of
from approvals.services.virements import Moved, move_budget, predicted_move
from approvals.views.asking import own_editable
from approvals.views.chain import Chain, chain_from
from approvals.views.choices import choices_for
from approvals.views.person import person_of
from approvals.views.refusals import RefusalShown, refusal_shown, sides_shown
from budgets.models import Journal
from budgets.selectors.entries import access_journal
from budgets.selectors.freshness import freshness_of_budgets
from budgets.selectors.overview import Fresh
from core import clock
from core.access import needs
from core.errors import InvalidInput, NotFound, Refusal
from core.models import User
from core.rules.rights import Right


@dataclass
class Moving:
    """One showing of the form: who moves, what is typed, the request that was sent back, and what went wrong."""

    person: User
    form: MoveForm
    kept: Request | None = None
    form_key: UUID = field(default_factory=uuid4)
    refusal: RefusalShown | None = None
    status: int = 200


@dataclass(frozen=True)
class MoveShown:
    """What the form says while one types: both sides, how it is made, who would decide."""

    sides: tuple[Side, Side] | None = None
    way: Way | None = None
    chain: Chain = field(default_factory=Chain)
    fresh: Fresh | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def new(request: HttpRequest) -> HttpResponse:
    """Show the form, filled in from the address (`from`, `to`, `amount-2026-03`, `back`: a journal to move back), or take it."""
    person = person_of(request)
    choices = choices_for(person)
    if request.method == "POST":
        return _take(request, Moving(person, MoveForm(request.POST, choices=choices), form_key=_form_key(request)))
    return _show(request, Moving(person, MoveForm(initial=_from_address(request, person, choices), choices=choices)))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Show a move that was sent back, for its requester to change."""
    person = person_of(request)
    kept = own_editable(person, number, subject_kind=VIREMENT)
    choices = choices_for(person)
    if request.method == "POST":
        return _take(request, Moving(person, MoveForm(request.POST, choices=choices), kept))
    return _show(request, Moving(person, MoveForm(initial=_as_kept(kept), choices=choices), kept))


@require_POST
@needs(Right.REQUEST)
def sides(request: HttpRequest) -> HttpResponse:
    """Say what both sides have before and after, and who would decide."""
    person = person_of(request)
    form = MoveForm(request.POST, choices=choices_for(person))
    return render(request, "approvals/_move_sides.html", {"shown": _shown(person, form)})


def _form_key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


def _from_address(request: HttpRequest, person: User, choices: Choices) -> dict[str, Any]:
    back = request.GET.get("back", "")
    if back.isdecimal() and len(back) < 18:
        return _backwards(access_journal(person, int(back)))
    asked = {"giver": request.GET.get("from", ""), "taker": request.GET.get("to", "")}
    return asked | {key_of(month): request.GET.get(key_of(month), "")[:40] for month in choices.months}


def _backwards(journal: Journal) -> dict[str, Any]:
    """Return a transfer the other way round, as the form is filled in."""
    entries = list(journal.entries.order_by("number"))
    given = [entry for entry in entries if entry.amount < 0]
    if journal.kind != Journal.Kind.TRANSFER or not given:
        raise NotFound("This journal moved no budget.", remedy="Look it up in the list of entries.")
    taken = next(entry for entry in entries if entry.amount > 0)
    initial = {"giver": str(taken.account_id), "taker": str(given[0].account_id), "reason": f"Journal {journal.pk}, moved back."}
    return initial | {key_of(entry.month): f"{-entry.amount:,.2f}" for entry in given}


def _as_kept(kept: Request) -> dict[str, Any]:
    lines = list(kept.lines.order_by("number"))
    virement = virement_of(kept)
    initial: dict[str, Any] = {key_of(line.month): f"{line.net:,.2f}" for line in lines}
    sides_kept = {"giver": str(lines[0].account_id) if lines else "", "taker": str(virement.taker_id) if virement else ""}
    return initial | sides_kept | {"reason": kept.reason}


# ---------------------------------------------------------------- taking what was typed


def _take(request: HttpRequest, moving: Moving) -> HttpResponse:
    form = moving.form
    if not form.is_valid():
        moving.status = 422
        return _show(request, moving)
    kept_id = moving.kept.pk if moving.kept else None
    try:
        moved = move_budget(actor=moving.person, move=form.move(), form_key=moving.form_key, request_id=kept_id)
    except InvalidInput as refusal:
        for name, sentence in (refusal.details or {"": refusal.message}).items():
            form.add_error(name if name in form.fields else None, str(sentence))
        moving.status = 422
        return _show(request, moving)
    except Refusal as refusal:
        currency = form.move().giver.currency
        moving.refusal = refusal_shown(refusal, person=moving.person, currency=currency)
        moving.status = refusal.status
        return _show(request, moving, both=sides_shown(refusal))
    return _onward(request, form, moved)


def _onward(request: HttpRequest, form: MoveForm, moved: Moved) -> HttpResponse:
    move = form.move()
    amount = f"{move.total:,.2f} {move.giver.currency}"
    if moved.request is not None:
        messages.success(request, f"{moved.request.number} is submitted and holds {amount} on {move.giver.name}.")
        return redirect("approvals:request", moved.request.number)
    assert moved.journal is not None
    messages.success(request, f"{amount} moved from {move.giver.name} to {move.taker.name}.")
    return redirect("budgets:journal", moved.journal.id)


# ---------------------------------------------------------------- showing it


def _show(request: HttpRequest, moving: Moving, *, both: list[dict[str, Any]] | None = None) -> HttpResponse:
    kept = moving.kept
    context = {
        "form": moving.form,
        "form_key": moving.form_key,
        "kept": kept,
        "action": reverse("approvals:move-edit", args=[kept.number]) if kept else reverse("approvals:move"),
        "refusal": moving.refusal,
        "both": both or [],
        "shown": _shown(moving.person, moving.form),
        "has_lines": bool(moving.form.choices.accounts),
    }
    return render(request, "approvals/move.html", context, status=moving.status)


def _shown(person: User, form: MoveForm) -> MoveShown:
    """Return what can be said of what is typed so far."""
    judged = form if form.is_bound else MoveForm(_as_typed(form), choices=form.choices)
    judged.is_valid()
    giver, taker = judged.side("giver"), judged.side("taker")
    if giver is None or taker is None or giver.pk == taker.pk or giver.currency != taker.currency:
        return MoveShown()
    amounts = judged.amounts()
    both = sides_of(giver, taker, amounts)
    fresh = freshness_of_budgets([giver.budget, taker.budget], now=clock.now())
    if not amounts or giver.entity_id != taker.entity_id:
        return MoveShown(both, fresh=fresh)
    move = judged.move_so_far(giver, taker)
    way = way_of(move)
    try:
        chain = Chain() if way.at_once else chain_from(predicted_move(actor=person, move=move, way=way), total=move.total)
    except Refusal as refusal:
        chain = Chain(error=refusal.message, remedy=refusal.remedy)
    return MoveShown(both, way, chain, fresh)


def _as_typed(form: MoveForm) -> dict[str, Any]:
    return {name: form.initial.get(name, "") for name in form.fields}
