"""What entries come to in the entity's currency, as the model of the ledger sees it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

HOLDING = ("reserved", "committed", "spent")


@dataclass(frozen=True)
class Line:
    """What moves in one bucket of one account in one month, in cents of the account's currency, and what that pools."""

    account: int
    month: int
    bucket: str
    cents: int
    thread: str = ""
    pooled: int = 0


Pot = tuple[int, int]


def half_up(value: Fraction) -> int:
    """Return the whole number next to `value`, which is not below zero; the larger one where it lies in the middle."""
    return (value + Fraction(1, 2)).__floor__()


@dataclass
class Pooling:
    """How one journal's lines are pooled. `rate_of` gives a currency's rate today.

    `standing` gives all entries there were of what a line lowers: its account's allotment of the month, or its thread's hold.
    """

    home: str
    currency_of: Callable[[int], str]
    rate_of: Callable[[str], Fraction]
    standing: Callable[[Line], Iterable[Line]]

    def pooled(self, lines: Sequence[Line]) -> list[Line]:
        """Return the lines with what each pools, in the order given. What takes away is seen to first."""
        done: dict[int, Line] = {}
        for at in sorted(range(len(lines)), key=lambda at: (lines[at].cents > 0, at)):
            done[at] = replace(lines[at], pooled=self._of(lines[at], list(done.values())))
        return [done[at] for at in range(len(lines))]

    def _of(self, line: Line, before: list[Line]) -> int:
        """Return what a line pools: so much of what there is to take at the rate that has, and the rest at the day's."""
        currency = self.currency_of(line.account)
        if currency == self.home:
            return line.cents
        cents, pooled = self._pot(line, before)
        amount = abs(line.cents)
        taken = min(amount, cents)
        worth = half_up(Fraction(pooled * taken, cents)) if taken else 0
        if taken < amount:
            worth += half_up((amount - taken) * self.rate_of(currency))
        return worth if line.cents > 0 else -worth

    def _pot(self, line: Line, before: list[Line]) -> Pot:
        """Return what there is to take, and what it pools: what stands there, or what the same journal took away before."""
        if line.bucket == "paid" or (line.bucket != "allotted" and not line.thread):
            return 0, 0
        if line.cents < 0:
            here = [each for each in before if _place(each) == _place(line)]
            cents, pooled = _sum([*self.standing(line), *here])
        else:
            cents, pooled = _sum(each for each in before if self._follows(line, each))
            cents, pooled = -cents, -pooled
        return (cents, pooled) if cents > 0 and pooled > 0 else (0, 0)

    def _follows(self, line: Line, taken: Line) -> bool:
        if self.currency_of(taken.account) != self.currency_of(line.account):
            return False
        if line.bucket == "allotted":
            return taken.bucket == "allotted"
        return taken.bucket in HOLDING and taken.thread == line.thread


def _place(line: Line) -> tuple[object, ...]:
    return (line.account, line.bucket, line.month if line.bucket == "allotted" else line.thread)


def _sum(lines: Iterable[Line]) -> Pot:
    found = list(lines)
    return sum(line.cents for line in found), sum(line.pooled for line in found)
