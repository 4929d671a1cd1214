"""Accounts, entries and journals, and whether the ledger is whole."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.db.models import QuerySet

from budgets.api.filters import AccountFilter, EntryFilter, JournalFilter
from budgets.api.serializers import (
    AccountSerializer,
    ClosingOrderSerializer,
    EntrySerializer,
    JournalSerializer,
    LedgerCheckSerializer,
    RecodedSerializer,
    RecodingSerializer,
)
from budgets.models import Entry, FundsAccount, Journal
from budgets.selectors.accounts import access_account_by_id, accounts_in_reach
from budgets.selectors.balances import account_figures
from budgets.selectors.budgets import READING
from budgets.selectors.check import LedgerCheck, check_ledger
from budgets.selectors.entries import access_entry_by_id, access_journal, entries_in_reach, journals_in_reach
from budgets.selectors.journal_states import journal_states
from budgets.selectors.orders import access_closing, access_opened
from budgets.selectors.overview import LineRow
from budgets.selectors.recoding import access_spend_to_recode, lines_to_recode_to, sides_of_recoding
from budgets.services.orders import close_order, hold_order_again
from budgets.services.recoding import recode
from core import walls
from core.access import audits_all
from core.api.acts import read, write
from core.api.endpoint import NUMBER, Endpoint, Listed, Shown
from core.errors import InvalidInput
from core.models import User
from core.rules.rights import Right

READERS = frozenset(READING)
KEEPING = frozenset({Right.BUDGET})


class Accounts(Listed[FundsAccount], Shown[FundsAccount]):
    """Budget lines of the ledger with what they hold."""

    room = "budgets"
    model = FundsAccount
    rights = READERS
    shows = AccountSerializer
    filterset_class = AccountFilter
    orderings = ("id", "-id", "name")
    places = {"id": (NUMBER, "The account's number.")}

    def rows(self) -> QuerySet[FundsAccount]:
        return accounts_in_reach(self.person, *READING)

    def one(self) -> FundsAccount:
        return access_account_by_id(self.person, self.number(), *READING)

    def dress(self, rows: Sequence[FundsAccount]) -> list[Any]:
        figures = account_figures([account.pk for account in rows])
        return [LineRow(account, figures[account.pk]) for account in rows]


class Entries(Listed[Entry], Shown[Entry]):
    """Entries of the ledger, the newest first."""

    room = "budgets"
    model = Entry
    rights = READERS
    shows = EntrySerializer
    filterset_class = EntryFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The entry's number.")}

    def rows(self) -> QuerySet[Entry]:
        return entries_in_reach(self.person).select_related("account__budget")

    def one(self) -> Entry:
        if self.act.is_write:
            return access_spend_to_recode(self.person, self.number())
        return access_entry_by_id(self.person, self.number())

    @write(takes=RecodingSerializer, gives=RecodedSerializer, status=201, rights=KEEPING)
    def recode(self, entry: Entry, data: dict[str, Any]) -> dict[str, Any]:
        """Take what was spent off its budget line and put it on another, on the same thread, in the same month.

        A dry run gives both lines before and after.
        """
        taker = _line_to_take(self.person, entry, data["to"])
        giver_side, taker_side = sides_of_recoding(entry, taker)
        done = recode(
            key=f"recode:{uuid4()}",
            entry_ids=[entry.pk],
            to_account=taker,
            actor=self.person,
            month=data.get("month"),
            memo=data["reason"],
        )
        return {
            "journal": done.id,
            "entry": entry.pk,
            "amount": entry.amount,
            "currency": entry.account.currency,
            "giver": giver_side,
            "taker": taker_side,
        }


def _line_to_take(person: User, entry: Entry, account_id: int) -> FundsAccount:
    found = next((line for line in lines_to_recode_to(person, entry) if line.pk == account_id), None)
    if found is None:
        said = f"Choose another budget line that you keep, of {entry.account.entity.name} and in {entry.account.currency}."
        raise InvalidInput("It cannot be put on that line.", remedy=said, details={"to": said})
    return found


class Journals(Listed[Journal], Shown[Journal]):
    """Journals of the ledger of which one may read an entry, the newest first."""

    room = "budgets"
    model = Journal
    rights = READERS
    shows = JournalSerializer
    filterset_class = JournalFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The journal's number.")}

    def rows(self) -> QuerySet[Journal]:
        return journals_in_reach(self.person)

    def one(self) -> Journal:
        return access_journal(self.person, self.number())

    def dress(self, rows: Sequence[Journal]) -> list[Any]:
        states = journal_states([journal.pk for journal in rows])
        return [{"journal": journal, "state": states[journal.pk]} for journal in rows]

    @write(takes=ClosingOrderSerializer, gives=JournalSerializer, rights=KEEPING)
    def close(self, journal: Journal, data: dict[str, Any]) -> Journal:
        """Let go of what is left of an order that opening balances brought along; answers the journal that does so."""
        found = access_opened(self.person, journal.pk)
        done = close_order(journal_id=found.pk, threads=[data["thread"]], reason=data["reason"], actor=self.person)
        return access_journal(self.person, done.id)

    @write(gives=JournalSerializer, rights=KEEPING, path="open-again")
    def open_again(self, journal: Journal) -> Journal:
        """Hold again what this journal let go as it closed an opened order; answers the journal that reverses it."""
        closing = access_closing(self.person, journal.pk)
        done = hold_order_again(journal_id=closing.pk, actor=self.person)
        return access_journal(self.person, done.id)


class Ledger(Endpoint[FundsAccount]):
    """The ledger as a whole."""

    room = "budgets"
    model = FundsAccount
    rights = frozenset({Right.AUDIT})
    shows = LedgerCheckSerializer

    @read(gives=LedgerCheckSerializer, detail=False, heavy=True)
    def check(self) -> LedgerCheck:
        """Rebuild balances, counters and chains from the entries, and say where they differ from what is stored."""
        # A ledger is whole or not as a whole: cover and counters reach over what one reader may see.
        with walls.system():
            found, sees_all = check_ledger(), audits_all(self.person)
        if sees_all:
            return found
        return LedgerCheck(found.entries, found.accounts, [HIDDEN] * bool(found.drift), [HIDDEN] * bool(found.breaks))


HIDDEN = "There are some; places are told to who audits all organizations."
