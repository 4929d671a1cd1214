"""Committees: which there are, who sits on each, how it votes and what it decides; stated anew from a day on."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from approvals.models import Committee, CommitteeVersion, Meeting
from approvals.owner_forms import CommitteeForm
from approvals.rules.meetings import Planned
from approvals.selectors.committees import (
    access_committee_by_id,
    committees_seen,
    last_stated,
    seats_of,
    standing_of,
    to_come,
    today_of,
)
from approvals.selectors.meeting_days import planned_after
from approvals.selectors.meetings import agenda_of, may_call
from approvals.selectors.owners import people_in
from approvals.services.committees import state_committee
from approvals.views.owners import chosen_entity
from approvals.views.person import person_of
from core import clock
from core.access import may, needs, whole_entities_of
from core.errors import InvalidInput, NotAllowed
from core.models import Entity, User
from core.posted import posted
from core.rules.rights import Right

MOST_DAYS = 4
MOST_PAST = 24


@require_safe
@needs(*Right)
def committees(request: HttpRequest) -> HttpResponse:
    """List the committees that one may see, with who chairs each and how many sit."""
    person = person_of(request)
    rows = [(each, standing_of(each)) for each in committees_seen(person)]
    context = {
        "rows": [(each, version, seats_of(version) if version else []) for each, version in rows],
        "may_state": whole_entities_of(person, Right.ADMINISTER).exists(),
    }
    return render(request, "approvals/committees.html", context)


@require_safe
@needs(*Right)
def committee(request: HttpRequest, committee_id: int) -> HttpResponse:
    """Show a committee as it stands, and what is stated for later. Raises NotFound."""
    person = person_of(request)
    found = access_committee_by_id(person, committee_id)
    version = standing_of(found)
    context = {
        "committee": found,
        "version": version,
        "seats": seats_of(version) if version else [],
        "to_come": to_come(found),
        "agenda": agenda_of(found),
        "open": found.meetings.filter(state=Meeting.State.OPEN).first(),
        "planned": found.meetings.filter(state=Meeting.State.PLANNED).order_by("starts_at"),
        "later": _later(found, version),
        "past": found.meetings.filter(state__in=[Meeting.State.CLOSED, Meeting.State.LAPSED]).order_by("-starts_at")[:MOST_PAST],
        "may_call": may_call(person, found),
        "versions": found.versions.select_related("stated_by").order_by("-number"),
        "may_state": may(person, Right.ADMINISTER, entity=found.entity, path="/"),
    }
    return render(request, "approvals/committee.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ADMINISTER)
def new(request: HttpRequest) -> HttpResponse:
    """State a committee that is not there yet. 422: something is missing."""
    person = person_of(request)
    return _stated(request, person, chosen_entity(request, person, Right.ADMINISTER), None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.ADMINISTER)
def following(request: HttpRequest, committee_id: int) -> HttpResponse:
    """State what a committee is from a day on. 422: something is missing. Raises NotFound, NotAllowed."""
    person = person_of(request)
    found = access_committee_by_id(person, committee_id)
    if not may(person, Right.ADMINISTER, entity=found.entity, path="/"):
        raise NotAllowed(f"You do not administer {found.entity.name}.", remedy="Ask one of its administrators.")
    return _stated(request, person, found.entity, found)


def _stated(request: HttpRequest, person: User, entity: Entity, found: Committee | None) -> HttpResponse:
    last: CommitteeVersion | None = last_stated(found) if found else None
    initial = {"valid_from": today_of(entity)}
    form = CommitteeForm(posted(request), entity=entity, people=people_in(entity), version=last, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            version = state_committee(entity=entity, data=form.wanted(), actor=person)
        except InvalidInput as refusal:
            for name, sentence in refusal.details.items():
                form.add_error(name if name in form.fields else None, str(sentence))
        else:
            messages.success(request, f"{version.name} is stated from {version.valid_from} on.")
            return redirect("approvals:committee", version.committee_id)
    others = whole_entities_of(person, Right.ADMINISTER).exclude(pk=entity.pk).order_by("code") if found is None else []
    context = {"form": form, "entity": entity, "committee": found, "last": last, "others": others}
    return render(request, "approvals/committee_form.html", context, status=422 if form.is_bound else 200)


def _later(found: Committee, version: CommitteeVersion | None) -> list[Planned]:
    """Return the next days of the cadence that are no meetings yet."""
    known = set(found.meetings.values_list("starts_at", flat=True))
    days = planned_after(version, clock.now(), most=MOST_DAYS) if version else []
    return [day for day in days if day.starts_at not in known]
