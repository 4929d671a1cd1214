"""Re-coding spend, and opening with the balances of the system before."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry, FundsAccount, Journal
from budgets.selectors.balances import Figures, account_figures, thread_balance
from budgets.selectors.check import check_ledger
from budgets.selectors.journal_states import State, journal_state
from budgets.services.accounts import ensure_account
from budgets.services.holds import release_remainder, settle
from budgets.services.ledger import Posting, post, reverse
from budgets.services.opening import OpeningRow, open_balances, opening_key, opening_thread
from budgets.services.periods import close_period
from budgets.services.recoding import recode
from core.errors import ClosedPeriod, InvalidInput, Missing, NotFound, Stale, WrongState
from core.models import AuditRecord, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, move, open_year
from tests.factories.core import EntityFactory
from tests.fixtures.budgets import SmallBudget

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
ROW = "raw-row:1"


@pytest.fixture
def there(small_budget: SmallBudget) -> FundsAccount:
    return small_budget.accounts["PRODUCT", "software"]


@pytest.fixture
def entry(small_budget: SmallBudget) -> Entry:
    """An imported row of 100.00, spent in January."""
    posted = move(small_budget.account, "spent", 100, thread=ROW, is_fact=True)
    return Entry.objects.get(journal_id=posted.id)


def counts() -> tuple[int, ...]:
    return Journal.objects.count(), Entry.objects.count(), AuditRecord.objects.count()


def spent(account: FundsAccount, month: date | None = None) -> Decimal:
    return account_figures([account.pk], month=month)[account.pk].spent


def put(entry: Entry, account: FundsAccount, **more: Any) -> Any:
    said: dict[str, Any] = {"key": "recode", "entry_ids": [entry.pk], "actor": None}
    return recode(to_account=account, **(said | more))


def test_spend_goes_to_another_line_in_its_month_on_its_thread(
    small_budget: SmallBudget, entry: Entry, there: FundsAccount, controller: User
) -> None:
    posted = put(entry, there, actor=controller)
    assert (spent(small_budget.account, JANUARY), spent(there, JANUARY)) == (0, 100)
    assert thread_balance([ROW])[ROW]["spent"] == 100
    journal = Journal.objects.get(pk=posted.id)
    assert (journal.kind, journal.is_fact) == ("recode", True)
    assert AuditRecord.objects.get(verb="spend.recoded").actor == controller
    reverse(journal_id=posted.id, key="undo", actor=None)
    assert (spent(small_budget.account), spent(there)) == (100, 0)
    assert check_ledger().is_whole


def test_spend_is_recoded_whatever_is_left_where_it_goes(entry: Entry, there: FundsAccount) -> None:
    move(there, "committed", 12000)
    put(entry, there)
    assert account_figures([there.pk])[there.pk].available == -100


def test_spend_of_a_closed_month_is_recoded_in_the_month_that_is_given(
    small_budget: SmallBudget, entry: Entry, there: FundsAccount, controller: User
) -> None:
    close_period(entity=small_budget.entity, month=JANUARY, actor=controller)
    before = counts()
    with pytest.raises(ClosedPeriod):
        put(entry, there)
    assert counts() == before
    put(entry, there, month=date(2026, 4, 20))
    assert [spent(small_budget.account, month) for month in (JANUARY, APRIL)] == [100, -100]
    assert spent(there, APRIL) == 100


def test_an_open_month_keeps_its_spend_though_another_is_given(entry: Entry, there: FundsAccount) -> None:
    put(entry, there, month=APRIL)
    assert (spent(there, JANUARY), spent(there, APRIL)) == (100, 0)


def test_more_than_is_there_is_not_recoded(small_budget: SmallBudget, entry: Entry, there: FundsAccount) -> None:
    third = small_budget.accounts["PRODUCT", "people"]
    put(entry, there)
    before = counts()
    with pytest.raises(WrongState, match=r"0\.00 of raw-row:1 is spent there; this takes 100\.00 away"):
        put(entry, third, key="again")
    assert counts() == before
    moved = Entry.objects.get(thread=ROW, account=there)
    put(moved, third, key="again")
    assert (spent(small_budget.account), spent(there), spent(third)) == (0, 0, 100)


def test_a_row_that_was_reversed_is_not_recoded(entry: Entry, there: FundsAccount) -> None:
    reverse(journal_id=entry.journal_id, key="undo", actor=None)
    before = counts()
    with pytest.raises(WrongState) as refused:
        put(entry, there)
    assert refused.value.code == "not_there"
    assert counts() == before


def test_a_credit_is_recoded_too(small_budget: SmallBudget, there: FundsAccount) -> None:
    posted = move(small_budget.account, "spent", -30, thread=ROW, is_fact=True)
    put(Entry.objects.get(journal_id=posted.id), there)
    assert (spent(small_budget.account), spent(there)) == (0, -30)


def test_it_happens_once(entry: Entry, there: FundsAccount, small_budget: SmallBudget) -> None:
    first = put(entry, there)
    before = counts()
    assert (put(entry, there).id, put(entry, there).repeat) == (first.id, True)
    for changed in ({"month": APRIL}, {"entry_ids": [entry.pk, entry.pk + 1]}):
        with pytest.raises(Stale):
            put(entry, there, **changed)
    with pytest.raises(Stale):
        put(entry, small_budget.accounts["PRODUCT", "people"])
    assert counts() == before


@pytest.mark.parametrize(("thread", "source"), [("invoice-line:7", "test"), ("request-line:7", "invoice")])
def test_the_coding_of_an_invoices_line_is_undone_at_the_invoice(
    small_budget: SmallBudget, there: FundsAccount, thread: str, source: str
) -> None:
    postings = [Posting(small_budget.account.pk, JANUARY, "spent", Decimal(5), thread)]
    posted = post(
        key="coded", kind="spend", entity=small_budget.entity, postings=postings, actor=None, source=(source, "1"), is_fact=True
    )
    before = counts()
    with pytest.raises(WrongState, match="Undo its coding at the invoice"):
        put(Entry.objects.get(journal_id=posted.id), there)
    assert counts() == before


def test_what_cannot_be_recoded_is_refused(small_budget: SmallBudget, entry: Entry, there: FundsAccount) -> None:
    entity = EntityFactory.create()
    open_year(entity)
    elsewhere, euros = (
        account_in(BudgetFactory.create(**told)) for told in ({"entity": entity}, {"entity": there.entity, "currency": "EUR"})
    )
    held = Entry.objects.get(journal_id=move(small_budget.account, "committed", 5, thread="order").id)
    loose = Entry.objects.get(journal_id=move(small_budget.account, "spent", 5).id)
    before = counts()
    right: dict[str, Any] = {"key": "k", "entry_ids": [entry.pk], "to_account": there, "actor": None}
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"to_account": elsewhere}, InvalidInput),
        ({"to_account": euros}, InvalidInput),
        ({"to_account": small_budget.account}, InvalidInput),
        ({"entry_ids": [held.pk]}, InvalidInput),
        ({"entry_ids": [loose.pk]}, WrongState),
        ({"entry_ids": [0]}, NotFound),
        ({"entry_ids": []}, NotFound),
        ({"entry_ids": [entry.pk, entry.pk]}, NotFound),
    ]
    for said, error in wrong:
        with pytest.raises(error):
            recode(**(right | said))
    assert counts() == before


def account_in(budget: Any) -> FundsAccount:
    return ensure_account(budget=budget, cost_centre=budget.cost_centre, category=CategoryFactory.create(entity=budget.entity))


def opened(small: SmallBudget, **more: Any) -> Any:
    """Open with two orders on one line, and sums that agree."""
    rows = [
        OpeningRow(small.account.pk, Decimal(500), Decimal("30.10"), Decimal(20), Decimal(10), "PO-1"),
        OpeningRow(small.account.pk, committed=Decimal("69.90"), reference="PO-2"),
    ]
    totals = {"allotted": Decimal(500), "committed": Decimal(100), "spent": Decimal(20), "paid": Decimal(10)}
    said: dict[str, Any] = {"month": JANUARY, "source_name": "Old ERP", "rows": rows, "totals": totals, "actor": None}
    return open_balances(entity=small.entity, **(said | more))


def test_an_opening_posts_what_the_old_system_says(small_budget: SmallBudget, controller: User) -> None:
    posted = opened(small_budget, actor=controller)
    assert account_figures([small_budget.account.pk])[small_budget.account.pk] == Figures(
        Decimal(12500), Decimal(0), Decimal(100), Decimal(20), Decimal(10)
    )
    journal = Journal.objects.get(pk=posted.id)
    assert (journal.kind, journal.is_fact, journal.source_type, journal.source_id) == ("opening", True, "opening", "Old ERP")
    assert AuditRecord.objects.get(verb="balances.opened").actor == controller
    assert check_ledger().is_whole


def test_commitments_that_were_opened_with_are_settled_one_by_one(small_budget: SmallBudget) -> None:
    posted = opened(small_budget)
    pending = opening_key(small_budget.entity, "Old ERP")
    first, second = (opening_thread(small_budget.entity, "Old ERP", number) for number in (1, 2))
    settle(key="invoice", pending_key=pending, into="spent", amounts={second: Decimal("69.90")}, actor=None)
    state = journal_state(Journal.objects.get(pk=posted.id))
    assert (state.state, [hold.left for hold in state.holds]) == (State.PART, [Decimal("30.10"), Decimal(0)])
    release_remainder(key="close", pending_key=pending, actor=None)
    assert (thread_balance([first])[first]["committed"], thread_balance([second])[second]["spent"]) == (0, Decimal("69.90"))


def test_sums_that_do_not_agree_to_the_cent_open_nothing(small_budget: SmallBudget) -> None:
    before = counts()
    totals = {"allotted": Decimal(500), "committed": Decimal("100.01"), "spent": Decimal(20), "gifts": Decimal(1)}
    with pytest.raises(InvalidInput) as refused:
        opened(small_budget, totals=totals)
    assert refused.value.code == "control_total"
    assert refused.value.details == {
        "gifts": "There is no such sum.",
        "committed": "The rows add up to 100.00; 100.01 is stated.",
        "paid": "The rows add up to 10.00; 0.00 is stated.",
    }
    assert counts() == before


def test_a_source_is_opened_once(small_budget: SmallBudget) -> None:
    first = opened(small_budget)
    before = counts()
    assert (opened(small_budget).id, opened(small_budget).repeat) == (first.id, True)
    for changed in (
        {"rows": [OpeningRow(small_budget.account.pk, Decimal(1))], "totals": {"allotted": Decimal(1)}},
        {"month": MARCH},
    ):
        with pytest.raises(Stale):
            opened(small_budget, **changed)
    assert counts() == before
    assert not opened(small_budget, source_name="Old ERP 2").repeat


def bad(**row: Any) -> dict[str, Any]:
    """Return what opens with one row whose sums agree with it, however wrong it is."""
    return {
        "rows": [OpeningRow(**({"account_id": 0} | row))],
        "totals": {name: row[name] for name in row if name != "account_id"},
    }


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (bad(allotted=Decimal(1)), Missing),
        (bad(allotted=Decimal("NaN")), InvalidInput),
        (bad(spent=Decimal("Infinity")), InvalidInput),
        (bad(spent=Decimal("1e15")), InvalidInput),
        (bad(paid=Decimal("0.001")), InvalidInput),
        (bad(committed=Decimal(-1)), InvalidInput),
        (bad(), InvalidInput),
        ({"rows": [], "totals": {}}, InvalidInput),
        ({"source_name": ""}, InvalidInput),
        ({"source_name": "x" * 41}, InvalidInput),
        ({"source_name": "old:erp"}, InvalidInput),
        ({"month": date(2031, 1, 1)}, ClosedPeriod),
    ],
)
def test_what_cannot_be_opened_with_is_refused(small_budget: SmallBudget, said: dict[str, Any], error: type[Exception]) -> None:
    before = counts()
    with pytest.raises(error):
        opened(small_budget, **said)
    assert counts() == before


def test_rows_in_two_currencies_are_opened_apart(small_budget: SmallBudget) -> None:
    euros = account_in(BudgetFactory.create(entity=small_budget.entity, currency="EUR"))
    rows = [OpeningRow(small_budget.account.pk, Decimal(1)), OpeningRow(euros.pk, Decimal(1))]
    before = counts()
    with pytest.raises(InvalidInput, match="The rows are in EUR and USD"):
        opened(small_budget, rows=rows, totals={"allotted": Decimal(2)})
    assert counts() == before
