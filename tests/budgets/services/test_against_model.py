"""Random histories against a model in plain Python: windows of every kind, back-dated, moved, revised, carried over.

The model knows no balances, counters or cover: it adds up every entry anew. What it accepts, the ledger accepts; what it
refuses, the ledger refuses; and afterwards nothing has drifted.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from budgets.models import Control, Cover, FundsAccount
from budgets.rules.months import add_months, fiscal_year_of, months_between
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.controls import rebuild, set_controls
from budgets.services.ledger import Posting, post
from core.errors import NoFunds
from core.models import Entity
from tests.factories.budgets import BudgetFactory, CategoryFactory, CostCentreFactory, open_year
from tests.owner import as_owner

FIRST, LAST, FISCAL_START = date(2025, 12, 1), date(2027, 11, 1), 12
MONTHS = months_between(FIRST, LAST)
NEXT_BUCKET = {"reserved": "committed", "committed": "spent", "spent": "spent"}
WINDOWS = ("month", "quarter", "ytd", "year", "life")
Cell = tuple[int, date]


@dataclass
class Limit:
    """A stop as the model sees it."""

    window: str
    tolerance: Decimal
    accounts: frozenset[int]


def spans(window: str) -> Iterable[tuple[date, date]]:
    """Return every window of a kind in the two years, as its first and last month."""
    years = sorted({fiscal_year_of(month, FISCAL_START) for month in MONTHS})
    if window == "life":
        return [(FIRST, LAST)]
    if window == "month":
        return [(month, month) for month in MONTHS]
    if window == "ytd":
        return [(fiscal_year_of(month, FISCAL_START), month) for month in MONTHS]
    size = 3 if window == "quarter" else 12
    return [(add_months(year, index), add_months(year, index + size - 1)) for year in years for index in range(0, 12, size)]


@dataclass
class Model:
    """The independent model: every amount by account and month, and the limits."""

    limits: list[Limit]
    cap: dict[Cell, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    held: dict[Cell, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def judge(self, postings: list[Posting], *, is_fact: bool) -> bool:
        cap, held = self.cap.copy(), self.held.copy()
        for posting in postings:
            into = cap if posting.bucket == "allotted" else held
            into[posting.account_id, posting.month] += posting.amount
        if not is_fact and any(self._broken(limit, cap, held) for limit in self.limits):
            return False
        self.cap, self.held = cap, held
        return True

    def _broken(self, limit: Limit, cap: dict[Cell, Decimal], held: dict[Cell, Decimal]) -> bool:
        now, before = room_by_month(cap, held, limit), room_by_month(self.cap, self.held, limit)
        for first, last in spans(limit.window):
            room = sum((now[month] for month in MONTHS if first <= month <= last), Decimal(0))
            if room < 0 and room < sum((before[month] for month in MONTHS if first <= month <= last), Decimal(0)):
                return True
        return False


def room_by_month(cap: dict[Cell, Decimal], held: dict[Cell, Decimal], limit: Limit) -> dict[date, Decimal]:
    room: dict[date, Decimal] = defaultdict(Decimal)
    for cells, factor in ((cap, 1 + limit.tolerance), (held, Decimal(-1))):
        for (account, month), amount in cells.items():
            if account in limit.accounts:
                room[month] += amount * factor
    return room


class History:
    """Draws the next document, knowing which holds are open."""

    def __init__(self, accounts: list[FundsAccount], seed: int) -> None:
        self.accounts = [account.pk for account in accounts]
        self.chance = Random(seed)
        self.open: list[Posting] = []

    def first(self) -> list[Posting]:
        return [self._posting("allotted", 50, 150, account, month) for account in self.accounts for month in MONTHS]

    def draw(self) -> tuple[str, list[Posting], list[Posting]]:
        """Return what kind of document comes, its postings, and the holds it leaves open."""
        acts = ["reserve", "convert", "release", "move", "revise", "transfer", "fact"]
        act = self.chance.choices(acts, [40, 15, 10, 10, 8, 7, 10])[0]
        if act in {"convert", "release", "move"}:
            return self._about_a_hold(act) if self.open else ("none", [], [])
        if act == "revise":
            account, start = self.chance.choice(self.accounts), self.chance.randrange(len(MONTHS))
            lines = [self._posting("allotted", -50, 40, account, month) for month in MONTHS[start : start + 6]]
            return act, [line for line in lines if line.amount], []
        if act == "transfer":
            line = self._posting("allotted", 1, 200)
            target = self.chance.choice(self.accounts)
            return act, [_with(line, amount=-line.amount), _with(line, account_id=target)], []
        if act == "fact":
            line = self._posting("spent", 1, 150)
            return act, [line], [line]
        lines = [self._posting("reserved", 50, 500) for _ in range(self.chance.randrange(1, 4))]
        return act, lines, lines

    def _about_a_hold(self, act: str) -> tuple[str, list[Posting], list[Posting]]:
        hold = self.chance.choice(self.open)
        gone = _with(hold, amount=-hold.amount)
        if act == "release":
            return act, [gone], []
        new = _with(hold, bucket=NEXT_BUCKET[hold.bucket]) if act == "convert" else _with(hold, month=self.chance.choice(MONTHS))
        return act, [gone, new], [new]

    def _posting(self, bucket: str, low: int, high: int, account: int = 0, month: date | None = None) -> Posting:
        amount = Decimal(self.chance.randrange(low * 100, high * 100)) / 100
        return Posting(account or self.chance.choice(self.accounts), month or self.chance.choice(MONTHS), bucket, amount)

    def settle(self, postings: list[Posting], left_open: list[Posting]) -> None:
        for posting in postings:
            opposite = _with(posting, amount=-posting.amount)
            if posting.amount < 0 and opposite in self.open:
                self.open.remove(opposite)
        self.open += left_open


def _with(posting: Posting, **changes: object) -> Posting:
    said = {name: getattr(posting, name) for name in ("account_id", "month", "bucket", "amount")}
    return Posting(**(said | changes))


@pytest.fixture
def accounts(entity: Entity) -> list[FundsAccount]:
    """Eight accounts under a tree, with stops of every window and two tolerances; the fiscal year starts in December."""
    entity.fiscal_year_start_month = FISCAL_START
    entity.save()
    open_year(entity, first=FIRST, last=LAST)
    budget = BudgetFactory.create(entity=entity, starts_on=FIRST, ends_on=LAST, window="ytd", tolerance=Decimal("0.05"))
    halves = [CostCentreFactory.create(entity=entity, parent=budget.cost_centre) for _ in range(2)]
    centres = [CostCentreFactory.create(entity=entity, parent=half) for half in halves for _ in range(2)]
    categories = CategoryFactory.create_batch(2, entity=entity)
    made = [ensure_account(budget=budget, cost_centre=node, category=kind) for node in centres for kind in categories]
    set_controls(budget=budget, categories=categories, cost_centres=halves)
    with as_owner() as cursor:
        for index, control in enumerate(Control.objects.order_by("id")):
            tolerance = Decimal("0.1") if index % 3 == 0 else Decimal(0)
            values = (WINDOWS[index % len(WINDOWS)], tolerance, control.pk)
            cursor.execute('UPDATE budgets_control SET "window" = %s, tolerance = %s WHERE id = %s', values)
    rebuild(entity_id=entity.pk)
    return made


def _model() -> Model:
    covered = defaultdict(set)
    for account_id, control_id in Cover.objects.values_list("account_id", "control_id"):
        covered[control_id].add(account_id)
    limits = [Limit(control.window, control.tolerance, frozenset(covered[control.pk])) for control in Control.objects.all()]
    assert {limit.window for limit in limits} == set(WINDOWS)
    assert {len(limit.accounts) for limit in limits} == {1, 4, 8}
    return Model(limits)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_and_the_model_agree_on_every_document(accounts: list[FundsAccount], seed: int) -> None:
    model, history = _model(), History(accounts, seed)
    entity = accounts[0].entity
    documents = [("fact", history.first(), list[Posting]())]
    outcomes = []
    for number in range(150):
        act, postings, left_open = documents.pop() if documents else history.draw()
        if not postings:
            continue
        expected = model.judge(postings, is_fact=act == "fact")
        try:
            post(
                key=f"model-{number}",
                kind="spend",
                entity=entity,
                postings=postings,
                actor=None,
                source=("model", act),
                is_fact=act == "fact",
            )
            outcomes.append(True)
            history.settle(postings, left_open)
        except NoFunds:
            outcomes.append(False)
        assert outcomes[-1] is expected, (number, act, postings)
    assert 40 < sum(outcomes) < len(outcomes) - 30
    assert check_ledger().is_whole
