"""A search for counter-examples: a budget is loaded, amended, moved within, put back and undone, in any order.

What stands in the books is held against what the version in force says in its rows, added up here in a way of its own, and
against what was moved between lines: each month of each line, to the cent.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from uuid import uuid4

from django.db import transaction
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from approvals.models import Request
from approvals.services.amendments import Wanted, amend_budget, put_due_in_force
from approvals.services.decisions import approve_stage
from approvals.services.policies import load_policy
from approvals.services.undoing import take_back
from budgets.models import Budget, BudgetLine, BudgetVersion, Entry, FundsAccount
from budgets.rules.months import add_months, months_between
from budgets.selectors.check import check_ledger
from budgets.selectors.documents import document_back_to
from budgets.services.amended_rows import Amounts
from budgets.services.budgets import load_document
from core import clock
from core.errors import Refusal
from tests.factories.approvals import stages_of
from tests.factories.budgets import DECEMBER, JANUARY, move
from tests.factories.changes import moved
from tests.trust.scenarios.ground import MONDAY, POLICY, Ground, lay

T = TypeVar("T")
ZERO, CENT = Decimal(0), Decimal("0.01")
MONTHS = months_between(JANUARY, DECEMBER)
# A cost centre and a category by their codes, and a month.
Place = tuple[str, str, date]
Plan = dict[Place, Decimal]
LINES = (("software", "PLATFORM", "Licences"), ("software", "PRODUCT", "Tools"), ("training", "PLATFORM", "Courses"))
# Most of what is asked for is decided at once, some waits meanwhile.
DECIDED = st.sampled_from([True, True, False])
ASKED = ("reallocation", "virement"), ("amendment_minor", "amendment"), ("amendment_major", "amendment")


def begin() -> Ground:
    """Make an organization by whose policy the executive decides on every move and amendment."""
    with clock.at(MONDAY):
        ground = lay()
        kinds = {kind: {"name": kind.replace("_", " ").capitalize(), "subject": subject} for kind, subject in ASKED}
        rules = [{"kind": kind, "stages": ["executive"], "sla": "5 business days"} for kind in kinds]
        sizes = {
            "minor": {"kind": ASKED[1][0], "below_pct": 10},
            "major": {"kind": ASKED[2][0], "over_pct": 10},
            "between": "major",
        }
        document = POLICY | {
            "kinds": POLICY["kinds"] | kinds,
            "rules": POLICY["rules"] + rules,
            "amendments": sizes,
            "move_at_once_up_to": 150,
        }
        load_policy(document=document, entity=ground.entity, actor=None)
    return ground


def said_by(version: BudgetVersion) -> Plan:
    """Add up what a version's rows say, by place: its lines, and what its categories have besides, evenly over the year."""
    said: Plan = defaultdict(Decimal)
    inside: dict[str, Decimal] = defaultdict(Decimal)
    for line in version.lines.select_related("category", "cost_centre").prefetch_related("months"):
        for row in line.months.all():
            said[line.cost_centre.code, line.category.code, row.month] += row.amount
            inside[line.category.code] += row.amount
    for envelope in version.categories.select_related("category"):
        code = envelope.category.code
        each, odd = divmod((envelope.amount - inside[code]) / CENT, len(MONTHS))
        for number, month in enumerate(MONTHS):
            said[version.budget.cost_centre.code, code, month] += (each + (number < odd)) * CENT
    assert sum(said.values()) == version.total, f"{version} says {version.total}"
    return plain(said)


def plain(plan: Plan) -> Plan:
    return {place: amount for place, amount in sorted(plan.items()) if amount}


def more(plan: Plan, other: Plan, sign: int = 1) -> Plan:
    """Return a plan with another one added, or taken from it."""
    return plain({place: plan.get(place, ZERO) + sign * other.get(place, ZERO) for place in {*plan, *other}})


@dataclass(frozen=True)
class Done:
    """A decision that may be taken back, with what stood before it and what it moved."""

    request: Request
    decision_id: int
    before: Plan = field(default_factory=dict)
    moved_before: Plan = field(default_factory=dict)
    in_force_before: int = 0
    moves: Plan = field(default_factory=dict)


class AmendingMachine(RuleBasedStateMachine):
    """Each history starts from `start` with a plan of its own, and is rolled back; `answers` counts what came."""

    start: ClassVar[Ground]
    answers: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.block = ExitStack()
        self.block.enter_context(transaction.atomic())
        self.now: datetime = MONDAY
        self.allotted: Plan = {}
        self.moved: Plan = {}
        self.in_force = 0
        self.waiting: list[Request] = []
        self.done: list[Done] = []
        self._load(self._document([Decimal("1200.05"), Decimal(600), Decimal("900.01")], Decimal("50.07")))

    # ------------------------------------------------------------ what is done

    @rule(data=st.data())
    def load(self, data: st.DataObject) -> None:
        """A file with other amounts takes the place of what is in force, over the whole year."""
        amounts = [cents(data, 0, 200_000) for _ in LINES]
        self._load(self._document(amounts, cents(data, 0, 10_000)))

    @precondition(lambda self: self.superseded)
    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        """An earlier version is loaded as the next one."""
        version = data.draw(st.sampled_from(list(self.budget.versions.filter(state="superseded").order_by("number"))))
        before = self.in_force
        self._load(document_back_to(version), name="go back")
        if self.in_force != before:
            assert said_by(self.version(self.in_force)) == said_by(version)

    @rule(data=st.data(), since=st.sampled_from(MONTHS), is_decided=DECIDED)
    def amend_a_line(self, data: st.DataObject, since: date, is_decided: bool) -> None:
        """A line comes to another amount from a month on, by a little or by much."""
        line = data.draw(st.sampled_from(self._lines()))
        self.change(since, Amounts(lines={line.pk: cents(data, 0, 120_000)}), is_decided)

    @rule(data=st.data(), since=st.sampled_from(MONTHS), is_decided=DECIDED)
    def amend_months(self, data: st.DataObject, since: date, is_decided: bool) -> None:
        """Single months of a line have other amounts."""
        line = data.draw(st.sampled_from(self._lines()))
        later = st.sampled_from([each for each in MONTHS if each >= since])
        months = data.draw(st.lists(later, min_size=1, max_size=3, unique=True))
        self.change(since, Amounts(months={line.pk: {month: cents(data, 0, 12_000) for month in months}}), is_decided)

    @rule(data=st.data(), since=st.sampled_from(MONTHS), is_decided=DECIDED)
    def amend_a_category(self, data: st.DataObject, since: date, is_decided: bool) -> None:
        """A category has more than its lines, by which every month of the year would have more."""
        row = data.draw(st.sampled_from(list(self.version(self.in_force).categories.order_by("pk"))))
        self.change(since, Amounts(envelopes={row.pk: row.amount + cents(data, 1, 30_000)}), is_decided)

    @rule(data=st.data(), since=st.sampled_from(MONTHS))
    def amend_and_think_again(self, data: st.DataObject, since: date) -> None:
        """A line comes to another amount, and that is taken back before anything else is done."""
        decided = len(self.done)
        line = data.draw(st.sampled_from(self._lines()))
        self.change(since, Amounts(lines={line.pk: cents(data, 0, 120_000)}), is_decided=True)
        if len(self.done) > decided:
            self.take_back(self.done[-1])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def decide(self, data: st.DataObject) -> None:
        """What waited is approved: of two from one version the second is stale."""
        self._approve(data.draw(st.sampled_from(self.waiting)))

    @rule(data=st.data())
    def move_budget(self, data: st.DataObject) -> None:
        """Budget moves between two lines in a month: a little at once, more by approval."""
        accounts = list(FundsAccount.objects.filter(budget=self.budget).order_by("pk"))
        giver, taker = (data.draw(st.sampled_from(accounts)) for _ in range(2))
        month = data.draw(st.sampled_from(MONTHS))
        amount = cents(data, 1, 20_000)
        asked = self._try("move", lambda: moved(self.start.finance, giver, taker, amount, month=month))
        if asked is None:
            return
        moves = more({_place(taker, month): amount}, {_place(giver, month): amount}, -1)
        if asked.request is not None:
            decision = self._decide(asked.request)
            if decision is None:
                return
            self.done.append(Done(asked.request, decision, moves=moves))
        self.moved, self.allotted = more(self.moved, moves), more(self.allotted, moves)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """A decision is taken back: what it did is as if it had not been done, and what was done since stays."""
        self.take_back(data.draw(st.sampled_from(self.done[-3:])))

    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        """Money is committed, so that not everything can be lowered or taken back."""
        accounts = list(FundsAccount.objects.filter(budget=self.budget).order_by("pk"))
        account, amount = data.draw(st.sampled_from(accounts)), cents(data, 1, 9_000)
        self._try("hold", lambda: move(account, "committed", amount, month=data.draw(st.sampled_from(MONTHS)), actor=None))

    @rule(months=st.integers(1, 3))
    def let_time_pass(self, months: int) -> None:
        """What was approved for a later month comes in force on its first day, unless another one came first."""
        month = min(add_months(self.now.date().replace(day=1), months), DECEMBER)
        self.now = max(self.now, MONDAY.replace(month=month.month))
        before, base = self._allotted(), self.in_force
        due = {row.pk: row for row in self.budget.versions.filter(state="scheduled", effective_on__lte=month)}
        with clock.at(self.now):
            count = put_due_in_force()
        version = self.budget.versions.get(state="in_force")
        assert count == (version.pk != base)
        if count:
            assert due[version.pk].based_on_id == base, "A version came in force over another than it was made from."
            self.answers["in force on its day"] += 1
            self._came_in_force(version, version.effective_on, before)

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_books_are_what_was_decided(self) -> None:
        assert self._allotted() == self.allotted
        assert list(self.budget.versions.filter(state="in_force").values_list("pk", flat=True)) == [self.in_force]
        assert sum(self.moved.values()) == ZERO
        assert sum(self.allotted.values()) == self.version(self.in_force).total

    def teardown(self) -> None:
        try:
            found = check_ledger()
            assert found.is_whole, found
        finally:
            transaction.set_rollback(True)
            self.block.close()

    # ------------------------------------------------------------ how

    @property
    def budget(self) -> Budget:
        return self._loaded

    @property
    def superseded(self) -> bool:
        return self.budget.versions.filter(state="superseded").exists()

    def _load(self, document: dict[str, Any], name: str = "load") -> None:
        before = self._allotted() if self.in_force else {}
        loaded = self._try(name, lambda: load_document(document=document, actor=self.start.finance))
        if loaded is None or loaded.unchanged:
            return
        self._loaded = loaded.budget
        assert loaded.version.is_baseline == (self.in_force == 0)
        self._came_in_force(loaded.version, None, before)

    def change(self, since: date, amounts: Amounts, is_decided: bool) -> None:
        """Ask for an amendment of what is in force, and let it be decided or wait."""
        base = self.version(self.in_force)
        wanted = Wanted(self.budget, base.pk, since, "The price changed.", amounts)
        actor = self.start.requester
        amended = self._try("amend", lambda: amend_budget(actor=actor, wanted=wanted, form_key=uuid4()))
        if amended is None:
            return
        assert amended.request is not None
        draft = amended.request.amendment.version
        assert by_line(base, before=since) == by_line(draft, before=since), "A draft changes a month before it holds."
        assert amended.request.amendment.size == size_of(base, draft)
        self.waiting.append(amended.request)
        if is_decided:
            self._approve(amended.request)

    def take_back(self, done: Done) -> None:
        """Take a decision back, and expect what stood before it, with what was moved since."""
        actor = self.start.people["executive"]
        if self._try("undo", lambda: take_back(decision_id=done.decision_id, actor=actor)) is None:
            return
        self.done.remove(done)
        if done.moves:
            self.moved, self.allotted = more(self.moved, done.moves, -1), more(self.allotted, done.moves, -1)
            return
        self.waiting.append(done.request)
        if self.version(done.request.amendment.version_id).pk == self.in_force:
            self.in_force = done.in_force_before
            self.allotted = more(done.before, more(self.moved, done.moved_before, -1))

    def _approve(self, request: Request) -> None:
        before, in_force = self._allotted(), self.in_force
        decision = self._decide(request)
        if decision is None:
            return
        self.waiting.remove(request)
        version = self.version(request.amendment.version_id)
        self.done.append(Done(request, decision, before, dict(self.moved), in_force))
        assert version.effective_on is not None
        assert (version.state == "scheduled") == (version.effective_on > self.now.date())
        if version.state == "in_force":
            assert version.is_baseline == (request.amendment.size == "major")
            self._came_in_force(version, version.effective_on, before)

    def _decide(self, request: Request) -> int | None:
        [stage] = stages_of(request)
        digest = Request.objects.get(pk=request.pk).digest
        decided = self._try(
            f"approve {request.subject_kind}", lambda: approve_stage(stage_id=stage.pk, actor=stage.owner, digest=digest)
        )
        return decided.pk if decided is not None else None

    def _came_in_force(self, version: BudgetVersion, since: date | None, before: Plan) -> None:
        """Hold the books to what the version says, from its month on, and keep what stands there now."""
        after, said = self._allotted(), said_by(version)
        first = since or JANUARY
        assert upto(after, first) == upto(before, first), "A month before the one from which on it holds was moved."
        by_plan = more(after, self.moved, -1)
        if since is None:
            assert by_plan == said
        # What a category has besides its lines is spread over the year: what that changes before the month, the month takes.
        assert upto(by_plan, add_months(first, 1), is_after=True) == upto(said, add_months(first, 1), is_after=True)
        assert by_account(by_plan) == by_account(said)
        self.in_force, self.allotted = version.pk, after

    def _try(self, name: str, act: Callable[[], T]) -> T | None:
        """Do something; what is refused must have left everything as it was."""
        before = self._stand() if self.in_force else None
        try:
            with clock.at(self.now), transaction.atomic():
                answer = act()
        except Refusal as refusal:
            refused = refusal
        else:
            self.answers[name] += 1
            return answer
        assert before == self._stand(), f"{name} was refused ({refused}), and moved something."
        self.answers[f"{name}: {refused.code}"] += 1
        return None

    def _stand(self) -> Any:
        states = self.budget.versions.order_by("pk").values_list("pk", "state", "is_baseline", "effective_on", "total")
        return self._allotted(), list(states)

    def _allotted(self) -> Plan:
        rows = Entry.objects.filter(account__budget__code="PLAN", bucket="allotted").order_by()
        sums = rows.values_list("account__cost_centre__code", "account__category__code", "month").annotate(Sum("amount"))
        return plain({(centre, category, month): amount for centre, category, month, amount in sums})

    def version(self, pk: int) -> BudgetVersion:
        return BudgetVersion.objects.select_related("budget__cost_centre").get(pk=pk)

    def _lines(self) -> list[BudgetLine]:
        return list(self.version(self.in_force).lines.order_by("pk"))

    def _document(self, amounts: list[Decimal], rest: Decimal) -> dict[str, Any]:
        """Return a budget file with a line for each amount; each category has `rest` more than its lines."""
        envelopes = []
        for category in dict.fromkeys(each[0] for each in LINES):
            lines = [
                {"name": name, "cost_centre": centre, "amount": str(amount)}
                for (code, centre, name), amount in zip(LINES, amounts, strict=True)
                if code == category
            ]
            whole = sum((Decimal(each["amount"]) for each in lines), rest)
            envelopes.append({"category": category, "amount": str(whole), "lines": lines})
        head = {"code": "PLAN", "name": "Plan", "kind": "operating", "currency": "USD", "cost_centre": "ENG"}
        total = sum((Decimal(str(each["amount"])) for each in envelopes), ZERO)
        span = {"starts_on": "2026-01", "months": "12", "total": str(total), "envelopes": envelopes}
        return {"schema": "purser/budget/1", "entity": {"code": "acme"}, "budget": head | span}


def cents(data: st.DataObject, low: int, high: int) -> Decimal:
    return data.draw(st.integers(low, high)) * CENT


def _place(account: FundsAccount, month: date) -> Place:
    return account.cost_centre.code, account.category.code, month


def by_line(version: BudgetVersion, *, before: date) -> dict[tuple[str, date], Decimal]:
    rows = ((line.name, row.month, row.amount) for line in version.lines.all() for row in line.months.all())
    return {(name, month): amount for name, month, amount in rows if month < before and amount}


def by_account(plan: Plan) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (centre, category, _), amount in plan.items():
        found[centre, category] += amount
    return {account: amount for account, amount in found.items() if amount}


def upto(plan: Plan, month: date, *, is_after: bool = False) -> Plan:
    """Return what a plan has before a month, or from it on."""
    return {place: amount for place, amount in plan.items() if (place[2] >= month) == is_after}


def size_of(base: BudgetVersion, draft: BudgetVersion) -> str:
    """Return how large an amendment is: major from a tenth of what any category had."""
    was, would_be = ({row.category_id: row.amount for row in each.categories.all()} for each in (base, draft))
    changed = [(abs(would_be[pk] - amount), amount) for pk, amount in was.items() if would_be[pk] != amount]
    return "major" if any(by * 10 >= amount for by, amount in changed) else "minor"
