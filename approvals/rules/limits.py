"""What one person asks for in a day, and on a card, held against the limits of a policy. Pure.

What goes above a limit is put before the role that the limit names, after everybody else; where it names none, it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from approvals.rules.routing import StageSpec, TraceStep

PER_DAY, CARD, CARD_MONTH, PERSONAL = "per_day", "card", "card_month", "personal"
NAMES = {
    PER_DAY: "Limit a day",
    CARD: "Limit of the card for one request",
    CARD_MONTH: "Limit of the card in a month",
    PERSONAL: "Limit of whoever asks",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a policy. `amount` is None where it is a person's own; `needs` is who decides above it, None for nobody."""

    what: str
    amount: Decimal | None = None
    needs: StageSpec | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What a limit is held against: what was asked for already and what is asked for now, and up to what is free.

    `whose` names it in a sentence, such as `Travel card 1234 in Mar 2026`. Amounts in `currency`.
    """

    what: str
    used: Decimal
    asked: Decimal
    most: Decimal
    currency: str
    whose: str = ""

    @property
    def is_above(self) -> bool:
        """Whether it is more than is free."""
        return self.used + self.asked > self.most

    def words(self) -> str:
        """Say the figures."""
        money = f"{self.asked:,.2f} {self.currency}"
        most = f"{self.most:,.2f} {self.currency}"
        if self.what == PERSONAL:
            return f"This asks for {money}; whoever asks may ask for {most} at once."
        if self.what == CARD:
            return f"This asks for {money} on {self.whose}; its limit is {most} for one request."
        total = f"{self.used + self.asked:,.2f} {self.currency}"
        over = "today" if self.what == PER_DAY else f"on {self.whose}"
        span = "a day" if self.what == PER_DAY else "a month"
        return f"With {self.used:,.2f} asked for {over} before, this comes to {total}; the limit is {most} {span}."


@dataclass(frozen=True, slots=True)
class Held:
    """What holding a request against its limits came to: the stages that are asked, what the trace says, what is refused."""

    stages: tuple[StageSpec, ...]
    steps: tuple[TraceStep, ...]
    refused: tuple[Use, ...]


def hold(stages: Sequence[StageSpec], limits: Sequence[Limit], uses: Sequence[Use]) -> Held:
    """Hold what is asked against `limits`. A role that decides anyway is not asked twice."""
    asked, steps, refused = list(stages), [], []
    known = {limit.what: limit for limit in limits}
    for use in uses:
        needs = known[use.what].needs if use.what in known else None
        said = use.words()
        if use.is_above and needs is None:
            refused.append(use)
        elif use.is_above and needs is not None:
            is_asked = any(stage.role_code == needs.role_code for stage in asked)
            said = f"{said} {needs.name} decides {'anyway' if is_asked else 'too'}."
            asked += [] if is_asked else [_last(needs, asked)]
        steps.append(TraceStep(0, NAMES[use.what], use.is_above, False, said))
    return Held(tuple(asked), tuple(steps), tuple(refused))


def _last(needs: StageSpec, asked: Sequence[StageSpec]) -> StageSpec:
    """Put a stage after all others."""
    number, group = max(((stage.number, stage.group) for stage in asked), default=(0, 0))
    return replace(needs, number=number + 1, group=max([group, *(stage.group for stage in asked)]) + 1, by_limit=True)
