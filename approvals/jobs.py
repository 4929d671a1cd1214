"""The kinds of jobs of this room. Each is safe to run again from the start."""

from typing import Any

from django.urls import reverse

from approvals.models import PolicyVersion
from approvals.rules.document import PolicyDocument
from approvals.selectors.policy_pages import REPLAY_KIND
from approvals.selectors.replays import replayed, told
from core.jobs import JobContext, job_kind


@job_kind(REPLAY_KIND)
def replay_policy(context: JobContext, *, version_id: int) -> dict[str, Any]:
    """Say what a version would have done with past requests; its page is where the job leads."""
    version = PolicyVersion.objects.select_related("policy__entity").get(pk=version_id)
    context.progress(0, 1, "reading past requests")
    result = replayed(PolicyDocument.model_validate(version.document), version.policy.entity)
    context.result_url = reverse("approvals:policy-version", args=[version.pk]) + "#replay-h"
    return told(result)
