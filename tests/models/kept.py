"""The model for long histories: it keeps sums by account, month and bucket beside the entries, and can be told to prove them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tests.models.journals import Journal
from tests.models.ledger import LedgerModel
from tests.models.pooling import Line
from tests.models.structure import Account

Cell = tuple[int, str]


@dataclass
class KeptModel(LedgerModel):
    """A model that answers from one line for each account, month and bucket, instead of from all there were."""

    cells: dict[int, dict[Cell, Line]] = field(default_factory=dict)

    def entries_of(self, account: Account) -> Iterable[Line]:
        return self.cells.get(account.id, {}).values()

    def keep(self, journal: Journal) -> Journal:
        for line in journal.lines:
            _put(self.cells.setdefault(line.account, {}), line)
        return super().keep(journal)

    def prove(self) -> None:
        """Raise AssertionError unless the sums that are kept are those of the entries."""
        anew: dict[int, dict[Cell, Line]] = {}
        for journal in self.journals.all:
            for line in journal.lines:
                _put(anew.setdefault(line.account, {}), line)
        assert anew == self.cells, "the model's own sums are wrong"


def _put(cells: dict[Cell, Line], line: Line) -> None:
    there = cells.get((line.month, line.bucket)) or replace(line, cents=0, pooled=0)
    cells[line.month, line.bucket] = replace(there, thread="", cents=there.cents + line.cents, pooled=there.pooled + line.pooled)
