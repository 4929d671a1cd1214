"""Opening a budget with an old system's balances on its page."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from budgets.models import Entry, Journal
from budgets.selectors.balances import account_figures
from budgets.selectors.check import check_ledger
from budgets.services.holds import settle
from budgets.services.periods import close_period
from core.models import AuditRecord, RoleAssignment, User
from core.rules.workbooks import as_workbook
from tests.factories.budgets import BudgetFactory
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

ADDRESS = "/budgets/SMALL/opening/"
HEAD = "category,cost_centre,reference,allotted,committed,spent,paid\n"
GOOD = (
    HEAD + 'software,PLATFORM,PO-1,500.00,30.10,20.00,10.00\nSoftware,Platform,PO-2,,69.90,,\ntraining,PRODUCT,,,,"1,000.05",\n'
)
SUMS = {"allotted": "500", "committed": "100.00", "spent": "1,020.05", "paid": "10"}


@pytest.fixture
def finance(client: Client, small_budget: SmallBudget, controller: User) -> Client:
    client.force_login(controller)
    return client


def typed(rows: str = GOOD, **more: Any) -> dict[str, Any]:
    return {"source_name": "Old ERP", "month": "2026-01", **SUMS, "rows": rows, "then": "look", **more}


def mark_of(page: Any) -> str:
    return str(page.context["form"]["shown"].value())


def post(finance: Client, rows: str = GOOD, **more: Any) -> Any:
    """Look at the rows, then post what was shown."""
    looked = finance.post(ADDRESS, typed(rows, **more))
    assert looked.status_code == 200, looked.content.decode()
    return finance.post(ADDRESS, typed(rows, then="do", shown=mark_of(looked), **more))


def openings() -> list[Journal]:
    return list(Journal.objects.filter(kind="opening").order_by("pk"))


def test_the_page_gives_a_row_for_each_line_to_begin_with(finance: Client) -> None:
    page = finance.get(ADDRESS).content.decode()
    assert "category,cost_centre,line,reference,allotted,committed,spent,paid" in page
    assert "software,PLATFORM," in page
    assert ADDRESS in finance.get("/budgets/SMALL/").content.decode()


def test_what_is_posted_is_shown_first_beside_what_stands(finance: Client, small_budget: SmallBudget) -> None:
    page = finance.post(ADDRESS, typed())
    text = page.content.decode()
    assert "They agree" in text
    assert "stands at 12,000.00 allotted" in text
    assert "Allotted already" in text
    line = next(each for each in page.context["preview"].lines if each.account == small_budget.account)
    assert (line.posts.committed, line.after.available) == (Decimal("100.00"), Decimal("12380.00"))
    assert openings() == []


def test_it_is_posted_once_and_the_same_again_changes_nothing(finance: Client, small_budget: SmallBudget) -> None:
    done = post(finance)
    assert done["Location"] == ADDRESS
    [journal] = openings()
    assert f"/budgets/journals/{journal.pk}/" in finance.get(ADDRESS).content.decode()
    figures = account_figures([small_budget.account.pk])[small_budget.account.pk]
    assert (figures.allotted, figures.committed, figures.spent, figures.paid) == (12500, 100, 20, 10)
    assert AuditRecord.objects.filter(verb="balances.opened").count() == 1

    again = finance.post(ADDRESS, typed())
    assert "These rows were posted before." in again.content.decode()
    told = finance.post(ADDRESS, typed(then="do", shown=mark_of(again)), follow=True)
    assert "Nothing changed." in told.content.decode()
    assert openings() == [journal]
    assert check_ledger().is_whole


def test_a_file_takes_the_place_of_the_rows_and_stays_to_be_mended(finance: Client) -> None:
    bad = GOOD.replace("1,000.05", "about ten").replace(",", ";")
    file = SimpleUploadedFile("old.csv", b"\xef\xbb\xbf" + bad.encode())
    page = finance.post(ADDRESS, typed("", file=file))
    text = page.content.decode()
    assert "1\u00a0row to mend" in text
    assert "“about ten” is not an amount." in text
    assert "training,PRODUCT,,,,about ten," in text
    assert "Post it" not in text


def test_an_excel_workbook_is_read_as_the_rows_are(finance: Client) -> None:
    head = ["category", "cost_centre", "reference", "spent"]
    content = as_workbook("Opening", head, [["training", "PRODUCT", "PO-9", Decimal("12.30")]], places=2, texts=3)
    file = SimpleUploadedFile("old.xlsx", content)
    page = finance.post(ADDRESS, typed("", allotted="", committed="", spent="12.30", paid="", file=file))
    assert "They agree" in page.content.decode()
    assert "training,PRODUCT,PO-9,12.3" in page.context["form"]["rows"].value()
    broken = finance.post(ADDRESS, typed("", file=SimpleUploadedFile("old.xlsx", b"PK\x03\x04 not a workbook")))
    assert broken.status_code == 422
    assert broken.context["form"].errors["file"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("software,NOWHERE,,1,,,", "The budget has no line for software at NOWHERE."),
        (",PLATFORM,,1,,,", "Name its category and its cost centre."),
        ("software,PLATFORM,,,-5,,", "The amount is negative."),
        ("software,PLATFORM,,1.005,,,", "has more decimals than USD has"),
        ("software,PLATFORM,,NaN,,,", "is not an amount"),
        ("software,PLATFORM,PO-2,,1,,", "PO-2 is on this line in row 3 too."),
        ("software,PLATFORM,,,,5,6", "It says 6.00 paid of 5.00 spent."),
        ("software,PLATFORM,,1,,,,9", "It has more cells than there are columns."),
    ],
)
def test_a_bad_row_is_marked_with_a_sentence_and_nothing_is_posted(finance: Client, row: str, sentence: str) -> None:
    page = finance.post(ADDRESS, typed(GOOD + row, then="do"))
    assert sentence in page.content.decode()
    assert "Row 5" in page.content.decode()
    assert "PO-1" in page.context["form"]["rows"].value()
    assert openings() == []


def test_a_difference_to_the_stated_sums_is_shown_to_the_cent(finance: Client) -> None:
    page = finance.post(ADDRESS, typed(spent="1,020.06", then="do"))
    text = page.content.decode()
    assert "They differ" in text
    assert "−0.01" in text
    assert "Post it" not in text
    assert openings() == []


@pytest.mark.parametrize(
    "said",
    [
        {"source_name": "old:erp"},
        {"source_name": ""},
        {"month": "January"},
        {"spent": "x"},
        {"rows": ""},
        {"rows": "category,amount\na,1"},
        {"rows": "category,cost_centre,spent\n\n"},
    ],
)
def test_what_cannot_be_read_is_said_and_stays(finance: Client, said: dict[str, str]) -> None:
    page = finance.post(ADDRESS, typed() | said)
    assert page.status_code == 422
    assert page.context["form"]["committed"].value() == "100.00"
    assert openings() == []


def test_what_was_not_shown_is_not_posted(finance: Client) -> None:
    looked = finance.post(ADDRESS, typed())
    changed = GOOD.replace("69.90", "69.80")
    page = finance.post(ADDRESS, typed(changed, committed="99.90", then="do", shown=mark_of(looked)))
    assert page.status_code == 409
    assert "are not those that were shown" in page.content.decode()
    assert openings() == []


def test_other_rows_of_the_same_system_are_refused_until_it_is_taken_back(finance: Client, small_budget: SmallBudget) -> None:
    post(finance)
    [journal] = openings()
    other = typed(HEAD + "software,PLATFORM,,1,,,", allotted="1", committed="", spent="", paid="")
    refused = finance.post(ADDRESS, other)
    assert refused.status_code == 409
    assert f"journal {journal.pk}" in refused.content.decode()

    undo = f"{ADDRESS}{journal.pk}/undo/"
    finance.post(undo, {"reason": ""})
    assert Journal.objects.filter(kind="reverse").count() == 0
    finance.post(undo, {"reason": "The wrong year."})
    reversal = Journal.objects.get(kind="reverse")
    assert (reversal.reverses, reversal.memo) == (journal, "The wrong year.")
    assert account_figures([small_budget.account.pk])[small_budget.account.pk].committed == 0
    assert "was taken back before" in finance.post(undo, {"reason": "Twice."}, follow=True).content.decode()
    assert AuditRecord.objects.filter(verb="balances.opening_undone").count() == 1

    post(finance)
    assert len(openings()) == 2
    assert account_figures([small_budget.account.pk])[small_budget.account.pk].committed == 100
    assert check_ledger().is_whole


def test_it_is_not_taken_back_once_an_order_was_settled(finance: Client) -> None:
    post(finance)
    [journal] = openings()
    order = Entry.objects.get(journal=journal, bucket="committed", memo="PO-2")
    settle(key="invoice", pending_key=journal.key, into="spent", amounts={order.thread: Decimal("69.90")}, actor=None)
    answer = finance.post(f"{ADDRESS}{journal.pk}/undo/", {"reason": "The wrong year."}, follow=True)
    assert "was settled in part" in answer.content.decode()
    assert Journal.objects.filter(kind="reverse").count() == 0
    assert AuditRecord.objects.filter(verb="balances.opening_undone").count() == 0


def test_a_closed_month_is_refused_when_it_is_shown(finance: Client, small_budget: SmallBudget, controller: User) -> None:
    close_period(entity=small_budget.entity, month=date(2026, 1, 1), actor=controller)
    page = finance.post(ADDRESS, typed())
    assert page.status_code == 409
    assert "January 2026 is closed." in page.content.decode()
    assert openings() == []


def test_two_budgets_are_opened_from_the_same_system(finance: Client, small_budget: SmallBudget) -> None:
    post(finance)
    other = BudgetFactory.create(entity=small_budget.entity, cost_centre=small_budget.parent, code="OTHER")
    assert finance.get("/budgets/OTHER/opening/").status_code == 200
    assert other.accounts.count() == 0
    assert "Nothing yet" in finance.get("/budgets/OTHER/opening/").content.decode()


def test_it_is_for_finance_of_the_whole_and_within_their_limit(
    client: Client, small_budget: SmallBudget, requester: User
) -> None:
    client.force_login(requester)
    assert client.get(ADDRESS).status_code == 403
    part: User = UserFactory.create(name="Part")
    assign(part, "keeper", small_budget.entity, kind="finance", cost_centre=small_budget.parent)
    client.force_login(part)
    assert client.get(ADDRESS).status_code == 404
    small: User = UserFactory.create(name="Small")
    assign(small, "keeper", small_budget.entity, kind="finance")
    RoleAssignment.objects.filter(user=small).update(limit=Decimal(499))
    client.force_login(small)
    page = client.post(ADDRESS, typed())
    assert page.status_code == 403
    assert "You may commit up to 499.00 USD" in page.content.decode()
    assert openings() == []


ROWS = [{"category": "software", "cost_centre": "PLATFORM", "reference": "PO-1", "committed": "30.10", "spent": "20.00"}]
SAID = {"source_name": "Old ERP", "month": "2026-01", "totals": {"committed": "30.10", "spent": "20.00"}, "rows": ROWS}


def test_programs_open_try_and_take_back(
    api: Callable[..., Any], small_budget: SmallBudget, controller: User, requester: User
) -> None:
    program = api(controller)
    tried = program.post("budgets/SMALL/openings?dry_run=true", SAID)
    assert tried.status_code in {200, 201}
    assert tried.json()["lines"][0]["available_after"] == "11949.90"
    assert openings() == []

    made = program.post("budgets/SMALL/openings", SAID)
    assert made.status_code == 201
    [journal] = openings()
    again = program.post("budgets/SMALL/openings", SAID).json()
    assert (again["journal"], again["repeat"]) == (journal.pk, True)
    wrong = program.post("budgets/SMALL/openings", SAID | {"totals": {"committed": "30.11", "spent": "20.00"}})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "control_total")
    nowhere = program.post("budgets/SMALL/openings", SAID | {"rows": [ROWS[0] | {"cost_centre": "MOON"}]})
    assert nowhere.json()["errors"][0]["field"] == "rows.0"

    listed = program.get("budgets/SMALL/openings").json()["results"]
    assert [(row["id"], row["source_name"], row["month"], row["reversed_by"]) for row in listed] == [
        (journal.pk, "Old ERP", "2026-01", None)
    ]
    back = program.post(f"budgets/SMALL/openings/{journal.pk}/undo", {"reason": "The wrong year."})
    assert back.json()["reversed_by"] == Journal.objects.get(kind="reverse").pk
    assert api(requester).post("budgets/SMALL/openings", SAID).status_code == 403


def test_an_opened_order_is_closed_and_held_again(
    api: Callable[..., Any], client: Client, small_budget: SmallBudget, controller: User, auditor: User
) -> None:
    program = api(controller)
    program.post("budgets/SMALL/openings", SAID)
    [journal] = openings()
    entry = journal.entries.get(bucket="committed")
    account = [entry.account_id]
    before = account_figures(account)[entry.account_id]
    client.force_login(controller)
    page = f"/budgets/journals/{journal.pk}/"
    html = client.get(page).content.decode()
    assert "Close an order" in html
    assert f'value="{entry.thread}"' in html
    assert "Say why" in client.post(f"{page}close/", {"thread": entry.thread, "reason": ""}, follow=True).content.decode()
    tried = client.post(f"{page}close/", {"thread": entry.thread, "reason": "Invoiced.", "dry_run": "true"})
    assert f"{entry.amount:,.2f}" in tried.content.decode()
    assert account_figures(account)[entry.account_id] == before
    done = client.post(f"{page}close/", {"thread": entry.thread, "reason": "Invoiced."}, follow=True)
    assert "The order is closed. What was left of it is free." in done.content.decode()
    after = account_figures(account)[entry.account_id]
    assert (after.committed, after.spent) == (before.committed - entry.amount, before.spent)
    assert "Close an order" not in client.get(page).content.decode()
    closing = Journal.objects.get(kind="release")
    again = client.post(f"/budgets/journals/{closing.pk}/close/again/", follow=True)
    assert "The order holds its money again." in again.content.decode()
    assert account_figures(account)[entry.account_id] == before

    answer = program.post(f"journals/{journal.pk}/close", {"thread": entry.thread, "reason": "Invoiced."})
    assert (answer.status_code, answer.json()["settles"]) == (200, journal.pk)
    assert program.post(f"journals/{journal.pk}/close", {"thread": "no:such", "reason": "X"}).json()["code"] == "settled"
    assert program.post(f"journals/{answer.json()['id']}/open-again", {}).status_code == 200
    assert program.post(f"journals/{journal.pk}/open-again", {}).json()["code"] == "no_order"
    assert api(auditor).post(f"journals/{journal.pk}/close", {"thread": entry.thread, "reason": "X"}).status_code == 403
    client.force_login(auditor)
    assert "Close an order" not in client.get(page).content.decode()
    assert client.post(f"{page}close/", {"thread": entry.thread, "reason": "X"}).status_code == 403


def test_more_openings_and_carries_make_no_more_queries(
    api: Callable[..., Any], small_budget: SmallBudget, controller: User
) -> None:
    program = api(controller)
    for number in range(1, 4):
        program.post("budgets/SMALL/openings", SAID | {"source_name": f"Old {number}"})
        program.post("budgets/SMALL/carries", {"through": f"2026-0{number}"})
    for path, key in (("openings", "source_name"), ("carries", "journal")):
        with CaptureQueriesContext(connection) as few:
            program.get(f"budgets/SMALL/{path}?page_size=1")
        with CaptureQueriesContext(connection) as many:
            rows = program.get(f"budgets/SMALL/{path}?page_size=50").json()["results"]
        assert len(rows) == 3
        assert all(row[key] for row in rows)
        assert len(few) >= len(many)
