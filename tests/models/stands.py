"""How the windows of controls stand, added up anew from entries for each question."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.models.pooling import HOLDING, Line
from tests.models.structure import WHOLE, Account, Control, Span, Structure, windows_with

Months = dict[int, list[int]]
EntriesOf = Callable[[Account], Iterable[Line]]


@dataclass(frozen=True)
class Stand:
    """A window of a control: what is allotted and held under it, in cents of the control's currency."""

    control: Control
    span: Span
    allotted: int
    held: int

    @property
    def limit(self) -> int:
        return self.control.limit(self.span, self.allotted)

    @property
    def excess(self) -> int:
        """Return how far it stands over its limit and tolerance, in ten-thousandths of a cent; below zero where it does not."""
        return self.held * WHOLE - self.limit * (WHOLE + self.control.tolerance)


@dataclass(frozen=True)
class Broken:
    """A window that a journal may not make worse as it does. `left` and `wanted` are in ten-thousandths of a cent."""

    before: Stand
    what: str
    left: int
    wanted: int


def by_month(control: Control, lines: Iterable[Line], currency: str) -> Months:
    """Return what lines of an account in `currency` allot and hold by month, in the control's currency."""
    months: Months = defaultdict(lambda: [0, 0])
    for line in lines:
        if line.bucket != "paid":
            amount = line.cents if control.currency == currency else line.pooled
            months[line.month][line.bucket in HOLDING] += amount
    return months


@dataclass(frozen=True)
class Books:
    """All entries there are, by account, under a structure."""

    structure: Structure
    start_month: int
    entries_of: EntriesOf

    def months(self, control: Control) -> Months:
        """Return what the accounts under a control are allotted and hold by month."""
        months: Months = defaultdict(lambda: [0, 0])
        for account in self.structure.covered(control):
            _add(months, by_month(control, self.entries_of(account), account.currency))
        return months

    def stands(self, control: Control) -> list[Stand]:
        """Return every window of a control in which something was ever posted."""
        months = self.months(control)
        spans = {span for month in months for span in windows_with(control.window, month, self.start_month)}
        return [_stand(control, span, months) for span in sorted(spans)]

    def excused(self) -> dict[tuple[int, Span], int]:
        """Return how far each window of each stop stands over, in ten-thousandths of a cent."""
        stops = (control for control in self.structure.controls if control.mode == "stop")
        stands = (stand for control in stops for stand in self.stands(control))
        return {(stand.control.id, stand.span): stand.excess for stand in stands if stand.excess > 0}

    def over_allotted(self) -> set[tuple[int, Span]]:
        """Return the windows of stops that have a limit of their own and are allotted more than that under it."""
        own = (control for control in self.structure.controls if control.mode == "stop" and control.own_limit is not None)
        stands = (stand for control in own for stand in self.stands(control))
        return {(stand.control.id, stand.span) for stand in stands if stand.allotted > stand.limit}

    def broken(self, lines: Sequence[Line]) -> Broken | None:
        """Return the window that refuses these lines: of the deepest control, the one with the least left; or None."""
        stops = [control for control in self.structure.controls if control.mode == "stop"]
        for control in sorted(stops, key=lambda control: (-control.depth, control.id)):
            if found := self._broken_at(control, lines):
                return min(found, key=lambda broken: (broken.left, broken.before.span))
        return None

    def _broken_at(self, control: Control, lines: Sequence[Line]) -> list[Broken]:
        more: Months = defaultdict(lambda: [0, 0])
        for account in self.structure.covered(control):
            _add(more, by_month(control, (line for line in lines if line.account == account.id), account.currency))
        moved = [month for month, amounts in more.items() if amounts != [0, 0]]
        spans = {span for month in moved for span in windows_with(control.window, month, self.start_month)}
        if not spans:
            return []
        months = self.months(control)
        pairs = [(_stand(control, span, months), _stand(control, span, months, more)) for span in sorted(spans)]
        worse = [_worse(before, after) for before, after in pairs if after.excess > 0 and _more(before, after) > 0]
        return worse or [_over(before, after) for before, after in pairs if _allots_over(before, after)]


def _more(before: Stand, after: Stand) -> int:
    return after.excess - before.excess


def _worse(before: Stand, after: Stand) -> Broken:
    return Broken(before, "held", -before.excess, _more(before, after))


def _allots_over(before: Stand, after: Stand) -> bool:
    return before.control.own_limit is not None and before.allotted < after.allotted and after.allotted > after.limit


def _over(before: Stand, after: Stand) -> Broken:
    return Broken(before, "allotted", (before.limit - before.allotted) * WHOLE, (after.allotted - before.allotted) * WHOLE)


def _stand(control: Control, span: Span, *sums: Months) -> Stand:
    inside = [amounts for months in sums for month, amounts in months.items() if span[0] <= month <= span[1]]
    return Stand(control, span, sum(amounts[0] for amounts in inside), sum(amounts[1] for amounts in inside))


def _add(into: Months, more: Months) -> None:
    for month, (allotted, held) in more.items():
        into[month][0] += allotted
        into[month][1] += held
