"""The approver's queue by keyboard alone, and by thumb on a phone: no mouse is used in the one, no key in the other."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from approvals.models import Decision, Question, Request, Stage
from approvals.services.decisions import approve_stage, send_back
from approvals.services.requests import save_draft, submit_request
from core.models import User
from tests.factories.approvals import asked, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

MOST_TABS = 150
# What a thumb hits: WCAG 2.5.8 asks for 24, hands for more.
THUMB = 40


@pytest.fixture
def director(kafka: House) -> User:
    return kafka.people["program_director"]


@pytest.fixture
def waiting(kafka: House) -> list[Request]:
    """Five requests, the first due first."""
    return [submitted(kafka.engineer, kafka.account, f"{number}00", title=f"Licence {number}") for number in range(1, 6)]


def state_of(request: Request) -> str:
    return str(Request.objects.get(pk=request.pk).state)


def opened(page: Page, title: str) -> None:
    """Wait until a request is open in the panel."""
    page.locator("#item-h", has_text=title).wait_for()


def tab_to(page: Page, goal: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(MOST_TABS):
        if goal.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"No way to {goal} by Tab.")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tap(page: Page, goal: Locator) -> None:
    """Tap something that is large enough for a thumb."""
    goal.scroll_into_view_if_needed()
    box = goal.bounding_box()
    assert box is not None
    assert box["height"] >= THUMB, f"{goal} is {box['height']} high"
    goal.tap()


def test_by_keyboard_alone(desk: Any, director: User, waiting: list[Request]) -> None:
    page = desk(director).open("/queue/")
    opened(page, "Licence 1")
    press(page, "j")
    opened(page, "Licence 2")
    press(page, "k")
    opened(page, "Licence 1")

    press(page, "a")
    page.get_by_text("once more to approve").wait_for()
    assert Decision.objects.count() == 0
    press(page, "a")
    page.locator("#done", has_text="approved").wait_for()
    opened(page, "Licence 2")
    assert state_of(waiting[0]) == "approved"

    tab_to(page, page.get_by_role("button", name="Undo").first)
    press(page, "Enter")
    page.get_by_text("waits for a decision again").first.wait_for()
    assert state_of(waiting[0]) == "submitted"

    page.goto(page.url.split("/queue/")[0] + "/queue/")
    opened(page, "Licence 1")
    press(page, "r")
    page.keyboard.type("Not this year: ajkx?")
    press(page, "Control+Enter")
    opened(page, "Licence 2")
    assert (state_of(waiting[0]), Decision.objects.latest("pk").comment) == ("rejected", "Not this year: ajkx?")

    press(page, "c")
    page.keyboard.type("Name the vendor.")
    press(page, "Control+Enter")
    opened(page, "Licence 3")
    assert state_of(waiting[1]) == "returned"


def test_a_question_the_choosing_of_several_and_the_list_of_keys_by_keyboard_alone(
    desk: Any, director: User, waiting: list[Request]
) -> None:
    page = desk(director).open("/queue/")
    opened(page, "Licence 1")
    tab_to(page, page.locator("#item summary", has_text="Ask a question first"))
    press(page, "Enter")
    tab_to(page, page.get_by_label("Question", exact=True))
    page.keyboard.type("Why now?")
    tab_to(page, page.get_by_role("button", name="Ask", exact=True))
    press(page, "Enter")
    page.get_by_text("The clock stands still until the answer.").wait_for()
    assert Question.objects.get().text == "Why now?"

    desk_page = page.goto(page.url.split("/queue/")[0] + "/queue/?sort=newest")
    assert desk_page is not None
    opened(page, "Licence 5")
    press(page, "x", "j")
    opened(page, "Licence 4")
    press(page, "x")
    page.get_by_text("2 selected").wait_for()
    tab_to(page, page.get_by_role("button", name="Approve all chosen"))
    press(page, "Enter")
    page.get_by_text("2 approved.", exact=True).wait_for()
    assert [state_of(request) for request in waiting] == ["submitted"] * 3 + ["approved"] * 2

    page.goto(page.url.split("/queue/")[0] + "/queue/")
    opened(page, "Licence")
    press(page, "?")
    page.get_by_role("dialog").wait_for()
    tab_to(page, page.locator("#keys-on"))
    press(page, "Space", "Escape", "a", "a", "r")
    assert page.locator("#decide textarea").evaluate("each => each !== document.activeElement")
    assert Decision.objects.count() == 2


def changed_meanwhile(request: Request, house: House) -> None:
    """Somebody else sends it back, and its requester asks for more."""
    stage = stages_of(request)[0]
    other: User = UserFactory.create(name="Other director")
    assign(other, stage.role_code, house.entity)
    stage.members.create(person=other, capacity="member")
    send_back(stage_id=stage.pk, actor=other, digest=request.digest, comment="Too little.")
    data = asked(house.account, "190", title="Licence 1")
    save_draft(actor=request.requester, entity=house.entity, data=data, request_id=request.pk)
    submit_request(request_id=request.pk, actor=request.requester)


def test_what_changed_or_was_taken_meanwhile_is_told_and_not_decided(
    desk: Any, kafka: House, director: User, waiting: list[Request]
) -> None:
    page = desk(director).open("/queue/")
    opened(page, "Licence 1")
    changed_meanwhile(waiting[0], kafka)
    before = Decision.objects.count()
    press(page, "a", "a")
    page.get_by_role("alert").filter(has_text="submitted again since you opened it").wait_for()
    assert (Decision.objects.count(), state_of(waiting[0])) == (before, "submitted")

    page.goto(page.url.split("/queue/")[0] + f"/queue/{stages_of(waiting[1])[0].pk}/")
    opened(page, "Licence 2")
    stage = stages_of(waiting[1])[0]
    other = User.objects.get(name="Other director")
    stage.members.create(person=other, capacity="member")
    approve_stage(stage_id=stage.pk, actor=other, digest=waiting[1].digest)
    press(page, "r")
    page.keyboard.type("Not this year.")
    press(page, "Control+Enter")
    page.get_by_role("alert").filter(has_text="before you answered").wait_for()
    assert state_of(waiting[1]) == "approved"


def test_by_thumb(desk: Any, director: User, waiting: list[Request]) -> None:
    seat = desk(director, size="narrow")
    page = seat.open("/queue/")
    base = page.url.split("/queue/")[0]
    page.get_by_role("link", name="Licence 1").tap()
    opened(page, "Licence 1")
    tap(page, page.get_by_role("button", name="Approve", exact=True))
    page.locator("#done", has_text="approved").wait_for()
    assert state_of(waiting[0]) == "approved"
    tap(page, page.get_by_role("button", name="Undo").first)
    page.get_by_text("waits for a decision again").first.wait_for()
    assert state_of(waiting[0]) == "submitted"

    page.goto(f"{base}/queue/{stages_of(waiting[1])[0].pk}/")
    tap(page, page.get_by_role("button", name="Reject"))
    page.locator("#item [aria-invalid=true], #item [role=alert]").first.wait_for()
    assert state_of(waiting[1]) == "submitted"
    page.locator("#decide textarea").fill("Not this year.")
    tap(page, page.get_by_role("button", name="Reject"))
    page.locator("#done", has_text="rejected").wait_for()
    assert state_of(waiting[1]) == "rejected"

    page.goto(f"{base}/queue/{stages_of(waiting[2])[0].pk}/")
    page.get_by_text("Ask a question first").tap()
    page.get_by_label("Question", exact=True).fill("Why now?")
    tap(page, page.get_by_role("button", name="Ask", exact=True))
    page.get_by_text("The clock stands still until the answer.").wait_for()

    page.goto(f"{base}/queue/")
    for number in (4, 5):
        page.get_by_label(f"Select {waiting[number - 1].number}").tap()
    page.get_by_text("2 selected").wait_for()
    tap(page, page.get_by_role("button", name="Approve all chosen"))
    page.get_by_text("2 approved.", exact=True).wait_for()
    assert [state_of(request) for request in waiting[3:]] == ["approved"] * 2
    assert Stage.objects.filter(state="assigned").count() == 2
    seat.check("queue-by-thumb")
