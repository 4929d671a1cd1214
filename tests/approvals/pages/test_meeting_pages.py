"""A committee's meeting on its pages: called, opened, attended, voted in on one's own account, closed, read."""

import hashlib
from datetime import UTC, datetime

import pytest
from django.test import Client

from approvals.models import Meeting
from core import clock
from core.models import User
from tests.factories.approvals import everything, stages_of, submitted
from tests.factories.owners import asking, committee, member
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
THURSDAY = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


@pytest.fixture
def people(kafka: House) -> list[User]:
    asking(kafka.entity, {"committee": "budget"})
    found = [member(kafka.entity, name) for name in ("Chair", "Ann", "Guest")]
    committee(kafka.entity, found[0], found[1:2], as_needed=[found[2]], meets="monthly: budget review")
    return found


def test_a_meeting_from_its_call_to_its_minutes(client: Client, kafka: House, people: list[User], outsider: User) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    client.force_login(people[0])
    number = people[0].committee_seats.get().version.committee_id
    page = client.get(f"/committees/{number}/").content.decode()
    assert all(text in page for text in (request.number, "Call a meeting", "By its cadence", "left of"))
    call = f"/committees/{number}/call/"
    wrong = client.post(call, {"starts_at": "2026-03-01T14:00", "purpose": "Urgent matters"})
    html = wrong.content.decode()
    assert (wrong.status_code, "to come" in html, "Urgent matters" in html) == (422, True, True)
    client.post(call, {"starts_at": "2026-03-05T14:00", "purpose": "Urgent matters"})
    meeting = Meeting.objects.get()
    assert meeting.starts_at == THURSDAY
    address = f"/meetings/{meeting.pk}/"
    assert client.get(f"{address}minutes/").status_code == 404
    with clock.at(THURSDAY):
        client.logout()
        client.force_login(people[0])
        assert "Open it, freeze the agenda" in client.get(address).content.decode()
        client.post(f"{address}open/")
        html = client.post(f"{address}attend/", {"people": [people[0].pk, people[1].pk]}, follow=True).content.decode()
        assert all(text in html for text in ("Kept who attends", request.number, "your vote is open"))
        assert client.post(f"{address}attend/", {"people": [kafka.engineer.pk]}).status_code == 422
        client.post(f"/queue/{stage.pk}/decide/", {"verdict": "approve", "digest": request.digest, "comment": "Good."})
        client.force_login(people[1])
        assert client.post(f"{address}close/").status_code == 403
        client.post(f"/queue/{stage.pk}/decide/", {"verdict": "approve", "digest": request.digest, "comment": "<b>Yes</b>"})
        client.force_login(people[0])
        html = client.post(f"{address}close/", follow=True).content.decode()
        assert all(text in html for text in ("Minutes of Budget committee", "Ann approved it", "&lt;b&gt;Yes", "attended"))
        assert client.post(f"{address}close/").status_code == 409
    client.logout()
    client.force_login(people[0])
    text = client.get(f"{address}minutes/").content
    assert hashlib.sha256(text).hexdigest() == Meeting.objects.get().minutes_sha256
    # Who is needed at times reads the minutes; who does not sit sees no meeting.
    client.force_login(people[2])
    assert "Minutes of Budget committee" in client.get(address).content.decode()
    before = everything()
    for other in (outsider, kafka.people["program_director"]):
        client.force_login(other)
        assert client.get(address).status_code == 404
        assert client.post(f"{address}close/").status_code == 404
    assert everything() == before


def test_a_member_runs_none_and_calls_none(client: Client, kafka: House, people: list[User]) -> None:
    client.force_login(people[1])
    number = people[1].committee_seats.get().version.committee_id
    assert "Call a meeting" not in client.get(f"/committees/{number}/").content.decode()
    assert client.post(f"/committees/{number}/call/", {"starts_at": "2026-03-05T14:00", "purpose": "Tea"}).status_code == 403
    assert not Meeting.objects.exists()
