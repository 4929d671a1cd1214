"""What one person asks for in a day, on a card, and under a contract, held against the limits of a policy. Pure.

What goes above a limit is put before the role that the limit names, after everybody else; where it names none, it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from approvals.rules.routing import StageSpec, TraceStep

PER_DAY, CARD, CARD_MONTH, PERSONAL = "per_day", "card", "card_month", "personal"
# Of a contract that is called off: its whole value, and its term, which is no limit of its own.
CONTRACT, CONTRACT_TERM = "contract", "contract_term"
RESERVE_STEP = "Reserve"
# What these are held against, the policy does not state.
OF_THEIR_OWN = frozenset({PERSONAL, CONTRACT})
NAMES = {
    PER_DAY: "Limit a day",
    CARD: "Limit of the card for one request",
    CARD_MONTH: "Limit of the card in a month",
    PERSONAL: "Limit of whoever asks",
    CONTRACT: "Value of the contract",
    CONTRACT_TERM: "Term of the contract",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a policy. `needs` is who decides above it, None for nobody.

    `amount` is None where it is a person's or a contract's own.
    """

    what: str
    amount: Decimal | None = None
    needs: StageSpec | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What a limit is held against: what was asked for already and what is asked for now, and up to what is free.

    `whose` names it in a sentence, such as `Travel card 1234 in Mar 2026`, and `when` its term. Amounts in `currency`.
    """

    what: str
    used: Decimal
    asked: Decimal
    most: Decimal
    currency: str
    whose: str = ""
    when: str = ""

    @property
    def limit(self) -> str:
        """The limit of a policy that says who decides above it."""
        return CONTRACT if self.what == CONTRACT_TERM else self.what

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
        if self.what == CONTRACT_TERM:
            return self._words_of_term()
        if self.what == CARD:
            return f"This asks for {money} on {self.whose}; its limit is {most} for one request."
        total = f"{self.used + self.asked:,.2f} {self.currency}"
        if self.what == CONTRACT:
            before = f"{self.used:,.2f} of {self.whose} was called off before; with this it comes to {total}"
            return f"{before}. The contract is worth {most}, without VAT."
        over = "today" if self.what == PER_DAY else f"on {self.whose}"
        span = "a day" if self.what == PER_DAY else "a month"
        return f"With {self.used:,.2f} asked for {over} before, this comes to {total}; the limit is {most} {span}."

    def _words_of_term(self) -> str:
        if not self.is_above:
            return f"All of it lies in the term of {self.whose}, {self.when}."
        return f"{self.asked:,.2f} {self.currency} of it lies outside the term of {self.whose}, {self.when}."


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
        needs = known[use.limit].needs if use.limit in known else None
        said = use.words()
        if use.is_above and needs is None:
            refused.append(use)
        elif use.is_above and needs is not None:
            is_asked = any(stage.role_code == needs.role_code for stage in asked)
            said = f"{said} {needs.name} decides {'anyway' if is_asked else 'too'}."
            asked += [] if is_asked else [_last(needs, asked)]
        steps.append(TraceStep(0, NAMES[use.what], use.is_above, False, said))
    return Held(tuple(asked), tuple(steps), tuple(refused))


def with_stage(held: Held, needs: StageSpec, step: str, said: str) -> Held:
    """Let somebody decide too who is no rule's and no limit's; not twice where they are asked anyway."""
    is_asked = any(stage.role_code == needs.role_code for stage in held.stages)
    stages = held.stages if is_asked else (*held.stages, _last(needs, held.stages))
    return replace(held, stages=stages, steps=(*held.steps, TraceStep(0, step, True, False, said)))


def _last(needs: StageSpec, asked: Sequence[StageSpec]) -> StageSpec:
    """Put a stage after all others."""
    number, group = max(((stage.number, stage.group) for stage in asked), default=(0, 0))
    return replace(needs, number=number + 1, group=max([group, *(stage.group for stage in asked)]) + 1, by_limit=True)
