"""What an emergency may come to, when its debts are due, and who may pay them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RoleLimit:
    """Up to what amount a role commits at once, in the entity's currency: for each emergency, or for all in a month."""

    role: str
    amount: Decimal
    monthly: bool


def room_of(limits: Sequence[RoleLimit], *, used: Decimal) -> Decimal | None:
    """Return the most that an emergency may come to now; None for somebody without any limit, who may not declare one.

    `used` is what the person's emergencies of this month come to. Of several roles the one that leaves the most counts.
    """
    rooms = [max(limit.amount - used, Decimal(0)) if limit.monthly else limit.amount for limit in limits]
    return max(rooms, default=None)


def needs_second_word(kind: str, *, has_text: bool) -> bool:
    """Say whether an answer is a statement that another must still agree with: the impact, before the ongoing approval."""
    return kind == "impact" and not has_text
