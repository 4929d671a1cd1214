"""Amendments of budgets for programs: other amounts in single months of lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from rest_framework import serializers

from approvals.models import Request
from approvals.selectors.amendments import access_amendable
from approvals.selectors.terms import amendment_of
from approvals.services.amendments import Amended, Wanted, amend_budget
from budgets.models import Budget, BudgetVersion
from budgets.rules.grids import Key
from budgets.selectors.grids import planned_rows
from budgets.services.amended_rows import Amounts
from core.api.acts import write
from core.api.endpoint import Endpoint
from core.api.fields import AmountField, MonthField
from core.api.serializers import Given, Taken
from core.errors import InvalidInput
from core.rules.rights import Right

ASKS = frozenset({Right.REQUEST})


class CellSerializer(Taken):
    """What a line is to plan in a month. It is known by its category, cost centre and name."""

    category = serializers.CharField(max_length=40)
    cost_centre = serializers.CharField(max_length=40)
    line = serializers.CharField(max_length=200)
    month = MonthField()
    amount = AmountField(help_text="In the budget's currency; zero or more.")


class AmendmentSerializer(Taken):
    """Which amounts of a budget change, from which month on, and why."""

    budget = serializers.CharField(max_length=40, help_text="Its code.")
    base = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The number of the version that was looked at.")
    since = MonthField(help_text="What lies before does not change.")
    cells = CellSerializer(many=True, allow_empty=False, help_text="None twice. What is not named stays.")
    reason = serializers.CharField(max_length=2000)
    is_forced = serializers.BooleanField(default=False, help_text="Lower lines even below what they hold.")


class AmendedSerializer(Given):
    """What came of it: a request that waits for a decision, or a version at once where nobody had to be asked."""

    request = serializers.CharField(allow_null=True, help_text="The number of the request.")
    version = serializers.IntegerField(help_text="The number of the version that was drawn up.")
    state = serializers.ChoiceField(BudgetVersion.State.choices)
    size = serializers.CharField(allow_null=True, help_text="How large it is by the policy; null where nobody was asked.")
    why = serializers.CharField(help_text="Why it is that large.")
    total_before = AmountField()
    total_after = AmountField()
    currency = serializers.CharField()


@dataclass(frozen=True)
class AmendedShown:
    """What is given back, as it is written."""

    request: str | None
    version: int
    state: str
    size: str | None
    why: str
    total_before: Decimal
    total_after: Decimal
    currency: str


class Amendments(Endpoint[Request]):
    """Amending a budget month by month."""

    room = "approvals"
    model = Request
    rights = ASKS
    shows = AmendedSerializer

    @write(takes=AmendmentSerializer, gives=AmendedSerializer, status=201, rights=ASKS)
    def create(self, data: dict[str, Any]) -> AmendedShown:
        """Amend a budget: as a request of the kind that the policy names, or at once where nobody has to be asked.

        Categories and the total go up and down with their lines. Where another version came in force since `base`, it is refused
        (409).
        """
        budget = access_amendable(self.person, data["budget"])
        base = budget.versions.filter(number=data["base"]).first()
        if base is None:
            said = "The budget has no such version."
            raise InvalidInput(said, remedy="State the one in force.", details={"base": said})
        wanted = Wanted(
            budget=budget,
            base_id=base.pk,
            since=data["since"],
            reason=data["reason"],
            amounts=Amounts(months=_by_line(data["cells"], base)),
            is_forced=data["is_forced"],
        )
        return _shown(budget, base, amend_budget(actor=self.person, wanted=wanted, form_key=uuid4()))


def _by_line(cells: Sequence[Mapping[str, Any]], base: BudgetVersion) -> dict[int, dict[date, Decimal]]:
    known: dict[Key, int] = {row.key: row.pk for row in planned_rows(base)}
    found: dict[int, dict[date, Decimal]] = {}
    wrong: dict[str, str] = {}
    for at, cell in enumerate(cells):
        pk = known.get((cell["category"], cell["cost_centre"], cell["line"]))
        if pk is None:
            wrong[f"cells.{at}"] = f"Version {base.number} has no such line."
        elif cell["month"] in found.setdefault(pk, {}):
            wrong[f"cells.{at}"] = "This line and month are named twice."
        else:
            found[pk][cell["month"]] = cell["amount"]
    if wrong:
        raise InvalidInput("Some amounts cannot be placed.", remedy="Correct what is said of each.", details=wrong)
    return found


def _shown(budget: Budget, base: BudgetVersion, done: Amended) -> AmendedShown:
    amendment = amendment_of(done.request) if done.request is not None else None
    version = amendment.version if amendment is not None else done.version
    assert version is not None
    return AmendedShown(
        request=done.request.number if done.request is not None else None,
        version=version.number,
        state=version.state,
        size=amendment.size if amendment is not None else None,
        why=amendment.why if amendment is not None else "Nobody had to be asked.",
        total_before=base.total,
        total_after=version.total,
        currency=budget.currency,
    )
