"""Opening a budget with the balances of the system before, for programs."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from budgets.api import opening_serializers as shapes
from budgets.models import Budget, Journal
from budgets.rules.opening import BUCKETS, ZERO
from budgets.rules.opening_table import ReadRow, fault_of
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.opening import OpeningLine, access_opening, openings_of, preview_opening
from budgets.selectors.periods import access_entity_of_finance
from budgets.services.opening import open_budget, undo_opening
from core.api.acts import write
from core.api.endpoint import CODE, NUMBER, Listed, Shown
from core.errors import InvalidInput
from core.rules.rights import Right

KEEPING = frozenset({Right.BUDGET})


@dataclass(frozen=True)
class Opened:
    """What is given back."""

    journal: int
    repeat: bool
    lines: list[OpeningLine]


class Openings(Listed[Journal], Shown[Journal]):
    """The journals that opened a budget, the newest first."""

    room = "budgets"
    model = Journal
    rights = KEEPING
    shows = shapes.OpeningJournalSerializer
    orderings = ("-id", "id")
    places = {"code": (CODE, "The budget's code."), "id": (NUMBER, "The journal's number.")}

    def rows(self) -> QuerySet[Journal]:
        return openings_of(self._budget())

    def one(self) -> Journal:
        return access_opening(self._budget(), self.number())

    def _budget(self) -> Budget:
        budget = access_budget_by_code(self.person, self.kwargs["code"])
        access_entity_of_finance(self.person, budget.entity.code)
        return budget

    @write(takes=shapes.OpeningTakenSerializer, gives=shapes.OpeningPostedSerializer, status=201, rights=KEEPING, heavy=True)
    def create(self, data: dict[str, Any]) -> Opened:
        """Open the budget with an old system's balances, once. A dry run gives what each line would get."""
        budget = self._budget()
        preview = preview_opening(budget, [_row(number, each) for number, each in enumerate(data["rows"])], data["totals"])
        if preview.bad:
            wrong = {f"rows.{each.row.number}": each.error for each in preview.bad}
            raise InvalidInput("Some rows cannot be taken.", remedy="Correct them; nothing was opened.", details=wrong)
        posted = open_budget(
            budget=budget,
            month=data["month"],
            source_name=data["source_name"],
            rows=preview.postings,
            totals=data["totals"],
            actor=self.person,
        )
        return Opened(posted.id, posted.repeat, preview.lines)

    @write(takes=shapes.OpeningBackSerializer, gives=shapes.OpeningJournalSerializer, rights=KEEPING)
    def undo(self, opening: Journal, data: dict[str, Any]) -> Journal:
        """Take an opening back by the opposite journal."""
        budget = self._budget()
        undo_opening(budget=budget, journal_id=opening.pk, actor=self.person, reason=data["reason"])
        return access_opening(budget, opening.pk)


def _row(number: int, said: dict[str, Any]) -> ReadRow:
    cells = {name: said.get(name, "") for name in ("category", "cost_centre", "reference")}
    amounts: dict[str, Decimal] = {name: said.get(name, ZERO) for name in BUCKETS}
    return ReadRow(number, cells, amounts, fault_of(amounts))
