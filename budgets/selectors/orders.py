"""Orders that an old system's balances brought along, and which journals closed an order."""

from collections.abc import Sequence

from budgets.models import Bucket, Journal
from budgets.selectors.entries import access_journal
from budgets.selectors.journal_states import JournalState
from budgets.selectors.periods import access_entity_of_finance
from core.errors import WrongState
from core.models import User

CLOSED = ":closed:"


def is_closing(journal: Journal) -> bool:
    """Say whether a journal closed an order."""
    return journal.kind == Journal.Kind.RELEASE and CLOSED in journal.key and journal.settles_id is not None


def open_threads(state: JournalState) -> list[str]:
    """Return of which lines of a journal something is committed still, by their threads."""
    return list(dict.fromkeys(hold.thread for hold in state.holds if hold.bucket == Bucket.COMMITTED and hold.left > 0))


def names_of_orders(journal: Journal, threads: Sequence[str]) -> list[tuple[str, str]]:
    """Return the orders of a journal by their threads, each with its line, its reference and what it held at first."""
    rows = journal.entries.filter(thread__in=threads, bucket=Bucket.COMMITTED).select_related("account").order_by("number")
    return [(row.thread, f"{row.account.name}: {row.memo or 'no reference'}, {row.amount:,.2f}") for row in rows]


def access_opened(user: User, journal_id: int) -> Journal:
    """Return a journal of opening balances whose books the person keeps. Raises NotFound, WrongState for any other journal."""
    found = access_journal(user, journal_id)
    access_entity_of_finance(user, found.entity.code)
    _refuse_others(found)
    return found


def access_closing(user: User, journal_id: int) -> Journal:
    """Return a journal that closed an order of opening balances whose books the person keeps. Raises NotFound, WrongState."""
    found = access_journal(user, journal_id)
    access_entity_of_finance(user, found.entity.code)
    _refuse_others(found.settles if is_closing(found) else None)
    return found


def _refuse_others(journal: Journal | None) -> None:
    if journal is None or journal.kind != Journal.Kind.OPENING:
        raise WrongState(
            "No order was opened with by this journal.",
            remedy="The order of a request is closed on the request's page.",
            code="no_order",
        )
