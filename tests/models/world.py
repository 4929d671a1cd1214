"""A small organization in which the ledger and its model are asked the same things.

Two budgets, in the entity's currency and in another; a tree of cost centres and one of categories; a fiscal year that starts
in October; controls of every window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from budgets.models import Budget, Category, Control, CostCentre, FundsAccount
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from core.models import Entity
from tests.factories.budgets import BudgetFactory, CategoryFactory, CostCentreFactory, open_year
from tests.factories.core import EntityFactory
from tests.models import structure
from tests.models.ledger import LedgerModel
from tests.models.structure import Structure, number_of

START_MONTH, HOME, ABROAD, UNRATED = 10, "USD", "EUR", "GBP"
# A year's end, the whole of the next, and the beginning of the one after it.
FIRST, LAST = date(2025, 9, 1), date(2026, 11, 1)
NEVER_OPENED = date(2026, 12, 1)


@dataclass(frozen=True)
class World:
    """What there is at first. Trees begin with their top; `unrated` is an account in a currency that has no rate."""

    entity: Entity
    centres: list[CostCentre]
    categories: list[Category]
    budgets: list[Budget]
    accounts: list[FundsAccount]
    unrated: FundsAccount

    def model(self, kind: type[LedgerModel] = LedgerModel) -> LedgerModel:
        """Return the model of this world, with nothing posted yet."""
        months = range(number_of(FIRST), number_of(LAST) + 1)
        return kind(HOME, START_MONTH, self._structure(), datetime.now(UTC).date(), dict.fromkeys(months, True))

    def _structure(self) -> Structure:
        return Structure(
            centres={node.pk: node.parent_id for node in self.centres},
            categories={node.pk: node.parent_id for node in self.categories},
            accounts={account.pk: _account(account) for account in (*self.accounts, self.unrated)},
            modes={budget.pk: _modes(budget) for budget in (*self.budgets, self.unrated.budget)},
            controls=[told(control) for control in Control.objects.filter(entity=self.entity)],
        )


def make_world() -> World:
    entity = EntityFactory.create(fiscal_year_start_month=START_MONTH, currency=HOME)
    open_year(entity, first=FIRST, last=LAST)
    centres, categories = _trees(entity)
    budgets = [
        BudgetFactory.create(entity=entity, cost_centre=centres[0], currency=currency, window=window, line_mode=mode)
        for currency, window, mode in ((HOME, "ytd", "stop"), (ABROAD, "quarter", "track"))
    ]
    accounts = _accounts(budgets, centres, categories)
    for budget in budgets:
        set_controls(budget=budget, categories=categories[:1])
    other = BudgetFactory.create(entity=entity, cost_centre=centres[0], currency=UNRATED)
    unrated = ensure_account(budget=other, cost_centre=centres[0], category=categories[0])
    return World(entity, centres, categories, budgets, accounts, unrated)


def _trees(entity: Entity) -> tuple[list[CostCentre], list[Category]]:
    top = CostCentreFactory.create(entity=entity)
    halves = [CostCentreFactory.create(entity=entity, parent=top) for _ in range(2)]
    teams = [CostCentreFactory.create(entity=entity, parent=half) for half in halves]
    kind = CategoryFactory.create(entity=entity)
    return [top, *halves, *teams], [
        kind,
        CategoryFactory.create(entity=entity, parent=kind),
        CategoryFactory.create(entity=entity),
    ]


def _accounts(budgets: Sequence[Budget], centres: Sequence[CostCentre], categories: Sequence[Category]) -> list[FundsAccount]:
    """Four accounts at home, two abroad: so that each node has several below it, of one currency and of both."""
    _, west, _, team_west, team_east = centres
    places = [(0, team_west, 0), (0, team_west, 1), (0, team_east, 1), (0, west, 2), (1, team_west, 1), (1, team_east, 2)]
    return [ensure_account(budget=budgets[at], cost_centre=centre, category=categories[kind]) for at, centre, kind in places]


def _account(account: FundsAccount) -> structure.Account:
    return structure.Account(account.pk, account.budget_id, account.cost_centre_id, account.category_id, account.currency)


def _modes(budget: Budget) -> tuple[str, str, int]:
    return budget.line_mode, budget.group_mode, int(budget.tolerance * 10_000)


def told(control: Control) -> structure.Control:
    """Return a control as the model is told of it."""
    return structure.Control(
        id=control.pk,
        depth=control.depth,
        account=control.account_id,
        budget=control.budget_id,
        centre=control.cost_centre_id,
        category=control.category_id,
        mode=control.mode,
        window=control.window,
        tolerance=int(control.tolerance * 10_000),
        own_limit=None if control.own_limit is None else int(control.own_limit * 100),
        currency=control.currency,
        origin=control.origin,
    )
