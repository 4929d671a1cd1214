"""Files kept with a request, handed out so that no browser runs them."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from approvals.selectors.requests import access_attachment_by_id, access_request_by_number
from approvals.views.person import person_of
from core.selectors.retention import refuse_if_removed
from core.serving import send_file


@require_safe
def attachment(request: HttpRequest, number: str, attachment_id: int) -> HttpResponseBase:
    """Send a file as a download: never shown inline, never guessed at, never allowed to run. Raises NotFound, Gone."""
    holder = access_request_by_number(person_of(request), number)
    kept = access_attachment_by_id(holder, attachment_id)
    refuse_if_removed("attachments", kept.pk)
    return send_file(
        request,
        file=kept.file.open("rb"),
        name=kept.name,
        content_type=kept.content_type,
        size=kept.size,
        digest=kept.sha256,
    )
