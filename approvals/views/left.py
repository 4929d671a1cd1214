"""What is left on budget lines now and after a request: the figures under a line, and of what lies above."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from approvals.views.typed import ReadLine
from budgets.selectors.balances import Effect, Figures, account_figures, effect_of

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Left:
    """One budget line or stop, with and without what is asked. Amounts in the budget's currency."""

    name: str
    now: Decimal
    after: Decimal
    cap: Decimal
    wanted: Decimal
    spent: Decimal
    committed: Decimal
    reserved: Decimal

    @property
    def short(self) -> Decimal:
        """By how much it is not enough; zero where it is."""
        return max(-self.after, ZERO)

    @property
    def label(self) -> str:
        """What the bar shows, in words."""
        if self.short:
            return f"{self.name}: short by {self.short:,.2f}"
        return f"{self.name}: {self.after:,.2f} left after this, of {self.cap:,.2f}"


@dataclass(frozen=True)
class Picture:
    """What the lines of a request do to the budget."""

    by_account: dict[int, Left] = field(default_factory=dict)
    above: list[Effect] = field(default_factory=list)


@dataclass(frozen=True)
class Sum:
    """The lines of the form added up."""

    count: int
    total: Decimal
    currency: str


def picture_of(lines: Sequence[ReadLine]) -> Picture:
    """Return what reserving the lines, all netted, would leave."""
    if not lines:
        return Picture()
    effects = effect_of([line.posting for line in lines])
    leaves = {effect.account_id: effect for effect in effects if effect.account_id is not None}
    figures = account_figures(leaves)
    by_account = {account_id: left_of(effect, figures[account_id]) for account_id, effect in leaves.items()}
    return Picture(by_account, [effect for effect in effects if effect.account_id is None])


def left_of(effect: Effect, figures: Figures) -> Left:
    """Return a budget line's figures; where its window is not all months, what is held stands as one."""
    whole = figures.held == effect.held
    return Left(
        name=effect.node,
        now=effect.left_now,
        after=effect.left_after,
        cap=effect.cap,
        wanted=effect.wanted,
        spent=figures.spent if whole else effect.held,
        committed=figures.committed if whole else ZERO,
        reserved=figures.reserved if whole else ZERO,
    )


def sum_of(lines: Sequence[ReadLine], *, count: int, currency: str) -> Sum:
    """Add up what the lines take from the budget."""
    first = lines[0].account.currency if lines else currency
    return Sum(count, sum((line.funds for line in lines), ZERO), first)
