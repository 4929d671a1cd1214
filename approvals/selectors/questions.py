"""Questions about a request."""

from approvals.models import Question, Request


def questions_of(request: Request) -> list[Question]:
    """Return every question that was asked about a request, with its people, the oldest first."""
    return list(Question.objects.filter(stage__request=request).select_related("asked", "asked_by", "stage"))
