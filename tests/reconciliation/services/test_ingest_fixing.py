"""What a person says about a row in quarantine, and what comes of it."""

from datetime import date
from decimal import Decimal

import pytest

from budgets.models import CategoryAlias, Entry
from budgets.selectors.balances import account_figures
from budgets.services.periods import close_period, reopen_period
from budgets.services.recoding import recode
from core.errors import InvalidInput, WrongState
from core.models import User
from reconciliation.models import ExceptionItem, RawRow
from reconciliation.services.fixing import accept_change, fix_row, fix_rows_like, ignore_rows, retry_rows
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.imports import Importing

UNKNOWN = "2026-03-05,INV-{n},Acme Cloud,SaaS tools,PLATFORM,{n}.00"


def spent() -> Decimal:
    return sum(Entry.objects.filter(bucket="spent").values_list("amount", flat=True), Decimal(0))


def test_a_category_chosen_once_is_remembered_for_all_rows_and_later_files(import_rows: Importing, controller: User) -> None:
    done = import_rows(*(UNKNOWN.format(n=n) for n in range(1, 4)))
    row = done.raw_rows.first()
    assert row is not None
    waiting = ExceptionItem.objects.get(code="rows_in_quarantine")
    assert (waiting.amount, waiting.owner, waiting.closed_at) == (Decimal("6.00"), controller, None)
    assert fix_rows_like(row_id=row.pk, actor=controller, changes={"category": "software"}) == 3
    done.refresh_from_db()
    waiting.refresh_from_db()
    assert waiting.closed_at is not None
    assert (done.accepted, done.quarantined, done.accepted_total) == (3, 0, Decimal("6.00"))
    assert CategoryAlias.objects.get().source == "ledger"
    assert import_rows(UNKNOWN.format(n=9)).accepted == 1
    assert spent() == Decimal("15.00")


def test_a_number_that_a_person_states_makes_the_document_that_a_file_would(import_rows: Importing, controller: User) -> None:
    stated = import_rows('2026-03-05,INV-7,"Acme  Cloud, Inc.",SaaS tools,PLATFORM,10.00').raw_rows.get()
    without = import_rows('2026-03-05,,"ACME Cloud Inc.",SaaS tools,PLATFORM,11.00').raw_rows.get()
    assert without.identity == ""
    fix_row(row_id=without.pk, actor=controller, changes={"number": "inv-7"})
    without.refresh_from_db()
    assert (without.identity, without.number_key) == (stated.identity, stated.number_key)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("2026-03-05,1,Acme,software,,10.00", {"cost_centre": "PLATFORM"}),
        ("2026-03-05,1,Acme,software,PLATFORM,ten", {"amount": "10.00"}),
        ("soon,1,Acme,software,PLATFORM,10.00", {"date": "2026-03-05"}),
        ("2026-03-05,1,Acme,,PLATFORM,10.00", {"category": "software"}),
    ],
)
def test_a_row_is_posted_once_it_says_enough(
    import_rows: Importing, controller: User, small_budget: SmallBudget, row: str, changes: dict[str, str]
) -> None:
    done = import_rows(row)
    fixed = fix_row(row_id=done.raw_rows.get().pk, actor=controller, changes=changes)
    assert (fixed.status, fixed.account_id, fixed.amount) == ("accepted", small_budget.account.pk, Decimal("10.00"))
    assert fixed.fixed_by == controller
    done.refresh_from_db()
    assert done.control_total == done.accepted_total == Decimal("10.00")


def test_an_account_can_be_chosen_for_an_unbudgeted_row(
    import_rows: Importing, controller: User, small_budget: SmallBudget
) -> None:
    done = import_rows("2026-03-05,1,Acme,software,ENG,10.00")
    fixed = fix_row(row_id=done.raw_rows.get().pk, actor=controller, changes={"account": str(small_budget.account.pk)})
    assert fixed.account == small_budget.account


def test_a_fix_that_is_not_enough_leaves_the_row_with_its_next_reason(import_rows: Importing, controller: User) -> None:
    done = import_rows("2026-03-05,1,Acme,catering,,10.00")
    fixed = fix_row(row_id=done.raw_rows.get().pk, actor=controller, changes={"category": "software"})
    assert (fixed.status, fixed.reason_code) == ("quarantined", "blank_cost_centre")
    assert spent() == 0


@pytest.mark.parametrize("changes", [{"amount": "NaN"}, {"date": "never"}, {"category": "no such"}, {"colour": "red"}])
def test_a_fix_that_says_nothing_usable_is_refused_and_moves_nothing(
    import_rows: Importing, controller: User, changes: dict[str, str]
) -> None:
    row = import_rows("2026-03-05,1,Acme,catering,PLATFORM,10.00").raw_rows.get()
    with pytest.raises(InvalidInput):
        fix_row(row_id=row.pk, actor=controller, changes=changes)
    assert RawRow.objects.get().fixes == {}
    assert CategoryAlias.objects.count() == 0
    assert spent() == 0


def test_rows_are_tried_again_when_their_month_opens(import_rows: Importing, controller: User, small_budget: SmallBudget) -> None:
    close_period(entity=small_budget.entity, month=date(2026, 3, 1), actor=controller)
    done = import_rows("2026-03-05,1,Acme,software,PLATFORM,10.00", "2026-03-05,2,Acme,software,PLATFORM,0")
    reopen_period(entity=small_budget.entity, month=date(2026, 3, 1), actor=controller, reason="Late file.")
    assert retry_rows(import_file_id=done.pk, actor=controller) == 1
    assert retry_rows(import_file_id=done.pk, actor=controller) == 0
    assert spent() == Decimal("10.00")


def test_rows_are_left_out_with_a_reason_that_is_kept(import_rows: Importing, controller: User) -> None:
    done = import_rows("2026-03-05,1,Acme,software,PLATFORM,0", "2026-03-05,2,Acme,software,PLATFORM,0")
    row = done.raw_rows.first()
    assert row is not None
    with pytest.raises(InvalidInput):
        ignore_rows(row_id=row.pk, actor=controller, reason=" ")
    assert ignore_rows(row_id=row.pk, actor=controller, reason="Test rows of the supplier.", alike=True) == 2
    done.refresh_from_db()
    assert (done.ignored, done.quarantined) == (2, 0)
    with pytest.raises(WrongState):
        ignore_rows(row_id=row.pk, actor=controller, reason="Again.")


def test_an_accepted_change_takes_back_what_the_earlier_row_posted(import_rows: Importing, controller: User) -> None:
    import_rows("2026-03-05,INV-1,Acme Cloud,software,PLATFORM,100.00")
    later = import_rows("2026-03-05,INV-1,Acme Cloud,software,PRODUCT,110.00")
    row = accept_change(row_id=later.raw_rows.get().pk, actor=controller)
    assert (row.status, row.produced_type) == ("accepted", "journal")
    assert row.produced_id is not None
    assert spent() == Decimal("110.00")
    assert sorted(Entry.objects.filter(journal_id=row.produced_id).values_list("amount", flat=True)) == [
        Decimal("-100.00"),
        Decimal("110.00"),
    ]
    again = import_rows(
        "2026-03-05,INV-1,Acme Cloud,software,PRODUCT,110.00", "2026-03-05,INV-2,Acme Cloud,software,PRODUCT,1.00"
    )
    assert (again.known, again.new, again.vanished) == (1, 1, 0)
    assert spent() == Decimal("111.00")


def test_an_accepted_change_takes_back_what_was_recoded_where_it_lies(
    import_rows: Importing, small_budget: SmallBudget, controller: User
) -> None:
    import_rows("2026-03-05,INV-1,Acme Cloud,software,PLATFORM,100.00")
    people = small_budget.accounts["PRODUCT", "people"]
    recode(key="recode", entry_ids=[Entry.objects.get(bucket="spent").pk], to_account=people, actor=controller)
    later = import_rows("2026-03-05,INV-1,Acme Cloud,software,PRODUCT,110.00")
    accept_change(row_id=later.raw_rows.get().pk, actor=controller)
    figures = account_figures([account.pk for account in small_budget.accounts.values()])
    assert {pk: figure.spent for pk, figure in figures.items() if figure.spent} == {
        small_budget.accounts["PRODUCT", "software"].pk: Decimal("110.00")
    }
