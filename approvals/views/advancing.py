"""Taking money of a later month in advance: the form, both months before and after, and what came of it."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.advance_forms import AdvanceForm
from approvals.models import Request
from approvals.selectors.advances import MonthSide, Taking, sides_of_taking
from approvals.selectors.terms import ADVANCE, advance_of
from approvals.services.advances import ask_advance, predicted_advance
from approvals.views.asking import own_editable
from approvals.views.chain import Chain, chain_from
from approvals.views.choices import choices_for
from approvals.views.person import person_of
from approvals.views.refusals import RefusalShown, refusal_shown
from budgets.selectors.overview import freshness_of
from core import clock
from core.access import needs
from core.errors import InvalidInput, Refusal
from core.models import User
from core.rules.rights import Right

NAMES = ("account", "into", "later", "amount", "reason")


@dataclass
class Advancing:
    """One showing of the form: who asks, what is typed, the request that was sent back, and what went wrong."""

    person: User
    form: AdvanceForm
    kept: Request | None = None
    form_key: UUID = field(default_factory=uuid4)
    refusal: RefusalShown | None = None
    status: int = 200


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def new(request: HttpRequest) -> HttpResponse:
    """Show the form, filled in from the address (`account`, `into`, `later`, `amount`), or take it."""
    person = person_of(request)
    choices = choices_for(person)
    if request.method == "POST":
        return _take(request, Advancing(person, AdvanceForm(request.POST, choices=choices), form_key=_form_key(request)))
    initial = {name: request.GET.get(name, "")[:40] for name in NAMES}
    return _show(request, Advancing(person, AdvanceForm(initial=initial, choices=choices)))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.REQUEST)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Show an advance that was sent back, for its requester to change."""
    person = person_of(request)
    kept = own_editable(person, number, subject_kind=ADVANCE)
    choices = choices_for(person)
    if request.method == "POST":
        return _take(request, Advancing(person, AdvanceForm(request.POST, choices=choices), kept))
    return _show(request, Advancing(person, AdvanceForm(initial=_as_kept(kept), choices=choices), kept))


def _form_key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


def _as_kept(kept: Request) -> dict[str, str]:
    found, line = advance_of(kept), kept.lines.order_by("number").first()
    if found is None or line is None:
        return {"reason": kept.reason}
    said = {"account": str(line.account_id), "into": f"{found.into:%Y-%m}", "later": f"{line.month:%Y-%m}"}
    return said | {"amount": f"{line.net:,.2f}", "reason": kept.reason}


def _take(request: HttpRequest, advancing: Advancing) -> HttpResponse:
    form = advancing.form
    is_valid = form.is_valid()
    if request.POST.get("then") == "look":
        form.errors.pop("reason", None)
        advancing.status = 422 if form.errors else 200
        return _show(request, advancing)
    taking = form.taking() if is_valid else None
    if taking is None:
        advancing.status = 422
        return _show(request, advancing)
    kept_id = advancing.kept.pk if advancing.kept else None
    try:
        made = ask_advance(actor=advancing.person, taking=taking, form_key=advancing.form_key, request_id=kept_id)
    except InvalidInput as refusal:
        for name, sentence in (refusal.details or {"": str(refusal)}).items():
            form.add_error(name if name in form.fields else None, str(sentence))
        advancing.status = 422
        return _show(request, advancing)
    except Refusal as refusal:
        advancing.refusal = refusal_shown(refusal, person=advancing.person, currency=taking.account.currency)
        advancing.status = refusal.status
        return _show(request, advancing)
    later = " and ".join(f"{month:%B %Y}" for month in taking.amounts)
    messages.success(request, f"{made.number} is submitted and holds {taking.total:,.2f} {taking.account.currency} in {later}.")
    return redirect("approvals:request", made.number)


def _show(request: HttpRequest, advancing: Advancing) -> HttpResponse:
    kept, form = advancing.kept, advancing.form
    taking = _typed(form)
    context = {
        "form": form,
        "form_key": advancing.form_key,
        "kept": kept,
        "action": reverse("approvals:advance-edit", args=[kept.number]) if kept else reverse("approvals:advance"),
        "refusal": advancing.refusal,
        "taking": taking,
        "months": _months(taking),
        "fresh": freshness_of(taking.account.budget, now=clock.now()) if taking else None,
        "chain": _chain(advancing.person, taking),
        "has_lines": bool(form.choices.accounts),
    }
    return render(request, "approvals/advance.html", context, status=advancing.status)


def _typed(form: AdvanceForm) -> Taking | None:
    judged = form if form.is_bound else AdvanceForm({name: form.initial.get(name, "") for name in NAMES}, choices=form.choices)
    judged.is_valid()
    return judged.taking(so_far=True)


def _months(taking: Taking | None) -> list[MonthSide]:
    return sides_of_taking(taking) if taking else []


def _chain(person: User, taking: Taking | None) -> Chain:
    if taking is None:
        return Chain()
    try:
        return chain_from(predicted_advance(actor=person, taking=taking), total=taking.total)
    except Refusal as refusal:
        return Chain(error=refusal.message, remedy=refusal.remedy)
