"""Seeing what came alive: in pages, in mails, in papers."""

import io
import re
from collections.abc import Iterator
from email.message import Message

import pypdf
from lxml import html

from tests.trust.hostile.corpus import PRODUCT, WORD

LIVE_TAGS = frozenset({"iframe", "object", "embed", "base", "applet", f"{WORD}-tag"})
ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "srcset", "xlink:href", "style", "background")


def alive(page: bytes, address: str) -> Iterator[str]:
    """Name what a page took for more than text. `address` is the listener's."""
    text = page.decode("utf-8", "replace")
    if PRODUCT in re.sub(r"[,.\s]", "", text):
        yield "a template was run"
    for element in html.fromstring(page).iter():
        if callable(element.tag):
            # A comment or an instruction: no element.
            continue
        if element.tag in LIVE_TAGS:
            yield f"a live {element.tag}"
        if element.tag in {"script", "style"} and WORD in (element.text or ""):
            yield f"a live {element.tag}"
        for name, value in element.attrib.items():
            if found := _attribute(str(name), str(value), address):
                yield f"{found} in {element.tag}"


def _attribute(name: str, value: str, address: str) -> str:
    if name.startswith("on") and not name.startswith("only"):
        return f"a handler {name}"
    lowered = "".join(value.split()).lower()
    if name in ADDRESSES and lowered.startswith(("javascript:", "data:text", "file:", "vbscript:")):
        return f"an address {lowered[:12]}"
    if name in ADDRESSES and (
        lowered.startswith((f"http://{address}", f"//{address}", "\\\\")) or f"url(http://{address}" in lowered
    ):
        return "an address of the listener"
    return ""


def alive_in_mail(mail: Message, *, to: str) -> Iterator[str]:
    """Name what a mail took for more than text."""
    allowed = {"content-type", "mime-version", "content-transfer-encoding", "subject", "from", "to", "date", "message-id"}
    names = [name.lower() for name in mail.keys()]  # noqa: SIM118  a Message gives its names twice where they stand twice
    if extra := set(names) - allowed:
        yield f"headers of its own: {sorted(extra)}"
    if len(names) != len(set(names)):
        yield "a header twice"
    if mail["to"] != to:
        yield "another recipient"
    if mail.is_multipart() or mail.get_content_type() != "text/plain":
        yield "a part that is not text"


def alive_in_paper(content: bytes, *, secret: str, address: str, attachments: set[str]) -> Iterator[str]:
    """Name what a PDF carries that it should not."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    text = " ".join(page.extract_text() for page in reader.pages)
    if secret in text or secret.encode() in content:
        yield "the words of a file"
    if PRODUCT in text:
        yield "a template was run"
    if set(reader.attachments) - attachments:
        yield "an attachment"
    for page in reader.pages:
        for note in page.get("/Annots", []):
            action = str(note.get_object())
            if any(each in action.lower() for each in ("javascript", "file:", "/launch", address)):
                yield "a link to elsewhere"
    if re.search(rb"/(JavaScript|Launch|SubmitForm)\b", content):
        yield "an action"
