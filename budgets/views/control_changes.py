"""Stating, changing and removing a control: shown first, and what was shown is what is set."""

from dataclasses import dataclass

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from budgets.control_forms import Asked, NodeForm, TermsForm
from budgets.models import Budget, Control, Mode
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.controls import Prospect, access_control_by_id, kind_of, may_state, prospect_of
from budgets.selectors.freshness import freshness_of_entities
from budgets.selectors.overview import Fresh, freshness_of
from budgets.selectors.periods import access_entity_of_finance
from budgets.services.controls import Node, remove_control, set_control
from core import clock
from core.access import needs
from core.errors import NotAllowed, Refusal
from core.models import Entity, User
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of

SALT = "budgets.control"
ONE_HOUR = 3600
LOOK_AGAIN = "Something changed after it was shown, or an hour went by. Look at how it would stand now, then set it."


@dataclass(frozen=True)
class Desk:
    """What a form is about, who is at it, and where it leads back to."""

    user: User
    entity: Entity
    back: str
    budget: Budget | None = None
    control: Control | None = None


@needs(Right.BUDGET)
@require_http_methods(["GET", "HEAD", "POST"])
def new_in_budget(request: HttpRequest, code: str) -> HttpResponse:
    """State a control on a node of a budget."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    _check_may(user, budget.entity, Node(budget=budget))
    desk = Desk(user, budget.entity, reverse("budgets:controls", args=[budget.code]), budget)
    may_all = may_state(user, budget.entity, Node())
    form = NodeForm(posted(request), user=user, entity=budget.entity, budget=budget, may_all=may_all)
    return _taken(request, desk, form)


@needs(Right.BUDGET)
@require_http_methods(["GET", "HEAD", "POST"])
def new_over_all(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State a control on a node in all budgets of an organization."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    desk = Desk(user, entity, f"{reverse('budgets:entity-controls')}?entity={entity.code}")
    return _taken(request, desk, NodeForm(posted(request), user=user, entity=entity, budget=None, may_all=True))


@needs(Right.BUDGET)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, control_id: int) -> HttpResponse:
    """Change what a control does."""
    user = person_of(request)
    found = access_control_by_id(user, control_id, Right.BUDGET)
    desk = Desk(user, found.entity, reverse("budgets:control", args=[found.pk]), found.budget, found)
    return _taken(request, desk, TermsForm(posted(request), entity=found.entity, control=found))


@needs(Right.BUDGET)
@require_POST
def remove(request: HttpRequest, control_id: int) -> HttpResponse:
    """Take a control away, or give it back what the budget's version states."""
    user = person_of(request)
    found = access_control_by_id(user, control_id, Right.BUDGET)
    try:
        remove_control(control_id=found.pk, actor=user, seen=request.POST.get("seen", ""))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("budgets:control", found.pk)
    if found.origin == Control.Origin.CHANGED:
        messages.success(request, f"{found.name} does again what the budget's version states.")
        return redirect("budgets:control", found.pk)
    messages.success(request, f"The control on {found.name} is removed.")
    return redirect(_list_of(found))


def _list_of(control: Control) -> str:
    if control.budget is not None:
        return reverse("budgets:controls", args=[control.budget.code])
    return f"{reverse('budgets:entity-controls')}?entity={control.entity.code}"


def _taken(request: HttpRequest, desk: Desk, form: TermsForm) -> HttpResponse:
    if request.method != "POST":
        return _page(request, desk, form)
    if not form.is_valid():
        return _page(request, desk, form, status=422)
    asked = form.asked()
    _check_may(desk.user, desk.entity, asked.node)
    then = request.POST.get("then", "")
    seen = _seen(request.POST.get("shown", ""), desk, asked)
    if then not in {"set", "force"}:
        return _page(request, desk, form, asked)
    if seen is None:
        form.add_error(None, LOOK_AGAIN)
        return _page(request, desk, form, asked, status=422)
    return _set(request, desk, form, asked, seen, force=then == "force")


def _set(request: HttpRequest, desk: Desk, form: TermsForm, asked: Asked, seen: str, *, force: bool) -> HttpResponse:
    reason = form.cleaned_data["reason"] if force else ""
    try:
        control = set_control(
            entity=desk.entity, node=asked.node, terms=asked.terms, actor=desk.user, force=force, reason=reason, seen=seen
        )
    except Refusal as refusal:
        form.add_error("reason" if refusal.code == "reason_missing" else None, str(refusal))
        return _page(request, desk, form, asked, status=422)
    messages.success(request, f"The control on {control.name} is set.")
    return redirect("budgets:control", control.pk)


def _check_may(user: User, entity: Entity, node: Node) -> None:
    if not may_state(user, entity, node):
        raise NotAllowed("You do not keep the books of all that this covers.", remedy="Ask finance to state the control.")


def _page(request: HttpRequest, desk: Desk, form: TermsForm, asked: Asked | None = None, *, status: int = 200) -> HttpResponse:
    prospect = prospect_of(desk.entity, asked.node, asked.terms) if asked else None
    context = {
        "desk": desk,
        "form": form,
        "kind": kind_of(desk.control) if desk.control else "",
        "asked": asked,
        "prospect": prospect,
        "fresh": _fresh(desk) if prospect else None,
        "name": asked.node.name(desk.entity) if asked else "",
        "currency": asked.node.currency(desk.entity) if asked else desk.entity.currency,
        "below": asked is not None and prospect is not None and _is_below(asked, prospect),
        "token": _token(desk, asked, prospect.seen) if asked and prospect else "",
    }
    return render(request, "budgets/control_form.html", context, status=status)


def _fresh(desk: Desk) -> Fresh:
    now = clock.now()
    return freshness_of(desk.budget, now=now) if desk.budget else freshness_of_entities([desk.entity.pk], now=now)


def _is_below(asked: Asked, prospect: Prospect) -> bool:
    """Say whether a stop's own limit is less than what it covers, so that it is set only all the same, with a reason."""
    own = asked.terms.mode == Mode.STOP and asked.terms.own_limit is not None
    return own and (prospect.allotted is not None or prospect.over > 0)


def _token(desk: Desk, asked: Asked, seen: str) -> str:
    return signing.dumps([desk.user.pk, desk.entity.pk, *asked.key(), seen], salt=SALT)


def _seen(token: str, desk: Desk, asked: Asked) -> str | None:
    """Return which control was there when this was shown, or None where other terms were shown, or none, or long ago."""
    try:
        *what, seen = signing.loads(token, salt=SALT, max_age=ONE_HOUR)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return str(seen) if what == [desk.user.pk, desk.entity.pk, *asked.key()] else None
