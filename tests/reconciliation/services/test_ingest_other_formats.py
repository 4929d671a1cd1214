"""Bills, invoices and bank statements through the same door as spend."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from budgets.models import Entry
from core.models import Entity, User
from reconciliation.models import BankEntry, ExceptionItem, ImportFile, Invoice, Payment, Source, Statement
from reconciliation.services.ingest import apply, preview, receive_file
from reconciliation.services.source_files import find_source
from reconciliation.services.sources import save_source
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.imports import Importing
from tests.reconciliation.rules.test_reading_camt import DETAIL, document, entry

INVOICE_MAPPING = {
    "columns": {
        "date": "Date",
        "number": "Number",
        "vendor": "Vendor",
        "description": "Text",
        "net": "Net",
        "vat": "VAT",
        "category": "Category",
        "cost_centre": "Cost centre",
    },
    "restates": False,
}
INVOICE_HEADER = "Date,Number,Vendor,Text,Net,VAT,Category,Cost centre"
Import = Callable[[bytes, str], ImportFile]


@pytest.fixture
def golden_bill() -> dict[str, str]:
    path = Path(settings.BASE_DIR) / "tests" / "golden" / "distro_nation.yaml"
    expected: dict[str, str] = yaml.safe_load(path.read_text())["expect"]
    return expected


def taken(source: Source, content: bytes, actor: User, name: str = "file") -> ImportFile:
    received = receive_file(source=source, name=name, content=content, actor=actor)
    return apply(import_file_id=received.pk, actor=actor)


def test_the_golden_bill_has_its_three_unexplained_amounts_as_exceptions(
    entity: Entity, controller: User, golden_bill: dict[str, str]
) -> None:
    content = (Path(settings.BASE_DIR) / "demo" / "bills" / "distro-2025-06.csv").read_bytes()
    source = find_source(code="aws-bill", entity_code="", actor=controller)
    assert source.entity == entity
    for _ in range(2):
        done = taken(source, content, controller, "distro-2025-06.csv")
        expected = [golden_bill[name] for name in ("compute_unexplained", "management_unexplained", "bill_unexplained")]
        assert [finding["amount"] for finding in done.findings] == expected
        assert done.control_total == Decimal(golden_bill["lines_total"])
        found = ExceptionItem.objects.filter(code="unexplained", closed_at__isnull=True)
        assert sorted(str(item.amount) for item in found) == sorted(expected)
        assert {item.owner for item in found} == {controller}
    assert sum(Decimal(amount) for amount in expected) == Decimal(golden_bill["unexplained_in_all"])
    assert (done.rows, done.quarantined, done.ignored) == (20, 14, 6)


def test_invoice_rows_of_one_number_are_lines_of_one_invoice(small_budget: SmallBudget, controller: User) -> None:
    source = save_source(
        entity=small_budget.entity,
        code="invoices",
        name="Invoices",
        format_code="invoice_csv",
        mapping=INVOICE_MAPPING,
        actor=controller,
    )
    rows = [
        "2026-03-05,A-1,Acme Cloud,Hosting,100.00,21.00,software,PLATFORM",
        "2026-03-05,A-1,Acme Cloud,Support,50.00,10.50,software,PRODUCT",
        "2026-03-06,A-2,Acme Cloud,Later,10.00,2.10,,",
        "2026-03-06,,Acme Cloud,No number,10.00,2.10,,",
    ]
    content = "\n".join([INVOICE_HEADER, *rows]).encode()
    done = taken(source, content, controller)
    assert (done.rows, done.accepted, done.quarantined) == (4, 3, 1)
    invoice = Invoice.objects.get(number="A-1")
    assert (invoice.gross, invoice.lines.count()) == (Decimal("181.50"), 2)
    assert all(line.is_coded for line in invoice.lines.all())
    assert not Invoice.objects.get(number="A-2").lines.get().is_coded
    assert sum(Entry.objects.filter(bucket="spent").values_list("amount", flat=True)) == Decimal("181.50")
    later = taken(source, content + b"\n2026-03-07,A-3,Acme Cloud,New,1.00,0.21,,", controller)
    assert (later.new, later.duplicate, later.accepted) == (1, 4, 1)
    assert Invoice.objects.count() == 3


def test_a_spend_row_that_is_an_invoice_here_confirms_it_and_posts_nothing(
    small_budget: SmallBudget, controller: User, import_rows: Importing
) -> None:
    source = save_source(
        entity=small_budget.entity,
        code="invoices",
        name="Invoices",
        format_code="invoice_csv",
        mapping=INVOICE_MAPPING,
        actor=controller,
    )
    content = f"{INVOICE_HEADER}\n2026-03-05,A-1,Acme Cloud,Hosting,100.00,0.00,software,PLATFORM\n".encode()
    taken(source, content, controller)
    row = "2026-03-08,A-1,Acme Cloud,software,PLATFORM,100.00"
    done = import_rows(row, row.replace("100.00", "99.00"))
    confirmed = done.raw_rows.get(number=2)
    assert (confirmed.status, confirmed.reason_code, confirmed.produced_type) == ("accepted", "confirms", "invoice")
    assert sum(Entry.objects.filter(bucket="spent").values_list("amount", flat=True)) == Decimal("199.00")


def test_a_statement_is_recorded_with_its_parts_and_never_twice(bank_source: Source, controller: User) -> None:
    parts = DETAIL.format(ref="A", amount="10.00") + DETAIL.format(ref="B", amount="20.00")
    content = document(entry("30.00", details=parts))
    said = preview(source=bank_source, name="s.xml", content=content)
    assert (said.rows, said.counts["accepted"], said.control_total) == (1, 1, Decimal("-30.00"))
    assert Statement.objects.count() == 0
    done = taken(bank_source, content, controller)
    assert (done.rows, done.accepted, done.new, done.control_total) == (1, 1, 1, Decimal("-30.00"))
    other_bytes = taken(bank_source, content + b"\n", controller)
    assert (other_bytes.rows, other_bytes.duplicate, other_bytes.known, other_bytes.new) == (1, 1, 1, 0)
    assert (Statement.objects.count(), BankEntry.objects.count(), Payment.objects.count()) == (1, 1, 2)


def test_a_statement_that_does_not_add_up_is_a_fact_and_a_finding(bank_source: Source, controller: User) -> None:
    done = taken(bank_source, document(entry("30.00"), closing="60.00"), controller)
    assert done.accepted == 1
    assert [(finding["code"], finding["amount"]) for finding in done.findings] == [("does_not_add_up", "-10.00")]
    assert ExceptionItem.objects.filter(closed_at__isnull=True).count() == 1


def test_a_file_of_balances_alone_is_imported(bank_source: Source, controller: User) -> None:
    done = taken(bank_source, document(closing="100.00"), controller)
    assert (done.state, done.rows) == ("done", 0)
    assert Statement.objects.get().opening == Decimal("100.00")
