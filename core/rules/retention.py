"""How long records are kept. The periods that hold where an organization states none are those its policy document names."""

from datetime import date, timedelta
from enum import StrEnum


class RecordKind(StrEnum):
    """The kinds of records that have a retention period of their own."""

    FINANCIAL = "financial"
    PLANNING = "planning"
    OPTIMIZATION = "optimization"
    REPORTS = "reports"


YEARS: dict[RecordKind, int] = {
    RecordKind.FINANCIAL: 7,
    RecordKind.PLANNING: 5,
    RecordKind.OPTIMIZATION: 3,
    RecordKind.REPORTS: 2,
}
MOST_YEARS = 100


def end_of_fiscal_year(day: date, start_month: int) -> date:
    """Return the last day of the fiscal year that holds `day`, where fiscal years begin in the month `start_month`."""
    begins = day.year if day.month >= start_month else day.year - 1
    return date(begins + 1, start_month, 1) - timedelta(days=1)


def kept_until(dated_on: date, years: int, start_month: int) -> date:
    """Return the last day on which a record of `dated_on` is kept: `years` whole fiscal years after the one it belongs to.

    A period runs from the end of the fiscal year, as record-keeping duties of tax and commercial law do, so that a whole year of
    documents goes at once.
    """
    last = end_of_fiscal_year(dated_on, start_month)
    return end_of_fiscal_year(date(last.year + years, last.month, 1), start_month)


def dated_before(today: date, years: int, start_month: int) -> date:
    """Return the last day of which a record may go on `today`: any later one is still kept."""
    begun = end_of_fiscal_year(today, start_month)
    return end_of_fiscal_year(date(begun.year - years - 1, begun.month, 1), start_month)
