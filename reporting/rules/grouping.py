"""Accounts gathered into the rows that people read: by category, and by cost centre."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from reporting.rules.figures import ZERO, Figures, MonthFigures, Row, threshold_of_total, total_of


class Account(Protocol):
    """What grouping must know of an account."""

    @property
    def account_id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def category_code(self) -> str: ...
    @property
    def category_name(self) -> str: ...
    @property
    def category_path(self) -> str: ...
    @property
    def centre_code(self) -> str: ...
    @property
    def centre_name(self) -> str: ...
    @property
    def centre_path(self) -> str: ...
    @property
    def figures(self) -> Figures: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """A category as the version in force has it: the variance it bears before someone must answer."""

    code: str
    name: str
    path: str
    threshold: Decimal | None


def by_category(accounts: Sequence[Account], envelopes: Sequence[Envelope]) -> tuple[Row, ...]:
    """Return a row per envelope with its accounts as lines; an account outside every envelope is a row of its own category."""
    found: dict[Envelope, list[Account]] = {each: [] for each in envelopes}
    for account in accounts:
        found.setdefault(envelope_of(account.category_path, envelopes) or _own(account), []).append(account)
    stated = set(envelopes)
    return tuple(_category_row(envelope, members, is_stated=envelope in stated) for envelope, members in found.items())


def by_cost_centre(accounts: Sequence[Account]) -> tuple[Row, ...]:
    """Return a row per cost centre in the order of the tree, with its categories as lines."""
    found: dict[str, list[Account]] = defaultdict(list)
    for account in sorted(accounts, key=lambda each: each.centre_path):
        found[account.centre_code].append(account)
    paths = {members[0].centre_path for members in found.values()}
    return tuple(_centre_row(code, members, paths) for code, members in found.items())


def whole(name: str, rows: Sequence[Row]) -> Row:
    """Return the total of `rows`; its threshold is the sum of theirs."""
    return Row(
        name=name, figures=total_of(row.figures for row in rows), threshold=threshold_of_total(rows), thresholded=True, lines=()
    )


def envelope_of(path: str, envelopes: Iterable[Envelope]) -> Envelope | None:
    """Return the nearest envelope at or above the category with `path`."""
    above = [each for each in envelopes if path.startswith(each.path)]
    return max(above, key=lambda each: len(each.path), default=None)


def months_of(
    sums: Mapping[tuple[str, date], tuple[Decimal, Decimal]], every_month: Sequence[date], until: date
) -> tuple[MonthFigures, ...]:
    """Return plan and actual of each month; months after `until` have no actual."""
    plans: dict[date, Decimal] = defaultdict(lambda: ZERO)
    actuals: dict[date, Decimal] = defaultdict(lambda: ZERO)
    for (_, month), (plan, actual) in sums.items():
        plans[month] += plan
        actuals[month] += actual
    return tuple(MonthFigures(month, plans[month], actuals[month] if month <= until else None) for month in every_month)


def row_code(account: Account, envelopes: Iterable[Envelope]) -> str:
    """Return the code of the row that an account falls into."""
    return (envelope_of(account.category_path, envelopes) or _own(account)).code


def month_range(first: date, last: date) -> list[date]:
    """Return the first day of each month from `first` to `last`."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    starts = [first.year * 12 + first.month - 1 + step for step in range(count)]
    return [date(start // 12, start % 12 + 1, 1) for start in starts]


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _category_row(envelope: Envelope, members: Sequence[Account], *, is_stated: bool) -> Row:
    figures = total_of(each.figures for each in members)
    return Row(
        name=envelope.name,
        figures=figures,
        category=envelope.code,
        threshold=envelope.threshold,
        thresholded=True,
        lines=_lines(members, lambda account: account.name),
        has_budget=is_stated or bool(figures.plan_total),
    )


def _centre_row(code: str, members: Sequence[Account], paths: set[str]) -> Row:
    """Return a cost centre's row. It leads to its entries only where no other row is of a part of it."""
    own = members[0].centre_path
    is_leaf = not any(path != own and path.startswith(own) for path in paths)
    return Row(
        name=members[0].centre_name,
        figures=total_of(each.figures for each in members),
        cost_centre=code if is_leaf else "",
        lines=_lines(members, lambda account: account.name.removesuffix(f", {account.centre_name}")),
    )


def _own(account: Account) -> Envelope:
    return Envelope(account.category_code, account.category_name, account.category_path, None)


def _lines(members: Sequence[Account], name: Callable[[Account], str]) -> tuple[Row, ...]:
    return tuple(Row(name(each), each.figures, each.category_code, each.centre_code, each.account_id) for each in members)
