"""The kinds of jobs of this room. Each is safe to run again from the start."""

from typing import Any

from django.urls import reverse

from core.jobs import JobContext, job_kind
from core.models import Entity
from reconciliation.services import ingest
from reconciliation.services.matching import match_payments
from reconciliation.services.request_matching import match_invoices


@job_kind(ingest.JOB_KIND)
def import_file(context: JobContext, *, import_file_id: int) -> dict[str, Any]:
    """Import a received file; its page is where the job leads."""
    done = ingest.apply(import_file_id=import_file_id, actor=context.job.actor, progress=context.progress)
    context.result_url = ingest.address_of(done)
    return {"rows": done.rows, "accepted": done.accepted, "quarantined": done.quarantined}


@job_kind("match")
def look_for_matches(context: JobContext, *, entity_id: int) -> dict[str, Any]:
    """Let everything in an entity that is still open look for its counterpart."""
    entity = Entity.objects.get(pk=entity_id)
    lines = match_invoices(entity=entity, actor=None)
    context.progress(1, 2, "invoices looked for their requests")
    run = match_payments(entity=entity, actor=None)
    context.result_url = reverse("reconciliation:home")
    return {"invoice_lines": lines, "payments": run.applied, "suggested": run.suggested, "unmatched": run.unmatched}
