"""Accounts, entries and journals, and whether the ledger is whole."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from budgets.api.filters import AccountFilter, EntryFilter, JournalFilter
from budgets.api.serializers import AccountSerializer, EntrySerializer, JournalSerializer, LedgerCheckSerializer
from budgets.models import Entry, FundsAccount, Journal
from budgets.selectors.accounts import access_account_by_id, accounts_in_reach
from budgets.selectors.balances import account_figures
from budgets.selectors.budgets import READING
from budgets.selectors.check import LedgerCheck, check_ledger
from budgets.selectors.entries import access_entry_by_id, access_journal, entries_in_reach, journals_in_reach
from budgets.selectors.journal_states import journal_states
from budgets.selectors.overview import LineRow
from core import walls
from core.access import audits_all
from core.api.acts import read
from core.api.endpoint import NUMBER, Endpoint, Listed, Shown
from core.rules.rights import Right

READERS = frozenset(READING)


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
        return access_entry_by_id(self.person, self.number())


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
