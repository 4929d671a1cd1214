"""Money that is held for later: used in full or in part, let go, moved to another month. Each is a journal of its own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction

from budgets.locks import keep_structure, lock_structure
from budgets.models import Entry, Journal
from budgets.rules.months import first_of
from budgets.rules.settling import Part, Settlement, as_postings, taken, taken_back
from budgets.selectors.journal_states import JournalState, State, journal_state, parts_of
from budgets.selectors.months import open_among
from budgets.selectors.threads import parts_of_thread
from budgets.services.ledger import PostedJournal, Posting
from budgets.services.movements import Movement, begin, carry_out
from core.errors import InvalidInput, NotFound, WrongState
from core.models import User

KINDS = {"committed": Journal.Kind.COMMIT, "spent": Journal.Kind.SPEND}


@transaction.atomic
def settle(
    *,
    key: str,
    pending_key: str,
    into: str,
    actor: User | None,
    amounts: Mapping[str, Decimal] | None = None,
    becomes: Mapping[str, Decimal] | None = None,
    month: date | None = None,
    is_fact: bool = False,
    memo: str = "",
) -> PostedJournal:
    """Turn what a pending journal holds into the next bucket, `committed` or `spent`: all of it, or `amounts` by thread.

    A thread may become more or less than is taken from its hold (an order beyond its request): `becomes` says so, by thread.
    It lands in the month of the hold, or in `month`; a hold of a closed month is taken back in `month` too, since closed
    figures stay as they were. Amounts are in the account's currency. Raises WrongState (settled), InvalidInput, NotFound,
    NoFunds where more is held than before, ClosedPeriod and Stale.
    """
    journal = _pending(pending_key)
    said = {"into": into, "amounts": _said(amounts), "becomes": _said(becomes), "month": str(month or ""), "fact": is_fact}
    movement = Movement(key, "hold.settled", journal, journal.entity, actor, said)
    if first := begin(movement):
        return first
    keep_structure()
    _check_into(into, journal_state(journal))
    settlements = _settlements(journal, amounts, month)
    postings = as_postings(settlements, into, becomes or {}, month=month and first_of(month), memo=memo)
    return carry_out(
        movement,
        kind=KINDS[into],
        postings=postings,
        source=(journal.source_type, journal.source_id),
        is_fact=is_fact,
        settles=pending_key,
        memo=memo,
    )


@transaction.atomic
def void(*, key: str, pending_key: str, actor: User | None, month: date | None = None, memo: str = "") -> PostedJournal:
    """Let go of all that a pending journal holds, where nothing of it was used. Never refused for funds.

    Raises WrongState (settled in part: release what is left), NotFound, ClosedPeriod (`month`: where to take it back then).
    """
    journal = _pending(pending_key)
    movement = Movement(key, "hold.voided", journal, journal.entity, actor, {"month": str(month or "")})
    if first := begin(movement):
        return first
    keep_structure()
    if journal_state(journal).state == State.PART:
        raise WrongState(f"{journal} was settled in part.", remedy="Release what is left of it.", code="settled")
    return _let_go(movement, journal, month, memo)


@transaction.atomic
def release_remainder(
    *,
    key: str,
    pending_key: str,
    actor: User | None,
    amounts: Mapping[str, Decimal] | None = None,
    month: date | None = None,
    memo: str = "",
) -> PostedJournal:
    """Let go of what is left of a pending journal, or of `amounts` of it by thread: an order is closed. Never refused for funds.

    Raises WrongState where nothing is left, InvalidInput, NotFound, ClosedPeriod (`month`: where to take it back then).
    """
    journal = _pending(pending_key)
    said = {"month": str(month or "")} | ({} if amounts is None else {"amounts": _said(amounts)})
    movement = Movement(key, "hold.released", journal, journal.entity, actor, said)
    if first := begin(movement):
        return first
    keep_structure()
    return _let_go(movement, journal, month, memo, amounts)


@transaction.atomic
def move_hold(*, key: str, pending_key: str, to_month: date, actor: User | None, memo: str = "") -> PostedJournal:
    """Move what is left of a pending journal to another month.

    To a later one it is never refused for funds; to an earlier one it may be.
    Every posting is kept out meanwhile. Raises NoFunds, WrongState (nothing is left, or it lies there already), NotFound,
    ClosedPeriod.
    """
    journal = _pending(pending_key)
    movement = Movement(key, "hold.moved", journal, journal.entity, actor, {"to": str(first_of(to_month))})
    if first := begin(movement):
        return first
    lock_structure()
    return _move(movement, journal, parts_of(journal, journal_state(journal).holds), first_of(to_month), memo)


@transaction.atomic
def move_thread(*, key: str, thread: str, to_month: date, actor: User | None, memo: str = "") -> PostedJournal:
    """Move all that a document's line holds to another month, whichever journals hold it. Refused as `move_hold` is."""
    entry = Entry.objects.filter(thread=thread).exclude(thread="").select_related("journal__entity").order_by("id").first()
    if entry is None:
        raise NotFound("Nothing is held for that line.", remedy="Look it up in the list of entries.")
    said = {"thread": thread, "to": str(first_of(to_month))}
    movement = Movement(key, "hold.moved", entry.journal, entry.journal.entity, actor, said)
    if first := begin(movement):
        return first
    lock_structure()
    return _move(movement, entry.journal, parts_of_thread(thread), first_of(to_month), memo)


def _pending(key: str) -> Journal:
    journal = Journal.objects.select_related("entity").filter(key=key).first()
    if journal is None:
        raise NotFound("There is no such journal.", remedy="Name the journal that holds the money.")
    return journal


def _said(amounts: Mapping[str, Decimal] | None) -> dict[str, str] | None:
    return None if amounts is None else {thread: f"{amount.normalize():f}" for thread, amount in sorted(amounts.items())}


def _check_into(into: str, stand: JournalState) -> None:
    if into not in KINDS:
        raise InvalidInput(f"A hold does not become {into}.", remedy=f"Use one of {', '.join(KINDS)}.")
    if any(hold.bucket == into and hold.left for hold in stand.holds):
        raise InvalidInput(f"This is {into} already.", remedy="Let it become spent, or release it.")


def _settlements(journal: Journal, amounts: Mapping[str, Decimal] | None, month: date | None) -> list[Settlement]:
    """Return what is taken from the journal's hold, part by part, and where each part is taken from."""
    stand = journal_state(journal)
    parts = parts_of(journal, stand.holds)
    if not parts:
        raise WrongState(f"{journal} holds nothing any more ({stand.state}).", remedy="Hold the money anew.", code="settled")
    wanted = parts if amounts is None else taken(parts, amounts)
    return _in_open_months(journal, wanted, month)


def _in_open_months(journal: Journal, parts: Sequence[Part], month: date | None) -> list[Settlement]:
    """Closed figures stay as they were: what lies in a closed month is taken back in `month`, where one is given."""
    is_open = open_among(journal.entity, (part.month for part in parts)) if month else {part.month for part in parts}
    return [Settlement(part, part.month if part.month in is_open or month is None else first_of(month)) for part in parts]


def _let_go(
    movement: Movement, journal: Journal, month: date | None, memo: str, amounts: Mapping[str, Decimal] | None = None
) -> PostedJournal:
    return carry_out(
        movement,
        kind=Journal.Kind.RELEASE,
        postings=[taken_back(each, memo) for each in _settlements(journal, amounts, month)],
        source=(journal.source_type, journal.source_id),
        settles=journal.key,
        memo=memo,
    )


def _move(movement: Movement, journal: Journal, parts: Iterable[Part], to_month: date, memo: str) -> PostedJournal:
    moved = [part for part in parts if part.month != to_month]
    if not moved:
        raise WrongState(f"Nothing is held outside {to_month:%B %Y}.", remedy="There is nothing to move.", code="settled")
    there: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
    for part in moved:
        there[part.account_id, part.bucket, part.thread] += part.amount
    postings = [Posting(part.account_id, part.month, part.bucket, -part.amount, part.thread, memo) for part in moved]
    postings += [Posting(account, to_month, bucket, amount, thread, memo) for (account, bucket, thread), amount in there.items()]
    return carry_out(
        movement,
        kind=Journal.Kind.MOVE,
        postings=postings,
        source=(journal.source_type, journal.source_id),
        is_fact=all(part.month < to_month for part in moved),
        memo=memo,
    )
