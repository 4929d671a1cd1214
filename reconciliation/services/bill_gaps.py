"""What a bill's lines do not explain, kept from file to file: one exception for each source, month and group.

The file of a source that was imported last speaks for the months that it states totals of.
"""

from collections.abc import Mapping
from datetime import date
from typing import cast

from core.names import fold
from reconciliation.models import ExceptionItem, ImportFile
from reconciliation.rules.bill import STATED_TOTAL, WHOLE_BILL, written_period
from reconciliation.rules.formats import format_of
from reconciliation.rules.mapping import BillMapping, checked
from reconciliation.services.exceptions import resolve_exceptions


def key_of(import_file: ImportFile, finding: Mapping[str, str]) -> str:
    """Return the key of the exception of a finding: a bill's is its source's and month's, any other its file's."""
    if period := finding.get("period"):
        return _key(import_file, period, finding["where"])
    return f"import:{import_file.pk}:{finding['code']}:{finding['where']}"[:200]


def _key(import_file: ImportFile, period: str, where: str) -> str:
    return f"bill:{import_file.source_id}:{period}:{where}"[:200]


def close_gaps(import_file: ImportFile) -> None:
    """Close the gaps of earlier files that this one, read to its end, no longer has, and say which file it was.

    A file with a bill's total speaks of the whole bill; one without it of the groups whose totals it states.
    """
    still = {key_of(import_file, finding) for finding in import_file.findings}
    for period, stated in _stated(import_file).items():
        spoken = _open_keys(import_file, period) if WHOLE_BILL in stated else {_key(import_file, period, each) for each in stated}
        reason = f"{import_file.name} explains it: there the bill of {period} adds up."
        resolve_exceptions(entity=import_file.source.entity, keys=sorted(spoken - still), reason=reason)


def _open_keys(import_file: ImportFile, period: str) -> set[str]:
    prefix = _key(import_file, period, "")
    found = ExceptionItem.objects.filter(entity=import_file.source.entity, key__startswith=prefix, closed_at__isnull=True)
    return set(found.values_list("key", flat=True))


def _stated(import_file: ImportFile) -> dict[str, set[str]]:
    """Return by month of what a file states totals: of its groups, and of the whole bill."""
    source = import_file.source
    mapping = checked(format_of(source.format).mapping, source.mapping)
    total_word = fold(mapping.total_word) if isinstance(mapping, BillMapping) else ""
    found: dict[str, set[str]] = {}
    for row in import_file.raw_rows.filter(reason_code=STATED_TOTAL, occurred_on__isnull=False):
        where = WHOLE_BILL if fold(row.fields.get("record", "")) == total_word else row.fields.get("group", "")
        found.setdefault(written_period(cast(date, row.occurred_on)), set()).add(where)
    return found
