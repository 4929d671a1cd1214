"""Orders: what is committed and not invoiced yet is let go where nothing more comes of it, held again, or moved.

An order is what a journal commits: an approved request, or an order that an old system's balances brought along.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.locks import lock_key, lock_structure
from budgets.models import Bucket, Entry, Journal
from budgets.rules.months import first_of
from budgets.rules.postings import Posting
from budgets.selectors.balances import effect_of
from budgets.selectors.journal_states import journal_state
from budgets.selectors.orders import CLOSED, is_closing
from budgets.services.holds import move_hold, release_remainder
from budgets.services.ledger import PostedJournal, reverse
from core import clock
from core.errors import InvalidInput, NotFound, WrongState
from core.models import User

LONGEST_REASON = 300
MOVED = ":moved:"
NOTHING_LEFT = "Nothing of this order is left."


@transaction.atomic
def close_order(*, journal_id: int, reason: str, actor: User, threads: Collection[str] | None = None) -> PostedJournal:
    """Let go of what is left of an order, or of the lines of it whose threads are named; what was invoiced stays as it is.

    What lies in a closed month is taken back in the present one. Who may is for the caller to say.
    Raises InvalidInput (no reason), WrongState (nothing is left, it is no order), NotFound, ClosedPeriod.
    """
    said = checked_reason(reason)
    order, left = _order(journal_id, threads)
    turn = Journal.objects.filter(settles=order, key__startswith=f"{order.key}{CLOSED}").count() + 1
    return release_remainder(
        key=f"{order.key}{CLOSED}{turn}",
        pending_key=order.key,
        actor=actor,
        amounts=left,
        month=first_of(clock.now().date()),
        memo=said,
    )


@transaction.atomic
def hold_order_again(*, journal_id: int, actor: User) -> PostedJournal:
    """Hold again what closing an order let go: the journal that did so is reversed.

    Raises WrongState (it is no such journal, it was done before; `used`: something else holds the money by now), NotFound,
    ClosedPeriod.
    """
    closing = Journal.objects.filter(pk=journal_id).first()
    if closing is None:
        raise NotFound("There is no such journal.", remedy="Start from the order.")
    if not is_closing(closing):
        raise WrongState(f"{closing} closed no order.", remedy="Start from the order.")
    if Journal.objects.filter(reverses=closing).exists():
        raise WrongState("The order holds its money again already.", remedy="Nothing is left to do.")
    # Every posting is kept out, so that what is free now is free as it is held again.
    lock_structure()
    rows = Entry.objects.filter(journal=closing).values_list("account_id", "month", "bucket", "amount")
    effects = effect_of([Posting(account, month, bucket, -amount) for account, month, bucket, amount in rows])
    if used := [effect.node for effect in effects if not effect.passes]:
        raise WrongState(
            f"{used[0]} holds something else by now.", remedy="Free what it needs first, or ask for it anew.", code="used"
        )
    return reverse(journal_id=closing.pk, key=f"{closing.key}:undone", actor=actor, memo="The order is open again")


def _order(journal_id: int, threads: Collection[str] | None) -> tuple[Journal, dict[str, Decimal]]:
    """Return an order, kept from others, and what is left of its lines by thread. Raises NotFound, WrongState."""
    lock_key(f"order:{journal_id}")
    journal = Journal.objects.filter(pk=journal_id).first()
    if journal is None:
        raise NotFound("There is no such journal.", remedy="Start from the list of entries.")
    left: dict[str, Decimal] = {}
    for hold in journal_state(journal).holds:
        if hold.bucket == Bucket.COMMITTED and hold.left > 0 and (threads is None or hold.thread in threads):
            left[hold.thread] = left.get(hold.thread, Decimal(0)) + hold.left
    if not left:
        raise WrongState(NOTHING_LEFT, remedy="Nothing is left to do.", code="settled")
    return journal, left


@transaction.atomic
def move_order(*, journal_id: int, to_month: date, reason: str, actor: User) -> PostedJournal:
    """Move what is left of an order to another month, as where it is delivered later. Who may is for the caller to say.

    Raises InvalidInput (no reason), WrongState (nothing is left, or it lies there already), NotFound, ClosedPeriod, and NoFunds
    where it is moved to an earlier month that does not hold it.
    """
    said = checked_reason(reason)
    order, _ = _order(journal_id, None)
    turn = Journal.objects.filter(key__startswith=f"{order.key}{MOVED}").count() + 1
    month = first_of(to_month)
    return move_hold(key=f"{order.key}{MOVED}{turn}", pending_key=order.key, to_month=month, actor=actor, memo=said)


def checked_reason(reason: str) -> str:
    """Return why an order is closed, as it is kept. Raises InvalidInput naming the field."""
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON or "\x00" in said:
        sentence = f"Say why, in up to {LONGEST_REASON} characters."
        raise InvalidInput(sentence, details={"reason": sentence})
    return said
