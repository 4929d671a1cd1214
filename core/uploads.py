"""Files that people send: bounded while they are read, and never from strangers."""

import re
import unicodedata
from http import HTTPStatus
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from core.errors import InvalidInput

_SEPARATORS = re.compile(r"[/\\:]+")
LONGEST_NAME = 200
# What a multipart body adds to the files in it.
ROOM_FOR_FIELDS = 2_000_000


class NotTaken(RequestDataTooBig):
    """A body that is not read any further. The error page says its sentence, with the status `answer`."""

    def __init__(self, message: str, remedy: str, *, answer: HTTPStatus = HTTPStatus.REQUEST_ENTITY_TOO_LARGE) -> None:
        super().__init__(message)
        self.message, self.remedy, self.answer = message, remedy, answer


class BoundedUploadHandler(FileUploadHandler):
    """Counts what comes in and stops at the limit: a file that is too large is never kept, not even for a moment.

    Comes first of the handlers, hands every chunk on, and takes no file from somebody who is not signed in.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.seen = 0

    @property
    def most(self) -> int:
        return int(max(settings.MAX_ATTACHMENT_BYTES, settings.MAX_IMPORT_BYTES)) + ROOM_FOR_FIELDS

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None) -> None:  # noqa: N803
        """Refuse by its stated length what would be too large anyway."""
        if content_length > self.most:
            raise self._too_large()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a stranger's file before its first byte is kept."""
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            message, remedy = "Files are taken from people who are signed in.", "Sign in, and send it again."
            raise NotTaken(message, remedy, answer=HTTPStatus.UNAUTHORIZED)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the chunk on while all files together are within the limit."""
        self.seen += len(raw_data)
        if self.seen > self.most:
            raise self._too_large()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers that follow."""

    def _too_large(self) -> NotTaken:
        return NotTaken(f"No file larger than {self.most // 1_000_000} MB is taken.", "Send a smaller one, or split it.")


def read_bounded(file: UploadedFile[bytes], *, most: int) -> bytes:
    """Return the content of a file that was sent, reading no further than the limit. Raises InvalidInput beyond it."""
    content: bytes = file.read(most + 1)
    if len(content) > most:
        message, remedy = f"This file is larger than {most / 1_000_000:,.0f} MB.", "Send a smaller one, or split it."
        raise InvalidInput(message, remedy=remedy, code="too_large", details={"file": f"{message} {remedy}"})
    return content


def plain_name(name: str) -> str:
    """Return the last part of a file's name without anything that a path, a terminal or a reader's eye would obey.

    Marks of direction and other invisible characters go too: `exe.` must not be read backwards.
    """
    last = _SEPARATORS.split(PurePath(name.replace("\\", "/")).name)[-1]
    visible = "".join(each for each in last if unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    cleaned = visible.strip().strip(".") or "file"
    stem, dot, ending = cleaned.rpartition(".")
    return f"{stem[: LONGEST_NAME - 10 - len(ending)]}{dot}{ending}" if dot and len(ending) <= 10 else cleaned[:LONGEST_NAME]
