"""What was here before rows kept their numbers: the migration gives them the same, and says what confirms what."""

from importlib import import_module

from django.db import connection

from reconciliation.models import Confirmation, Invoice, RawRow
from reconciliation.rules.references import key_of_number
from tests.fixtures.documents import ROW, Coding
from tests.fixtures.imports import Importing

migration = import_module("reconciliation.migrations.0008_numbers_of_rows_and_what_confirms")
NUMBERS = ["INV-7", "inv 2026/0042", "Straße 12", "ＩＮＶ９", "№ 5", "—", "9" * 81]


def test_rows_have_the_numbers_that_staging_gives_them(import_rows: Importing) -> None:
    import_rows(*(ROW.replace("INV-7", number) for number in NUMBERS))
    RawRow.objects.filter(fields__number="INV-7").update(fixes={"number": "INV-8"})
    staged = dict(RawRow.objects.values_list("pk", "number_key"))
    RawRow.objects.update(number_key="")
    with connection.cursor() as cursor:
        cursor.execute(migration.NUMBERS)
    for row in RawRow.objects.all():
        assert row.number_key == key_of_number((row.fields | row.fixes)["number"])
        assert row.fixes or row.number_key == staged[row.pk]


def test_rows_that_confirmed_are_kept_as_such_while_the_invoice_is_coded(
    invoice: Invoice, import_rows: Importing, code: Coding
) -> None:
    code(invoice)
    import_rows(ROW)
    Confirmation.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(migration.CONFIRMED)
    kept = Confirmation.objects.get()
    assert (kept.invoice, kept.rule, kept.journal, kept.undone_at) == (invoice, "same_document", None, None)
