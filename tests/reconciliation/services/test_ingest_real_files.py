"""Real files at their real size: a bank's statements and a council's spend."""

import csv
import gzip
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from django.db.models import Sum

from budgets.models import Entry
from budgets.services.accounts import ensure_account
from core.models import Entity, User
from reconciliation.models import BankEntry, ExceptionItem, ImportFile, Payment, Source, Statement
from reconciliation.services.ingest import apply, preview, receive_file
from reconciliation.services.sources import save_source
from tests.factories.budgets import BudgetFactory, CategoryFactory, CostCentreFactory, open_year
from tests.factories.core import EntityFactory

pytestmark = pytest.mark.realsize

CATEGORY, PURPOSE = "SeRCOP Expenditure Category", "Purpose of Spend"
CENTRE = "Service Category Label"
NORTH_TYNESIDE = {
    "columns": {
        "date": "Payment Date",
        "number": "Transaction Number",
        "amount": "Net Amount",
        "vendor": "Supplier (Beneficiary) Name",
        "category": [CATEGORY, PURPOSE],
        "cost_centre": CENTRE,
    },
    "fixed": {"currency": "GBP"},
}


def lines_of(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)


def taken(source: Source, path: Path) -> ImportFile:
    received = receive_file(source=source, name=path.name, content=path.read_bytes(), actor=None)
    return apply(import_file_id=received.pk, actor=None)


def test_a_years_statements_add_up_follow_on_and_are_taken_once(real_data: Path, bank_source: Source) -> None:
    paths = sorted((real_data / "bank" / "camt-daily-account" / "CAMT_053").glob("*.xml"))
    assert paths
    for path in paths:
        taken(bank_source, path)
    figures = (Statement.objects.count(), BankEntry.objects.count(), Payment.objects.count())
    assert figures[0] >= len(paths)
    for statement in Statement.objects.annotate(moved=Sum("entries__amount")):
        assert statement.closing == (statement.opening or 0) + (statement.moved or 0)
    for account in {statement.bank_account_id for statement in Statement.objects.all()}:
        chain = list(Statement.objects.filter(bank_account_id=account).order_by("to_on", "pk"))
        assert all(before.closing == after.opening for before, after in pairwise(chain))
    assert not ExceptionItem.objects.exists()
    for path in paths:
        # The same statements in other bytes: known by what they are, not by their file.
        received = receive_file(source=bank_source, name=path.name, content=path.read_bytes() + b"\n", actor=None)
        again = apply(import_file_id=received.pk, actor=None)
        assert (again.accepted, again.rows) == (0, again.duplicate)
    assert (Statement.objects.count(), BankEntry.objects.count(), Payment.objects.count()) == figures


def budget_of(paths: list[Path]) -> None:
    """Make the categories, cost centres and accounts that the files name, in a budget of 2022."""
    entity = EntityFactory.create(code="council", currency="GBP")
    open_year(entity, first=date(2022, 1, 1), last=date(2022, 12, 1))
    root = CostCentreFactory.create(entity=entity, code="COUNCIL")
    budget = BudgetFactory.create(
        entity=entity, code="COUNCIL", currency="GBP", cost_centre=root, starts_on=date(2022, 1, 1), ends_on=date(2022, 12, 1)
    )
    pairs = {
        (row[CENTRE], f"{row[CATEGORY]} / {row[PURPOSE]}")
        for path in paths
        for row in csv.DictReader(lines_of(path))
        if row["Payment Date"] and row[CATEGORY] and row[PURPOSE] and row[CENTRE]
    }
    categories = {name: CategoryFactory.create(entity=entity, name=name) for name in sorted({name for _, name in pairs})}
    centres = {
        name: CostCentreFactory.create(entity=entity, name=name, parent=root) for name in sorted({name for name, _ in pairs})
    }
    for centre, category in sorted(pairs):
        ensure_account(budget=budget, cost_centre=centres[centre], category=categories[category])


@pytest.mark.parametrize("kind", ["i", "p"])
def test_every_row_of_a_councils_spend_is_accounted_for(real_data: Path, controller: User, kind: str) -> None:
    paths = sorted((real_data / "spend" / "uk-north-tyneside").rglob(f"*_{kind}.csv.gz"))
    assert paths
    budget_of(paths)
    entity = Entity.objects.get(code="council")
    source = save_source(
        entity=entity, code=f"council-{kind}", name="Council", format_code="spend_csv", mapping=NORTH_TYNESIDE, actor=controller
    )
    spent = Decimal(0)
    for path in paths:
        said = preview(source=source, name=path.name, content=path.read_bytes())
        done = taken(source, path)
        records = [row for row in csv.reader(lines_of(path)) if any(cell.strip() for cell in row)]
        assert done.rows == len(records) - 1 == done.accepted + done.quarantined + done.duplicate + done.ignored
        amounts = [row[2] for row in records[1:] if row[2]]
        assert done.control_total == sum(map(Decimal, amounts))
        assert Counter(done.raw_rows.values_list("status", flat=True)) == Counter(+said.counts)
        assert not done.raw_rows.filter(status="quarantined", remedy="").exists()
        assert set(done.raw_rows.filter(status="quarantined").values_list("reason_code", flat=True)) <= {
            "zero_amount",
            "no_amount",
            "blank_category",
            "blank_cost_centre",
            "unknown_category",
        }
        spent += done.accepted_total
        assert taken(source, path).pk == done.pk
    assert Entry.objects.filter(bucket="spent").aggregate(whole=Sum("amount"))["whole"] == spent
