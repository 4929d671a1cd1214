"""When the link of a mail still leads somewhere, and when it is enough by itself. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bond:
    """What a link is bound to, as it stands now."""

    expires_at: datetime
    is_ended: bool
    is_active: bool
    same_credential: bool
    still_placed: bool
    still_holds_role: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What bears on whether the link alone is enough. Amounts are in the entity's currency; None where nothing is set."""

    up_to: Decimal | None
    amount: Decimal | None
    unchanged: bool
    in_own_place: bool
    has_second_factor: bool


def holds(bond: Bond, *, now: datetime) -> bool:
    """Say whether the link leads anywhere at `now`. Whatever it was bound to and is no more ends it."""
    if bond.is_ended or now >= bond.expires_at:
        return False
    if not bond.is_active or not bond.same_credential:
        return False
    return bond.still_placed and bond.still_holds_role


def is_enough(proof: Proof) -> bool:
    """Say whether whoever opens the link may decide without signing in.

    Only where the organization set a limit, below it, on what the mail showed, in one's own place, and never for people who
    sign in with a second factor: a mailbox is one factor, and would stand in for two.
    """
    if proof.up_to is None or proof.amount is None or proof.amount > proof.up_to:
        return False
    return proof.unchanged and proof.in_own_place and not proof.has_second_factor
