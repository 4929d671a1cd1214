"""The single place that calls WeasyPrint. It reads fonts and the style sheet from `static`, and reaches nothing else.

The same text and moment give the same bytes: dates, identifier and fonts are pinned.
"""

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles import finders

from core.errors import Missing

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcherResponse

SCHEME = "static:"
READABLE = ("purser.css", "pack.css", "fonts/")
INSTALL = (
    "On Debian or Ubuntu run: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. "
    "On macOS run: brew install pango. Then start Purser again."
)
TYPES = {".css": "text/css", ".ttf": "font/ttf"}


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that the PDF carries."""

    name: str
    description: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """A PDF: its bytes, their hash, its pages, and what made it."""

    content: bytes
    sha256: str
    pages: int
    renderer: str


def is_ready() -> bool:
    """Say whether PDFs can be made here."""
    try:
        _weasyprint()
    except Missing:
        return False
    return True


def render(html: str, *, attachments: Sequence[Attached], made_at: datetime, identifier: str) -> Made:
    """Return `html` as a PDF whose dates are `made_at` and whose identifier is `identifier` (hex).

    Style sheets and fonts are named as `static:…`. Raises Missing where Pango is not installed.
    """
    weasyprint = _weasyprint()
    fetcher = _fetcher()
    moment = made_at.astimezone(UTC)
    with _pinned_epoch(moment):
        document = weasyprint.HTML(string=html, base_url=SCHEME, url_fetcher=fetcher).render()
        document.metadata.attachments = [
            weasyprint.Attachment(
                string=each.content,
                name=each.name,
                description=each.description,
                created=moment,
                modified=moment,
                relationship="Data",
            )
            for each in attachments
        ]
        content: bytes = document.write_pdf(pdf_identifier=bytes.fromhex(identifier)[:16], pdf_tags=True)
    return Made(content, hashlib.sha256(content).hexdigest(), len(document.pages), f"WeasyPrint {weasyprint.__version__}")


def static_file(url: str) -> Path:
    """Return the file that a `static:` address names; refuse every other address, and every way out of static."""
    name = url.removeprefix(SCHEME).lstrip("/")
    if not url.startswith(SCHEME) or not name.startswith(READABLE) or ".." in name:
        raise ValueError("A pack reads its style sheet and its fonts from static, and nothing else.")
    found = finders.find(name)
    if not isinstance(found, str):
        raise ValueError("There is no such file in static.")
    return Path(found)


def _weasyprint() -> Any:
    try:
        weasyprint = import_module("weasyprint")
    except OSError as error:
        raise Missing("PDFs cannot be made here: the Pango library is not installed.", remedy=INSTALL) from error
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    return weasyprint


def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class StaticFetcher(URLFetcher):  # type: ignore[misc]
        """Hands out files of static by name. It has no handler that could open anything else."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> "URLFetcherResponse":
            path = static_file(url)
            return URLFetcherResponse(
                url, path.read_bytes(), {"Content-Type": TYPES.get(path.suffix, "application/octet-stream")}
            )

    return StaticFetcher(allowed_protocols=[SCHEME.rstrip(":")], allow_redirects=False)


@contextmanager
def _pinned_epoch(moment: datetime) -> Iterator[None]:
    """Let fontTools, which cuts fonts where HarfBuzz cannot and stamps them, take the pack's moment for the present."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(moment.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
