"""Lists of budgets, requests and invoices as files, with the organization's own attributes."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals.data import LineData, RequestData
from approvals.models import RequestAttribute
from approvals.services.requests import save_draft
from budgets.models import Attribute, BudgetAttribute
from budgets.services.attributes import AttributeData, change_attribute, define_attribute, set_attributes
from core import exports, walls
from core.models import User
from core.rules.sheets import as_csv
from reconciliation.models import Invoice, InvoiceAttribute
from tests.factories.core import assign
from tests.factories.reconciliation import an_invoice
from tests.fixtures.budgets import SmallBudget

FORMULA = "=1+1"
FILES = {"budget": "/budgets/list.csv", "request": "/requests/list.csv", "invoice": "/reconciliation/invoices/list.csv"}
SAID: dict[str, str | bool | None] = {
    "region": "emea",
    "seats": "-1250.50",
    "ends": "2026-12-31",
    "owned": True,
    "remark": FORMULA,
}


@pytest.fixture
def asked(small_budget: SmallBudget, controller: User) -> SmallBudget:
    """One budget, request and invoice with every attribute, and one more request and invoice with none."""
    small = small_budget
    more: dict[str, Any] = {"region": {"choices": ("emea", "apac")}}
    for kind in FILES:
        types = {"region": "choice", "seats": "number", "ends": "date", "owned": "yes_no", "keeper": "person", "remark": "text"}
        for code, type_ in types.items():
            name = FORMULA if code == "remark" else code.capitalize()
            data = AttributeData(name, type_, date(2026, 1, 1), kind=kind, code=code, **more.get(code, {}))
            define_attribute(entity=small.entity, data=data, actor=controller)
    for number, title in enumerate((FORMULA, "Nothing stated")):
        line = LineData(description=title, account_id=small.account.pk, month=date(2026, 3, 1), net=Decimal(100))
        wanted = RequestData(kind="vendor_payment", title=title, lines=[line], vendor_name=f"{FORMULA} Vendor")
        request = save_draft(actor=controller, entity=small.entity, data=wanted)
        invoice = an_invoice(small.entity, controller, f"I-{number}", "10.00", vendor_name=f"{FORMULA} {number}")
        if not number:
            said = SAID | {"keeper": controller.email}
            by: dict[str, Any] = {"values": said, "actor": controller}
            set_attributes(model=RequestAttribute, kind="request", subject=request, **by)
            set_attributes(model=InvoiceAttribute, kind="invoice", subject=invoice, **by)
            set_attributes(model=BudgetAttribute, kind="budget", subject=small.budget, **by)
    return small


def file(client: Client, user: User, path: str, query: str = "") -> list[dict[str, str]]:
    client.force_login(user)
    answer: Any = client.get(f"{path}?{query}")
    assert answer.status_code == 200
    content: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert content.count(b"\xef\xbb\xbf") == 1
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("kind", FILES)
def test_each_attribute_is_a_column_and_no_text_is_a_formula(
    client: Client, asked: SmallBudget, controller: User, kind: str
) -> None:
    rows = file(client, controller, FILES[kind])
    said = next(row for row in rows if row["Region"])
    told = {name: said[name] for name in ("Region", "Seats", "Ends", "Owned", "Keeper", f"'{FORMULA}")}
    assert told == {
        "Region": "emea",
        "Seats": "-1250.5",
        "Ends": "2026-12-31",
        "Owned": "yes",
        "Keeper": controller.email,
        f"'{FORMULA}": f"'{FORMULA}",
    }
    assert not any(str(cell).startswith("=") for row in rows for cell in (*row, *row.values()))
    bare = [row for row in rows if not row["Region"]]
    assert len(bare) == (0 if kind == "budget" else 1)
    assert all(not row[name] for row in bare for name in told)


def test_rows_say_what_the_lists_show(client: Client, asked: SmallBudget, controller: User) -> None:
    requests = file(client, controller, FILES["request"])
    assert [(row["Title"], row["State"], row["Amount"], row["Currency"]) for row in requests] == [
        ("Nothing stated", "Draft", "100.00", "USD"),
        (f"'{FORMULA}", "Draft", "100.00", "USD"),
    ]
    invoices = file(client, controller, FILES["invoice"])
    assert [(row["Number"], row["Gross"], row["Open"], row["Payment"]) for row in invoices] == [
        ("I-1", "10.00", "10.00", "open"),
        ("I-0", "10.00", "10.00", "open"),
    ]
    budget = file(client, controller, FILES["budget"])[0]
    assert (budget["Code"], budget["Allotted"], budget["Available"], budget["Shown"]) == (
        "SMALL",
        "72000.00",
        "72000.00",
        "whole",
    )


@pytest.mark.parametrize("kind", FILES)
def test_they_are_as_narrow_as_the_lists(client: Client, asked: SmallBudget, controller: User, kind: str) -> None:
    assert len(file(client, controller, FILES[kind], "attribute=region%3Demea")) == 1
    assert file(client, controller, FILES[kind], "attribute=region%3Dapac") == []
    page = FILES[kind].removesuffix("list.csv")
    assert f"{FILES[kind]}?attribute=region" in str(client.get(f"{page}?attribute=region").content.decode())


def test_a_retired_attribute_stays_a_column_while_something_has_it(client: Client, asked: SmallBudget, controller: User) -> None:
    for found in Attribute.objects.filter(kind="invoice", code__in=["region", "keeper"]):
        data = AttributeData(found.name, found.type, found.starts_on, choices=tuple(found.choices), retired_on=date(2026, 2, 1))
        change_attribute(attribute_id=found.pk, data=data, actor=controller)
    InvoiceAttribute.objects.filter(definition__code="keeper").delete()
    rows = file(client, controller, FILES["invoice"])
    assert [row["Region"] for row in rows] == ["", "emea"]


def test_others_get_what_their_lists_show(client: Client, asked: SmallBudget, outsider: User, executive: User) -> None:
    assert file(client, outsider, FILES["invoice"]) == []
    assign(outsider, "team_lead", asked.entity, kind="approver", cost_centre=asked.cost_centres["PRODUCT"])
    assert file(client, outsider, FILES["request"]) == []
    part = file(client, outsider, FILES["budget"])[0]
    assert (part["Allotted"], part["Shown"]) == ("36000.00", "your part")
    client.force_login(executive)
    assert client.get(FILES["invoice"]).status_code == 403


def test_long_lists_are_read_some_rows_at_a_time_and_as_the_reader_sees(
    asked: SmallBudget, controller: User, outsider: User, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    for number in range(2, 7):
        an_invoice(asked.entity, controller, f"I-{number}", "10.00", vendor_name=f"V {number}")

    def pieces(reader: User) -> list[bytes]:
        with walls.looking_as(reader):
            rows = Invoice.objects.all()
            answer = exports.csv_of(rows, head=["Number"], lines=lambda found: ([each.number] for each in found), name="x.csv")
        # The request is over: nothing is said of whose rows are seen any more.
        with walls.seeing(walls.NOTHING):
            return list(answer.streaming_content)  # type: ignore[arg-type]  # as WSGI has it

    with django_assert_max_num_queries(5 + 5):
        found = pieces(User.objects.get(pk=controller.pk))
    assert len(found) == 1 + 4
    assert b"".join(found) == as_csv([["Number"], *([f"I-{number}"] for number in range(6, -1, -1))])
    assert b"".join(pieces(outsider)) == as_csv([["Number"]])
