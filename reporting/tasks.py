"""What reporting does in the worker."""

from datetime import date
from typing import Any

from core.jobs import JobContext, job_kind
from reporting.services import issuing, statements


@job_kind("board-pack")
def board_pack(context: JobContext, *, budget_id: int, month: str, note: str = "") -> dict[str, Any]:
    """Issue a month's pack of a budget and make its PDF. Safe to run again: the same figures are the same issue."""
    return issuing.issue_pack(context=context, budget_id=budget_id, month=date.fromisoformat(month), note=note)


@job_kind("statement-pdf")
def statement_pdf(context: JobContext, *, statement_id: int) -> dict[str, Any]:
    """Make the PDF of a chargeback's statement. Safe to run again: what says the same is the same file."""
    return statements.make_statement_pdf(context=context, statement_id=statement_id)
