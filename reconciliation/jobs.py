"""The kinds of jobs of this room. Each is safe to run again from the start."""

from typing import Any

from core.jobs import JobContext, job_kind
from reconciliation.services import ingest


@job_kind(ingest.JOB_KIND)
def import_file(context: JobContext, *, import_file_id: int) -> dict[str, Any]:
    """Import a received file; its page is where the job leads."""
    done = ingest.apply(import_file_id=import_file_id, actor=context.job.actor, progress=context.progress)
    context.result_url = ingest.address_of(done)
    return {"rows": done.rows, "accepted": done.accepted, "quarantined": done.quarantined}
