"""Undo is offered where a decision leads to: the queue, the request's page, the page of several answers."""

from datetime import timedelta

import pytest
from django.test import Client

from approvals.models import Decision, Request
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, approve_all, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def request_(kafka: House) -> Request:
    return submitted(kafka.engineer, kafka.account, title="Licences <for all>")


def _decide(client: Client, request: Request, verdict: str = "approve", **more: str) -> str:
    stage = stages_of(request)[0]
    body = {"verdict": verdict, "digest": request.digest, "comment": "Not now."}
    return client.post(f"/queue/{stage.pk}/decide/", body, follow=True, **more).content.decode()  # type: ignore[arg-type]


@pytest.mark.parametrize(("verdict", "word"), [("approve", "approved"), ("reject", "rejected"), ("send_back", "sent back")])
def test_a_decision_is_undone_from_the_page_that_follows(
    client: Client, director: User, request_: Request, verdict: str, word: str
) -> None:
    client.force_login(director)
    html = _decide(client, request_, verdict)
    decision = Decision.objects.get()
    address = f"/requests/{request_.number}/decisions/{decision.pk}/undo/"
    assert f"You {word} {request_.number}: Licences &lt;for all&gt;" in html
    assert f'action="{address}"' in html
    assert ">60</span> seconds left" in html

    with clock.at(MONDAY + timedelta(seconds=17)):
        page = client.get(f"/requests/{request_.number}/").content.decode()
        assert ">43</span> seconds left" in page
        html = client.post(address, follow=True).content.decode()

    assert f"{request_.number} waits for a decision again" in html
    assert 'name="verdict" value="approve"' in html
    assert "(taken back)" in html
    assert "took back:" in html
    assert address not in html


def test_htmx_shows_the_offer_beside_the_next_request(client: Client, director: User, kafka: House, request_: Request) -> None:
    submitted(kafka.engineer, kafka.account, "300")
    client.force_login(director)
    assert "seconds left" in _decide(client, request_, HTTP_HX_REQUEST="true")


def test_the_offer_goes_with_the_window_and_with_what_follows(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    client.force_login(stages_of(request)[0].owner)
    _decide(client, request)
    assert "seconds left" in client.get("/queue/").content.decode()
    with clock.at(MONDAY + timedelta(seconds=60)):
        assert "seconds left" not in client.get("/queue/").content.decode()
        assert "seconds left" not in client.get(f"/requests/{request.number}/").content.decode()
    second = stages_of(request)[1]
    approve_all_but_first(request)
    assert second.pk
    assert "seconds left" not in client.get("/queue/").content.decode()
    assert "seconds left" not in client.get(f"/requests/{request.number}/").content.decode()


def approve_all_but_first(request: Request) -> None:
    from approvals.services.decisions import approve_stage

    stage = stages_of(request)[1]
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)


def test_nobody_else_is_offered_it_and_whoever_tries_is_told_why(
    client: Client, kafka: House, director: User, request_: Request, outsider: User
) -> None:
    approve_all(request_)
    decision = Decision.objects.get()
    address = f"/requests/{request_.number}/decisions/{decision.pk}/undo/"
    client.force_login(kafka.engineer)
    assert "seconds left" not in client.get(f"/requests/{request_.number}/").content.decode()
    refused = client.post(address)
    assert (refused.status_code, "decided this." in refused.content.decode()) == (403, True)
    client.force_login(outsider)
    assert client.post(address).status_code == 404
    client.force_login(director)
    assert client.post(f"/requests/{request_.number}/decisions/{decision.pk + 9}/undo/").status_code == 404
    assert client.get(address).status_code == 405
    with clock.at(MONDAY + timedelta(seconds=61)):
        late = client.post(address)
    assert (late.status_code, "within 60 seconds, and they are over" in late.content.decode()) == (409, True)
    assert Request.objects.get(pk=request_.pk).state == "approved"


def test_several_answers_are_undone_one_by_one(client: Client, kafka: House, director: User, request_: Request) -> None:
    other = submitted(kafka.engineer, kafka.account, "300")
    client.force_login(director)
    picks = [f"{stages_of(each)[0].pk}:{each.digest}" for each in (request_, other)]
    html = client.post("/queue/answers/", {"verdict": "reject", "comment": "No.", "pick": picks}).content.decode()
    assert html.count("seconds left") == 2
    decision = Decision.objects.get(request=other)
    client.post(f"/requests/{other.number}/decisions/{decision.pk}/undo/")
    assert [Request.objects.get(pk=each.pk).state for each in (request_, other)] == ["rejected", "submitted"]
