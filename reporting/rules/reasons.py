"""Why a figure is what it is, in sentences that a person would write. Made from the figures alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reporting.rules.figures import Driver, Report, Row
from reporting.rules.rag import SEVERITY, Status, share_of_threshold
from reporting.rules.wording import GAP, listed, money, month_name, over_or_under, percent, signed

MOST_NAMED = 2
ROUND_HUNDRED = Decimal("99.95")


@dataclass(frozen=True, slots=True)
class Reason:
    """A category, its variance, and the sentences that explain it."""

    name: str
    category: str
    variance: Decimal
    status: Status
    note: str
    brief: str


def headline(report: Report) -> str:
    """Return the finding of the whole report as a title."""
    total = report.total.figures
    if not total.variance:
        opening = f"{report.budget.name} is on plan"
    elif total.percent is None or not total.percent.quantize(Decimal("0.1")):
        opening = f"{report.budget.name} is {over_or_under(total.variance)}"
    else:
        side = "over" if total.variance > 0 else "under"
        opening = f"{report.budget.name} is {percent(abs(total.percent), sign=False)}{GAP}% {side} plan"
    return f"{opening}; {verdict(report.by_category)}"


def verdict(rows: Sequence[Row]) -> str:
    """Return what the categories' statuses come to."""
    names = {status: [row.name for row in rows if row.status is status] for status in Status}
    if names[Status.RED]:
        return f"{_few(names[Status.RED])} {_verb(names[Status.RED], 'needs', 'need')} an answer"
    if names[Status.YELLOW]:
        return f"{_few(names[Status.YELLOW])} {_verb(names[Status.YELLOW], 'is', 'are')} to be watched"
    if names[Status.UNSET] and not names[Status.GREEN]:
        return "no category has a threshold"
    if names[Status.UNSET]:
        return "every category with a threshold is within it"
    return "every category is within its threshold"


def lead_of(report: Report) -> str:
    """Return the second line: what was spent, and what is still free."""
    total = report.total.figures
    spent = f"By the end of {month_name(report.month)} {money(total.actual_to_date)} was spent"
    spent = f"{spent} against a plan of {money(total.plan_to_date)}"
    rest = f"of the whole budget of {money(total.plan_total)}, "
    if total.remaining < 0:
        return f"{spent}; {rest}{money(abs(total.remaining))} more is held than there is."
    return f"{spent}; {rest}{money(total.remaining)} is still free."


def detail_title(rows: Sequence[Row]) -> str:
    """Return the finding of the variance page."""
    red = [row.name for row in rows if row.status is Status.RED]
    if red and len(red) == len(rows):
        return "Every category is past its threshold" if len(rows) > 1 else f"{red[0]} is past its threshold"
    if red:
        rest = "the rest is within" if all(row.threshold is not None for row in rows) else "the others are not"
        return f"{_few(red)} {_verb(red, 'is past its threshold', 'are past their thresholds')}; {rest}"
    text = verdict(rows)
    return text[0].upper() + text[1:]


def reasons_of(report: Report) -> list[Reason]:
    """Return a reason per category, the one that needs an answer first."""
    ranked = sorted(report.by_category, key=_urgency, reverse=True)
    return [_reason(row, report.drivers.get(row.category, ())) for row in ranked]


def in_brief(row: Row) -> str:
    """Return what must be said about one category on a front page."""
    return " ".join(part for part in (_threshold(row), _lines(row)) if part)


def explain(row: Row, drivers: Sequence[Driver] = ()) -> str:
    """Return the sentences about one category."""
    parts = [_threshold(row), _lines(row), _vendors(drivers), _held(row)]
    return " ".join(part for part in parts if part)


def _reason(row: Row, drivers: Sequence[Driver]) -> Reason:
    note = explain(row, drivers)
    return Reason(row.name, row.category, row.figures.variance, row.status or Status.UNSET, note, in_brief(row))


def _urgency(row: Row) -> tuple[int, Decimal, Decimal]:
    share = share_of_threshold(row.figures.variance, row.threshold) or Decimal(0)
    return SEVERITY[row.status or Status.UNSET], share, abs(row.figures.variance)


def _threshold(row: Row) -> str:
    if row.threshold is None:
        return "No threshold is set."
    variance = row.figures.variance
    if not variance:
        return f"On plan; the threshold is {money(row.threshold)}."
    beyond = abs(variance) - row.threshold
    if beyond > 0:
        side = "over" if variance > 0 else "under"
        return f"{money(abs(variance))} {side} plan, which passes the threshold of {money(row.threshold)} by {money(beyond)}."
    return f"{_share(row)} of its threshold of {money(row.threshold)} is used."


def _share(row: Row) -> str:
    share = row.share or Decimal(0)
    if ROUND_HUNDRED <= share < 100:
        return f"Almost 100{GAP}%"
    return f"{percent(share, sign=False)}{GAP}%"


def _lines(row: Row) -> str:
    if len(row.lines) < MOST_NAMED or not row.figures.variance:
        return ""
    along = [line for line in row.lines if line.figures.variance * row.figures.variance > 0]
    against = [line for line in row.lines if line.figures.variance * row.figures.variance < 0]
    parts = [f"Mainly {_named(along)}" if along else "", f"partly made up by {_named(against)}" if along and against else ""]
    text = ", ".join(part for part in parts if part)
    return f"{text}." if text else ""


def _named(rows: Sequence[Row]) -> str:
    largest = sorted(rows, key=lambda row: (-abs(row.figures.variance), row.name))[:MOST_NAMED]
    return listed([f"{row.name} ({signed(row.figures.variance)})" for row in largest])


def _vendors(drivers: Sequence[Driver]) -> str:
    if not drivers:
        return ""
    return f"Most went to {listed([f'{each.name} ({money(each.amount)})' for each in drivers[:MOST_NAMED]])}."


def _held(row: Row) -> str:
    figures = row.figures
    parts = [
        f"{money(figures.committed)} is committed" if figures.committed else "",
        f"{money(figures.reserved)} waits for decisions" if figures.reserved else "",
    ]
    held = listed([part for part in parts if part])
    free = (
        f"{money(figures.remaining)} is free"
        if figures.remaining >= 0
        else f"{money(abs(figures.remaining))} more is held than there is"
    )
    if not held:
        return f"{free[0].upper()}{free[1:]}."
    return f"Besides, {held}; {free}."


def _few(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED + 1:
        return f"{listed(list(names[:MOST_NAMED]))} and {len(names) - MOST_NAMED} more"
    return listed(list(names))


def _verb(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many
