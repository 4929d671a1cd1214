"""Groups of people and managers, as an organization's administrators keep them for its policies."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.models import Manager, PeopleGroup
from approvals.owner_forms import GroupForm, ManagerForm
from approvals.selectors.committees import OVERSEEING
from approvals.selectors.owners import access_group_by_id, groups_in_reach, people_in
from approvals.services.owners import drop_group, save_group, state_manager
from approvals.views.person import person_of
from core.access import may, needs, whole_entities_of
from core.errors import InvalidInput, NotAllowed, NotFound, Refusal
from core.models import Entity, User
from core.posted import posted
from core.rules.rights import Right

MOST = 500


@require_safe
@needs(*OVERSEEING)
def owners(request: HttpRequest) -> HttpResponse:
    """Show an organization's groups, and who stands above whom."""
    person = person_of(request)
    entity = chosen_entity(request, person, *OVERSEEING)
    return _page(request, person, entity, ManagerForm(people=people_in(entity)))


@require_POST
@needs(Right.ADMINISTER)
def managers(request: HttpRequest) -> HttpResponse:
    """Say who stands above a person. 422: something is missing; 409: it would close a circle."""
    person = person_of(request)
    entity = chosen_entity(request, person, Right.ADMINISTER)
    form = ManagerForm(request.POST, people=people_in(entity))
    if not form.is_valid():
        return _page(request, person, entity, form, status=422)
    data = form.cleaned_data
    try:
        state_manager(entity=entity, person=data["person"], manager=data["manager"], actor=person)
    except Refusal as refusal:
        say_on(form, refusal)
        return _page(request, person, entity, form, status=422 if isinstance(refusal, InvalidInput) else refusal.status)
    above = f"{data['manager']} stands above" if data["manager"] else "Nobody stands above"
    messages.success(request, f"{above} {data['person']} now. What waits already stays with whom it was put before.")
    return redirect(f"{reverse('approvals:owners')}?entity={entity.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ADMINISTER)
def new_group(request: HttpRequest) -> HttpResponse:
    """Make a group of people. 422: something is missing."""
    person = person_of(request)
    entity = chosen_entity(request, person, Right.ADMINISTER)
    return _saved(request, person, entity, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ADMINISTER)
def group(request: HttpRequest, group_id: int) -> HttpResponse:
    """Show a group; a POST changes it. 422: something is missing. Raises NotFound, NotAllowed."""
    person = person_of(request)
    found = access_group_by_id(person, group_id)
    if not may(person, Right.ADMINISTER, entity=found.entity, path="/"):
        raise NotAllowed(f"You do not administer {found.entity.name}.", remedy="Ask one of its administrators.")
    return _saved(request, person, found.entity, found)


@require_POST
@needs(Right.ADMINISTER)
def drop(request: HttpRequest, group_id: int) -> HttpResponse:
    """Take a group away. Raises NotFound, NotAllowed, WrongState (a policy asks it)."""
    person = person_of(request)
    found = access_group_by_id(person, group_id)
    drop_group(group_id=found.pk, actor=person)
    messages.success(request, f"{found.name} is gone.")
    return redirect(f"{reverse('approvals:owners')}?entity={found.entity_id}")


def chosen_entity(request: HttpRequest, person: User, *rights: Right) -> Entity:
    """Return the organization that is asked for, of those over all of which the person has a right: the first, if none is."""
    entities = list(whole_entities_of(person, *rights).order_by("code"))
    asked = request.POST.get("entity") or request.GET.get("entity") or ""
    found = next((each for each in entities if str(each.pk) == asked), None if asked else next(iter(entities), None))
    if found is None:
        raise NotFound("There is no such organization, or none that you set up as a whole.", remedy="Ask an administrator.")
    return found


def say_on(form: GroupForm | ManagerForm, refusal: Refusal) -> None:
    """Say beside its field why what was typed cannot be, or above the form where it is about none."""
    for name, sentence in (refusal.details or {"": str(refusal)}).items():
        form.add_error(name if name in form.fields else None, str(sentence) if name in form.fields else str(refusal))


def _saved(request: HttpRequest, person: User, entity: Entity, found: PeopleGroup | None) -> HttpResponse:
    form = GroupForm(posted(request), people=list(people_in(entity)), group=found)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            group = save_group(entity=entity, code=data["code"], name=data["name"], people=data["people"], actor=person)
        except InvalidInput as refusal:
            say_on(form, refusal)
        else:
            messages.success(request, f"{group.name} is kept. What waits already stays with whom it was put before.")
            return redirect(f"{reverse('approvals:owners')}?entity={entity.pk}")
    context = {"form": form, "entity": entity, "group": found, "people": people_in(entity)}
    return render(request, "approvals/group.html", context, status=422 if form.is_bound else 200)


def _page(request: HttpRequest, person: User, entity: Entity, form: ManagerForm, *, status: int = 200) -> HttpResponse:
    above = Manager.objects.filter(entity=entity).select_related("person", "manager").order_by("person__name")
    context = {
        "entity": entity,
        "others": whole_entities_of(person, *OVERSEEING).exclude(pk=entity.pk).order_by("code"),
        "groups": groups_in_reach(person).filter(entity=entity),
        "managers": above[:MOST],
        "form": form,
        "may_change": may(person, Right.ADMINISTER, entity=entity, path="/"),
    }
    return render(request, "approvals/owners.html", context, status=status)
