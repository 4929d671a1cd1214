"""Which parts of a hold are used first, and what they become. All amounts in the account's currency."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from budgets.rules.postings import Posting, check_amount
from core.errors import InvalidInput, WrongState


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

    What a thread `becomes` replaces what is taken of it; where that lies at several places, the first has the difference.
    """
    found = list(settlements)
    back = [
        Posting(each.part.account_id, each.month, each.part.bucket, -each.part.amount, each.part.thread, memo) for each in found
    ]
    there: dict[tuple[str, int, date], Decimal] = defaultdict(Decimal)
    for each in found:
        there[each.part.thread, each.part.account_id, month or each.part.month] += each.part.amount
    for thread, amount in becomes.items():
        check_amount(amount)
        first = next((place for place in there if place[0] == thread), None)
        if first is None or amount < 0:
            raise InvalidInput(
                f"{thread or 'This hold'} cannot become {amount}.",
                remedy="Name a line that the journal holds, and an amount above zero.",
            )
        there[first] += amount - sum(held for place, held in there.items() if place[0] == thread)
    return back + [Posting(account, at, into, amount, thread, memo) for (thread, account, at), amount in there.items() if amount]
