"""Who may do what, where and up to what amount: the page for administrators and auditors."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import InvalidInput, NotAllowed, Refusal
from core.filters import AssignmentFilter
from core.forms import GiveRoleForm
from core.posted import posted
from core.selectors.people import administered_entities
from core.selectors.rights import (
    access_person_shown,
    access_rights_page,
    assignments_shown,
    changes,
    changes_shown,
    held,
    kinds,
    may_do,
    people_to_give,
    rights_table,
)
from core.services import assignments
from core.views.people import person_of

ROWS = 50
CHANGES = 20


@require_safe
def rights(request: HttpRequest) -> HttpResponse:
    """Show the table of rights, who holds what where, and what changed lately."""
    viewer = person_of(request)
    entities = access_rights_page(viewer)
    found = AssignmentFilter(request.GET, queryset=assignments_shown(viewer), entities=entities)
    page = Paginator(found.qs, ROWS).get_page(request.GET.get("page"))
    context = {
        "table": rights_table(),
        "kinds": kinds(),
        "filter": found,
        "filtered": any(request.GET.get(name) for name in found.filters),
        "page": page,
        "rows": held(page, viewer=viewer),
        "changes": changes(changes_shown(viewer)[:CHANGES]),
        "may_give": bool(administered_entities(viewer)),
    }
    return render(request, "core/rights.html", context)


@require_safe
def person_rights(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show what one person may do and why, and what was given to them and taken."""
    viewer = person_of(request)
    person = access_person_shown(viewer, person_id)
    context = {
        "person": person,
        "rights": may_do(person, viewer=viewer),
        "rows": held(assignments_shown(viewer).filter(user=person), viewer=viewer),
        "changes": changes(changes_shown(viewer, person=person)[:CHANGES]),
        "may_give": bool(administered_entities(viewer)) and person.pk != viewer.pk,
    }
    return render(request, "core/rights_of_person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Give a person a role, or another limit in one that they hold."""
    actor = person_of(request)
    entities = administered_entities(actor)
    if not entities:
        raise NotAllowed("Only an administrator gives roles.", remedy="Ask an administrator.")
    known = {"person": request.GET.get("person", "")}
    form = GiveRoleForm(posted(request), entities=entities, people=people_to_give(actor), initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            given = assignments.assign_role(**form.cleaned_data, actor=actor)
        except InvalidInput as refusal:
            form.add_error(next((name for name in refusal.details if name in form.fields), None), str(refusal))
        else:
            messages.success(request, f"{given.user.name} is {given.role.name} of {given.cost_centre or given.entity}.")
            return redirect("core:person-rights", given.user.pk)
    return render(request, "core/rights_give.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def take(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Take a role away."""
    actor = person_of(request)
    found = assignments_shown(actor).filter(pk=assignment_id).first()
    try:
        assignments.take_role(assignment_id=found.pk if found else 0, actor=actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        assert found is not None
        messages.success(request, f"{found.user.name} is no longer {found.role.name} of {found.cost_centre or found.entity}.")
    return redirect("core:rights")
