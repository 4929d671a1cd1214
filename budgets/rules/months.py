"""Months, each named by its first day, and fiscal years of twelve of them."""

from datetime import date


def first_of(day: date) -> date:
    """Return the month that `day` lies in."""
    return day.replace(day=1)


def add_months(month: date, count: int) -> date:
    """Return the month `count` months after `month`."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """Return every month from that of `first` to that of `last`, both included; none where `last` is earlier."""
    start, end = first_of(first), first_of(last)
    count = (end.year - start.year) * 12 + end.month - start.month
    return [add_months(start, index) for index in range(count + 1)]


def fiscal_year_of(month: date, start_month: int) -> date:
    """Return the first month of the fiscal year that `month` lies in."""
    return date(month.year - (1 if month.month < start_month else 0), start_month, 1)
