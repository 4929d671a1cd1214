"""A move of budget as it is typed: both sides before and after, and whether anybody has to be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from approvals.models import Request
from approvals.rules.document import PolicyDocument
from approvals.selectors.policies import kinds_with_subject, policy_for
from approvals.selectors.terms import VIREMENT, draw_of, virement_of
from budgets.models import FundsAccount
from budgets.rules.postings import Posting
from budgets.selectors.balances import Effect, Figures, account_figures, effect_of
from core.errors import Missing

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be moved: by month, in the currency of both lines."""

    giver: FundsAccount
    taker: FundsAccount
    amounts: Mapping[date, Decimal]
    reason: str = ""

    @property
    def total(self) -> Decimal:
        """What is moved in all months together."""
        return sum(self.amounts.values(), ZERO)

    @property
    def title(self) -> str:
        """The move in a few words, as a request is called."""
        return f"Move {self.total:,.2f} from {self.giver.name} to {self.taker.name}"[:200]


@dataclass(frozen=True, slots=True)
class Way:
    """How a move is made: at once, or as a request of `kind`; and why."""

    at_once: bool
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Side:
    """A budget line before and after, over all months. `short` is by how much a stop on it would be missed, with its window.

    `by` is what its allotment changes by, `freed` what is let go of what it holds.
    """

    account: FundsAccount
    before: Figures
    by: Decimal
    freed: Decimal = ZERO
    short: Decimal = ZERO
    when: str = ""

    @property
    def allotted_after(self) -> Decimal:
        return self.before.allotted + self.by

    @property
    def held_after(self) -> Decimal:
        return self.before.held - self.freed

    @property
    def available_after(self) -> Decimal:
        return self.before.available + self.by + self.freed


def way_of(move: Move) -> Way:
    """Return whether a move is asked for, by the policy that covers both lines."""
    paths = [move.giver.cost_centre.path, move.taker.cost_centre.path]
    try:
        version = policy_for(entity=move.giver.entity, cost_centre_paths=paths)
    except Missing:
        return Way(True, "", "No approval policy covers both lines.")
    kinds = kinds_with_subject(version, VIREMENT)
    if not kinds:
        return Way(True, "", f"{version.policy.name} asks nobody about moving budget.")
    most = PolicyDocument.model_validate(version.document).move_at_once_up_to
    if most is not None and move.total <= most and version.currency == move.giver.currency:
        return Way(True, "", f"{version.policy.name} asks nobody up to {most:,.2f} {version.currency}.")
    return Way(False, kinds[0], f"{version.policy.name} says who decides.")


def sides_of(
    giver: FundsAccount, taker: FundsAccount, amounts: Mapping[date, Decimal], *, is_held: bool = False
) -> tuple[Side, Side]:
    """Return both sides before and after, and where a stop would refuse it. `is_held`: the giver holds it already."""
    total = sum(amounts.values(), ZERO)
    figures = account_figures([giver.pk, taker.pk])
    postings = [
        Posting(account.pk, month, "allotted", sign * amount)
        for month, amount in amounts.items()
        for account, sign in ((giver, -1), (taker, 1))
        if amount
    ]
    freed = total if is_held else ZERO
    if is_held:
        postings += [Posting(giver.pk, month, "reserved", -amount) for month, amount in amounts.items() if amount]
    effects = effect_of(postings) if postings else []
    return _side(Side(giver, figures[giver.pk], -total, freed), effects), _side(Side(taker, figures[taker.pk], total), effects)


def sides_of_request(request: Request) -> tuple[Side, Side] | None:
    """Return both sides of a move or a draw that waits for a decision; None for any other request."""
    moved = virement_of(request) or draw_of(request) if request.state == Request.State.SUBMITTED else None
    lines = list(request.lines.select_related("account__budget", "account__cost_centre").order_by("number")) if moved else []
    if moved is None or not lines:
        return None
    amounts = {line.month: line.funds for line in lines}
    return sides_of(lines[0].account, moved.taker, amounts, is_held=True)


def _side(side: Side, effects: Sequence[Effect]) -> Side:
    short = next((each for each in effects if each.account_id == side.account.pk and not each.passes), None)
    return side if short is None else replace(side, short=max(-short.left_after, ZERO), when=short.when)
