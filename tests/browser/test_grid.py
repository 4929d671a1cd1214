"""A budget's grid in a browser: keys, a pasted block, sums while one types, and the page as people see it."""

from typing import Any

import pytest

from budgets.models import BudgetVersion
from core import clock
from tests.factories.approvals import MONDAY
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
