"""The one road in a real Chromium, by five people, at both widths, by day and by night: every page read by axe."""

import re
from pathlib import Path
from typing import Any

import pytest

from approvals.models import Request
from budgets.models import Control
from reconciliation.models import Invoice
from reporting.models import Pack
from tests.fixtures.story import Road, work

SIZES = pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])


@SIZES
def test_the_road_is_walked(desk: Any, road: Road, tmp_path: Path, size: str, scheme: str) -> None:
    def seat_of(person: str) -> Any:
        return desk(road.person(person), size=size, scheme=scheme)

    def name(page: str) -> str:
        return f"{page}-{size}-{scheme}"

    request = _ask(seat_of("manager"), road, name)
    work()
    _approve(seat_of("director"), request, name, by_key=size == "wide")
    work()
    _import(seat_of("finance"), road, request, tmp_path, name)
    _issue(seat_of("finance"), road, name)
    _limit(seat_of("finance"), name)
    _read(seat_of("sponsor"), name)
    _audit(seat_of("auditor"), request, name)


def _ask(seat: Any, road: Road, name: Any) -> Request:
    """Ask for money: what is left shows while typing, and who will decide before anything is submitted."""
    page = seat.open("/")
    seat.check(name("home"))
    page.get_by_role("link", name="New request").first.click()
    seat.check(name("form-empty"))
    page.get_by_label("What for").fill("Design review of the second cluster")
    page.get_by_label("Kind").select_option("vendor_payment")
    page.get_by_label("Vendor").fill("Streamline Consulting")
    page.get_by_label("What", exact=True).fill("Three days on site")
    page.get_by_label("Budget line").select_option(str(road.account.pk))
    page.get_by_label(re.compile("^Net")).fill("4,800.00")
    page.get_by_label("Why, in a sentence").fill("The first one found two single points of failure.")
    page.get_by_text("145,200.00").first.wait_for()
    page.get_by_text("Program director").first.wait_for()
    seat.check(name("form-filled"))
    page.get_by_role("button", name="Submit and hold 4,800.00").click()
    page.wait_for_url("**/requests/REQ-*/")
    seat.check(name("request"))
    return Request.objects.get()


def _approve(seat: Any, request: Request, name: Any, *, by_key: bool) -> None:
    """Decide without leaving the list: with a key on a desk, with the thumb on a phone."""
    page = seat.open("/queue/")
    seat.check(name("queue"))
    if by_key:
        page.keyboard.press("a")
        page.get_by_text("once more to approve").wait_for()
        page.keyboard.press("a")
    else:
        page.get_by_text(request.title).first.click()
        page.get_by_role("button", name="Approve").wait_for()
        seat.check(name("stage"))
        page.get_by_role("button", name="Approve").click()
    page.get_by_text("is approved by you").first.wait_for()
    seat.check(name("queue-done"))
    request.refresh_from_db()
    assert request.state == Request.State.APPROVED


def _import(seat: Any, road: Road, request: Request, folder: Path, name: Any) -> None:
    """Drop the invoice and the statement; the rest settles by itself."""
    files = {
        "invoices": road.invoice_file(number="SC-2026-0101", net=request.amount, order=request.number),
        "bank": road.statement_file(amount=request.amount, text="Invoice SC-2026-0101"),
    }
    for source, content in files.items():
        path = folder / f"{source}{'.xml' if source == 'bank' else '.csv'}"
        path.write_bytes(content)
        page = seat.open("/reconciliation/imports/new/")
        label = {"invoices": "Invoice register", "bank": "Bank statements"}[source]
        choice = page.get_by_label("Where it comes from")
        options = choice.locator("option").all_inner_texts()
        choice.select_option(label=next(text for text in options if label in text and "Meridian" in text))
        page.get_by_label("File", exact=True).set_input_files(path)
        page.get_by_role("button", name="Show what it would do").click()
        page.wait_for_url("**/imports/*/")
        seat.check(name(f"import-{source}"))
        page.get_by_role("button", name=re.compile("^Import 1 ")).click()
        page.wait_for_url("**/jobs/*/")
        work()
    invoice = Invoice.objects.get()
    assert (invoice.match_state, invoice.money_state) == ("matched", "paid")
    seat.open(f"/reconciliation/invoices/{invoice.pk}/")
    seat.check(name("invoice"))
    for page_name in ("", "invoices/", "payments/", "suggestions/", "exceptions/"):
        seat.open(f"/reconciliation/{page_name}")
        seat.check(name(f"reconciliation-{page_name.strip('/') or 'home'}"))


def _issue(seat: Any, road: Road, name: Any) -> None:
    """Look at budget against actual, and issue the pack."""
    page = seat.open(f"/reports/KAFKA/?month={road.month:%Y-%m}")
    seat.check(name("report"))
    page.get_by_role("button", name=re.compile("Issue the pack")).click()
    page.wait_for_url("**/jobs/*/")
    work()
    for path in ("/budgets/", "/budgets/KAFKA/", "/budgets/KAFKA/versions/1/", "/notices/"):
        seat.open(path)
        seat.check(name(f"finance{path.replace('/', '-')}"))


def _limit(seat: Any, name: Any) -> None:
    """Limit a line to less than it holds: shown first, refused without a reason, set with one. Then state a rate."""
    for path in ("/budgets/KAFKA/controls/", "/budgets/controls/?entity=meridian", "/budgets/rates/?entity=meridian"):
        seat.open(path)
        seat.check(name(f"finance-{re.sub('[^a-z]+', '-', path)}empty"))
    page = seat.open("/budgets/KAFKA/controls/new/")
    seat.check(name("control-new"))
    page.get_by_label("Category, with all below it").select_option(label="External Vendors")
    page.get_by_label("Limit of its own").fill("100.00")
    page.get_by_role("button", name="Show how it would stand").click()
    page.get_by_text("The limit is below what it covers.").wait_for()
    seat.check(name("control-shown"))
    page.get_by_role("button", name="Set it all the same").click()
    page.get_by_text("needs its reason").wait_for()
    assert page.get_by_label("Limit of its own").input_value() == "100.00"
    seat.check(name("control-refused"))
    page.get_by_label("Why it is set all the same").fill("Nothing new before the audit is over")
    page.get_by_role("button", name="Set it all the same").click()
    page.get_by_text("is set.").wait_for()
    seat.check(name("control"))
    seat.open("/budgets/KAFKA/controls/?kind=category")
    seat.check(name("controls"))
    seat.open(f"/budgets/controls/{Control.objects.get(origin='person').pk}/change/")
    seat.check(name("control-change"))
    page = seat.open("/budgets/rates/?entity=meridian")
    for label, text in (("Currency", "EUR"), ("Rate", "1.0842"), ("Holds from", "2026-01-01"), ("Who says so", "Central bank")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="State this rate").click()
    page.get_by_text("one EUR is 1.0842 USD").wait_for()
    seat.check(name("rates"))


def _read(seat: Any, name: Any) -> None:
    """Read one page, and the pack behind it."""
    for path in ("/", "/reports/KAFKA/summary/", f"/reports/packs/{Pack.objects.get().pk}/"):
        seat.open(path)
        seat.check(name(f"executive{path.replace('/', '-')}"))


def _audit(seat: Any, request: Request, name: Any) -> None:
    """Ask a figure why: its entries, a journal, the request with its decisions."""
    for query in ("as_of=2020-01-01&through=2030-01", "as_of=2900-01-01"):
        seat.open(f"/budgets/KAFKA/?{query}")
        seat.check(name(f"budget-{query[:10].replace('=', '-')}"))
    page = seat.open("/budgets/KAFKA/entries/?bucket=spent")
    seat.check(name("entries"))
    page.locator("td[data-label=Journal] a").first.click()
    seat.check(name("journal"))
    seat.open(f"/requests/{request.number}/")
    seat.check(name("request-decided"))
