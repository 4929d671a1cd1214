"""In a browser: a budget is amended until a new baseline stands, money moves between two lines, a month is charged back."""

from typing import Any

import pytest

from approvals.models import Request
from budgets.models import BudgetVersion, ChargebackRun
from core import clock
from tests.factories.approvals import MONDAY, stages_of
from tests.factories.changes import allotted, planned_budget
from tests.factories.chargebacks import Charged
from tests.fixtures.approvals import House


@pytest.fixture
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    # The server has a thread, and so a clock, of its own.
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


def approve_in_the_queue(desk: Any, request: Request, picture: str, *, size: str = "wide") -> Any:
    """Let each owner, stage after stage, open the request in their queue and approve it there. Returns the last one's window."""
    seat = None
    for stage in stages_of(request):
        stage.refresh_from_db()
        assert stage.owner is not None
        page = (seat := desk(stage.owner, size=size)).open(f"/queue/{stage.pk}/")
        page.locator("#item-h").first.wait_for()
        seat.check(f"{picture}-{stage.number}")
        page.locator("#decide").get_by_role("button", name="Approve").click()
        page.locator("#done", has_text="approved").wait_for()
    return seat


def test_a_major_amendment_is_asked_for_and_both_baselines_are_compared(desk: Any, kafka: House, monday: None) -> None:
    version = planned_budget(kafka.account)
    line = version.lines.get(name="Software")
    page = (seat := desk(kafka.engineer)).open("/requests/amend/SMALL/?since=2026-03")
    page.locator(f"[name=line-{line.pk}]").fill("20,000")
    page.get_by_label("Why").fill("A second cluster.")
    page.get_by_role("button", name="Show what it would change").click()
    page.get_by_text("A major amendment.").first.wait_for()
    seat.check("amend-major")
    page.get_by_role("button", name="Ask for it").click()
    page.get_by_text("Old against new").first.wait_for()
    approve_in_the_queue(desk, Request.objects.get(), "amend-decide")
    assert Request.objects.get().state == "approved"

    seat = desk(kafka.people["finance"], size="narrow", scheme="dark")
    page = seat.open(f"/budgets/SMALL/versions/?before={version.number}&after={version.number + 1}")
    assert page.get_by_text("baseline", exact=True).count() == 2
    assert page.get_by_text("+10,000.00").count() > 0
    seat.check("baselines-compared")
    assert BudgetVersion.objects.filter(budget=version.budget, is_baseline=True).count() == 2


def test_money_moves_between_two_lines_once_it_is_decided(desk: Any, kafka: House, monday: None) -> None:
    giver, taker = kafka.account, kafka.budget.accounts["PRODUCT", "software"]
    seat = desk(kafka.engineer, size="narrow")
    page = seat.open("/requests/move/")
    page.get_by_label("From", exact=True).select_option(str(giver.pk))
    page.get_by_label("To", exact=True).select_option(str(taker.pk))
    page.locator("[name=amount-2026-03]").fill("60,000")
    page.locator("#sides").get_by_text("60,000.00").first.wait_for()
    page.get_by_label("Why, in a sentence").fill("The course comes first.")
    seat.check("move")
    page.get_by_role("button", name="Move it, or ask for it").click()
    page.wait_for_load_state("networkidle")
    seat.check("move-asked")
    before = allotted(giver), allotted(taker)
    request = Request.objects.get()
    decider = approve_in_the_queue(desk, request, "move-decide", size="narrow")
    assert (allotted(giver), allotted(taker)) == (before[0] - 60_000, before[1] + 60_000)
    page = (reader := desk(kafka.people["finance"])).open("/budgets/SMALL/")
    page.get_by_role("row").filter(has_text=taker.name).get_by_text(f"{allotted(taker):,.2f}").first.wait_for()
    reader.check("move-made")

    decider.page.get_by_role("button", name="Undo", exact=True).first.click()
    decider.page.get_by_text("waits for a decision again").first.wait_for()
    decider.check("move-undone")
    request.refresh_from_db()
    assert (request.state, allotted(giver), allotted(taker)) == ("submitted", *before)


def test_a_month_is_charged_back_in_five_steps(desk: Any, charged: Charged) -> None:
    books = desk(charged.controller)
    page = books.open("/budgets/chargeback/")
    page.get_by_label("Month", exact=True).fill("2026-01")
    page.get_by_role("button", name="Draw it up").click()
    page.get_by_text("60.05").first.wait_for()
    books.check("chargeback-drawn")
    page.get_by_text("Move an amount from one to another").click()
    page.get_by_label("From").select_option(label="DATA Data")
    page.get_by_label("To").select_option(label="PRODUCT Product")
    page.get_by_label("Amount").fill("1.00")
    page.get_by_label("What happened").fill("A server moved.")
    page.get_by_role("button", name="Move it").click()
    page.get_by_text("61.05").first.wait_for()
    page.get_by_role("button", name="Send the statements").click()
    page.get_by_role("link", name="Data").first.wait_for()

    run = ChargebackRun.objects.get()
    product, data = (run.statements.get(receiver=centre) for centre in (charged.product, charged.data))
    page = (lead := desk(charged.product_lead, size="narrow", scheme="dark")).open(f"/budgets/statements/{product.pk}/")
    lead.check("statement")
    page.get_by_role("button", name="Accept it").click()
    page.get_by_text("accepted").first.wait_for()
    page = (other := desk(charged.data_lead, size="narrow")).open(f"/budgets/statements/{data.pk}/")
    page.get_by_text("Dispute it").first.click()
    page.get_by_label("What is wrong").fill("Half of it is tests.")
    page.get_by_role("button", name="Dispute it").click()
    page.get_by_text("Half of it is tests.").first.wait_for()
    other.check("statement-disputed")

    page = books.open(f"/budgets/statements/{data.pk}/")
    page.get_by_label("Your answer").fill("Tests count as any other use.")
    page.get_by_role("button", name="Refuse it, with this answer").click()
    page.get_by_text("Tests count as any other use.").first.wait_for()
    page = books.open(f"/budgets/chargeback/runs/{run.pk}/")
    page.get_by_role("button", name="Post it").click()
    page.get_by_text("Posted").first.wait_for()
    books.check("chargeback-posted")
    run.refresh_from_db()
    assert run.state == "posted"
    with page.expect_download() as sheet:
        page.goto(f"{books.base}/budgets/statements/{product.pk}/", wait_until="load")
        page.get_by_role("link", name="CSV").click()
    assert b"61.05" in sheet.value.path().read_bytes()
