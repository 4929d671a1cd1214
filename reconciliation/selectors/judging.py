"""How spend rows would end: the same answer for a dry run, an import and a person's fix."""

from collections.abc import Mapping, Sequence

from reconciliation.models import Invoice, RawRow
from reconciliation.rules.problems import Coding, Problem
from reconciliation.selectors.coding import Coder
from reconciliation.selectors.same_document import confirmed_by


def judge_rows(rows: Sequence[RawRow], coder: Coder, named: Mapping[int, Sequence[Invoice]]) -> dict[int, int | Coding | Problem]:
    """Return by row id the invoice that it confirms, of those it names, where its money goes, or why it cannot go anywhere."""
    judged: dict[int, int | Coding | Problem] = {row.pk: judge_row(row, coder) for row in rows}
    return judged | confirmed_by(rows, named, coder.source)


def judge_row(row: RawRow, coder: Coder) -> Coding | Problem:
    """Return where a row goes, or why it cannot; what a person fixed counts before what the file says."""
    if row.amount is None:
        return Problem("no_amount", "The row has no amount.", "State the amount, or ignore the row.")
    if row.occurred_on is None:
        return Problem("no_date", "The row has no date.", "State the date, or ignore the row.")
    if row.amount == 0:
        return Problem("zero_amount", "The amount is zero.", "Ignore the row, or state the amount that was meant.")
    return coder.code(row.fields | row.fixes, occurred_on=row.occurred_on, currency=row.currency)
