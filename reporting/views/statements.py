"""Statements of chargebacks as PDFs: the order to make one, and the file."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from budgets.selectors.statements import access_statement_by_id
from core.errors import Missing
from core.selectors.retention import refuse_if_removed
from core.views.people import person_of
from reporting.models import StatementFile
from reporting.services.statements import start_statement_pdf


@require_POST
def make(request: HttpRequest, statement_id: int) -> HttpResponse:
    """Queue the PDF of a statement, and show how far it is. Raises NotFound."""
    user = person_of(request)
    job = start_statement_pdf(statement=access_statement_by_id(user, statement_id), actor=user)
    return redirect("core:job", job.pk)


@require_safe
def statement_pdf(request: HttpRequest, statement_id: int) -> HttpResponse:
    """The statement's PDF as it was made last. Raises NotFound, Missing (none was made)."""
    statement = access_statement_by_id(person_of(request), statement_id)
    file = StatementFile.objects.filter(statement=statement).first()
    if file is None:
        raise Missing("No PDF of this statement was made yet.", remedy="Make it on the statement's page.")
    refuse_if_removed("statement_files", file.pk)
    response = HttpResponse(bytes(file.content), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{file.name}"'
    response["ETag"] = f'"{file.sha256}"'
    return response
