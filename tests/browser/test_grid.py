"""A budget's grid in a browser: keys, a pasted block, sums while one types, and the page as people see it."""

from decimal import Decimal
from typing import Any

import pytest

from approvals.models import Request
from budgets.models import BudgetVersion
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, approve_all
from tests.factories.changes import planned_budget
from tests.fixtures.approvals import House

URL = "/requests/amend/SMALL/months/"
PASTE = """([selector, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.fixture
def version(kafka: House, monkeypatch: pytest.MonkeyPatch) -> BudgetVersion:
    # The server has a thread, and so a clock, of its own.
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    return planned_budget(kafka.account)


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("narrow", "dark")])
def test_a_budget_is_changed_month_by_month(desk: Any, kafka: House, version: BudgetVersion, size: str, scheme: str) -> None:
    software, training = (version.lines.get(name=name).pk for name in ("Software", "Training"))
    seat = desk(kafka.engineer, size=size, scheme=scheme)
    page = seat.open(URL)
    first = page.locator(f"#cell-{software}-2026-03")
    whole = page.locator("tfoot td").last
    seat.check(f"grid-{size}-{scheme}")

    first.focus()
    page.keyboard.type("1,250.50")
    assert whole.inner_text() == "18,250.50"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == f"cell-{training}-2026-03"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == f"cell-{software}-2026-04"
    page.evaluate(PASTE, [f"#cell-{software}-2026-04", '"1,100"\t$1,200.00\n-\t700\t\n9\t9\n'])
    assert page.locator(f"#cell-{training}-2026-05").input_value() == "700"
    # 100 and 200 more of the one; 500 less, 200 more and, by a blank cell, 500 less of the other.
    assert whole.inner_text() == "17,750.50"
    assert page.locator("[data-said]").inner_text().startswith("5 pasted. 2 lay outside")
    page.keyboard.press("Control+z")
    assert page.locator(f"#cell-{training}-2026-05").input_value() == "500.00"
    first.focus()
    page.keyboard.press("Escape")
    assert page.locator("[data-changes]").inner_text() == f"as in version {version.number}"
    first.fill("lots")
    assert whole.inner_text() == "not known"
    page.get_by_role("button", name="Show what it would change").click()
    page.get_by_text("1 amount cannot be taken").wait_for()
    seat.check(f"grid-wrong-{size}-{scheme}")
    page.locator(f"#cell-{software}-2026-03").fill("1,100")
    page.get_by_role("button", name="Show what it would change").click()
    page.get_by_role("heading", name="What it would change").wait_for()
    seat.check(f"grid-preview-{size}-{scheme}")


def _type(page: Any, version: BudgetVersion, line: str, month: str, text: str) -> None:
    """Type an amount, and why."""
    page.locator(_cell(version, line, month)).fill(text)
    page.locator("[name=reason]").fill("The price rose.")


def _cell(version: BudgetVersion, line: str, month: str) -> str:
    return f"#cell-{version.lines.get(name=line).pk}-2026-{month}"


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_another_version_comes_in_force_while_one_types(
    desk: Any, kafka: House, controller: User, version: BudgetVersion, size: str
) -> None:
    first, second = desk(controller, size=size), desk(kafka.engineer, size=size)
    first.open(URL)
    page = second.open(URL)

    # Both change April of one line; the first one's change is approved before the second one asks.
    _type(first.page, version, "Software", "04", "1,100")
    _type(first.page, version, "Training", "04", "650")
    first.page.get_by_role("button", name="Ask for it").click()
    first.page.get_by_text("Minor amendment of").first.wait_for()
    approve_all(Request.objects.get())
    newer = version.budget.versions.get(state="in_force")
    assert newer.number == version.number + 1
    _type(page, version, "Software", "04", "1,200.50")
    _type(page, version, "Software", "05", "1,010")
    page.get_by_role("button", name="Ask for it").click()

    # Nothing is lost and nothing kept: what was typed, what stands now and what stood before are all there.
    page.get_by_text(f"Version {newer.number} came in force while you typed over version {version.number}.").wait_for()
    assert Request.objects.count() == 1
    april, may, left_alone = (
        page.locator(_cell(newer, line, month)) for line, month in (("Software", "04"), ("Software", "05"), ("Training", "04"))
    )
    assert [cell.input_value() for cell in (april, may, left_alone)] == ["1,200.50", "1,010", "650.00"]
    assert page.locator("[name=reason]").input_value() == "The price rose."
    said = page.locator(f"{_cell(newer, 'Software', '04')}-said")
    assert said.inner_text() == "in force: 1,100.00 was 1,000.00"
    assert page.locator(f"{_cell(newer, 'Training', '04')}-said").inner_text() == "was 500.00"
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    second.check(f"grid-conflict-{size}")
    april.scroll_into_view_if_needed()

    # It goes on from there: looked at once more, and asked for over the newer version.
    page.get_by_role("button", name="Show what it would change").click()
    page.get_by_role("heading", name="What it would change").wait_for()
    second.check(f"grid-conflict-preview-{size}")
    page.get_by_role("button", name="Ask for it").click()
    page.get_by_text("Minor amendment of").first.wait_for()
    second.check(f"grid-asked-{size}")
    asked = Request.objects.latest("pk")
    draft = asked.amendment.version
    assert (asked.state, asked.requester, draft.based_on, draft.state) == ("submitted", kafka.engineer, newer, "draft")
    assert page.url.endswith(f"/requests/{asked.number}/")
    planned = {(line.name, row.month.month): row.amount for line in draft.lines.all() for row in line.months.all()}
    kept = [planned[place] for place in (("Software", 4), ("Software", 5), ("Training", 4), ("Software", 3))]
    assert kept == [Decimal("1200.50"), Decimal(1010), Decimal(650), Decimal(1000)]
    assert version.budget.versions.get(state="in_force") == newer


def test_without_scripts_the_server_adds_up(
    desk: Any, kafka: House, version: BudgetVersion, chromium: Any, live_server: Any
) -> None:
    seat = desk(kafka.engineer)
    context = chromium.new_context(java_script_enabled=False, storage_state=seat.context.storage_state())
    page = context.new_page()
    page.goto(f"{live_server.url}{URL}")
    page.locator(f"#cell-{version.lines.get(name='Software').pk}-2026-03").fill("2,000")
    page.get_by_role("button", name="Add up").click()
    assert page.locator("tfoot td").last.inner_text() == "19,000.00"
    context.close()
