"""The kinds of jobs of core. Each is safe to run again from the start."""

from typing import Any

from core.jobs import JobContext, job_kind
from core.services import retention


@job_kind(retention.JOB_KIND)
def remove_what_is_past_its_years(context: JobContext, *, run_id: int) -> dict[str, Any]:
    """Remove what is past its years, as it was ordered."""
    return retention.carry_out_removal(context, run_id=run_id)
