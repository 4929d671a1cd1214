"""Spend rows become spend, once; what cannot is kept with its reason; counts and totals add up."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from approvals.services.reserves import make_reserve
from budgets.models import Entry, Journal
from budgets.services.periods import close_period
from core.models import User
from reconciliation.models import ImportFile, RawRow, Source
from reconciliation.rules.problems import FileRefused
from reconciliation.services import spend_rows
from reconciliation.services.ingest import apply, preview, receive_file, recount
from tests.factories.reserves import terms
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.imports import SPEND_HEADER, Importing

GOOD = "2026-03-05,INV-1,Acme Cloud,software,PLATFORM,100.00"
COUNTS = ("rows", "accepted", "quarantined", "duplicate", "ignored", "new", "known", "changed", "vanished")


def counts_of(import_file: ImportFile) -> dict[str, int]:
    return {name: getattr(import_file, name) for name in COUNTS if getattr(import_file, name)}


def spent() -> Decimal:
    return sum(Entry.objects.filter(bucket="spent").values_list("amount", flat=True), Decimal(0))


def test_a_row_posts_spend_on_the_account_of_its_category_cost_centre_and_month(
    import_rows: Importing, small_budget: SmallBudget
) -> None:
    done = import_rows(GOOD, "2026-03-06,INV-2,Acme Cloud,People,Product,-20.00")
    assert counts_of(done) == {"rows": 2, "accepted": 2, "new": 2}
    assert done.control_total == done.accepted_total == Decimal("80.00")
    entry = Entry.objects.get(bucket="spent", account=small_budget.account)
    assert (entry.month, entry.amount) == (date(2026, 3, 1), Decimal("100.00"))
    row = done.raw_rows.get(number=2)
    assert (row.produced_type, row.produced_id, row.account_id) == ("journal", entry.journal_id, entry.account_id)
    assert entry.thread == f"raw-row:{row.pk}"
    assert entry.journal.is_fact


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2026-03-05,1,Acme,catering,PLATFORM,100.00", "unknown_category"),
        ("2026-03-05,1,Acme,,PLATFORM,100.00", "blank_category"),
        ("2026-03-05,1,Acme,software,,100.00", "blank_cost_centre"),
        ("2026-03-05,1,Acme,software,MOON,100.00", "unknown_cost_centre"),
        ("2026-03-05,1,Acme,software,ENG,100.00", "unbudgeted"),
        ("2027-03-05,1,Acme,software,PLATFORM,100.00", "unbudgeted"),
        ("2026-03-05,1,Acme,software,PLATFORM,0.00", "zero_amount"),
        ("2026-03-05,1,Acme,software,PLATFORM,NaN", "bad_amount"),
        ("2026-03-05,1,Acme,software,PLATFORM,1e400", "bad_amount"),
        ("2026-03-05,1,Acme,software,PLATFORM,1.005", "amount_too_fine"),
        ("2026-03-05,1,Acme,software,PLATFORM,9999999999999999", "amount_too_large"),
        ("2026-02-30,1,Acme,software,PLATFORM,100.00", "bad_date"),
        ("2026-03-05,1,Acme,software,PLATFORM,1,234.00", "too_many_cells"),
        ('2026-03-05,1,"Acme,software,PLATFORM,100.00', "broken_quotes"),
        (f"2026-03-05,1,{'x' * 30_000},software,PLATFORM,100.00", "too_long"),
    ],
)
def test_what_cannot_be_posted_is_quarantined_with_its_remedy_and_stops_nothing(
    import_rows: Importing, row: str, code: str
) -> None:
    done = import_rows(row, GOOD)
    assert counts_of(done) == {"rows": 2, "accepted": 1, "quarantined": 1, "new": 2}
    bad = done.raw_rows.get(status="quarantined")
    assert bad.reason_code == code
    assert bad.reason
    assert bad.remedy
    assert spent() == Decimal("100.00")


def test_a_row_of_a_closed_month_waits(import_rows: Importing, small_budget: SmallBudget, controller: User) -> None:
    close_period(entity=small_budget.entity, month=date(2026, 3, 1), actor=controller)
    done = import_rows(GOOD, "2026-04-05,INV-2,Acme Cloud,software,PLATFORM,7.00")
    assert done.raw_rows.get(status="quarantined").reason_code == "closed_month"
    assert spent() == Decimal("7.00")


def test_another_currency_waits_for_a_rate(spend_source: Source, controller: User) -> None:
    spend_source.mapping = spend_source.mapping | {"fixed": {"currency": "EUR"}}
    spend_source.save()
    content = f"{SPEND_HEADER}\n{GOOD}\n".encode()
    received = receive_file(source=spend_source, name="eur.csv", content=content, actor=controller)
    done = apply(import_file_id=received.pk, actor=controller)
    row = done.raw_rows.get()
    assert (row.status, row.reason_code) == ("quarantined", "other_currency")
    assert "USD" in row.remedy
    assert not Entry.objects.filter(bucket="spent").exists()


def test_spend_above_the_budget_is_a_fact_and_is_posted(import_rows: Importing) -> None:
    import_rows("2026-03-05,BIG,Acme Cloud,software,PLATFORM,500000.00")
    assert spent() == Decimal("500000.00")


def test_the_same_bytes_again_change_nothing(import_rows: Importing, spend_source: Source) -> None:
    first = import_rows(GOOD, GOOD)
    journals = Journal.objects.count()
    again = import_rows(GOOD, GOOD, name="other name.csv")
    assert again.pk == first.pk
    assert Journal.objects.count() == journals
    said = preview(source=spend_source, name="x.csv", content=f"{SPEND_HEADER}\n{GOOD}\n{GOOD}\n".encode())
    assert (said.rows, said.counts["duplicate"], said.known, said.new) == (2, 2, 2, 0)


def test_identical_rows_are_real_and_a_later_file_adds_only_what_is_new(import_rows: Importing) -> None:
    import_rows(GOOD, GOOD)
    later = import_rows(GOOD, GOOD, GOOD, "2026-03-09,INV-9,Acme Cloud,software,PLATFORM,5.00")
    assert counts_of(later) == {"rows": 4, "accepted": 2, "duplicate": 2, "new": 2, "known": 2}
    assert spent() == Decimal("305.00")


def test_a_changed_row_waits_and_a_vanished_one_is_said(import_rows: Importing) -> None:
    import_rows(GOOD, "2026-03-06,INV-2,Acme Cloud,software,PLATFORM,20.00", "2026-03-07,INV-3,Acme Cloud,software,PLATFORM,1.00")
    later = import_rows(GOOD.replace("100.00", "110.00"), "2026-03-07,INV-3,Acme Cloud,software,PLATFORM,1.00")
    assert counts_of(later) == {"rows": 2, "quarantined": 1, "duplicate": 1, "known": 1, "changed": 1, "vanished": 1}
    row = later.raw_rows.get(status="quarantined")
    assert row.reason_code == "changed"
    assert row.replaces is not None
    assert spent() == Decimal("121.00")


def test_a_row_that_vanished_within_the_days_of_the_new_file_is_a_finding(import_rows: Importing) -> None:
    import_rows(GOOD, "2026-03-06,INV-2,Acme Cloud,software,PLATFORM,20.00", "2026-03-07,INV-3,Acme Cloud,software,PLATFORM,1.00")
    later = import_rows(GOOD, "2026-03-07,INV-3,Acme Cloud,software,PLATFORM,1.00")
    assert later.vanished == 1
    assert [(finding["code"], finding["amount"]) for finding in later.findings] == [("vanished", "20.00")]


def test_a_dry_run_says_what_the_import_then_does_and_writes_nothing(import_rows: Importing, spend_source: Source) -> None:
    import_rows(GOOD)
    rows = [
        GOOD,
        "2026-03-06,INV-2,Acme Cloud,software,PLATFORM,20.00",
        "2026-03-06,INV-3,Acme Cloud,nothing,PLATFORM,20.00",
        "x,,,,,",
    ]
    content = "\n".join([SPEND_HEADER, *rows, ""]).encode()
    before = (ImportFile.objects.count(), RawRow.objects.count(), Entry.objects.count())
    said = preview(source=spend_source, name="spend.csv", content=content).as_json()
    assert (ImportFile.objects.count(), RawRow.objects.count(), Entry.objects.count()) == before
    done = import_rows(*rows)
    assert {name: said[name] for name in COUNTS} == {name: getattr(done, name) for name in COUNTS}
    assert said["control_total"] == str(done.control_total)


def test_cut_off_between_batches_and_run_again_the_end_is_the_same(
    spend_source: Source, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spend_rows, "ROWS_A_JOURNAL", 2)
    rows = [f"2026-03-05,INV-{n},Acme Cloud,{'software' if n % 3 else 'nothing'},PLATFORM,{n}.00" for n in range(1, 8)]
    content = "\n".join([SPEND_HEADER, *rows, ""]).encode()
    received = receive_file(source=spend_source, name="spend.csv", content=content, actor=controller)

    def cut_off(done: int, total: int, note: str) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(import_file_id=received.pk, actor=controller, progress=cut_off)
    assert RawRow.objects.filter(status="pending").count() == 3
    done = apply(import_file_id=received.pk, actor=controller)
    assert counts_of(done) == {"rows": 7, "accepted": 5, "quarantined": 2, "new": 7}
    assert spent() == Decimal("19.00")
    assert Journal.objects.filter(kind="spend").count() == 4


def test_a_file_with_other_columns_is_refused_whole_and_names_them(spend_source: Source, controller: User) -> None:
    content = b"Date,Supplier,Category,Cost centre,Amount\n2026-03-05,Acme,software,PLATFORM,1.00\n"
    received = receive_file(source=spend_source, name="spend.csv", content=content, actor=controller)
    with pytest.raises(FileRefused, match="Number"):
        apply(import_file_id=received.pk, actor=controller)
    received.refresh_from_db()
    assert received.state == "refused"
    assert "Vendor" in received.refused
    assert not received.raw_rows.exists()
    assert not Entry.objects.filter(bucket="spent").exists()


def test_the_database_refuses_counts_that_do_not_add_up(import_rows: Importing) -> None:
    done = import_rows(GOOD)
    with pytest.raises(IntegrityError, match="import_file_rows_add_up"), transaction.atomic():
        ImportFile.objects.filter(pk=done.pk).update(accepted=2)
    with pytest.raises(IntegrityError, match="import_file_totals_add_up"), transaction.atomic():
        ImportFile.objects.filter(pk=done.pk).update(accepted_total=2)
    recount(done)


def test_a_row_for_a_reserves_line_waits_with_the_way_out(
    import_rows: Importing, small_budget: SmallBudget, controller: User
) -> None:
    account = small_budget.accounts["PLATFORM", "training"]
    said = terms(approver="finance")
    make_reserve(account=account, code="emergency", name="Emergency reserve", terms=said, actor=controller)
    imported = import_rows(
        "2026-03-05,R-1,Acme Cloud,Training,PLATFORM,10.00", "2026-03-05,R-2,Acme Cloud,Software,PLATFORM,4.00"
    )
    assert Entry.objects.filter(bucket="spent").values_list("amount", flat=True).get() == Decimal("4.00")
    row = imported.raw_rows.get(status="quarantined")
    assert row.reason == "Emergency reserve is a reserve; nobody spends from it directly."
    assert row.remedy == "Book on another line, and draw on the reserve for that line."
