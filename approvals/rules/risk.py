"""How much a request wants a second look: a score from 0 to 100, added up from reasons that each say their figures. Pure.

What each sign is worth, and from where it counts, is a policy's own; a policy that says nothing has `Weights()`.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

MOST = 100
FEWEST_TO_COMPARE = 3


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign is worth in points, 0 for never, and from where it counts."""

    large_share: int = 20
    large_share_from: int = 50
    unusual_amount: int = 20
    unusual_amount_times: Decimal = Decimal(3)
    new_vendor: int = 15
    look_alike: int = 25
    in_parts: int = 20
    in_parts_days: int = 7
    urgent: int = 10
    urgent_days: int = 3
    back_dated: int = 10
    over_plan: int = 15
    first_request: int = 10
    emergency: int = 20


@dataclass(frozen=True, slots=True)
class LineSigns:
    """A budget line that pays, in its currency: what is asked of it, all that is left on it, and its plan to the month."""

    name: str
    asked: Decimal
    left: Decimal
    planned: Decimal
    held: Decimal


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a request when it is weighed. Amounts in `currency`; `today` is a day of the organization's zone."""

    currency: str
    amount: Decimal
    today: date
    last_month: date
    first_month: date
    lines: tuple[LineSigns, ...] = ()
    vendor: str = ""
    is_new_vendor: bool = False
    # The median of what was approved before, of how many, and of whom: `this vendor`, `this budget line`.
    usual: Decimal | None = None
    usual_count: int = 0
    usual_of: str = ""
    looks_alike: str = ""
    parts: int = 0
    parts_sum: Decimal = Decimal(0)
    needed_by: date | None = None
    is_first: bool = False
    is_emergency: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """A sign that was found: its name, its points, and a sentence with its figures."""

    sign: str
    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Risk:
    """The score and what it is made of, the heaviest reason first."""

    score: int = 0
    reasons: tuple[Reason, ...] = field(default=())


def assess(signs: Signs, weights: Weights) -> Risk:
    """Return the score of a request: the points of every sign that it shows, at most a hundred."""
    found = [
        *_of_lines(signs, weights),
        *_of_amount(signs, weights),
        *_of_vendor(signs, weights),
        *_of_time(signs, weights),
        *_of_person(signs, weights),
    ]
    reasons = sorted((reason for reason in found if reason.points), key=lambda reason: -reason.points)
    return Risk(min(MOST, sum(reason.points for reason in reasons)), tuple(reasons))


def _of_lines(signs: Signs, weights: Weights) -> list[Reason]:
    return [*_large_share(signs, weights), *_over_plan(signs, weights)]


def _large_share(signs: Signs, weights: Weights) -> list[Reason]:
    """The line of which the request takes the largest part of what is left speaks for all."""
    tightest = max(signs.lines, key=_share, default=None)
    if tightest is None or _share(tightest) < weights.large_share_from:
        return []
    if tightest.left <= 0:
        said = f"Nothing is left on {tightest.name}."
    else:
        said = f"It takes {_share(tightest):,.0f} % of the {tightest.left:,.2f} {signs.currency} that is left on {tightest.name}."
    return [Reason("large_share", weights.large_share, said)]


def _share(line: LineSigns) -> Decimal:
    return line.asked * 100 / line.left if line.left > 0 else Decimal("Infinity")


def _over_plan(signs: Signs, weights: Weights) -> list[Reason]:
    over = [line for line in signs.lines if line.held + line.asked > line.planned]
    if not over:
        return []
    worst = max(over, key=lambda line: line.held + line.asked - line.planned)
    held, to = worst.held + worst.asked, f"{signs.last_month:%b %Y}"
    said = f"With it {worst.name} comes to {held:,.2f} {signs.currency} up to {to}; the plan is {worst.planned:,.2f}."
    return [Reason("over_plan", weights.over_plan, said)]


def _of_amount(signs: Signs, weights: Weights) -> list[Reason]:
    found = []
    if signs.usual and signs.usual_count >= FEWEST_TO_COMPARE and signs.amount >= signs.usual * weights.unusual_amount_times:
        times = signs.amount / signs.usual
        said = (
            f"It is {times:,.1f} times the {signs.usual:,.2f} {signs.currency} that is usual for {signs.usual_of}, "
            f"by the last {signs.usual_count} that were approved."
        )
        found.append(Reason("unusual_amount", weights.unusual_amount, said))
    if signs.looks_alike:
        said = f"A request that waits or is approved looks like it: {signs.looks_alike}."
        found.append(Reason("look_alike", weights.look_alike, said))
    if signs.parts:
        whole = signs.parts_sum + signs.amount
        others = "another request" if signs.parts == 1 else f"{signs.parts} others"
        said = (
            f"With {others} of the last {weights.in_parts_days} days by the same person, for "
            f"{signs.vendor or 'the same budget line'}, it comes to {whole:,.2f} {signs.currency}."
        )
        found.append(Reason("in_parts", weights.in_parts, said))
    return found


def _of_vendor(signs: Signs, weights: Weights) -> list[Reason]:
    if not signs.is_new_vendor:
        return []
    return [Reason("new_vendor", weights.new_vendor, f"Nothing was ever asked for from {signs.vendor}.")]


def _of_time(signs: Signs, weights: Weights) -> list[Reason]:
    found = []
    if signs.needed_by is not None and (days := (signs.needed_by - signs.today).days) <= weights.urgent_days:
        when = "was needed before today" if days < 0 else "is needed today" if not days else f"is needed in {_days(days)}"
        found.append(Reason("urgent", weights.urgent, f"It {when}, by {signs.needed_by:%Y-%m-%d}."))
    if signs.first_month < signs.today.replace(day=1):
        found.append(Reason("back_dated", weights.back_dated, f"It is for {signs.first_month:%b %Y}, which is over."))
    if signs.is_emergency:
        found.append(Reason("emergency", weights.emergency, "It is stated to be an emergency."))
    return found


def _of_person(signs: Signs, weights: Weights) -> list[Reason]:
    if not signs.is_first:
        return []
    return [Reason("first_request", weights.first_request, "It is the first request of whoever asks.")]


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
