"""An independent model of the funds ledger: it keeps every entry, and for each question adds up anew.

It has no balances, counters, cover or excused rows. What it accepts the ledger must accept; what it refuses the ledger must
refuse, by the same code and at the same window.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from tests.models.documents import BUCKETS, MOVING, Asked, Document, Refused, as_line, check_document
from tests.models.journals import Journal, Journals
from tests.models.pooling import Line, Pooling
from tests.models.stands import Books
from tests.models.structure import Account, Structure, month_of

Figures = dict[tuple[int, int], dict[str, int]]


@dataclass
class LedgerModel:
    """The model. `periods` say of a month whether it is open; `rates` are (currency, valid on, rate), in the order stated."""

    currency: str
    start_month: int
    structure: Structure
    today: date
    periods: dict[int, bool]
    rates: list[tuple[str, date, Fraction]] = field(default_factory=list)
    journals: Journals = field(default_factory=Journals)

    @property
    def books(self) -> Books:
        return Books(self.structure, self.start_month, self.entries_of)

    def entries_of(self, account: Account) -> Iterable[Line]:
        """Return the entries of an account: every question goes through all of them again."""
        return (line for journal in self.journals.all for line in journal.lines if line.account == account.id)

    def post(self, document: Document) -> Journal:
        """Judge a document, and keep its entries where it is accepted. Raises Refused."""
        check_document(document)
        settles = self.journals.pending(document.settles)
        self._check_conserves(document)
        lines = [as_line(asked) for asked in document.lines]
        said = (document.kind, settles and settles.key, document.is_fact, document.is_override, lines)
        if known := self.journals.known(document.key, said):
            return known
        if any(line.account not in self.structure.accounts for line in lines):
            raise Refused("missing_account")
        return self._judge(
            Journal(document.key, said, self._pooled(lines), settles), passes=document.is_fact or document.is_override
        )

    def reverse(self, *, key: str, reversed_key: str) -> Journal:
        """Post the opposite of every entry of a journal; it passes every stop. Raises Refused."""
        journal = self.journals.by_key.get(reversed_key)
        if journal is None:
            raise Refused("not_found")
        before = self.journals.reversals.get(reversed_key)
        if before and before.key != key:
            raise Refused("already_reversed")
        said = ("reverse", reversed_key)
        if known := self.journals.known(key, said):
            return known
        lines = [_opposite(line) for line in journal.lines]
        return self._judge(Journal(key, said, lines, journal.settles, journal), passes=True)

    def close(self, month: int) -> None:
        self._expect(month, is_open=True)
        for account in self.structure.accounts.values():
            there = (line for line in self.entries_of(account) if (line.month, line.bucket) == (month, "reserved"))
            if sum(line.cents for line in there):
                raise Refused("reserved_in_month")
        self.periods[month] = False

    def reopen(self, month: int) -> None:
        self._expect(month, is_open=False)
        self.periods[month] = True

    def figures(self, *, moment: datetime | None = None, through: date = date.max) -> Figures:
        """Return what was recorded by a moment for the months to `through`, by account and month, in cents by bucket."""
        found: Figures = defaultdict(lambda: dict.fromkeys(BUCKETS, 0))
        for journal in self.journals.all:
            if moment is None or (journal.moment and journal.moment <= moment):
                for line in journal.lines:
                    if month_of(line.month) <= through:
                        found[line.account, line.month][line.bucket] += line.cents
        return {place: sums for place, sums in found.items() if any(sums.values())}

    def _judge(self, journal: Journal, *, passes: bool) -> Journal:
        if not all(self.periods.get(line.month) for line in journal.lines):
            raise Refused("closed_period")
        self.journals.check_settlement(journal)
        self.journals.check_reversal(journal)
        if not passes and (broken := self.books.broken(journal.lines)):
            raise Refused("no_funds", broken)
        return self.keep(journal)

    def keep(self, journal: Journal) -> Journal:
        """Write down what was accepted."""
        return self.journals.keep(journal)

    def _check_conserves(self, document: Document) -> None:
        if document.kind not in MOVING:
            return
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for asked in document.lines:
            sums[asked.bucket] += asked.amount
        if any(sums.values()) or len(self._currencies(document.lines)) > 1:
            raise Refused("not_conserved")

    def _currencies(self, lines: Sequence[Asked]) -> set[str]:
        accounts = self.structure.accounts
        return {accounts[line.account].currency for line in lines if line.account in accounts}

    def _expect(self, month: int, *, is_open: bool) -> None:
        if month not in self.periods:
            raise Refused("not_found")
        if self.periods[month] != is_open:
            raise Refused("wrong_state")

    def _pooled(self, lines: Sequence[Line]) -> list[Line]:
        accounts = self.structure.accounts
        return Pooling(self.currency, lambda at: accounts[at].currency, self._rate, self._standing).pooled(lines)

    def _standing(self, line: Line) -> list[Line]:
        """Return all entries there were of the allotment of the line's month, or of its thread's hold."""
        if line.bucket == "allotted":
            there = self.entries_of(self.structure.accounts[line.account])
            return [each for each in there if (each.bucket, each.month) == (line.bucket, line.month)]
        there = self.journals.threads[line.thread]
        return [each for each in there if (each.account, each.bucket) == (line.account, line.bucket)]

    def _rate(self, currency: str) -> Fraction:
        valid = [(day, at, rate) for at, (of, day, rate) in enumerate(self.rates) if of == currency and day <= self.today]
        if not valid:
            raise Refused("missing_rate")
        return max(valid)[2]


def _opposite(line: Line) -> Line:
    return Line(line.account, line.month, line.bucket, -line.cents, line.thread, -line.pooled)
