"""Files come in, are staged, and their rows become what their source's format says. Run again anywhere, the end is the same."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from core import clock
from core.errors import Refusal, WrongState
from core.models import Job, User
from core.services import audit
from core.services.files import discard_file
from core.services.jobs import start_job
from core.storage import files_with_rows
from reconciliation.locks import lock_import_file, lock_source_of
from reconciliation.models import ImportFile, Source
from reconciliation.rules.content import unpacked
from reconciliation.rules.formats import format_of
from reconciliation.rules.problems import FileRefused
from reconciliation.selectors.previews import outcome_of, preview
from reconciliation.services.bill_gaps import close_gaps, key_of
from reconciliation.services.exceptions import raise_exception, resolve_exceptions
from reconciliation.services.invoice_rows import post_invoice_rows
from reconciliation.services.spend_rows import post_spend_rows
from reconciliation.services.staging import stage_rows
from reconciliation.services.statement_rows import post_statements

__all__ = ["apply", "preview", "receive_file", "recount", "start_import"]

Progress = Callable[[int, int, str], None]
JOB_KIND = "reconciliation.import"


@files_with_rows()
@transaction.atomic
def receive_file(*, source: Source, name: str, content: bytes, actor: User | None) -> ImportFile:
    """Keep a file's bytes under their hash. The same bytes from the same source are the file that is here already.

    Raises FileRefused for a file over the limit, packed or not; that one is not kept.
    """
    unpacked(content, name=name, limit=settings.MAX_IMPORT_BYTES)
    digest = sha256(content).hexdigest()
    known = ImportFile.objects.filter(source=source, sha256=digest).first()
    if known:
        return _again(known)
    import_file = ImportFile(
        source=source, name=name[-255:], sha256=digest, size=len(content), uploaded_by=actor, received_at=clock.now()
    )
    import_file.content.save(digest, ContentFile(content), save=False)
    try:
        with transaction.atomic():
            import_file.save()
    except IntegrityError:
        # The same bytes came in twice at once: the other one was first, and is the file.
        discard_file(name=str(import_file.content.name))
        return _again(ImportFile.objects.get(source=source, sha256=digest))
    after = {"name": import_file.name, "sha256": digest, "size": import_file.size, "source": source.code}
    audit.record(actor=actor, verb="import.received", subject=import_file, entity=source.entity, after=after)
    return import_file


def _again(known: ImportFile) -> ImportFile:
    if known.state == ImportFile.State.REFUSED:
        # Its source may be mapped rightly by now.
        known.state, known.refused = ImportFile.State.RECEIVED, ""
        known.save(update_fields=["state", "refused"])
    return known


@transaction.atomic
def start_import(*, import_file_id: int, actor: User | None) -> Job:
    """Queue the import of a received file, once. Raises WrongState where it is done or refused."""
    import_file = lock_import_file(import_file_id)
    if import_file.job and import_file.job.state in (Job.State.QUEUED, Job.State.RUNNING):
        return import_file.job
    if import_file.state in (ImportFile.State.DONE, ImportFile.State.REFUSED):
        raise WrongState(f"This file is {import_file.get_state_display()}.", remedy="Look at its rows.")
    title = f"Import {import_file.name}"
    import_file.job = start_job(
        kind=JOB_KIND, title=title, args={"import_file_id": import_file.pk}, actor=actor, entity=import_file.source.entity
    )
    import_file.save(update_fields=["job"])
    return import_file.job


def apply(*, import_file_id: int, actor: User | None, progress: Progress | None = None) -> ImportFile:
    """Import a received file: stage its rows, give each its end, count. Imported before: nothing happens.

    Raises FileRefused, and marks the file, when it cannot be read as its source says; nothing of it is taken then.
    """
    import_file = _begin(import_file_id)
    if import_file.state == ImportFile.State.DONE:
        return import_file
    content = _bytes_of(import_file)
    try:
        stage_rows(import_file_id=import_file.pk, content=content)
    except FileRefused as refusal:
        _refuse(import_file_id=import_file.pk, refusal=refusal, actor=actor)
        raise
    import_file.refresh_from_db()
    _post_rows(import_file, content, actor, progress or _silent)
    return _finish(import_file_id=import_file.pk, actor=actor)


def _silent(done: int, total: int, note: str) -> None:
    """Take progress that nobody watches."""


@transaction.atomic
def _begin(import_file_id: int) -> ImportFile:
    import_file = lock_import_file(import_file_id)
    if import_file.state == ImportFile.State.REFUSED:
        raise WrongState("This file was refused.", remedy=import_file.refused)
    if import_file.state == ImportFile.State.RECEIVED:
        import_file.state = ImportFile.State.APPLYING
        import_file.save(update_fields=["state"])
    return import_file


def _bytes_of(import_file: ImportFile) -> bytes:
    with import_file.content.open("rb") as stream:
        content: bytes = stream.read()
    if sha256(content).hexdigest() != import_file.sha256:
        raise Refusal(
            "The kept bytes of this file were changed.", remedy="Restore the files from the last backup.", code="bytes_changed"
        )
    return content


def _post_rows(import_file: ImportFile, content: bytes, actor: User | None, progress: Progress) -> None:
    posts = format_of(import_file.source.format).posts
    total = import_file.rows

    def step(done: int) -> None:
        progress(done, total, f"{done:,} of {total:,} rows")

    if posts == "spend":
        post_spend_rows(import_file=import_file, actor=actor, progress=step)
    elif posts == "invoices":
        post_invoice_rows(import_file=import_file, actor=actor, progress=step)
    else:
        post_statements(import_file=import_file, content=content, actor=actor, progress=step)


@transaction.atomic
def _refuse(*, import_file_id: int, refusal: FileRefused, actor: User | None) -> None:
    import_file = lock_import_file(import_file_id)
    import_file.state, import_file.refused = ImportFile.State.REFUSED, str(refusal)[:600]
    import_file.save(update_fields=["state", "refused"])
    after = {"code": refusal.code, "reason": str(refusal)}
    audit.record(actor=actor, verb="import.refused", subject=import_file, entity=import_file.source.entity, after=after)


@transaction.atomic
def _finish(*, import_file_id: int, actor: User | None) -> ImportFile:
    # Two bills of one month speak one after the other: the second brings the gaps of the first up to date.
    lock_source_of(import_file_id)
    import_file = lock_import_file(import_file_id)
    if import_file.state == ImportFile.State.DONE:
        return import_file  # another worker finished it meanwhile
    import_file.state, import_file.finished_at = ImportFile.State.DONE, clock.now()
    recount(import_file)
    _raise_findings(import_file)
    after = outcome_of(import_file).as_json()
    audit.record(actor=actor, verb="import.done", subject=import_file, entity=import_file.source.entity, after=after)
    return import_file


def recount(import_file: ImportFile) -> None:
    """Count a locked file's rows as they are now, and save. The database refuses counts that do not add up."""
    outcome = outcome_of(import_file)
    import_file.rows = outcome.rows
    for status in ("accepted", "quarantined", "duplicate", "ignored"):
        setattr(import_file, status, outcome.counts[status])
        setattr(import_file, f"{status}_total", outcome.totals.get(status, Decimal("0.00")))
    import_file.control_total = outcome.control_total
    import_file.save()
    if import_file.state == ImportFile.State.DONE:
        _say_what_waits(import_file)


def _say_what_waits(import_file: ImportFile) -> None:
    """Keep one exception for the rows of a file that wait; it closes by itself with the last of them."""
    key, entity = f"import:{import_file.pk}:quarantine", import_file.source.entity
    if not import_file.quarantined:
        resolve_exceptions(entity=entity, keys=[key])
        return
    wait = "1 row waits" if import_file.quarantined == 1 else f"{import_file.quarantined:,} rows wait"
    raise_exception(
        entity=entity,
        code="rows_in_quarantine",
        subject=import_file,
        key=key,
        sentence=f"{import_file.name}: {wait} in quarantine.",
        remedy="Work them by reason on the file's page: each says what it needs.",
        amount=import_file.quarantined_total,
        currency=import_file.currency or entity.currency,
    )


def _raise_findings(import_file: ImportFile) -> None:
    source = import_file.source
    if source.format == Source.Format.CAMT053:
        return  # statements raise their own as they are recorded
    if source.format == Source.Format.BILL_CSV:
        close_gaps(import_file)
    for finding in import_file.findings:
        raise_exception(
            entity=source.entity,
            code=finding["code"],
            subject=import_file,
            key=key_of(import_file, finding),
            sentence=finding["sentence"],
            remedy=finding["remedy"],
            amount=Decimal(finding["amount"]),
            currency=import_file.currency,
        )


def address_of(import_file: ImportFile) -> str:
    """Return the address of an import's page."""
    return reverse("reconciliation:import", args=[import_file.pk])
