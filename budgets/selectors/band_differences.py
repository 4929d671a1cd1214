"""How what is stated of a cost centre's estimate band differs from what was stated before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from budgets.models import CostCentre
from budgets.rules.bands import Band, sum_of
from budgets.rules.sentences import month_name
from budgets.selectors.band_statements import BandData, TargetData

Stated = Band | str | None


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a band says, before and after; None where it does not. Its ends are amounts, or shares in per cent."""

    what: str
    before: Stated
    after: Stated
    in_pct: bool = False


@dataclass(frozen=True, slots=True)
class BandChange:
    """A band that a file states anew, and what it says otherwise."""

    cost_centre: CostCentre
    before: BandData | None
    after: BandData

    @property
    def word(self) -> str:
        return "added" if self.before is None else "changed"

    @property
    def rows(self) -> list[Said]:
        """What is said otherwise than before, in the order in which a band says it."""
        before, after = _said(self.before), _said(self.after)
        keys = [*after, *(key for key in before if key not in after)]
        rows = (Said(what, before.get((what, in_pct)), after.get((what, in_pct)), in_pct) for what, in_pct in keys)
        return [row for row in rows if row.before != row.after]


def _said(data: BandData | None) -> dict[tuple[str, bool], Stated]:
    return dict(_things(data)) if data is not None else {}


def _things(data: BandData) -> Iterator[tuple[tuple[str, bool], Stated]]:
    yield ("Holds from", False), month_name(data.starts_on)
    yield ("Heading", False), data.heading
    for part in data.parts:
        name = part.category.name if part.name == part.category.name else f"{part.category.name}, {part.name}"
        yield (name, False), part.band
    yield ("All parts", False), sum_of(part.band for part in data.parts)
    yield ("Growth buffer", True), data.buffer
    if data.share_of is not None:
        yield (f"Share of {data.share_of.name}", True), data.shares
    yield ("Targets", False), _targets(data.targets)
    yield ("Note", False), data.note or None


def _targets(targets: Iterable[TargetData]) -> str | None:
    return "; ".join(_target(each) for each in targets) or None


def _target(target: TargetData) -> str:
    terms = target.terms
    of = target.category.name if target.category else "All parts"
    against = f"{terms.baseline:,.2f} in {month_name(terms.baseline_month)}"
    return f"{of} {terms.percent.normalize():f} % below {against}, by {terms.due_on.day} {month_name(terms.due_on)}"
