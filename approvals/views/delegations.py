"""Who decides for whom: stated on a page of one's account, seen by both, ended before its time."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from approvals.delegation_forms import DelegationForm
from approvals.models import Delegation
from approvals.selectors.delegations import delegations_seen, may_state_for, statable_by
from approvals.services.delegations import end_delegation, state_delegation
from approvals.views.person import person_of
from core import clock
from core.access import needs
from core.errors import InvalidInput, Refusal
from core.models import User
from core.posted import posted
from core.rules.rights import Right

MOST_OVER = 20
MOST = 200


@dataclass(frozen=True)
class DelegationRow:
    """A statement on the page: what it says, how it stands, and whether this person may end it."""

    row: Delegation
    who: str
    terms: list[str]
    kind: str
    word: str
    may_end: bool


@needs(Right.DECIDE, Right.ADMINISTER, Right.AUDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def delegations(request: HttpRequest) -> HttpResponse:
    """Show the statements that one may see; a POST states one. 422: something is missing; 409: it cannot be so."""
    person = person_of(request)
    statable = statable_by(person)
    form = DelegationForm(posted(request), me=person, statable=statable)
    if request.method != "POST" or not form.is_valid():
        return _page(request, person, form, status=422 if form.is_bound else 200)
    try:
        row = state_delegation(data=form.wanted(), actor=person)
    except InvalidInput as refusal:
        for name, sentence in refusal.details.items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return _page(request, person, form, status=422)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _page(request, person, form, status=refusal.status)
    messages.success(request, f"{_who(row)} from {row.first_day} to {row.last_day}.")
    return redirect("approvals:delegations")


@needs(Right.DECIDE, Right.ADMINISTER, Right.AUDIT)
@require_POST
def end(request: HttpRequest, delegation_id: int) -> HttpResponse:
    """End a statement now. Raises NotFound, NotAllowed, and WrongState where it is over."""
    row = end_delegation(delegation_id=delegation_id, actor=person_of(request))
    messages.success(request, f"It is over: {_who(row)} no longer. What was decided stays decided.")
    return redirect("approvals:delegations")


def _page(request: HttpRequest, person: User, form: DelegationForm, *, status: int) -> HttpResponse:
    now = clock.now()
    found = [_shown(row, person, now) for row in delegations_seen(person)[:MOST]]
    going = [each for each in found if each.row.ends_at > now]
    context = {
        "form": form,
        "mine": [each for each in going if each.row.person_id == person.pk],
        "to_me": [each for each in going if each.row.delegate_id == person.pk],
        "others": [each for each in going if person.pk not in {each.row.person_id, each.row.delegate_id}],
        "over": [each for each in found if each.row.ends_at <= now][:MOST_OVER],
        "may_state": form.fields["entity"].queryset.exists(),  # type: ignore[attr-defined]
    }
    return render(request, "approvals/delegations.html", context, status=status)


def _shown(row: Delegation, person: User, now: datetime) -> DelegationRow:
    kind, word = ("hold", "Ended early" if row.ended_at else "Over") if row.ends_at <= now else ("good", "In force")
    if row.starts_at > now and row.ends_at > now:
        kind, word = "", "To come"
    may_end = row.ends_at > now and (person.pk == row.delegate_id or may_state_for(person, row.person, row.entity))
    return DelegationRow(row, _who(row), _terms(row), kind, word, may_end)


def _who(row: Delegation) -> str:
    return f"{row.delegate} decides for {row.person}" if row.delegate else f"{row.person} is out of office"


def _terms(row: Delegation) -> list[str]:
    """Say how far it reaches, and who stated it where that was not the person."""
    terms = [row.entity.name]
    if row.kinds:
        terms.append(f"only {', '.join(kind.replace('_', ' ') for kind in row.kinds)}")
    if row.limit is not None:
        terms.append(f"up to {row.limit:,.2f} {row.entity.currency}")
    if row.cost_centre is not None:
        terms.append(f"at {row.cost_centre} and below")
    if row.stated_by_id != row.person_id:
        terms.append(f"stated by {row.stated_by}: {row.reason}")
    if row.ended_by is not None:
        terms.append(f"ended by {row.ended_by}")
    return terms
