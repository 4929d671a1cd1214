"""Files that an endpoint hands out."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from core.api.etags import is_known
from core.serving import send_file


@dataclass(frozen=True)
class Sent:
    """A file: its content, its name, its type, its size in bytes, and the SHA-256 of its content, which is its ETag."""

    content: IO[Any]
    name: str
    content_type: str
    size: int
    digest: str


def sent(file: Sent, request: Request) -> HttpResponseBase:
    """Return a file as a download; 304 where the caller has it."""
    etag = f'"{file.digest}"'
    if is_known(request.headers.get("If-None-Match"), etag):
        file.content.close()
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
    return send_file(
        request._request,
        file=file.content,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        digest=file.digest,
    )
