"""Files handed out so that no browser runs them: as a download, under a plain name, guessed at by nobody, kept by no cache."""

import re
from collections.abc import Iterator
from typing import IO

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from core.uploads import plain_name

CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def send_file(request: HttpRequest, *, file: IO[bytes], name: str, content_type: str, size: int, digest: str) -> HttpResponseBase:
    """Answer with a file that was kept: whole, in part where a range is asked for, or its headers alone to HEAD.

    `digest` is its SHA-256, which is its ETag. The file is closed with the answer.
    """
    part = _asked_for(request, size, digest)
    if part is None:
        file.close()
        return _dress(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), name, content_type, digest)
    first, last = part
    whole = last - first + 1 == size
    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse()
    elif whole:
        response = FileResponse(file)
    else:
        response = StreamingHttpResponse(_piece(file, first, last))
    response.status_code = 200 if whole else 206
    response["Content-Length"] = str(last - first + 1)
    if not whole:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return _dress(response, name, content_type, digest)


def _dress(response: HttpResponseBase, name: str, content_type: str, digest: str) -> HttpResponseBase:
    response["Content-Type"] = content_type
    response["Content-Disposition"] = content_disposition_header(True, plain_name(name)) or "attachment"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{digest}"'
    for header, value in SAFETY.items():
        response[header] = value
    return response


def _asked_for(request: HttpRequest, size: int, digest: str) -> tuple[int, int] | None:
    """Return the first and the last byte that are wanted; None where no such part is there. What is odd asks for the whole."""
    whole = (0, size - 1)
    found = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if found is None or not any(found.groups()) or request.headers.get("If-Range", f'"{digest}"') != f'"{digest}"':
        return whole
    if not found[1]:
        wanted = min(int(found[2]), size)
        return (size - wanted, size - 1) if wanted else None
    first, last = int(found[1]), int(found[2] or size - 1)
    if first >= size:
        return None
    return (first, min(last, size - 1)) if first <= last else whole


def _piece(file: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = last - first + 1
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
