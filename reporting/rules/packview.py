"""A pack as its templates show it: made from the snapshot and from nothing else, so that it reads the same for ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from reporting.rules import tiles
from reporting.rules.around import Around, MilestoneLine, Promise, Timeliness, Trouble, Wanted
from reporting.rules.bridges import Bridge, bridge_of
from reporting.rules.charts.months import month_window
from reporting.rules.figures import ZERO, MonthFigures, Report, Row, widest_percent, widest_variance
from reporting.rules.reasons import Reason, detail_title, headline, lead_of, reasons_of
from reporting.rules.snapshots import amount_or_none, moment_from, report_from
from reporting.rules.wording import counted, day, month_name, span, stamp

MOST_ROWS = 60
MOST_ON_FRONT = 3
MOST_MILESTONES = 3
MOST_PROMISES = 40
MOST_TROUBLES = 20
MOST_HEADS = 24
MOST_PORTRAITS = 8


@dataclass(frozen=True, slots=True)
class Dated:
    """A thing of the pack with its day or moment already written, in the entity's zone."""

    thing: Any
    when: str
    tone: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """As many rows as paper bears, and what the rest comes to. The rest is in the attached data."""

    rows: Sequence[Any]
    left_out: int = 0
    left_amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Portrait:
    """A category on a page of its own: its row, its months, why it stands as it does. `key` is unique in the pack."""

    key: str
    row: Row
    months: tuple[MonthFigures, ...]
    note: str

    @property
    def shown(self) -> tuple[MonthFigures, ...]:
        """The months that the chart shows, for the table beside it."""
        return month_window(self.months)

    @property
    def title(self) -> str:
        """What its chart and its table are of."""
        return f"{self.row.name} by month against plan"


@dataclass(frozen=True, slots=True)
class PackView:
    """Everything the pack's templates may read."""

    report: Report
    around: Around
    issue: Mapping[str, Any]
    anchor: Mapping[str, Any]
    sha256: str
    title: str
    lead: str
    detail_title: str
    figures: Sequence[tiles.Tile]
    reasons: Sequence[Reason]
    front_reasons: Sequence[Reason]
    detail_reasons: Sequence[Reason]
    bridge: Bridge
    categories: Shown
    centres: Shown
    portraits: Sequence[Portrait]
    portraits_left_out: int
    widest: Decimal
    widest_percent: Decimal
    promises: Shown
    wanted: Sequence[Dated]
    front_wanted: Sequence[Dated]
    troubles: Shown
    milestones: Sequence[Dated]
    front_milestones: Sequence[Dated]
    heads: Shown
    month: str
    span: str
    issued: str
    as_of: str
    last_posting: str
    sources: Sequence[tuple[str, str]]

    @property
    def state(self) -> str:
        """Final or Preliminary."""
        return self.report.freshness.state.capitalize()

    @property
    def open_title(self) -> str:
        """How many decisions are wanted and how many exceptions are open, as a title."""
        wanted, troubles = len(self.wanted), len(self.around.troubles)
        first = counted(wanted, "decision is wanted", "decisions are wanted") if wanted else "No decision is wanted"
        second = counted(troubles, "exception is open", "exceptions are open") if troubles else "no exception is open"
        return f"{first}; {second} across {self.report.budget.entity}"

    @property
    def short_hash(self) -> str:
        """The first 16 digits of the hash in groups of four, to be compared by eye."""
        return " ".join(self.sha256[start : start + 4] for start in range(0, 16, 4))


def view_of(document: Mapping[str, Any], sha256: str) -> PackView:
    """Return the view of a snapshot, read with `snapshots.parse`."""
    figures, issue = document["figures"], document["issue"]
    report, around = report_from(figures["report"]), around_from(figures)
    zone = report.budget.zone
    issued = moment_from(issue["issued_at"])
    every_reason = reasons_of(report)
    bridge = bridge_of(report)
    room = MOST_ON_FRONT if len(bridge.rows) <= MOST_ON_FRONT else MOST_ON_FRONT - 1
    portraits = _portraits(report, every_reason)
    milestones = [_milestone(each, issued.astimezone(ZoneInfo(zone)).date()) for each in around.milestones]
    wanted = [_wanted(each, zone, issued) for each in around.wanted]
    return PackView(
        report=report,
        around=around,
        issue=issue,
        anchor=figures["anchor"],
        sha256=sha256,
        title=headline(report),
        lead=lead_of(report),
        detail_title=detail_title(report.by_category),
        figures=tiles.tiles_of(report, around.timeliness, around.wanted),
        reasons=every_reason,
        front_reasons=[replace(each, note=each.brief) for each in every_reason[:room]],
        detail_reasons=every_reason[: _room_beside(report.by_category)],
        bridge=bridge,
        categories=shown_rows(report.by_category),
        centres=shown_rows(report.by_cost_centre),
        portraits=portraits[:MOST_PORTRAITS],
        portraits_left_out=max(len(portraits) - MOST_PORTRAITS, 0),
        widest=widest_variance(report.by_category),
        widest_percent=widest_percent(report.by_category),
        promises=_promises(around.promises, zone),
        wanted=wanted,
        front_wanted=wanted[:room],
        troubles=_troubles(around.troubles, zone),
        milestones=milestones,
        front_milestones=_nearest(milestones),
        heads=_cut(figures["anchor"]["heads"], MOST_HEADS),
        month=month_name(report.month),
        span=span(report.budget.first, report.month),
        issued=stamp(issued, zone),
        as_of=stamp(report.freshness.as_of, zone),
        last_posting=stamp(report.freshness.last_posting, zone) if report.freshness.last_posting else "never",
        sources=[(name, stamp(last, zone) if last else "never") for name, last in report.freshness.sources],
    )


def around_from(figures: Mapping[str, Any]) -> Around:
    """Return what stood around the figures, from their frozen form."""
    return Around(
        promises=tuple(_typed(Promise, each) for each in figures["promises"]),
        wanted=tuple(_typed(Wanted, each) for each in figures["wanted"]),
        troubles=tuple(_typed(Trouble, each) for each in figures["troubles"]),
        milestones=tuple(_typed(MilestoneLine, each) for each in figures["milestones"]),
        timeliness=Timeliness(**figures["timeliness"]),
    )


def shown_rows(rows: Sequence[Row]) -> Shown:
    """Return rows with their lines as long as paper bears them, else the rows alone."""
    if sum(1 + len(row.lines) for row in rows) <= MOST_ROWS:
        return Shown(rows)
    bare = [replace(row, lines=()) for row in rows]
    lines = sum(len(row.lines) for row in rows)
    return Shown(bare, left_out=lines)


def _typed(kind: type[Any], document: Mapping[str, Any]) -> Any:
    """Return a dataclass of its frozen form: amounts, days and moments by the names they bear."""
    values = dict(document)
    for name in values.keys() & {"amount", "planned_cost"}:
        values[name] = amount_or_none(values[name])
    for name in values.keys() & {"since", "due_at", "opened_at"}:
        values[name] = moment_from(values[name]) if values[name] else None
    for name in values.keys() & {"month", "due_on", "done_on"}:
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    return kind(**values)


def _portraits(report: Report, ordered: Sequence[Reason]) -> list[Portrait]:
    rows = {row.category: row for row in report.by_category}
    return [
        Portrait(f"category-{index}", rows[each.category], report.category_months[each.category], each.note)
        for index, each in enumerate(ordered, start=1)
    ]


def _room_beside(rows: Sequence[Row]) -> int:
    """Return how many explanations fit below a table of `rows` on its page: paper has about 44 lines, one takes seven."""
    shown = shown_rows(rows).rows
    lines = sum(1 + len(row.lines) for row in shown)
    return min(max((44 - lines) // 7, 2), 6)


def _cut(rows: Sequence[Any], most: int) -> Shown:
    return Shown(rows[:most], max(len(rows) - most, 0))


def _nearest(milestones: Sequence[Dated]) -> Sequence[Dated]:
    """Return the milestones that a front page has room for: those still open, after the last that are done."""
    done = sum(1 for each in milestones if each.thing.done_on)
    first = max(min(done - 1, len(milestones) - MOST_MILESTONES), 0)
    return milestones[first : first + MOST_MILESTONES]


def _wanted(each: Wanted, zone: str, issued: datetime) -> Dated:
    late = each.due_at < issued
    return Dated(each, stamp(each.due_at, zone), "bad" if late else "", "Overdue" if late else "")


def _promises(promises: Sequence[Promise], zone: str) -> Shown:
    rows = [Dated(each, stamp(each.since, zone).split(",")[0] if each.since else "") for each in promises[:MOST_PROMISES]]
    rest = promises[MOST_PROMISES:]
    return Shown(rows, len(rest), sum((each.amount for each in rest), ZERO))


def _troubles(troubles: Sequence[Trouble], zone: str) -> Shown:
    rows = [Dated(each, stamp(each.opened_at, zone).split(",")[0]) for each in troubles[:MOST_TROUBLES]]
    return Shown(rows, max(len(troubles) - MOST_TROUBLES, 0))


def _milestone(each: MilestoneLine, today: date) -> Dated:
    if each.done_on:
        late = (each.done_on - each.due_on).days
        return Dated(each, f"Done {day(each.done_on)}", "good", "Done" if late <= 0 else f"Done, {_late(late)}")
    late = (today - each.due_on).days
    if late > 0:
        return Dated(each, f"Was due {day(each.due_on)}", "bad", _late(late))
    return Dated(each, f"Due {day(each.due_on)}", "", "Ahead")


def _late(days: int) -> str:
    return f"{days} days late" if days > 1 else "1 day late"
