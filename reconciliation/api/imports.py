"""Sources, files taken in, what they would do, and their rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from core.api.acts import download, read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.files import Sent
from core.api.shapes import JobSerializer
from core.errors import InvalidInput
from core.models import Job
from core.rules.rights import Right
from core.selectors.retention import refuse_if_removed
from core.uploads import read_bounded
from reconciliation.api import import_serializers as shapes
from reconciliation.api.filters import ImportFilter, RowFilter, SourceFilter
from reconciliation.models import ImportFile, RawRow, Source
from reconciliation.rules.outcome import Outcome
from reconciliation.selectors.imports import (
    access_import_by_id,
    access_row_by_id,
    access_source_by_id,
    groups_of,
    keepers_of,
    sources_for,
    visible_imports,
)
from reconciliation.selectors.previews import outcome_of, preview
from reconciliation.selectors.reading import READERS as READING
from reconciliation.services.fixing import accept_change, fix_row, fix_rows_like, ignore_rows, retry_rows
from reconciliation.services.ingest import receive_file, start_import
from reconciliation.services.sources import ExpectedData, expect_of_source

READERS = frozenset(READING)
WORKING = frozenset({Right.RECONCILE})


class Sources(Listed[Source], Shown[Source]):
    """Where files come from: those from which one may import."""

    room = "reconciliation"
    model = Source
    rights = WORKING
    shows = shapes.SourceSerializer
    filterset_class = SourceFilter
    orderings = ("code", "-code", "id")
    places = {"id": (NUMBER, "The source's number.")}

    def rows(self) -> QuerySet[Source]:
        return sources_for(self.person)

    def one(self) -> Source:
        return access_source_by_id(self.person, self.number())

    @write(takes=shapes.ExpectingSerializer, gives=shapes.SourceSerializer, rights=WORKING)
    def expect(self, source: Source, data: dict[str, Any]) -> Source:
        """State what is expected of a source: out of which system it comes, how often, how late it may be, whom to ask."""
        keeper = keepers_of(source.entity).filter(email=data["keeper"]).first() if data.get("keeper") else None
        if data.get("keeper") and keeper is None:
            sentence = f"Nobody with the address {data['keeper']} holds a role in {source.entity.name}."
            raise InvalidInput(sentence, remedy="Name somebody who does.", details={"keeper": sentence})
        said = ExpectedData(data["system"], data["cadence"], data.get("grace_days", 0), keeper)
        return expect_of_source(source_id=source.pk, data=said, actor=self.person)


class Imports(Listed[ImportFile], Shown[ImportFile]):
    """Files that came in, the newest first."""

    room = "reconciliation"
    model = ImportFile
    rights = READERS
    shows = shapes.ImportSerializer
    lists = shapes.ImportRowSerializer
    filterset_class = ImportFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The import's number.")}

    def rows(self) -> QuerySet[ImportFile]:
        return visible_imports(self.person)

    def one(self) -> ImportFile:
        wanted = [Right.RECONCILE] if self.act.is_write else []
        return access_import_by_id(self.person, self.number(), *wanted)

    def dress(self, rows: Sequence[ImportFile]) -> list[Any]:
        if self.act.paged:
            return [{"file": row} for row in rows]
        return [{"file": row, "quarantine": groups_of(row) if row.state == ImportFile.State.DONE else []} for row in rows]

    @write(takes=shapes.ImportUploadSerializer, gives=shapes.UploadedSerializer, status=201, rights=WORKING, heavy=True)
    def create(self, data: dict[str, Any]) -> dict[str, Any]:
        """Take in a file, and say what importing it would do. Nothing is imported until it is started.

        The same bytes from the same source are the file that is here already. A dry run does not keep the file either.
        """
        source, file = access_source_by_id(self.person, data["from_source"]), data["file"]
        content = read_bounded(file, most=settings.MAX_IMPORT_BYTES)
        received = receive_file(source=source, name=file.name, content=content, actor=self.person)
        return {"file": received, "outcome": preview(source=source, name=received.name, content=content)}

    @read(gives=shapes.OutcomeSerializer, heavy=True)
    def outcome(self, file: ImportFile) -> Outcome:
        """Say what a file would do or, once it is imported, what it did."""
        if file.state != ImportFile.State.RECEIVED:
            return outcome_of(file)
        with file.content.open("rb") as stream:
            return preview(source=file.source, name=file.name, content=stream.read())

    @write(gives=JobSerializer, status=202, rights=WORKING, heavy=True)
    def start(self, file: ImportFile) -> Job:
        """Import a file as a job. One that waits or runs already is the answer."""
        return start_import(import_file_id=file.pk, actor=self.person)

    @write(gives=shapes.RetriedSerializer, rights=WORKING, heavy=True)
    def retry(self, file: ImportFile) -> dict[str, int]:
        """Judge every row in quarantine again; say how many were accepted."""
        return {"rows": retry_rows(import_file_id=file.pk, actor=self.person)}

    @download(sends="application/octet-stream")
    def content(self, file: ImportFile) -> Sent:
        """Hand out the file as it was received, byte for byte."""
        refuse_if_removed("imports", file.pk)
        return Sent(file.content.open("rb"), file.name, "application/octet-stream", file.size, file.sha256)


class ImportRows(Listed[RawRow]):
    """Rows of a file, in its order."""

    room = "reconciliation"
    model = RawRow
    rights = READERS
    shows = shapes.RawRowShortSerializer
    filterset_class = RowFilter
    orderings = ("number", "-number")
    places = {"file": (NUMBER, "The import's number.")}

    def rows(self) -> QuerySet[RawRow]:
        return access_import_by_id(self.person, self.number("file")).raw_rows.all()


class Rows(Shown[RawRow]):
    """One row of a file."""

    room = "reconciliation"
    model = RawRow
    rights = READERS
    shows = shapes.RawRowSerializer
    places = {"id": (NUMBER, "The row's number among all.")}

    def one(self) -> RawRow:
        wanted = [Right.RECONCILE] if self.act.is_write else []
        return access_row_by_id(self.person, self.number(), *wanted)

    def dress(self, rows: Sequence[RawRow]) -> list[Any]:
        for row in rows:
            row.fields_read = row.fields  # type: ignore[attr-defined]  # a serializer's own `fields` stands in its way
        return list(rows)

    @write(takes=shapes.FixSerializer, gives=shapes.FixedSerializer, rights=WORKING)
    def fix(self, row: RawRow, data: dict[str, Any]) -> dict[str, Any]:
        """Say what a row means, or all that wait for its reason. It is judged again: accepted, or with what is wrong now."""
        said = as_said(data)
        if data.get("alike", False):
            accepted = fix_rows_like(row_id=row.pk, actor=self.person, changes=said)
        else:
            fixed = fix_row(row_id=row.pk, actor=self.person, changes=said)
            accepted = int(fixed.status != RawRow.Status.QUARANTINED)
        return {"accepted": accepted, "row": self.dress([access_row_by_id(self.person, row.pk)])[0]}

    @write(takes=shapes.IgnoringSerializer, gives=shapes.RetriedSerializer, rights=WORKING)
    def ignore(self, row: RawRow, data: dict[str, Any]) -> dict[str, int]:
        """Leave a row out for a reason, or all that wait for its reason; say how many."""
        alike = data.get("alike", False)
        return {"rows": ignore_rows(row_id=row.pk, actor=self.person, reason=data["reason"], alike=alike)}

    @write(gives=shapes.RawRowSerializer, rights=WORKING)
    def accept(self, row: RawRow) -> RawRow:
        """Let a changed row stand for the earlier one."""
        accepted = accept_change(row_id=row.pk, actor=self.person)
        return access_row_by_id(self.person, accepted.pk)


def as_said(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what was said about a row as text, as the service takes it."""
    return {name: str(value) for name, value in data.items() if name != "alike"}
