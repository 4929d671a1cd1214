"""What requests that wait do to the budget: at each budget line, and at each stop above."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from approvals.models import RequestLine
from budgets.rules.postings import Posting
from budgets.selectors.balances import Effect, Figures, standing_effects


@dataclass(frozen=True, slots=True)
class NodeEffect:
    """A budget line or a stop above, with what it holds in the control's window, these requests included.

    Amounts in the account's currency. `asked` is what these requests hold there; `left` is what remains if they are approved.
    """

    control_id: int
    account_id: int | None
    name: str
    mode: str
    window: str
    when: str
    cap: Decimal
    figures: Figures
    asked: Decimal
    left: Decimal


def effects_of_lines(lines: Iterable[RequestLine], *, leaves: bool = False) -> list[NodeEffect]:
    """Return the effect of submitted lines, deepest node first, or with `leaves` at budget lines only. One query, however many.

    What is submitted is reserved already: letting go of it shows which controls it weighs on, and what is left with it.
    """
    held = [Posting(line.account_id, line.month, "reserved", -line.funds) for line in lines]
    return [_node(effect, figures) for effect, figures in standing_effects(held, leaves=leaves)] if held else []


def _node(effect: Effect, figures: Figures) -> NodeEffect:
    return NodeEffect(
        control_id=effect.control_id,
        account_id=effect.account_id,
        name=effect.node,
        mode=effect.mode,
        window=effect.window,
        when=effect.when,
        cap=effect.cap,
        figures=figures,
        asked=-effect.wanted,
        left=effect.left_now,
    )
