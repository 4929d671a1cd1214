"""Which parts of a hold are used first, and what they become. All amounts in the account's currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from budgets.rules.postings import Posting, check_amount
from core.errors import InvalidInput, WrongState

Place = tuple[str, int, date]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a hold that lies in one month."""

    account_id: int
    bucket: str
    thread: str
    month: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Settlement:
    """A part of a hold that is used or let go, and the month in which it is taken back: its own, unless that is closed."""

    part: Part
    month: date


def taken(parts: Sequence[Part], amounts: Mapping[str, Decimal]) -> list[Part]:
    """Return what to take for `amounts` by thread, from the earliest months first.

    Raises InvalidInput for an amount that is not above zero, and WrongState (settled) for more than is left of a thread.
    """
    found = [piece for thread, amount in amounts.items() for piece in _taken_of(thread, amount, parts)]
    if not found:
        raise InvalidInput("No amount is given.", remedy="Say how much of which line, or leave the amounts out for all of it.")
    return found


def _taken_of(thread: str, amount: Decimal, parts: Sequence[Part]) -> list[Part]:
    check_amount(amount)
    if amount < 0:
        raise InvalidInput(f"{amount} cannot be taken from a hold.", remedy="State an amount above zero.", code="invalid_amount")
    left, pieces = amount, []
    for part in parts:
        if part.thread == thread and left:
            pieces.append(replace(part, amount=min(left, part.amount)))
            left -= pieces[-1].amount
    if left:
        raise WrongState(
            f"{amount - left:,.2f} is left of {thread or 'this hold'}; this takes {amount:,.2f}.",
            remedy="Take what is left, or less.",
            code="settled",
            details={"thread": thread, "left": str(amount - left), "wanted": str(amount)},
        )
    return pieces


def taken_back(settlement: Settlement, memo: str) -> Posting:
    """Return the entry that takes a part out of its bucket."""
    part = settlement.part
    return Posting(part.account_id, settlement.month, part.bucket, -part.amount, part.thread, memo)


def as_postings(
    settlements: Iterable[Settlement], into: str, becomes: Mapping[str, Decimal], *, month: date | None, memo: str
) -> list[Posting]:
    """Return the entries that take each settlement back and put it into the bucket `into`, in `month` or in that of the hold.

    What a thread `becomes` replaces what is taken of it. Where that lies at several places, less is filled from the first on, and
    the first has what is more.
    """
    found = list(settlements)
    there: dict[Place, Decimal] = defaultdict(Decimal)
    for each in found:
        there[each.part.thread, each.part.account_id, month or each.part.month] += each.part.amount
    for thread, amount in becomes.items():
        there.update(_becoming(thread, amount, there))
    return [taken_back(each, memo) for each in found] + [
        Posting(account, at, into, amount, thread, memo) for (thread, account, at), amount in there.items() if amount
    ]


def _becoming(thread: str, amount: Decimal, there: Mapping[Place, Decimal]) -> dict[Place, Decimal]:
    """Return what stands at a thread's places when `amount` takes the place of what was taken of it."""
    check_amount(amount)
    places = {place: held for place, held in there.items() if place[0] == thread}
    if not places or amount < 0:
        raise InvalidInput(
            f"{thread or 'This hold'} cannot become {amount}.",
            remedy="Name a line that the journal holds, and an amount above zero.",
        )
    return _spread(amount, places)


def _spread(amount: Decimal, places: Mapping[Place, Decimal]) -> dict[Place, Decimal]:
    """Return what of `amount` each place has: as much as it held, in order, and the first what is left over."""
    left, spread = amount, {}
    for place, held in places.items():
        spread[place] = min(held, left)
        left -= spread[place]
    spread[next(iter(places))] += left
    return spread
