"""The unified view over real imports, invoices and corrections, each figure held against the entries."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from budgets.models import Entry
from budgets.services.accounts import ensure_account
from budgets.services.ledger import reverse
from budgets.services.opening import OpeningRow, open_balances
from budgets.services.periods import close_period
from budgets.services.rates import state_rate
from budgets.services.recoding import recode
from core import clock
from core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from core.models import User
from reconciliation.models import ImportFile, Invoice, RawRow, Source
from reconciliation.services.coding import uncode_invoice_line
from reconciliation.services.fixing import accept_change
from reconciliation.services.ingest import apply, receive_file
from reconciliation.services.invoices import void_invoice
from reconciliation.services.sources import ExpectedData, expect_of_source, save_source
from reporting.rules.unified import Amounts, Unified, lines_of, nodes_of
from reporting.selectors.unified import unified_view
from reporting.selectors.unified_entries import Figure, entries_of, origins_of
from reporting.selectors.unified_scope import Asked, Scope, access_scope
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, allot, move
from tests.factories.core import assign
from tests.factories.reconciliation import an_invoice
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.imports import SPEND_HEADER, SPEND_MAPPING, Importing

MARCH, APRIL, DECEMBER = date(2026, 3, 1), date(2026, 4, 1), date(2026, 12, 1)
TODAY = date(2026, 4, 20)
CARDS = {
    "columns": {**SPEND_MAPPING["columns"], "date": "Posted"},
    "document_date": "Bought",
    "restates": False,
}
REGISTER = {
    "columns": {"date": "Date", "number": "Number", "vendor": "Vendor", "net": "Net", "category": "Category"}
    | {"cost_centre": "Cost centre"},
    "restates": False,
}
Dropping = Callable[..., ImportFile]


@pytest.fixture
def dropped(small_budget: SmallBudget, controller: User) -> Dropping:
    """Import rows from a source, by its code and the head of its files."""

    def drop(source: Source, head: str, *rows: str) -> ImportFile:
        content = "\n".join([head, *rows, ""]).encode()
        received = receive_file(source=source, name=f"{source.code}.csv", content=content, actor=controller)
        return apply(import_file_id=received.pk, actor=controller)

    return drop


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take moments for settled that lie in the test's own transaction, which nobody else sees."""
    monkeypatch.setattr("reporting.selectors.unified.refuse_unsettled", lambda moment: None)


@pytest.fixture
def cards(small_budget: SmallBudget, controller: User) -> Source:
    by: dict[str, Any] = {"entity": small_budget.entity, "actor": controller}
    source = save_source(code="cards", name="Company cards", format_code="spend_csv", mapping=CARDS, **by)
    return expect_of_source(source_id=source.pk, data=ExpectedData("cards", "daily", 3, controller), actor=controller)


CARD_HEAD = "Posted,Bought,Number,Vendor,Category,Cost centre,Amount"


def of(small: SmallBudget, **more: Any) -> Scope:
    return Scope(small.entity, more.pop("first", JANUARY), more.pop("last", DECEMBER), is_whole=True, sees_books=True, **more)


def spent(small: SmallBudget, **more: Any) -> Decimal:
    entries = Entry.objects.filter(account__entity=small.entity, bucket="spent", **more)
    return entries.aggregate(total=Sum("pooled"))["total"] or Decimal(0)


def whole(view: Unified) -> dict[str, Decimal]:
    assert view.agrees
    return told(view.total.spent)


def told(by_origin: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return amounts by the code of their source, or by what else they came from."""
    return {code_of(key): amount for key, amount in by_origin.items() if amount}


def code_of(key: str) -> str:
    return Source.objects.get(pk=int(key.removeprefix("source-"))).code if key.startswith("source-") else key


def test_each_figure_stands_under_the_source_that_it_came_from(
    small_budget: SmallBudget, controller: User, import_rows: Importing, cards: Source, dropped: Dropping
) -> None:
    small, by = small_budget, dict[str, Any](entity=small_budget.entity, actor=controller)
    import_rows("2026-03-05,L-1,Streamline,software,PLATFORM,10.00", "2026-03-06,L-2,Streamline,training,PRODUCT,5.50")
    dropped(cards, CARD_HEAD, "2026-03-03,2026-02-27,C-1,Rail,training,PLATFORM,7.25")
    register = save_source(code="register", name="Register", format_code="invoice_csv", mapping=REGISTER, **by)
    dropped(register, "Date,Number,Vendor,Net,Category,Cost centre", "2026-03-10,I-1,Paperworks,30.00,software,PLATFORM")
    an_invoice(small.entity, controller, "H-1", "40.00", account_id=small.account.pk, month=APRIL)
    opened = OpeningRow(account_id=small.account.pk, spent=Decimal("100.00"))
    open_balances(
        entity=small.entity, source_name="Old books", month=JANUARY, rows=[opened],
        totals={"spent": Decimal("100.00")}, actor=controller,
    )  # fmt: skip
    move(small.account, "spent", "3.33", month=MARCH, is_fact=True)
    view = unified_view(of(small))
    assert whole(view) == {
        "ledger": Decimal("15.50"),
        "cards": Decimal("7.25"),
        "register": Decimal("30.00"),
        "invoices": Decimal("40.00"),
        "opening": Decimal("100.00"),
        "here": Decimal("3.33"),
    }
    assert view.total.actual == view.ledger == spent(small) == Decimal("196.08")
    assert [column.name for column in view.columns] == ["ERP", "Cards", "Invoices", "Opening balance", "Posted here"]
    # The card was used in February and posted in March; the invoice of March was coded in April.
    assert told(view.total.dated_elsewhere) == {"cards": Decimal("7.25"), "invoices": Decimal("40.00")}


def test_a_document_that_two_sources_have_counts_once(
    small_budget: SmallBudget, controller: User, import_rows: Importing, cards: Source, dropped: Dropping
) -> None:
    an_invoice(small_budget.entity, controller, "INV-7", "120.00", account_id=small_budget.account.pk, month=MARCH)
    before = unified_view(of(small_budget))
    ledger = import_rows("2026-03-12,INV-7,Acme Cloud,software,PLATFORM,120.00")
    card = dropped(cards, CARD_HEAD, "2026-03-12,2026-03-12,inv 7,Acme Cloud,software,PLATFORM,120.00")
    again = import_rows("2026-03-12,INV-7,Acme Cloud,software,PLATFORM,120.00", name="same-again.csv")
    assert (ledger.accepted, card.accepted, again.pk) == (1, 1, ledger.pk)
    assert set(RawRow.objects.values_list("reason_code", "produced_type")) == {("confirms", "invoice")}
    after = unified_view(of(small_budget))
    assert whole(after) == whole(before) == {"invoices": Decimal("120.00")}


def test_what_an_invoice_takes_back_of_a_row_is_of_the_rows_source(
    small_budget: SmallBudget, controller: User, cards: Source, dropped: Dropping
) -> None:
    dropped(cards, CARD_HEAD, "2026-03-12,2026-02-27,INV-7,Acme Cloud,software,PLATFORM,120.00")
    held = unified_view(of(small_budget))
    assert (whole(held), told(held.total.dated_elsewhere)) == ({"cards": Decimal("120.00")}, {"cards": Decimal("120.00")})
    invoice = an_invoice(small_budget.entity, controller, "INV-7", "120.00", account_id=small_budget.account.pk, month=MARCH)
    after = unified_view(of(small_budget))
    assert whole(after) == {"invoices": Decimal("120.00")}
    assert not any(told(after.total.dated_elsewhere).values())
    rows = entries_of(of(small_budget), Figure(), origins_of(of(small_budget))).rows
    assert {row.amount for row in rows} == {Decimal("120.00"), Decimal("-120.00")}
    uncode_invoice_line(line_id=invoice.lines.get().pk, actor=controller)
    back = unified_view(of(small_budget))
    assert (whole(back), told(back.total.dated_elsewhere)) == ({"cards": Decimal("120.00")}, {"cards": Decimal("120.00")})


def test_spend_keeps_its_source_through_re_coding_taking_back_and_restating(
    small_budget: SmallBudget, controller: User, import_rows: Importing, cards: Source, dropped: Dropping
) -> None:
    small = small_budget
    import_rows("2026-03-05,L-1,Streamline,software,PLATFORM,10.00")
    dropped(cards, CARD_HEAD, "2026-03-03,2026-03-03,C-1,Rail,software,PLATFORM,7.00")
    entries = list(Entry.objects.filter(bucket="spent").order_by("pk").values_list("pk", flat=True))
    target = small.accounts["PRODUCT", "training"]
    posted = recode(key="both", entry_ids=entries, to_account=target, actor=controller)
    both = {"ledger": Decimal("10.00"), "cards": Decimal("7.00")}
    assert whole(unified_view(of(small))) == both
    product = unified_view(of(small, centre=small.cost_centres["PRODUCT"]))
    assert whole(product) == both
    assert whole(unified_view(of(small, centre=small.cost_centres["PLATFORM"]))) == {}
    reverse(journal_id=posted.id, key="back", actor=controller)
    assert whole(unified_view(of(small, centre=small.cost_centres["PLATFORM"]))) == both
    changed = import_rows("2026-03-05,L-1,Streamline,software,PLATFORM,11.00", name="restated.csv")
    row = changed.raw_rows.get()
    waiting = unified_view(of(small)).quarantined
    assert [(code_of(each.origin), each.count, each.amount) for each in waiting] == [("ledger", 1, Decimal("11.00"))]
    accept_change(row_id=row.pk, actor=controller)
    view = unified_view(of(small))
    assert whole(view) == {"ledger": Decimal("11.00"), "cards": Decimal("7.00")}
    assert view.quarantined == ()


def test_what_has_not_reached_the_ledger_is_stated_by_source_and_currency(
    small_budget: SmallBudget, controller: User, import_rows: Importing
) -> None:
    import_rows(
        "2026-03-05,L-1,Streamline,Telescopes,PLATFORM,10.00",
        "2026-03-06,L-2,Streamline,software,Nowhere,2.50",
        "2025-03-06,L-3,Streamline,software,PLATFORM,99.00",
        "someday,L-4,Streamline,software,PLATFORM,1.00",
        "2026-03-07,L-5,Streamline,software,PLATFORM,much",
    )
    an_invoice(small_budget.entity, controller, "U-1", "55.00")
    void = an_invoice(small_budget.entity, controller, "U-2", "66.00", vendor_name="Others")
    void_invoice(invoice_id=void.pk, reason="Not ours.", actor=controller)
    view = unified_view(of(small_budget))
    assert view.total.actual == 0
    assert [(code_of(each.origin), each.currency, each.count, each.amount, each.unread) for each in view.quarantined] == [
        ("ledger", "USD", 4, Decimal("13.50"), 1)
    ]
    assert [(code_of(each.origin), each.count, each.amount) for each in view.uncoded] == [("invoices", 1, Decimal("55.00"))]
    assert [column.name for column in view.columns] == ["ERP", "Invoices"]
    old = unified_view(of(small_budget, first=date(2025, 3, 1), last=date(2025, 3, 1)))
    # A row without a day that can be read belongs to no month, so it shows in all of them.
    assert [(each.count, each.amount) for each in old.quarantined] == [(2, Decimal("100.00"))]
    assert (view.waiting_elsewhere, old.waiting_elsewhere) == (1, 3)


def test_closed_months_are_final_and_open_ones_preliminary(
    small_budget: SmallBudget, controller: User, import_rows: Importing, settled: None
) -> None:
    import_rows("2026-01-05,L-1,Streamline,software,PLATFORM,10.00", "2026-02-06,L-2,Streamline,software,PLATFORM,4.00")
    close_period(entity=small_budget.entity, month=JANUARY, actor=controller)
    scope = of(small_budget, last=date(2026, 2, 1))
    view = unified_view(scope)
    assert (view.freshness.state, view.total.final, view.total.preliminary) == ("preliminary", Decimal(10), Decimal(4))
    assert [(month.state, month.amounts.actual) for month in view.months] == [
        ("final", Decimal(10)),
        ("preliminary", Decimal(4)),
    ]
    assert unified_view(of(small_budget, last=JANUARY)).freshness.is_final
    moment = clock.now()
    close_period(entity=small_budget.entity, month=date(2026, 2, 1), actor=controller)
    assert unified_view(scope).freshness.is_final
    assert not unified_view(scope, as_of=moment).freshness.is_final


def test_several_currencies_come_together_at_the_rates_of_the_entries(small_budget: SmallBudget, controller: User) -> None:
    small = small_budget
    state_rate(entity=small.entity, currency="EUR", rate=Decimal("1.10"), valid_on=JANUARY, source="A bank", actor=controller)
    euros = BudgetFactory.create(entity=small.entity, code="EUROS", currency="EUR", cost_centre=small.cost_centres["PRODUCT"])
    account = ensure_account(budget=euros, cost_centre=small.cost_centres["PRODUCT"], category=small.categories["software"])
    allot(account, "1000.00")
    move(account, "committed", "50.00")
    move(account, "spent", "100.00", is_fact=True)
    move(small.account, "spent", "7.00", is_fact=True)
    view = unified_view(of(small, last=JANUARY))
    assert (view.total.actual, view.ledger) == (Decimal("117.00"), Decimal("117.00"))
    assert view.total.plan == Decimal(6000) + Decimal("1100.00")
    assert view.total.committed == Decimal("55.00")
    alone = unified_view(of(small, last=JANUARY, budget=euros))
    assert (alone.currency, alone.total.plan, alone.total.actual, alone.ledger) == (
        "EUR", Decimal("1000.00"), Decimal("100.00"), Decimal("100.00"),
    )  # fmt: skip


def test_a_source_is_fresh_or_late_by_what_is_expected_of_it(
    small_budget: SmallBudget, controller: User, cards: Source, dropped: Dropping
) -> None:
    monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with clock.at(monday):
        file = dropped(cards, CARD_HEAD, "2026-03-02,2026-03-02,C-1,Rail,training,PLATFORM,7.25", "2026-03-02,,C-2,,x,y,1")
    ImportFile.objects.filter(pk=file.pk).update(received_at=monday)

    def line(days: int) -> Any:
        view = unified_view(of(small_budget), now=monday + timedelta(days=days))
        assert [code_of(each.origin.key) for each in view.late] == (["cards"] if days > 4 else [])
        return view.sources[0]

    found = line(4)
    assert (found.file, found.last_on, found.accepted, found.quarantined, found.duplicate) == (
        "cards.csv", date(2026, 3, 2), 1, 1, 0,
    )  # fmt: skip
    assert (found.expected.standing, found.expected.due_on, found.keeper) == ("fresh", date(2026, 3, 6), controller.name)
    assert (line(6).expected.standing, line(6).expected.days_late) == ("late", 2)


def test_a_view_reaches_as_far_as_its_reader(
    small_budget: SmallBudget, controller: User, executive: User, requester: User, outsider: User
) -> None:
    small = small_budget
    assert access_scope(executive, Asked(), today=TODAY).is_whole
    team = access_scope(_over(requester, small, "PLATFORM"), Asked(), today=TODAY)
    assert (team.is_whole, team.centre) == (False, small.cost_centres["PLATFORM"])
    for asked in (Asked(cost_centre="PRODUCT"), Asked(cost_centre="ENG"), Asked(entity="nowhere"), Asked(cost_centre="NONE")):
        with pytest.raises(NotFound):
            access_scope(requester, asked, today=TODAY)
    with pytest.raises(NotAllowed):
        access_scope(requester, Asked(budget="SMALL"), today=TODAY)
    assert access_scope(requester, Asked(budget="SMALL", cost_centre="PLATFORM"), today=TODAY).budget == small.budget
    with pytest.raises(NotFound):
        access_scope(outsider, Asked(entity=small.entity.code), today=TODAY)
    for first, last, code in ((APRIL, MARCH, "months_cannot_be"), (JANUARY, date(2030, 1, 1), "too_many_months")):
        with pytest.raises(InvalidInput) as refused:
            access_scope(executive, Asked(first=first, last=last), today=TODAY)
        assert refused.value.code == code


def _over(user: User, small: SmallBudget, centre: str) -> User:
    user.assignments.all().delete()
    assign(user, "team_lead", small.entity, cost_centre=small.cost_centres[centre])
    user.__dict__.pop("_grants", None)
    return user


def test_a_moment_to_come_is_refused(small_budget: SmallBudget) -> None:
    with pytest.raises(WrongState, match="may still belong"):
        unified_view(of(small_budget), as_of=clock.now() + timedelta(days=1))


POSTINGS = st.lists(
    st.tuples(
        st.sampled_from(["ledger", "cards", "invoice", "other", "back"]),
        st.sampled_from([("PLATFORM", "software"), ("PRODUCT", "software"), ("PLATFORM", "parts"), ("PRODUCT", "bolts")]),
        st.integers(min_value=1, max_value=4),
        st.integers(min_value=-99999, max_value=99999).filter(bool),
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


@given(postings=POSTINGS)
@settings(
    max_examples=12,
    # Each step is a few statements on a real ledger: a shorter case of a failure is not worth minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_columns_and_subtrees_add_up_at_every_moment(
    postings: list[tuple[str, tuple[str, str], int, int]],
    small_budget: SmallBudget,
    controller: User,
    spend_source: Source,
    cards: Source,
    settled: None,
) -> None:
    """Random spend of random sources: an independent sum by source, category and moment agrees with the view."""
    story = _Told(small_budget, controller, {"ledger": spend_source, "cards": cards})
    start = unified_view(of(small_budget)).total.spent
    for number, (how, place, month, cents) in enumerate(postings):
        story.post(number, how, place, date(2026, month, 1), Decimal(cents) / 100)
    for moment, by_origin, by_category in story.moments:
        view = unified_view(of(small_budget), as_of=moment)
        assert view.agrees
        since = {key: amount - start.get(key, 0) for key, amount in view.total.spent.items()}
        assert told(since) == {key: amount for key, amount in by_origin.items() if amount}
        own = {node.code: node.own.actual for node in nodes_of(view.nodes)}
        assert all(own.get(code, 0) == amount for code, amount in by_category.items())
        _adds_up(view)
        before = Entry.objects.filter(account__entity=small_budget.entity, bucket="spent", recorded_at__lte=moment)
        assert view.total.actual == (before.aggregate(total=Sum("amount"))["total"] or 0)
    for node in nodes_of(unified_view(of(small_budget)).nodes):
        _entries_make_up(of(small_budget), node.code, node.whole)


def _adds_up(view: Unified) -> None:
    for node in nodes_of(view.nodes):
        parts = [node.own, *(child.whole for child in node.children)]
        assert node.whole.actual == sum(part.actual for part in parts)
        assert node.whole.plan == sum(part.plan for part in parts)
    lines = lines_of(view.nodes)
    assert sum(line.amounts.actual for line in lines if not line.depth) == view.total.actual
    leaves = [line for line in lines if not line.is_group]
    assert sum(line.amounts.actual for line in leaves) == view.total.actual
    assert sum(month.amounts.actual for month in view.months) == view.total.actual
    assert sum(column.of(view.total.spent) for column in view.columns) == view.total.actual


def _entries_make_up(scope: Scope, code: str, amounts: Amounts) -> None:
    origins = origins_of(scope)
    for key, amount in amounts.spent.items():
        assert entries_of(scope, Figure(category=code, origin=key), origins).total == amount
    assert entries_of(scope, Figure(category=code, bucket="allotted"), origins).total == amounts.plan
    assert entries_of(scope, Figure(category=code, bucket="held"), origins).total == amounts.held


class _Told:
    """Spends by five ways and keeps sums of its own, with the moment after each."""

    def __init__(self, small: SmallBudget, actor: User, sources: dict[str, Source]) -> None:
        self.small, self.actor, self.sources = small, actor, sources
        parts = CategoryFactory.create(entity=small.entity, parent=small.categories["software"], code=f"p{self._mark()}")
        bolts = CategoryFactory.create(entity=small.entity, parent=parts, code=f"b{self._mark()}")
        self.categories = {"software": small.categories["software"], "parts": parts, "bolts": bolts}
        self.by_origin: dict[str, Decimal] = defaultdict(Decimal)
        self.by_category: dict[str, Decimal] = {
            category.code: Entry.objects.filter(account__category=category, bucket="spent").aggregate(t=Sum("amount"))["t"]
            or Decimal(0)
            for category in self.categories.values()
        }
        self.moments: list[tuple[datetime, dict[str, Decimal], dict[str, Decimal]]] = []
        self.journals: list[tuple[int, str, str, Decimal]] = []

    @staticmethod
    def _mark() -> str:
        return f"{clock.now():%H%M%S%f}"

    def post(self, number: int, how: str, place: tuple[str, str], month: date, amount: Decimal) -> None:
        if how == "back":
            if not self.journals:
                return
            journal, key, code, amount = self.journals.pop()
            reverse(journal_id=journal, key=f"back-{journal}", actor=self.actor)
            self._note(key, code, -amount)
            return
        centre, category = self.small.cost_centres[place[0]], self.categories[place[1]]
        account = ensure_account(budget=self.small.budget, cost_centre=centre, category=category)
        key = getattr(self, f"_{how}", self._import)(how, account, month, amount, f"{number}-{self._mark()}")
        self.journals.append((Entry.objects.latest("pk").journal_id, key, category.code, amount))
        self._note(key, category.code, amount)

    def _import(self, how: str, account: Any, month: date, amount: Decimal, mark: str) -> str:
        row = f"{month:%Y-%m}-05,{mark},Vendor,{account.category.code},{account.cost_centre.code},{amount}"
        head = SPEND_HEADER if how == "ledger" else SPEND_HEADER.replace("Date", "Posted")
        content = f"{head}\n{row}\n".encode()
        received = receive_file(source=self.sources[how], name=f"{mark}.csv", content=content, actor=self.actor)
        assert apply(import_file_id=received.pk, actor=self.actor).accepted == 1
        return f"{how}"

    def _invoice(self, how: str, account: Any, month: date, amount: Decimal, mark: str) -> str:
        an_invoice(self.small.entity, self.actor, f"N-{mark}", amount, account_id=account.pk, month=month, vendor_name=mark)
        assert Invoice.objects.latest("pk").lines.get().journal_id
        return "invoices"

    def _other(self, how: str, account: Any, month: date, amount: Decimal, mark: str) -> str:
        move(account, "spent", amount, month=month, is_fact=True)
        return "here"

    def _note(self, key: str, code: str, amount: Decimal) -> None:
        self.by_origin[key] += amount
        self.by_category[code] += amount
        self.moments.append((Entry.objects.latest("pk").recorded_at, dict(self.by_origin), dict(self.by_category)))
