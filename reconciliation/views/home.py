"""What needs work, and the run of matching on demand."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.access import needs
from core.models import Job
from core.rules.rights import Right
from core.services.jobs import start_job
from core.views.people import person_of
from reconciliation.models import ImportFile
from reconciliation.selectors.reading import READERS, entities_for
from reconciliation.selectors.work import bank_accounts, counts, kinds_of_work, open_suggestions
from reconciliation.services.foreseeing import foreseen_in


@require_safe
@needs(*READERS)
def home(request: HttpRequest) -> HttpResponse:
    """Show the open exceptions by kind and age, the last imports, and the next step."""
    entities = entities_for(person_of(request))
    kinds = kinds_of_work(entities)
    context = {
        "kinds": kinds,
        "total": sum(kind.count for kind in kinds),
        "now": clock.now(),
        "suggestions": open_suggestions(entities).count(),
        "counts": counts(entities),
        "imports": ImportFile.objects.filter(source__entity__in=entities).select_related("source").order_by("-id")[:5],
        "bank_accounts": bank_accounts(entities),
        "may_reconcile": bool(entities_for(person_of(request), Right.RECONCILE)),
    }
    return render(request, "reconciliation/home.html", context)


@needs(Right.RECONCILE)
@require_POST
def look_for_matches(request: HttpRequest) -> HttpResponse:
    """Start a run over everything that is still open, as a job with a page of its own; with `dry_run=true` show what it finds."""
    user = person_of(request)
    entities = entities_for(user, Right.RECONCILE)
    if not entities:
        messages.warning(request, "There is no organization in which you reconcile.")
        return redirect("reconciliation:home")
    if request.POST.get("dry_run") == "true":
        return render(request, "reconciliation/matches_foreseen.html", {"rows": foreseen_in(entities)})
    job: Job | None = None
    for entity in entities:
        job = start_job(
            kind="match", title=f"Look for matches in {entity.name}", args={"entity_id": entity.pk}, actor=user, entity=entity
        )
    assert job is not None
    return redirect("core:job", job.pk)
