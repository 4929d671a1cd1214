"""What a form is bound to: what was posted, also when that is nothing; not what an address says."""

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the fields of a POST, else None. A form that was posted empty is one with mistakes, not one to be filled in."""
    return request.POST if request.method == "POST" else None
