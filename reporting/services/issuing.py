"""Issuing a pack as a job: freeze, render, say where it is."""

from datetime import date
from typing import Any

from django.urls import reverse

from budgets.models import Budget
from core.jobs import JobContext
from core.models import Job, User
from core.services.jobs import start_job
from reporting.rules.wording import month_name
from reporting.selectors.variance import check_month
from reporting.services.packs import freeze_pack, render_pack

STEPS = 2


def start_pack(*, budget: Budget, month: date, actor: User, note: str = "") -> Job:
    """Queue the issue of a pack. Raises InvalidInput for a month outside the budget."""
    check_month(budget, month)
    title = f"Board pack of {budget.name}, {month_name(month)}"
    args = {"budget_id": budget.pk, "month": month.isoformat(), "note": note}
    return start_job(kind="board-pack", title=title, args=args, actor=actor, entity=budget.entity)


def issue_pack(*, context: JobContext, budget_id: int, month: date, note: str = "") -> dict[str, Any]:
    """Freeze and render, telling the job how far it is; return what the pack is known by."""
    budget = Budget.objects.select_related("entity").get(pk=budget_id)
    context.progress(0, STEPS, "Reading the figures")
    pack = freeze_pack(budget=budget, month=month, actor=context.job.actor, note=note)
    context.result_url = reverse("reporting:pack", args=[pack.pk])
    context.progress(1, STEPS, "Making the PDF")
    file = render_pack(pack=pack, actor=context.job.actor)
    context.progress(STEPS, STEPS, f"{file.pages} pages")
    return {
        "pack": pack.pk,
        "issue": pack.issue,
        "sha256": file.sha256,
        "snapshot_sha256": pack.snapshot_sha256,
        "pages": file.pages,
    }
