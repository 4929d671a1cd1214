"""Where approvals wait: by stage, of one's own organization and of imported histories."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.policy_forms import HistoryForm
from approvals.rules.event_logs import as_xes
from approvals.selectors import policy_pages, waits
from approvals.selectors.promises import kept_of
from approvals.services import history
from core import clock
from core.access import needs
from core.errors import NotFound, Refusal
from core.models import Entity, User
from core.posted import posted
from core.rules.rights import Right
from core.views.people import person_of

SPANS = {"30": "30 days", "90": "90 days", "365": "a year"}
USUAL = "90"


@needs(*waits.READERS)
@require_safe
def bottlenecks(request: HttpRequest) -> HttpResponse:
    """Show how long each stage took, and which rules nothing reached."""
    user, span = person_of(request), span_of(request)
    entities = waits.entities_watched(user)
    entity = _entity(request, user)
    until = clock.now()
    since = until - timedelta(days=int(span))
    past = waits.own_waits(entity, since=since, until=until) if entity else []
    context = {
        "entities": entities,
        "entity": entity,
        "spans": [(days, words, days == span) for days, words in SPANS.items()],
        "figures": waits.own_figures(entity, past, since=since) if entity else None,
        "likely": waits.likely_late(entity, past, now=until) if entity else [],
        "promises": kept_of(entity, since=since, until=until) if entity else None,
        "trips": waits.trips_of(entity, since=since, until=until) if entity else None,
        "quiet": waits.quiet_rules(entity, since=since) if entity else [],
        "histories": waits.histories_of(user),
        "since": since,
        "span": span,
        "may_import": policy_pages.administered(user).exists(),
    }
    return render(request, "approvals/waits.html", context)


@needs(*waits.READERS)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Send an organization's own submissions and decisions of the span as XES, with roles in place of people."""
    user, until = person_of(request), clock.now()
    entity = _entity(request, user)
    if entity is None:
        raise NotFound("There is no such organization, or none that you may see.", remedy="Choose one on the page.")
    cases = waits.logged_decisions(entity, since=until - timedelta(days=int(span_of(request))), until=until)
    response = HttpResponse(as_xes(cases, name=entity.name), content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{entity.code}-decisions.xes"'
    return response


@needs(*waits.READERS)
@require_safe
def log(request: HttpRequest, log_id: int) -> HttpResponse:
    """Show what an imported history came to."""
    user = person_of(request)
    found = waits.access_history_by_id(user, log_id)
    may_drop = policy_pages.administered(user).filter(pk=found.entity_id).exists()
    return render(request, "approvals/history.html", {"log": found, "figures": found.figures, "may_drop": may_drop})


@needs(Right.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def new_log(request: HttpRequest) -> HttpResponse:
    """Take an event log of another system and keep it."""
    user = person_of(request)
    entities = policy_pages.administered(user)
    form = HistoryForm(posted(request), request.FILES or None, entities=entities, largest=settings.MAX_IMPORT_BYTES)
    if request.method != "POST" or not form.is_valid():
        return render(request, "approvals/history_new.html", {"form": form}, status=422 if form.is_bound else 200)
    file, entity = form.cleaned_data["file"], form.cleaned_data["entity"]
    try:
        read = history.read_history(content=file.read(), name=file.name, calendar=form.cleaned_data["calendar"])
        kept = history.keep_history(read=read, entity=entity, actor=user, kind=form.cleaned_data["kind"])
    except Refusal as refusal:
        form.add_error("file", str(refusal))
        return render(request, "approvals/history_new.html", {"form": form}, status=422)
    messages.success(request, f"{kept.name} is here: {kept.cases:,} cases.")
    return redirect("approvals:history", log_id=kept.pk)


@needs(Right.ADMINISTER)
@require_POST
def drop_log(request: HttpRequest, log_id: int) -> HttpResponse:
    """Take an imported history away again."""
    user = person_of(request)
    found = waits.access_history_by_id(user, log_id)
    if not policy_pages.administered(user).filter(pk=found.entity_id).exists():
        raise NotFound("There is no such history that you may take away.", remedy="Ask an administrator of the organization.")
    history.drop_history(log_id=found.pk, actor=user)
    messages.success(request, f"{found.name} is gone.")
    return redirect("approvals:waits")


def span_of(request: HttpRequest) -> str:
    """Return for how many days one looks back."""
    stated = request.GET.get("days", USUAL)
    return stated if stated in SPANS else USUAL


def _entity(request: HttpRequest, user: User) -> Entity | None:
    """Return the organization that is asked for, else the first; None for one that is not the person's."""
    entities = waits.entities_watched(user)
    stated = request.GET.get("entity", "")
    if not stated:
        return entities[0] if entities else None
    return next((entity for entity in entities if entity.code == stated), None)
