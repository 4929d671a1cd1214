"""What a requester is promised on submitting, and how promises are kept."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from approvals.models import Round, StagePace
from approvals.selectors.promises import kept_of
from approvals.selectors.stories import story_of
from approvals.services.decisions import approve_stage, send_back
from approvals.services.promises import reckon_paces
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def decided(kafka: House, hours: float) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    with clock.at(MONDAY + hours * HOUR):
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)


def last_round() -> Round:
    return Round.objects.latest("pk")


def test_without_a_past_the_policys_times_are_promised(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    assert (last_round().promised_at, last_round().promised_by) == (stage.due_at, "times")


def test_a_promise_is_what_nine_of_ten_decisions_took(kafka: House) -> None:
    for number in range(10):
        decided(kafka, number + 1)
    with clock.at(MONDAY + DAY):
        assert reckon_paces() == 1
        [pace] = StagePace.objects.all()
        request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    assert stage.assigned_at is not None
    assert stage.due_at is not None
    assert pace.decisions == 10

    whole = stage.due_at - stage.assigned_at
    assert last_round().promised_at == stage.assigned_at + whole * pace.nearly_all
    assert last_round().promised_by == "past"
    # One to ten hours of two business days, which are 48 hours here: nine of ten took 9.1 and less.
    assert pace.nearly_all == pytest.approx(9.1 / 48)


def test_what_was_not_decided_lately_is_forgotten(kafka: House) -> None:
    decided(kafka, 1)
    with clock.at(MONDAY + 2 * DAY):
        reckon_paces()
        assert reckon_paces() == 1
    with clock.at(MONDAY + 100 * DAY):
        assert reckon_paces() == 0
    assert not StagePace.objects.exists()


def test_kept_promises_are_counted_and_told(kafka: House, client: Client, administrator: User) -> None:
    decided(kafka, 1)
    decided(kafka, 200)
    sent = submitted(kafka.engineer, kafka.account, "1200")
    send_back(stage_id=stages_of(sent)[0].pk, actor=stages_of(sent)[0].owner, digest=sent.digest, comment="Not yet.")

    kept = kept_of(kafka.entity, since=MONDAY, until=MONDAY + 30 * DAY)
    assert (kept.promised, kept.kept) == (2, 1)
    assert story_of(sent).promise is None

    with clock.at(MONDAY + 10 * DAY):
        client.force_login(administrator)
        said = client.get("/waits/").content.decode().split("Promised to requesters</h2>")[1].split("</section>")[0]
        assert "1</span> of 2\xa0decisions" in said


def test_a_request_says_what_was_promised_and_that_it_is_late(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")

    def page(after: timedelta) -> str:
        client = Client()
        with clock.at(MONDAY + after):
            client.force_login(kafka.engineer)
            return client.get(f"/requests/{request.number}/").content.decode()

    assert "Decision promised by" in page(HOUR)
    assert "it is late" not in page(HOUR)
    assert "it is late" in page(5 * DAY)


def test_a_promise_is_given_once(kafka: House) -> None:
    submitted(kafka.engineer, kafka.account, "1200")
    before = last_round().promised_at
    for change in ({"promised_at": MONDAY + 30 * DAY}, {"promised_by": "past"}, {"promised_at": None, "promised_by": ""}):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Round.objects.filter(pk=last_round().pk).update(**change)
    assert last_round().promised_at == before
