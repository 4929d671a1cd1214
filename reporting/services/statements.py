"""Statements of chargebacks as PDFs, made by a job from what they say."""

import hashlib
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from budgets.models import ChargebackStatement
from budgets.selectors.freshness import freshness_of_run
from budgets.selectors.statements import figures_of
from core import clock
from core.jobs import JobContext
from core.models import Job, User
from core.selectors.retention import refuse_if_removed
from core.services import audit
from core.services.jobs import start_job
from reporting import pdf
from reporting.models import StatementFile


def start_statement_pdf(*, statement: ChargebackStatement, actor: User) -> Job:
    """Queue the making of a statement's PDF."""
    args = {"statement_id": statement.pk}
    return start_job(kind="statement-pdf", title=f"PDF of {statement}", args=args, actor=actor, entity=statement.run.entity)


def make_statement_pdf(*, context: JobContext, statement_id: int) -> dict[str, Any]:
    """Make the PDF of what a statement says now, or find it where it was made before. Raises Missing without Pango."""
    related = ("run__entity", "run__rules", "receiver", "manager")
    statement = ChargebackStatement.objects.select_related(*related).get(pk=statement_id)
    file = render_statement(statement=statement, actor=context.job.actor)
    context.result_url = reverse("reporting:statement-pdf", args=[statement.pk])
    return {"file": file.pk, "sha256": file.sha256, "pages": file.pages}


def render_statement(*, statement: ChargebackStatement, actor: User | None) -> StatementFile:
    """Return the PDF of what a statement says now; made, and kept, where there is none yet."""
    html = statement_html(statement)
    said = hashlib.sha256(html.encode()).hexdigest()
    kept = StatementFile.objects.filter(statement=statement, said_sha256=said).first()
    if kept is not None:
        refuse_if_removed("statement_files", kept.pk)
        return kept
    now = clock.now()
    made = pdf.render(html, attachments=[], made_at=statement.run.drawn_at, identifier=said)
    return _keep(statement, said, made, actor, now)


def statement_html(statement: ChargebackStatement) -> str:
    """Return a statement as the document that becomes its PDF."""
    disputes = list(statement.disputes.select_related("raised_by", "resolved_by"))
    run = statement.run
    context = {"statement": statement, "run": run, "figures": figures_of(statement), "disputes": disputes}
    context["fresh"] = freshness_of_run(run)
    return render_to_string("reporting/statement_paper.html", context)


def _keep(statement: ChargebackStatement, said: str, made: pdf.Made, actor: User | None, now: Any) -> StatementFile:
    """Keep the file; where another worker was first, its file is the one."""
    values = {
        "content": made.content,
        "sha256": made.sha256,
        "size": len(made.content),
        "pages": made.pages,
        "renderer": made.renderer,
        "made_at": now,
        "made_by": actor,
    }
    with transaction.atomic():
        kept, is_new = StatementFile.objects.get_or_create(statement=statement, said_sha256=said, defaults=values)
        if is_new:
            after = {"sha256": kept.sha256, "pages": kept.pages}
            audit.record(
                actor=actor, verb="statement.rendered", subject=statement, entity=statement.run.entity, after=after, at=now
            )
    return kept
