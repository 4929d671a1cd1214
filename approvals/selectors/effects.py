"""What requests that wait do to the budget: at each budget line, and at each stop above."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from approvals.models import RequestLine
from budgets.models import Balance
from budgets.rules.postings import Posting
from budgets.selectors.balances import Effect, Figures, effect_of


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


def effects_of_lines(lines: Iterable[RequestLine]) -> list[NodeEffect]:
    """Return the effect of submitted lines, deepest node first. Two queries, however many lines.

    What is submitted is reserved already: letting go of it shows which controls it weighs on, and what is left with it.
    """
    held = [Posting(line.account_id, line.month, "reserved", -line.funds) for line in lines]
    if not held:
        return []
    effects = effect_of(held)
    figures = _figures(effects)
    return [_node(effect, figures.get(effect.control_id, Figures())) for effect in effects]


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


def _figures(effects: Sequence[Effect]) -> dict[int, Figures]:
    """Return each control's buckets, summed over its accounts in the window that the effect speaks of."""
    windows = Q()
    for effect in effects:
        within = Q(account__covers__control_id=effect.control_id)
        within &= Q(month__gte=effect.first) if effect.first else Q()
        within &= Q(month__lte=effect.last) if effect.last else Q()
        windows |= within
    if not windows:
        return {}
    rows = Balance.objects.filter(windows).order_by().values_list("account__covers__control_id")
    sums = rows.annotate(Sum("allotted"), Sum("reserved"), Sum("committed"), Sum("spent"))
    return {control_id: Figures(*amounts) for control_id, *amounts in sums}
