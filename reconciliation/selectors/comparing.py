"""A file read as its source says, and the earlier rows that it is compared with."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, Sum

from reconciliation.models import RawRow, Source
from reconciliation.rules.content import unpacked
from reconciliation.rules.difference import Mark
from reconciliation.rules.formats import format_of
from reconciliation.rules.mapping import CsvMapping, checked
from reconciliation.rules.problems import FileFinding
from reconciliation.rules.rows import Reading


def read_file(*, source: Source, name: str, content: bytes) -> Reading:
    """Start reading a file as its source says. Raises FileRefused."""
    kind = format_of(source.format)
    mapping = checked(kind.mapping, source.mapping)
    content = unpacked(content, name=name, limit=settings.MAX_IMPORT_BYTES)
    return kind.read(content, name=name, mapping=mapping, currency=source.entity.currency)


def earlier_marks(source: Source, first: date | None, last: date | None, *, except_file: int | None = None) -> Iterator[Mark]:
    """Yield the rows that earlier files of the source brought for these days and that still stand, oldest first."""
    standing = RawRow.objects.filter(
        import_file__source=source, import_file__state__in=["applying", "done"], gone_with__isnull=True
    )
    standing = standing.filter(Q(status__in=["accepted", "quarantined", "pending"]) | Q(status="ignored", fixed_by__isnull=False))
    within = Q(occurred_on__isnull=True)
    if first and last:
        within |= Q(occurred_on__gte=first, occurred_on__lte=last)
    rows = standing.filter(within).exclude(import_file_id=except_file).order_by("pk")
    for values in rows.values_list("pk", "fingerprint", "identity").iterator():
        yield Mark(*values)


def vanished_of(source: Source, row_ids: list[int]) -> list[int]:
    """Return which of these earlier rows have vanished: none, where files of the source only add; undated rows never."""
    mapping = checked(format_of(source.format).mapping, source.mapping)
    if not row_ids or not isinstance(mapping, CsvMapping) or not mapping.restates:
        return []
    return list(RawRow.objects.filter(pk__in=row_ids, occurred_on__isnull=False).order_by("pk").values_list("pk", flat=True))


def vanished_finding(row_ids: list[int]) -> list[FileFinding]:
    """Return the finding that says which earlier rows this file no longer has."""
    if not row_ids:
        return []
    rows = RawRow.objects.filter(pk__in=row_ids)
    amount = rows.aggregate(whole=Sum("amount"))["whole"] or Decimal("0.00")
    files = ", ".join(sorted(set(rows.values_list("import_file__name", flat=True)))[:3])
    count = "1 row" if len(row_ids) == 1 else f"{len(row_ids):,} rows"
    return [
        FileFinding(
            "vanished",
            f"{count} of {files}"[:200],
            amount,
            f"{count} that an earlier file had for the same days are not in this one.",
            "Ask the sender whether they were taken back; what was posted stands until then.",
        )
    ]
