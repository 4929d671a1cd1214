"""Retention: what is kept for how long, what is withheld, what is past its years, and what was removed."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from core.access import needs, whole_entities_of
from core.errors import InvalidInput, NotAllowed, NotFound, Refusal
from core.exports import csv_of
from core.models import Entity, RecordKinds, RemovedDocument
from core.posted import posted
from core.retention_forms import HoldForm, LiftForm, PeriodForm
from core.rules.sheets import cell
from core.selectors.retention import (
    READING,
    REMOVING,
    STATING,
    WITHHOLDING,
    access_entity_of_records,
    access_hold_by_id,
    access_run_by_id,
    holds_in_reach,
    removed_by,
    runs_in_reach,
    standing_of,
)
from core.services.retention import lift_hold, order_removal, place_hold, state_period
from core.views.people import person_of

RUNS, ROWS = 20, 100
HEAD = ("sort", "kind", "name", "bytes", "sha256", "dated_on", "kept_until", "removed_at")


@require_safe
@needs(*READING)
def retention(request: HttpRequest) -> HttpResponse:
    """Show how an organization's records are kept (`?entity=` its code)."""
    user = person_of(request)
    entity = access_entity_of_records(user, request.GET.get("entity", "")[:60])
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *READING).order_by("code")),
        "standing": standing_of(entity),
        "holds": holds_in_reach(user).filter(entity=entity)[:RUNS],
        "runs": runs_in_reach(user).filter(entity=entity)[:RUNS],
        "may_state": entity in whole_entities_of(user, STATING),
        "may_withhold": entity in whole_entities_of(user, *WITHHOLDING),
        "may_remove": entity in whole_entities_of(user, REMOVING),
    }
    return render(request, "core/retention.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(STATING)
def period(request: HttpRequest, entity_code: str, kind: str) -> HttpResponse:
    """State for how long a kind is kept. 422: it cannot be so; what was typed stays."""
    user = person_of(request)
    entity = access_entity_of_records(user, entity_code, STATING)
    if kind not in RecordKinds.values:
        raise NotFound("There is no such kind of records.", remedy="Start from the page of retention.")
    stands = next(each for each in standing_of(entity).kinds if each.kind == kind)
    form = PeriodForm(posted(request), initial={"years": stands.years})
    if form.is_bound and form.is_valid():
        try:
            stated = state_period(entity=entity, kind=kind, **form.cleaned_data, actor=user)
        except InvalidInput as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"{stands.title.capitalize()} are kept for {stated.years} years from now on.")
            return _back(entity)
    return _asked(request, form, entity, f"For how long {stands.title} are kept", "State it", stands=stands)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*WITHHOLDING)
def hold(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Withhold records from removal. 422: it cannot be so; what was typed stays."""
    user = person_of(request)
    entity = access_entity_of_records(user, entity_code, *WITHHOLDING)
    form = HoldForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            placed = place_hold(entity=entity, **form.cleaned_data, actor=user)
        except InvalidInput as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, f"From now on {placed.of} stay, until an administrator lifts the hold.")
            return _back(entity)
    return _asked(request, form, entity, f"Withhold records of {entity.name} from removal", "Withhold them")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(STATING)
def lift(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Lift a hold. 422: no reason. 409: it is lifted already."""
    user = person_of(request)
    found = access_hold_by_id(user, hold_id)
    access_entity_of_records(user, found.entity.code, STATING)
    form = LiftForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            lift_hold(hold_id=found.pk, **form.cleaned_data, actor=user)
        except InvalidInput as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, "The hold is lifted: what is past its years may be removed again.")
            return _back(found.entity)
    return _asked(request, form, found.entity, f"Lift the hold on {found.of}", "Lift it", hold=found)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*READING)
def past(request: HttpRequest, entity_code: str) -> HttpResponse:
    """List what is past its years and, posted with the list's digest, have it removed: a job. Nothing is removed by looking."""
    user = person_of(request)
    entity = access_entity_of_records(user, entity_code)
    may_remove = entity in whole_entities_of(user, REMOVING)
    refused = ""
    if request.method == "POST":
        if not may_remove:
            raise NotAllowed("Your role orders no removals.", remedy="Finance of the organization does.")
        try:
            run = order_removal(entity=entity, digest=request.POST.get("digest", "")[:64], actor=user)
        except Refusal as refusal:
            refused = str(refusal)
        else:
            return redirect("core:job", run.job_id)
    standing = standing_of(entity)
    going = Paginator(standing.may_go, ROWS).get_page(request.GET.get("page"))
    context = {"entity": entity, "standing": standing, "page": going, "may_remove": may_remove, "refused": refused}
    return render(request, "core/retention_past.html", context, status=409 if refused else 200)


@require_safe
@needs(*READING)
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show what a removal took, document by document."""
    found = access_run_by_id(person_of(request), run_id)
    page = Paginator(removed_by(found), ROWS).get_page(request.GET.get("page"))
    return render(request, "core/retention_run.html", {"run": found, "page": page})


@require_safe
@needs(*READING)
def run_csv(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give the record of a removal as CSV."""
    found = access_run_by_id(person_of(request), run_id)
    name = f"removed-{found.entity.code}-{found.ordered_at:%Y-%m-%d}.csv"
    return csv_of(removed_by(found), head=HEAD, lines=lambda rows: [_cells(row) for row in rows], name=name)  # type: ignore[return-value]


def _cells(row: RemovedDocument) -> list[str]:
    said = [row.records, row.kind, cell(row.name), str(row.size), row.sha256]
    return [*said, row.dated_on.isoformat(), row.kept_until.isoformat(), row.removed_at.isoformat(timespec="seconds")]


def _asked(request: HttpRequest, form: forms.Form, entity: Entity, title: str, deed: str, **more: object) -> HttpResponse:
    context = {"form": form, "entity": entity, "title": title, "deed": deed, **more}
    return render(request, "core/retention_form.html", context, status=422 if form.is_bound else 200)


def _back(entity: Entity) -> HttpResponse:
    return redirect(f"{reverse('core:retention')}?entity={entity.code}")


def _refuse(form: forms.Form, refusal: InvalidInput) -> None:
    for name, sentence in refusal.details.items():
        form.add_error(name if name in form.fields else None, str(sentence))
