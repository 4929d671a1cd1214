"""Deciding in full in a real browser: asking, answering, handing over, and several at once."""

from typing import Any

import pytest

from approvals.models import Decision, Stage
from tests.factories.approvals import stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_decider_asks_hands_over_and_answers_several(desk: Any, kafka: House, size: str, scheme: str) -> None:
    look = f"{size}-{scheme}"
    requests = [submitted(kafka.engineer, kafka.account, f"{number}00", title=f"Licence {number}") for number in (1, 2, 3)]
    director, stage = kafka.people["program_director"], stages_of(requests[0])[0]
    other = UserFactory.create(name="Other director")
    assign(other, "program_director", kafka.entity)

    seat = desk(director, size=size, scheme=scheme)
    page = seat.open(f"/queue/{stage.pk}/")
    page.get_by_text("Ask a question first").click()
    page.get_by_label("Question", exact=True).fill("Why now?")
    seat.check(f"deciding-ask-{look}")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_text("The clock stands still until the answer.").wait_for()
    page.get_by_text("How its due time comes about").click()
    seat.check(f"deciding-asked-{look}")

    asker = desk(kafka.engineer, size=size, scheme=scheme)
    page = asker.open(f"/requests/{requests[0].number}/")
    page.get_by_label("Your answer").fill("The old one ends.")
    asker.check(f"deciding-answer-{look}")
    page.get_by_role("button", name="Answer", exact=True).click()
    page.get_by_text("and the clock goes on").wait_for()

    page = seat.open(f"/queue/{stage.pk}/hand-over/")
    page.get_by_label("Whom").select_option(label="Other director")
    page.get_by_label("Why").fill("On leave.")
    seat.check(f"deciding-hand-over-{look}")
    page.get_by_role("button", name="Hand over").click()
    page.get_by_text("is with Other director now").wait_for()

    page = seat.open("/queue/")
    for number in (2, 3):
        page.get_by_label(f"Select {requests[number - 1].number}").check()
    page.get_by_text("2 selected").wait_for()
    seat.check(f"deciding-several-{look}")
    page.get_by_role("button", name="Approve all chosen").click()
    page.get_by_text("2 approved.", exact=True).wait_for()
    seat.check(f"deciding-answered-{look}")
    assert Decision.objects.count() == 2
    assert Stage.objects.get(pk=stage.pk).owner == other
