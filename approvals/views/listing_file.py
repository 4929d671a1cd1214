"""The list of requests as a file: as narrowed as the page, with the organization's own attributes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from approvals.models import Request, RequestAttribute
from approvals.views.listing import UNSHOWN, chosen_of, rows_of, with_holders
from approvals.views.person import person_of
from budgets.selectors.attribute_columns import attribute_columns
from core.access import needs
from core.exports import csv_of
from core.rules.rights import Right
from core.rules.sheets import cell

HEAD = ("Number", "Title", "Kind", "Organization", "State", "Waits for", "Asked by", "Vendor", "Amount", "Currency")
DAYS = ("Needed by", "Begun", "Submitted", "Decided")


@require_safe
@needs(Right.REQUEST, Right.DECIDE, Right.AUDIT)
def requests_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the requests that the list shows as CSV, all pages of them."""
    person = person_of(request)
    _, narrowed = chosen_of(request, person)
    columns = attribute_columns(person, "request")

    def lines(found: Sequence[Request]) -> Iterator[list[str]]:
        stated = columns.cells_of(RequestAttribute, [each.pk for each in found])
        for row in rows_of(found):
            yield [*_cells(row.request, row.word, row.holder), *stated.get(row.request.pk, columns.blank)]

    rows = with_holders(narrowed.qs).defer(*UNSHOWN)
    return csv_of(rows, head=[*HEAD, *DAYS, *columns.heads], lines=lines, name="requests.csv")


def _cells(found: Request, word: str, holder: str) -> list[str]:
    vendor = found.vendor.name if found.vendor else ""
    texts = (found.number, found.title, found.kind, found.entity.name, word, holder, found.requester.name, vendor)
    days = (found.needed_by, found.created_at, found.submitted_at, found.decided_at)
    return [*(cell(each) for each in texts), f"{found.amount:.2f}", found.currency, *(_day(each) for each in days)]


def _day(value: date | datetime | None) -> str:
    if value is None:
        return ""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()
