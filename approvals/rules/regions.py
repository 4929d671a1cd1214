"""Regions of requests that rules divide among themselves: amounts, risks, and whether it is an emergency. Exact, and pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from approvals.rules.bands import EVERYTHING, Range, pieces_of, range_of
from approvals.rules.routing import Rule

HIGHEST_RISK = 100
ALL_RISKS = Range(0, HIGHEST_RISK)
# 0 is what is no emergency, 1 what is one.
BOTH = Range(0, 1)
DIMENSIONS = ("amounts", "risks", "emergencies")


@dataclass(frozen=True, slots=True)
class Region:
    """Requests whose amount (in cents), risk and emergency lie in three ranges."""

    amounts: Range
    risks: Range = ALL_RISKS
    emergencies: Range = BOTH

    def common(self, other: "Region") -> "Region | None":
        """Return the requests that are in both."""
        amounts, risks = self.amounts.common(other.amounts), self.risks.common(other.risks)
        emergencies = self.emergencies.common(other.emergencies)
        return Region(amounts, risks, emergencies) if amounts and risks and emergencies else None

    def words(self) -> str:
        """Say which risks and emergencies are in it, to follow the words of its amounts; empty where all are."""
        said = "" if self.risks == ALL_RISKS else f", risk {self.risks.first} to {self.risks.last}"
        if self.emergencies == BOTH:
            return said
        return f"{said}, in an emergency" if self.emergencies.first else f"{said}, without an emergency"

    def example_words(self) -> str:
        """Say of one request in it what its risk is, and that it is an emergency; empty where neither matters."""
        said = "" if self.risks == ALL_RISKS else f" with a risk of {self.risks.first}"
        return f"{said} in an emergency" if self.emergencies.first else said


ALL = Region(EVERYTHING)


def region_of(rule: Rule) -> Region | None:
    """Return the requests that a rule's bounds let through, or None where there are none."""
    amounts = range_of(rule)
    return region(amounts, rule.risk_from, rule.risk_up_to, rule.emergency) if amounts else None


def region(amounts: Range, risk_from: int | None, risk_up_to: int | None, emergency: bool | None) -> Region:
    """Return a region by the bounds of its risk, both taken in, and by whether it is for emergencies; None is open."""
    risks = Range(risk_from or 0, HIGHEST_RISK if risk_up_to is None else risk_up_to)
    return Region(amounts, risks, BOTH if emergency is None else Range(int(emergency), int(emergency)))


def left_over(whole: Iterable[Region], taken: Iterable[Region]) -> list[Region]:
    """Return what of `whole` is in none of `taken`, cut into regions that do not meet, in order."""
    left = list(whole)
    for cut in taken:
        left = [piece for part in left for piece in _without(part, cut)]
    return sorted(left, key=lambda each: (each.amounts.first, each.risks.first, each.emergencies.first))


def pieces(regions: Sequence[Region]) -> list[Region]:
    """Cut everything at each end of `regions`, so that no piece lies in one of them only in part; amounts change first."""
    cuts = [
        pieces_of([each.emergencies for each in regions], BOTH),
        pieces_of([each.risks for each in regions], ALL_RISKS),
        pieces_of([each.amounts for each in regions], EVERYTHING),
    ]
    return [Region(amounts, risks, emergencies) for emergencies, risks, amounts in product(*cuts)]


def _without(part: Region, cut: Region) -> Iterator[Region]:
    """Shave off `part` what lies outside `cut`, one dimension after the other; what remains at the end lies in it."""
    common = part.common(cut)
    if common is None:
        yield part
        return
    rest = part
    for name in DIMENSIONS:
        inner = getattr(common, name)
        for outer in getattr(rest, name).without(inner):
            yield replace(rest, **{name: outer})
        rest = replace(rest, **{name: inner})
