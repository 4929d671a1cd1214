"""What a person does with rows in quarantine: says what was meant, tries again, accepts a change, or ignores them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from budgets.models import Category
from budgets.services.categories import add_alias
from core import clock
from core.errors import InvalidInput, NotFound, WrongState
from core.models import User
from core.names import fold
from core.services import audit
from reconciliation.locks import lock_documents, lock_import_file, lock_import_files, lock_rows
from reconciliation.models import Confirmation, ImportFile, RawRow, Source
from reconciliation.rules.cells import read_amount, read_date
from reconciliation.rules.formats import format_of
from reconciliation.rules.mapping import CsvMapping, checked
from reconciliation.rules.problems import Problem
from reconciliation.rules.references import key_of_number
from reconciliation.rules.rows import digest_of
from reconciliation.selectors.coding import Coder
from reconciliation.services.ingest import recount
from reconciliation.services.invoice_rows import settle_document
from reconciliation.services.restating import replace_row
from reconciliation.services.spend_rows import ROWS_A_JOURNAL, settle_rows

T = TypeVar("T")
FIXABLE = ("category", "cost_centre", "account", "vendor", "number", "amount", "date")
_SHARED = ("category", "cost_centre", "account")  # what may be said for many rows at once


@transaction.atomic
def fix_row(*, row_id: int, actor: User, changes: Mapping[str, str]) -> RawRow:
    """Say what a quarantined row means: any of category, cost_centre (codes), account (id), vendor, number, amount, date.

    The row is then judged again: accepted, or still in quarantine with what is wrong now. A category that is chosen for a
    name the source uses is remembered as an alias. Raises WrongState, InvalidInput naming the field, NotFound.
    """
    import_file, row = _locked(row_id)
    _settle_alike(import_file, [row], changes, actor)
    row.refresh_from_db()
    return row


@transaction.atomic
def fix_rows_like(*, row_id: int, actor: User, changes: Mapping[str, str]) -> int:
    """Do the same for every row of the file that is in quarantine for the same reason; return how many were accepted.

    Only a category, a cost centre and an account can be said for many rows; without any of them the rows are tried again.
    """
    import_file, row = _locked(row_id)
    if wrong := sorted(set(changes) - set(_SHARED)):
        raise InvalidInput(f"{wrong[0].capitalize()} can be said for one row only.", remedy="Open the row and correct it there.")
    rows = lock_rows(list(_alike(row).values_list("pk", flat=True)))
    _settle_alike(import_file, rows, changes, actor)
    return RawRow.objects.filter(pk__in=[each.pk for each in rows], status=RawRow.Status.ACCEPTED).count()


@transaction.atomic
def retry_rows(*, import_file_id: int, actor: User | None) -> int:
    """Judge every quarantined row of a file again, after a budget was loaded or a month opened; return how many were accepted."""
    import_file = lock_import_file(import_file_id)
    if import_file.state != ImportFile.State.DONE:
        raise WrongState("This file is not imported yet.", remedy="Wait until its import is done.")
    lock_documents(import_file.source.entity_id)
    waiting = import_file.raw_rows.filter(status=RawRow.Status.QUARANTINED).exclude(reason_code__in=["changed", "total_row"])
    rows = lock_rows(list(waiting.values_list("pk", flat=True)))
    _settle_alike(import_file, rows, {}, actor)
    return RawRow.objects.filter(pk__in=[each.pk for each in rows], status=RawRow.Status.ACCEPTED).count()


@transaction.atomic
def ignore_rows(*, row_id: int, actor: User, reason: str, alike: bool = False) -> int:
    """Leave a quarantined row, or all like it, out for a reason that is kept. Return how many."""
    if not reason.strip():
        raise InvalidInput("Say why it is left out.", remedy="Write one sentence.", details={"reason": "Say why it is left out."})
    import_file, row = _locked(row_id)
    rows = _alike(row) if alike else RawRow.objects.filter(pk=row.pk)
    count = rows.update(
        status=RawRow.Status.IGNORED,
        reason_code="by_person",
        reason=reason.strip()[:400],
        remedy="",
        fixed_by=actor,
        fixed_at=clock.now(),
    )
    recount(import_file)
    after = {"rows": count, "reason": reason.strip()[:400], "was": row.reason}
    audit.record(actor=actor, verb="import.rows_ignored", subject=import_file, entity=import_file.source.entity, after=after)
    return count


@transaction.atomic
def accept_change(*, row_id: int, actor: User) -> RawRow:
    """Let a changed row stand for the earlier one: what that posted is taken back in the same journal."""
    import_file, row = _locked(row_id)
    if row.reason_code != "changed" or row.replaces_id is None:
        raise WrongState("This row changes no earlier one.", remedy="Correct it, or ignore it.")
    if format_of(import_file.source.format).posts != "spend":
        raise WrongState(
            "An invoice is not replaced.", remedy="Void the earlier invoice, then ignore this row or import it anew."
        )
    earlier_file = lock_import_file(RawRow.objects.values_list("import_file_id", flat=True).get(pk=row.replaces_id))
    replace_row(import_file, row, actor=actor)
    if earlier_file.state == ImportFile.State.DONE and earlier_file.pk != import_file.pk:
        recount(earlier_file)
    recount(import_file)
    audit.record(
        actor=actor,
        verb="import.change_accepted",
        subject=row,
        entity=import_file.source.entity,
        after={"replaces": row.replaces_id},
    )
    row.refresh_from_db()
    return row


def _locked(row_id: int) -> tuple[ImportFile, RawRow]:
    found = RawRow.objects.filter(pk=row_id).values_list("import_file_id", "replaces__import_file_id").first()
    if found is None:
        raise NotFound("There is no such row.", remedy="Go back to the import.")
    # The file of the row that it may stand for is locked with its own: no file after the documents.
    import_file = lock_import_files({pk for pk in found if pk})[found[0]]
    lock_documents(import_file.source.entity_id)
    row = lock_rows([row_id])[0]
    if row.status != RawRow.Status.QUARANTINED or import_file.state != ImportFile.State.DONE:
        raise WrongState(
            f"Row {row.number} is {row.get_status_display()}, not in quarantine.", remedy="Look at the import again."
        )
    return import_file, row


def _alike(row: RawRow) -> QuerySet[RawRow]:
    return RawRow.objects.filter(
        import_file_id=row.import_file_id, status=RawRow.Status.QUARANTINED, reason_code=row.reason_code, reason=row.reason
    )


def _settle_alike(import_file: ImportFile, rows: Sequence[RawRow], changes: Mapping[str, str], actor: User | None) -> None:
    said = {name: text.strip() for name, text in changes.items() if text.strip()}
    if wrong := sorted(set(said) - set(FIXABLE)):
        raise InvalidInput(f"{wrong[0]} is not something a fix can say.", remedy=f"Say one of {', '.join(FIXABLE)}.")
    if import_file.source.format == Source.Format.CAMT053:
        raise WrongState(
            "A bank's entry is a fact and is not changed here.", remedy="Ask the bank for the statement, or ignore the row."
        )
    if said:
        _remember(import_file, rows, said, actor)
    _settle(import_file, rows, actor)
    recount(import_file)
    if said:
        after = {"rows": len(rows), "said": said}
        audit.record(actor=actor, verb="import.rows_fixed", subject=import_file, entity=import_file.source.entity, after=after)


def _remember(import_file: ImportFile, rows: Sequence[RawRow], said: Mapping[str, str], actor: User | None) -> None:
    for row in rows:
        _say(import_file, row, said)
        row.fixed_by, row.fixed_at = actor, clock.now()
    RawRow.objects.bulk_update(
        rows, ["fixes", "amount", "occurred_on", "fixed_by", "fixed_at", "identity", "number_key"], batch_size=1000
    )
    if "category" in said:
        _remember_category(import_file, rows, said["category"], actor)


def _say(import_file: ImportFile, row: RawRow, said: Mapping[str, str]) -> None:
    mapping = checked(format_of(import_file.source.format).mapping, import_file.source.mapping)
    layout = mapping.date_format if isinstance(mapping, CsvMapping) else "%Y-%m-%d"
    if "amount" in said:
        row.amount = _or_refuse("amount", read_amount(said["amount"], decimal=".", currency=row.currency))
    if "date" in said:
        found = read_date(said["date"], "%Y-%m-%d")
        row.occurred_on = _or_refuse("date", found if isinstance(found, date) else read_date(said["date"], layout))
    row.fixes = row.fixes | {name: text for name, text in said.items() if name not in ("amount", "date")}
    if "number" in said:
        row.identity = digest_of(fold(row.fixes.get("vendor", row.fields.get("vendor", ""))), said["number"].casefold())
        row.number_key = key_of_number(said["number"])


def _or_refuse(name: str, found: T | Problem) -> T:
    if isinstance(found, Problem):
        raise InvalidInput(found.sentence, remedy=found.remedy, code=found.code, details={name: found.sentence})
    return found


def _remember_category(import_file: ImportFile, rows: Sequence[RawRow], code: str, actor: User | None) -> None:
    entity = import_file.source.entity
    category = Category.objects.filter(entity=entity, code=code, is_active=True).first()
    if category is None:
        raise InvalidInput(
            f"There is no category {code}.", remedy="Choose one from the list.", details={"category": "Choose one from the list."}
        )
    for name in sorted(
        {row.fields["category"] for row in rows if row.reason_code == "unknown_category" and row.fields.get("category")}
    ):
        add_alias(category=category, source=import_file.source.code, name=name, actor=actor)


def _settle(import_file: ImportFile, rows: Sequence[RawRow], actor: User | None) -> None:
    coder = Coder(import_file.source)
    if format_of(import_file.source.format).posts == "invoices":
        mapping = checked(format_of(import_file.source.format).mapping, import_file.source.mapping)
        for row in rows:
            if isinstance(mapping, CsvMapping):
                settle_document(
                    import_file_id=import_file.pk, row_ids=_document_of(row), coder=coder, mapping=mapping, actor=actor
                )
        return
    for start in range(0, len(rows), ROWS_A_JOURNAL):
        batch = rows[start : start + ROWS_A_JOURNAL]
        # A row posts once in its life, so the rows of a batch name its journal; unless an invoice took its place meanwhile.
        turns = Confirmation.objects.filter(row__in=batch).count()
        key = f"rows/{digest_of(*(str(row.pk) for row in batch))}" + (f"/{turns}" if turns else "")
        settle_rows(import_file=import_file, rows=batch, coder=coder, key=key, actor=actor)


def _document_of(row: RawRow) -> list[int]:
    if not row.identity:
        return [row.pk]
    alike = RawRow.objects.filter(import_file_id=row.import_file_id, identity=row.identity, status=RawRow.Status.QUARANTINED)
    return list(alike.values_list("pk", flat=True))
