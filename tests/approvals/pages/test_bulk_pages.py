"""Choosing several in the queue and answering them with one comment."""

import re

import pytest
from django.test import Client

from approvals.models import Decision
from tests.factories.approvals import everything, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def picks_of(html: str) -> list[str]:
    return re.findall(r'name="pick" value="([^"]+)"', html)


def test_several_are_answered_and_each_says_what_became_of_it(client: Client, kafka: House) -> None:
    for number in range(1, 4):
        submitted(kafka.engineer, kafka.account, f"{number}00", title=f"Licence {number}")
    client.force_login(kafka.people["program_director"])
    picks = picks_of(client.get("/queue/").content.decode())
    assert len(picks) == 3
    stale = f"{picks[2].partition(':')[0]}:{'0' * 64}"

    html = client.post(
        "/queue/answers/?sort=due", {"pick": [*picks[:2], stale, "x", "1:"], "verdict": "approve"}
    ).content.decode()

    assert "2 approved, 2 not" in html
    assert "changed meanwhile" in html
    assert "A request that is not yours to see" in html or "not yours" in html
    assert "Licence 1" in html
    assert 'href="/queue/?sort=due"' in html
    assert Decision.objects.count() == 2
    assert len(picks_of(client.get("/queue/").content.decode())) == 1


def test_what_is_missing_is_said_and_all_stays_chosen(client: Client, kafka: House) -> None:
    submitted(kafka.engineer, kafka.account)
    client.force_login(kafka.people["program_director"])
    picks = picks_of(client.get("/queue/").content.decode())
    before = everything()
    reply = client.post("/queue/answers/", {"pick": picks, "verdict": "reject", "comment": ""})
    html = reply.content.decode()
    assert (reply.status_code, "Say why they are rejected" in html) == (422, True)
    assert f'value="{picks[0]}" checked' in html
    nothing = client.post("/queue/answers/", {"verdict": "approve", "comment": "Kept words"})
    assert (nothing.status_code, "Nothing is chosen." in nothing.content.decode()) == (422, True)
    assert "Kept words" in nothing.content.decode()
    assert client.post("/queue/answers/", {"pick": picks}).status_code == 422
    assert everything() == before
