"""Deciding, submitting, withdrawing and taking back are shown first: nothing is left behind, and what is told is what is done."""

from datetime import date
from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client

from approvals.models import Decision, Request, Stage
from budgets.models import Journal
from core.models import OutboxEvent, User
from tests.factories.approvals import MARCH, approve_all, draft, stages_of, submitted
from tests.factories.budgets import move
from tests.factories.changes import available
from tests.fixtures.approvals import House
from tests.fixtures.trials import Trying

pytestmark = pytest.mark.usefixtures("monday")
Told = dict[tuple[str, str, str, date, str], tuple[Decimal, Decimal]]


@pytest.fixture
def engineer(client: Client, kafka: House) -> Client:
    client.force_login(kafka.engineer)
    return client


def waiting(request: Request) -> Stage:
    return next(stage for stage in stages_of(request) if stage.state == "assigned")


def bucket(name: str, before: int, after: int) -> Told:
    return {("SMALL", "PLATFORM", "software", MARCH, name): (Decimal(before), Decimal(after))}


def test_submitting_is_shown_with_what_it_would_hold_and_then_done_as_shown(
    engineer: Client, kafka: House, trying: Trying
) -> None:
    kept = draft(kafka.engineer, kafka.account, "1200", title="Licences")
    page = engineer.get(f"/requests/{kept.number}/").content.decode()
    assert 'name="dry_run" value="true">Show what it would do<span class="vh">: Submit and hold 1,200.00</span>' in page

    shown = trying.then_done(engineer, f"/requests/{kept.number}/submit/")

    assert trying.told(shown) == bucket("reserved", 0, 1200)
    said = shown.content.decode()
    assert "nothing is changed, and nobody was told" in said
    assert "1,200.00" in said
    kept.refresh_from_db()
    assert kept.state == "submitted"


def test_what_the_funds_would_refuse_is_refused_when_it_is_tried(engineer: Client, kafka: House, trying: Trying) -> None:
    short = draft(kafka.engineer, kafka.account, available(kafka.account) + 1, kind="scope_change")
    answer = trying.shown(engineer, f"/requests/{short.number}/submit/", status=409)
    assert "Where it stopped" in answer.content.decode()


def test_withdrawing_is_shown_and_done_as_shown(engineer: Client, kafka: House, trying: Trying) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    shown = trying.then_done(engineer, f"/requests/{request.number}/withdraw/")
    assert trying.told(shown) == bucket("reserved", 1200, 0)
    assert "What it held is free again." in shown.content.decode()
    request.refresh_from_db()
    assert request.state == "withdrawn"


def test_each_answer_is_tried_by_a_button_of_its_own(client: Client, kafka: House, trying: Trying) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    stage = waiting(request)
    client.force_login(stage.owner)
    page = client.get(f"/queue/{stage.pk}/").content.decode()
    for verdict in ("approve", "reject", "send_back"):
        assert f'name="dry_run" value="verdict={verdict}"' in page
    address, said = f"/queue/{stage.pk}/decide/", {"digest": request.digest, "comment": "Not now."}
    before = trying.digest()

    for verdict, word in (("approve", "approved"), ("reject", "rejected"), ("send_back", "sent back")):
        answer = client.post(address, {**said, "dry_run": f"verdict={verdict}"})
        assert f"{request.number} Licences for the platform is {word} by you" in answer.content.decode()
    assert trying.digest() == before
    assert (Decision.objects.count(), mail.outbox) == (0, [])


def test_an_answer_is_given_as_it_was_shown(client: Client, kafka: House, trying: Trying) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    stage = waiting(request)
    client.force_login(stage.owner)
    address = f"/queue/{stage.pk}/decide/"
    shown = client.post(address, {"digest": request.digest, "comment": "No.", "dry_run": "verdict=reject"})
    assert trying.told(shown) == bucket("reserved", 1200, 0)

    assert trying.confirmed(client, address, shown).status_code == 302

    decision = Decision.objects.get()
    assert (decision.verdict, decision.comment) == ("reject", "No.")
    request.refresh_from_db()
    assert request.state == "rejected"


def test_the_last_approval_says_what_it_would_commit(client: Client, kafka: House, trying: Trying) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    while len([stage for stage in stages_of(request) if stage.state in {"assigned", "waiting"}]) > 1:
        stage = waiting(request)
        client.force_login(stage.owner)
        client.post(f"/queue/{stage.pk}/decide/", {"verdict": "approve", "digest": request.digest, "comment": ""})
    stage = waiting(request)
    client.force_login(stage.owner)
    address = f"/queue/{stage.pk}/decide/"
    shown = client.post(address, {"digest": request.digest, "comment": "", "dry_run": "verdict=approve"})
    assert trying.told(shown) == bucket("reserved", 1200, 0) | bucket("committed", 0, 1200)
    trying.confirmed(client, address, shown)
    assert Request.objects.get(pk=request.pk).state == "approved"


def test_what_changed_since_is_shown_anew_and_not_done(client: Client, kafka: House, trying: Trying) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    stage = waiting(request)
    client.force_login(stage.owner)
    address = f"/queue/{stage.pk}/decide/"
    shown = client.post(address, {"digest": request.digest, "comment": "No.", "dry_run": "verdict=reject"})
    move(kafka.account, "reserved", 5, month=MARCH)
    journals = Journal.objects.count()

    answer = trying.confirmed(client, address, shown)

    assert answer.status_code == 409
    assert "Something changed since you looked" in answer.content.decode()
    assert trying.told(answer) == bucket("reserved", 1205, 5)
    assert (Decision.objects.count(), Journal.objects.count()) == (0, journals)


def test_an_answer_that_lacks_its_reason_comes_back_as_it_would_without_trying(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    stage = waiting(request)
    client.force_login(stage.owner)
    answer = client.post(f"/queue/{stage.pk}/decide/", {"digest": request.digest, "comment": "", "dry_run": "verdict=reject"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_nobody_tries_what_they_may_not_do(client: Client, kafka: House, auditor: User, outsider: User) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    stage, before = waiting(request), OutboxEvent.objects.count()
    asked = {"digest": request.digest, "comment": "", "dry_run": "verdict=approve"}
    for person, status in ((auditor, 403), (outsider, 404)):
        client.force_login(person)
        assert client.post(f"/queue/{stage.pk}/decide/", asked).status_code == status
        assert client.post(f"/requests/{request.number}/withdraw/", {"dry_run": "true"}).status_code in {403, 404}
    assert OutboxEvent.objects.count() == before


def test_taking_a_decision_back_is_shown_and_done_as_shown(client: Client, kafka: House, trying: Trying) -> None:
    request = approve_all(submitted(kafka.engineer, kafka.account, "1200"))
    decision = Decision.objects.latest("pk")
    assert decision.person is not None
    client.force_login(decision.person)
    assert 'Show what it would do<span class="vh">: Undo</span>' in client.get(f"/requests/{request.number}/").content.decode()
    shown = trying.then_done(client, f"/requests/{request.number}/decisions/{decision.pk}/undo/")
    assert trying.told(shown) == bucket("reserved", 0, 1200) | bucket("committed", 1200, 0)
    assert Request.objects.get(pk=request.pk).state == "submitted"
