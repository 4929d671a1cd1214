"""Event logs of other systems, as XES (IEEE 1849) or CSV: read in order, refused whole where they are none. Pure.

A row or event that cannot be read never stops the file: it is counted with its reason.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

GZIP = b"\x1f\x8b"
LONGEST_TEXT = 300
# What the columns of a CSV may be called; the first that is there is taken.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "case": ("case_id", "case", "case:concept:name", "caseid"),
    "activity": ("activity", "concept:name", "event", "step"),
    "role": ("role", "org:role", "group"),
    "person": ("resource", "org:resource", "user", "person"),
    "at": ("timestamp", "time:timestamp", "time", "at", "completed_at"),
}
AMOUNT_ENDINGS = ("requestedamount", "amount", "requestedbudget")


class LogRefusedError(ValueError):
    """The file is no event log. The text says why, and `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of a case. `at` bears its zone; `amount` is what the case asks for, where the log says it."""

    case: str
    activity: str
    role: str
    person: str
    at: datetime
    amount: Decimal | None = None


@dataclass
class EventLog:
    """What was read: events case by case, in the order of the file, and what could not be read, counted by reason."""

    format: str
    cases: dict[str, list[LoggedEvent]] = field(default_factory=dict)
    # What is said of a case as a whole: the attributes of its trace; of a CSV all that its first row says.
    about: dict[str, dict[str, str]] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """How many events were read."""
        return sum(len(events) for events in self.cases.values())

    def take(self, event: LoggedEvent, about: Mapping[str, str]) -> None:
        """Add an event to its case, and what is said of the case with the first of them."""
        self.cases.setdefault(event.case, []).append(event)
        if event.case not in self.about:
            self.about[event.case] = {name: value for name, value in about.items() if len(value) <= LONGEST_TEXT}

    def leave(self, reason: str) -> None:
        """Count what could not be read."""
        self.unread[reason] = self.unread.get(reason, 0) + 1


def read_log(content: bytes, *, name: str, limit: int) -> EventLog:
    """Return the events of a file, at most `limit` bytes of it unpacked. Raises LogRefusedError."""
    unpacked = _unpacked(content, limit)
    head = unpacked[:512].removeprefix(codecs.BOM_UTF8).lstrip()
    if not head:
        raise LogRefusedError(f"{name} is empty.", "Export it again.")
    log = _read_xes(unpacked) if head.startswith(b"<") else _read_csv(unpacked)
    if not log.cases:
        raise LogRefusedError(f"{name} has no event that can be read.", "Case, activity and time are needed.")
    return log


def _unpacked(content: bytes, limit: int) -> bytes:
    if content.startswith(GZIP):
        try:
            with gzip.open(io.BytesIO(content)) as stream:
                content = stream.read(limit + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise LogRefusedError("The gzip archive is damaged.", "Download it again.") from error
    if len(content) > limit:
        raise LogRefusedError(f"The log is larger than {limit // 1_000_000} MB.", "Split it by year and import the parts.")
    return content


def _read_xes(content: bytes) -> EventLog:
    log = EventLog("xes")
    try:
        for trace in _traces(content):
            _take_trace(trace, log)
    except etree.XMLSyntaxError as error:
        raise LogRefusedError(f"The XML breaks off: {error.msg}.", "Export it again.") from error
    return log


def _traces(content: bytes) -> Iterator[Any]:
    """Yield the traces, each cleared away after it was taken. No entity is resolved, no DOCTYPE let through, nothing fetched."""
    if b"<!DOCTYPE" in content[:100_000] or b"<!ENTITY" in content[:100_000]:
        raise LogRefusedError("The XML declares a document type or entities.", "Export it without; XES needs none.")
    parsed = etree.iterparse(
        io.BytesIO(content), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    root = ""
    for happened, element in parsed:
        tag = etree.QName(element).localname
        if not root:
            root = tag
            if root != "log":
                raise LogRefusedError("This is XML, but no XES: its root is not `log`.", "Export the log as XES or CSV.")
        if happened == "end" and tag == "trace":
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _take_trace(trace: Any, log: EventLog) -> None:
    about = _attributes(trace)
    case = about.get("concept:name", "")
    for child in trace:
        if etree.QName(child).localname == "event":
            said = _attributes(child)
            told = {"role": said.get("org:role", ""), "person": said.get("org:resource", "")}
            _take(
                log, told | {"case": case, "activity": said.get("concept:name", ""), "at": said.get("time:timestamp", "")}, about
            )


def _attributes(element: Any) -> dict[str, str]:
    plain = (child for child in element if isinstance(child.tag, str) and child.get("key") is not None)
    return {child.get("key"): child.get("value", "") for child in plain}


def _read_csv(content: bytes) -> EventLog:
    log = EventLog("csv")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LogRefusedError("The file is not UTF-8 text.", "Save it as CSV in UTF-8.") from error
    if "\x00" in text:
        raise LogRefusedError("The file has NUL bytes in it.", "Save it as CSV in UTF-8.")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        places = _places([name or "" for name in rows.fieldnames or []])
        for row in rows:
            told = {what: str(row.get(column) or "") for what, column in places.items()}
            _take(log, told, {str(name): str(value) for name, value in row.items() if name and isinstance(value, str)})
    except csv.Error as error:
        raise LogRefusedError(f"The CSV cannot be read: {error}.", "Save it again as CSV in UTF-8.") from error
    return log


def _places(names: list[str]) -> dict[str, str]:
    plain = {name.strip().casefold(): name for name in names}
    found = {what: plain[known] for what, choices in COLUMNS.items() for known in choices[::-1] if known in plain}
    if missing := [what for what in ("case", "activity", "at") if what not in found]:
        wanted = ", ".join(f"{what} ({' or '.join(COLUMNS[what])})" for what in missing)
        raise LogRefusedError(f"The CSV has no column for {wanted}.", "Name the columns so in its first line.")
    return found


def _take(log: EventLog, told: Mapping[str, str], about: Mapping[str, str]) -> None:
    case, activity, role, person = (told.get(name, "") for name in ("case", "activity", "role", "person"))
    moment = _moment(told["at"])
    if not case.strip() or not activity.strip():
        log.leave("without a case or an activity")
    elif moment is None:
        log.leave("without a time that can be read")
    elif max(map(len, (case, activity, role, person))) > LONGEST_TEXT:
        log.leave(f"with a name of more than {LONGEST_TEXT} characters")
    else:
        event = LoggedEvent(case.strip(), activity.strip(), role.strip(), person.strip(), moment, _amount_of(about))
        log.take(event, about)


def _moment(text: str) -> datetime | None:
    """Return a moment that names its zone; one that names none would be a guess."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _amount_of(told: Mapping[str, str]) -> Decimal | None:
    for name, text in told.items():
        if name.casefold().replace("_", "").replace(" ", "").removeprefix("case").removeprefix(":").endswith(AMOUNT_ENDINGS):
            try:
                amount = Decimal(text)
            except InvalidOperation:
                return None
            return amount if amount.is_finite() and abs(amount) < Decimal(10) ** 15 else None
    return None


def as_xes(cases: Mapping[str, list[LoggedEvent]], *, name: str) -> bytes:
    """Return events as XES: concept, time and organizational extensions, amounts as `RequestedAmount`."""
    root = etree.Element("log", {"xes.version": "1.0", "xes.features": ""})
    for extension, prefix in (("Concept", "concept"), ("Time", "time"), ("Organizational", "org")):
        uri = f"http://www.xes-standard.org/{prefix}.xesext"
        etree.SubElement(root, "extension", {"name": extension, "prefix": prefix, "uri": uri})
    _put(root, "string", "concept:name", name)
    for case, events in cases.items():
        trace = etree.SubElement(root, "trace")
        _put(trace, "string", "concept:name", case)
        amount = next((event.amount for event in events if event.amount is not None), None)
        if amount is not None:
            _put(trace, "float", "RequestedAmount", str(amount))
        for event in events:
            told = etree.SubElement(trace, "event")
            _put(told, "string", "concept:name", event.activity)
            _put(told, "date", "time:timestamp", event.at.isoformat())
            _put(told, "string", "org:role", event.role)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _put(parent: Any, kind: str, key: str, value: str) -> None:
    etree.SubElement(parent, kind, {"key": key, "value": value})
