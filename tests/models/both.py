"""The ledger and its model, asked the same: their answers must be the same."""

from collections import Counter, defaultdict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from django.db import DatabaseError
from django.db.models import Sum

from budgets.models import Balance, Control, ControlMonth, CostCentre, Entry, Excused
from budgets.rules.postings import Posting
from budgets.selectors.journal_states import journal_states
from budgets.services import controls, cost_centres, ledger, periods, rates
from core.errors import Refusal
from tests.models.controls import move_centre, remove_control, set_control
from tests.models.documents import BUCKETS, Document, Refused
from tests.models.ledger import LedgerModel
from tests.models.stands import Broken
from tests.models.structure import WHOLE, month_of, number_of
from tests.models.world import ABROAD, World, told

T = TypeVar("T")
CENT = Decimal("0.01")


class Differs(AssertionError):
    """The ledger and the model do not agree."""


@dataclass(repr=False)
class Both:
    """The ledger and the model of one world. `ids` are the ledger's numbers of journals, `answers` how often each came."""

    world: World
    model: LedgerModel
    ids: dict[str, int] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    let_over: set[Any] = field(default_factory=set)
    last: str = ""
    differs: bool = False

    def again(self) -> "Both":
        """Return the same two as they stand, the model's side to go its own way from here."""
        return Both(self.world, deepcopy(self.model), dict(self.ids), Counter(), set(self.let_over))

    def post(self, document: Document) -> str:
        """Return the code of the answer, blank where both accepted. Raises Differs."""
        lines = [Posting(line.account, line.month, line.bucket, line.amount, line.thread) for line in document.lines]
        posted = self._ask(
            lambda: self.model.post(document),
            lambda: ledger.post(
                key=document.key,
                kind=document.kind,
                entity=self.world.entity,
                postings=lines,
                actor=None,
                source=("model", "1"),
                is_fact=document.is_fact,
                is_override=document.is_override,
                settles=document.settles,
            ),
        )
        return self._posted(document.key, posted, passes=document.is_fact or document.is_override)

    def reverse(self, key: str, reversed_key: str) -> str:
        journal_id = self.ids.get(reversed_key, 0)
        posted = self._ask(
            lambda: self.model.reverse(key=key, reversed_key=reversed_key),
            lambda: ledger.reverse(journal_id=journal_id, key=key, actor=None),
        )
        return self._posted(key, posted, passes=True)

    def close(self, month: date) -> None:
        self._ask(
            lambda: self.model.close(number_of(month)),
            lambda: periods.close_period(entity=self.world.entity, month=month, actor=None),
        )

    def reopen(self, month: date) -> None:
        self._ask(
            lambda: self.model.reopen(number_of(month)),
            lambda: periods.reopen_period(entity=self.world.entity, month=month, actor=None),
        )

    def state_rate(self, valid_on: date, rate: Decimal) -> None:
        self.model.rates.append((ABROAD, valid_on, Fraction(rate)))
        rates.state_rate(entity=self.world.entity, currency=ABROAD, valid_on=valid_on, rate=rate, source="A bank", actor=None)

    def set_control(self, node: controls.Node, terms: controls.Terms, *, force: bool) -> None:
        reason = "It has to be" if force else ""
        wanted = told(_unsaved(self.world, node, terms))
        stated = self._ask(
            lambda: set_control(self.model, wanted, force=force),
            lambda: controls.set_control(
                entity=self.world.entity, node=node, terms=terms, actor=None, force=force, reason=reason
            ),
        )
        if stated:
            stated[0].id, stated[0].depth = stated[1].pk, stated[1].depth
            self._same("control", stated[0], told(stated[1]))
        self._let(passes=True)

    def remove_control(self, control_id: int) -> None:
        control = next(each for each in self.model.structure.controls if each.id == control_id)
        self._ask(
            lambda: remove_control(self.model, control),
            lambda: controls.remove_control(control_id=control_id, actor=None),
        )
        self._let(passes=True)

    def move(self, centre: CostCentre, parent: CostCentre | None) -> None:
        above = parent.pk if parent else None
        self._ask(
            lambda: move_centre(self.model, centre.pk, above),
            lambda: cost_centres.move(cost_centre_id=centre.pk, parent_id=above, actor=None),
        )
        self._let(passes=True)

    def rebuild(self) -> None:
        controls.rebuild(entity_id=self.world.entity.pk)

    def check_excused(self) -> None:
        """Raise Differs unless what is excused is, for every window of every stop, how far it stands over."""
        rows = Excused.objects.filter(control__entity=self.world.entity)
        stored = {(row.control_id, (number_of(row.first), number_of(row.last))): row.amount for row in rows}
        self._same("excused", {place: Decimal(over) / WHOLE / 100 for place, over in self.model.books.excused().items()}, stored)

    def check_stored(self) -> None:
        """Raise Differs unless all that is stored is what the model's entries come to."""
        self.check_excused()
        self.check_sums()
        self.check_pooled()
        self.check_holds()

    def check_sums(self) -> None:
        """Raise Differs unless balances and counters are what the model's entries add up to."""
        self._same("balances", self._modelled_balances(), self._stored_balances())
        stops = [control for control in self.model.structure.controls if control.mode == "stop"]
        counters = {control.id: _plain(self.model.books.months(control)) for control in stops}
        rows = ControlMonth.objects.filter(control__entity=self.world.entity)
        stored: dict[int, dict[int, tuple[int, int]]] = {control.id: {} for control in stops}
        for row in rows:
            if row.cap or row.held:
                stored.setdefault(row.control_id, {})[number_of(row.month)] = (int(row.cap * 100), int(row.held * 100))
        self._same("counters", counters, stored)

    def check_pooled(self) -> None:
        """Raise Differs unless each account's entries were pooled as the model has it, in the entity's currency."""
        sums: dict[int, int] = defaultdict(int)
        for journal in self.model.journals.all:
            for line in journal.lines:
                sums[line.account] += line.pooled
        rows = Entry.objects.filter(account__entity=self.world.entity).order_by().values_list("account_id")
        stored = {account: int(total * 100) for account, total in rows.annotate(total=Sum("pooled"))}
        self._same("pooled", dict(sums), stored)

    def check_holds(self) -> None:
        """Raise Differs unless of each journal's hold as much is left as the model says."""
        known = {self.ids[journal.key]: journal for journal in self.model.journals.all}
        states = journal_states(known)
        for journal_id, journal in known.items():
            left = {} if journal.key in self.model.journals.reversals else self.model.journals.left_of(journal)
            stored = {(hold.account_id, hold.bucket, hold.thread): int(hold.left * 100) for hold in states[journal_id].holds}
            self._same(f"left of {journal.key}", _some(left), _some(stored))

    def _modelled_balances(self) -> dict[Any, Any]:
        return {(account, month_of(month)): tuple(sums.values()) for (account, month), sums in self.model.figures().items()}

    def _stored_balances(self) -> dict[Any, Any]:
        rows = Balance.objects.filter(account__entity=self.world.entity).values_list("account_id", "month", *BUCKETS)
        return {(account, month): tuple(int(sum_ * 100) for sum_ in sums) for account, month, *sums in rows if any(sums)}

    def _posted(self, key: str, posted: tuple[Any, Any] | None, *, passes: bool) -> str:
        if posted is None:
            return self.last
        journal, told_of = posted
        self._same("repeat", key in self.ids, told_of.repeat)
        self._same("journal", self.ids.setdefault(key, told_of.id), told_of.id)
        journal.moment = told_of.recorded_at
        self._let(passes=passes)
        return ""

    def _let(self, *, passes: bool) -> None:
        """Raise Differs where more is allotted under a limit of its own than that, and nothing let it."""
        over = self.model.books.over_allotted()
        if not passes and over - self.let_over:
            raise self._difference(f"allotted over its own limit: {over - self.let_over}")
        self.let_over = over

    def _ask(self, model: Callable[[], T], real: Callable[[], Any]) -> tuple[T, Any] | None:
        """Ask both. Return what each made of it; None where both refused, for the same reason."""
        try:
            expected: T | Refused = model()
        except Refused as refused:
            expected = refused
        try:
            found: Any = real()
        except Refusal as refusal:
            found = refusal
        except DatabaseError as error:
            # The second wall, or a constraint, spoke: the posting function let through what it should have refused.
            raise self._difference(f"the model says {_code(expected) or 'yes'}, the ledger breaks: {error}") from error
        self.last = _code(expected)
        self._same("answer", self.last, _code(found))
        self.answers[self.last] += 1
        if not isinstance(expected, Refused):
            return expected, found
        if expected.broken:
            self._same_window(expected.broken, found.details)
        return None

    def _same_window(self, broken: Broken, details: dict[str, Any]) -> None:
        stand = broken.before
        first, last = (None, None) if stand.control.window == "life" else (month_of(at).isoformat() for at in stand.span)
        wanted = (stand.control.id, broken.what, first, last)
        self._same("window", wanted, tuple(details[name] for name in ("control", "what", "from", "to")))
        for name, exact in (("left", broken.left), ("wanted", broken.wanted)):
            if abs(Decimal(details[name]) - Decimal(exact) / WHOLE / 100) >= CENT:
                raise self._difference(f"{name}: the model says {Decimal(exact) / WHOLE / 100}, the ledger {details[name]}")

    def _difference(self, text: str) -> Differs:
        self.differs = True
        return Differs(text)

    def _same(self, what: str, model: object, real: object) -> None:
        if model != real:
            raise self._difference(f"{what}: the model says {model!r}, the ledger {real!r}")


def _plain(months: dict[int, list[int]]) -> dict[int, tuple[int, int]]:
    return {month: (amounts[0], amounts[1]) for month, amounts in months.items() if any(amounts)}


def _code(answer: object) -> str:
    return answer.code if isinstance(answer, Refused | Refusal) else ""


def _some(left: dict[Any, int]) -> dict[Any, int]:
    return {place: cents for place, cents in left.items() if cents}


def _unsaved(world: World, node: controls.Node, terms: controls.Terms) -> Control:
    """Return the control that is wanted, as the ledger would write it."""
    return Control(
        entity=world.entity,
        account=node.account,
        budget=node.budget or (node.account.budget if node.account else None),
        cost_centre=node.account.cost_centre if node.account else node.cost_centre,
        category=node.account.category if node.account else node.category,
        depth=0,
        mode=terms.mode,
        window=terms.window,
        tolerance=terms.tolerance,
        own_limit=terms.own_limit,
        currency=node.currency(world.entity),
        origin="person",
    )
