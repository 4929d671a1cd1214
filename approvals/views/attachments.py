"""Files kept with a request, handed out so that no browser runs them."""

from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from approvals.selectors.requests import access_request_by_number
from approvals.views.person import person_of
from core.errors import NotFound


@require_safe
def attachment(request: HttpRequest, number: str, attachment_id: int) -> FileResponse:
    """Send a file as a download: never shown inline, never guessed at, never allowed to run. Raises NotFound."""
    holder = access_request_by_number(person_of(request), number)
    kept = holder.attachments.filter(pk=attachment_id).first()
    if kept is None:
        raise NotFound("There is no such file.", remedy="Open the request and choose one of its files.")
    response = FileResponse(kept.file.open("rb"), as_attachment=True, filename=kept.name, content_type=kept.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
