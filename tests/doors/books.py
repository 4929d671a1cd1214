"""The books of an organization behind the doors: invoices, payments, files, and what waits for a person in each."""

from decimal import Decimal
from typing import Any

from approvals.services import history
from budgets.models import (
    FundsAccount,
)
from core.models import User
from reconciliation.models import ImportFile, Source, Suggestion
from reconciliation.services import commitments, ingest, matching, payments, row_answers, sources
from tests.doors.house import House, words_of
from tests.factories.approvals import MARCH, approve_all, submitted
from tests.factories.reconciliation import Detail, an_invoice, pay
from tests.trust.scenarios.approvals import LOG
from tests.trust.scenarios.imports import FINE, SPEND_HEADER, SPEND_MAPPING, UNKNOWN


def fill_books(house: House, word: str, account: FundsAccount, requester: User) -> dict[str, Any]:
    """Fill the organization's books: invoices, payments, files, and what waits for a person in each."""
    name, entity, finance = word.capitalize(), house.entity, house.finance
    # What is posted to a line says on that line's entries what it was for.
    whose = account.name.split()[0]
    shop = f"{whose} shop"
    said = {"vendor_name": house.vendor.name, "description": f"{name} goods"}
    posted = said | {"description": f"{whose} goods"}
    asked = approve_all(submitted(requester, account, "40.00", **words_of(house, f"{account.name} third"))).lines.get()
    open_one = an_invoice(entity, finance, f"{name}-1", "919.19", **said)
    coded = an_invoice(entity, finance, f"{whose}-2", "50.00", account_id=account.pk, month=MARCH, **posted)
    answered = an_invoice(entity, finance, f"{whose}-3", "40.00", **posted)
    alike = an_invoice(entity, finance, f"{name}-4", "80.00", **said)
    held = an_invoice(entity, finance, f"{name}-4-B", "80.00", **said)
    match = commitments.match_to_request(invoice_line_id=answered.lines.get().pk, request_line_id=asked.pk, actor=finance)
    paid, near_by = pay(entity, finance, _transfer(name, "50.00"), _transfer(name, "80.00"))
    told: dict[str, Any] = {"rule": "person", "why": "Chosen by a person.", "actor": finance}
    allocation = payments.allocate(invoice_id=coded.pk, payment_id=paid.pk, amount=Decimal("50.00"), **told)
    matching.match_payments(entity=entity, actor=finance)
    files = _files(house, name, shop) | _doubled(house, whose, account, posted)
    log = history.read_history(content=LOG, name=f"{name}.csv", calendar="NL")
    files["history"] = history.keep_history(read=log, entity=entity, actor=finance).pk
    return files | {
        "invoice": open_one.pk,
        "held": held.pk,
        "line": open_one.lines.get().pk,
        "coded_line": coded.lines.get().pk,
        "match": match.pk,
        "request_line": asked.pk,
        "payment": near_by.pk,
        "invoice_number": alike.number,
        "invoice_for_payment": alike.pk,
        "allocation": allocation.pk,
        "suggestion": Suggestion.objects.filter(entity=entity, state="open").earliest("pk").pk,
        "exception": entity.exceptions.filter(closed_at=None).earliest("pk").pk,
    }


def _transfer(name: str, amount: str) -> Detail:
    return Detail(amount, name=f"{name} bank partner", remittance=f"{name} pays")


def _files(house: House, name: str, shop: str) -> dict[str, Any]:
    """Receive three files: one imported with rows that wait, one with a changed row, one just received."""
    source = sources.save_source(
        entity=house.entity,
        actor=house.finance,
        code=f"{name.lower()}-ledger",
        # A report says from which sources its figures come.
        name=f"{house.word} ledger".strip(),
        format_code="spend_csv",
        mapping=SPEND_MAPPING,
    )
    fine = FINE.replace("PLATFORM", "WORKS").replace("Acme Cloud", shop)
    waits = UNKNOWN.format(n=3).replace("Acme Cloud", shop)
    whose = shop.split()[0]
    first = _imported(house, source, f"{whose}-1.csv", fine, waits)
    second = _imported(house, source, f"{whose}-2.csv", fine.replace("10.00", "11.00"))
    new = _received(house, source, f"{name}-3.csv", fine.replace("INV-1", "INV-9"))
    return {
        "source": source.pk,
        "import": first.pk,
        "row": first.raw_rows.get(status="quarantined").pk,
        "changed_row": second.raw_rows.get(status="quarantined").pk,
        "new_import": new.pk,
    }


def _doubled(house: House, whose: str, account: FundsAccount, posted: dict[str, Any]) -> dict[str, Any]:
    """Let two rows be spent besides a coded invoice that they name, and say of one that it is the invoice."""
    doubled = an_invoice(house.entity, house.finance, f"{whose}-5", "7.00", account_id=account.pk, month=MARCH, **posted)
    row = FINE.replace("PLATFORM", "WORKS").replace("Acme Cloud", house.vendor.name).replace("INV-1", f"{whose}-5")
    file = _imported(house, Source.objects.get(entity=house.entity), f"{whose}-4.csv", row, row.replace("10.00", "9.00"))
    besides, confirmed = file.raw_rows.order_by("number")
    row_answers.confirm_row(invoice_id=doubled.pk, row_id=confirmed.pk, actor=house.finance)
    return {"doubled": doubled.pk, "besides_row": besides.pk, "confirmed_row": confirmed.pk}


def _received(house: House, source: Any, name: str, *rows: str) -> ImportFile:
    content = "\n".join([SPEND_HEADER, *rows, ""]).encode()
    return ingest.receive_file(source=source, name=name, content=content, actor=house.finance)


def _imported(house: House, source: Any, name: str, *rows: str) -> ImportFile:
    return ingest.apply(import_file_id=_received(house, source, name, *rows).pk, actor=house.finance)
