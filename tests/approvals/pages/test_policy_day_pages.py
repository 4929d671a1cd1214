"""From which day on a version holds, on the pages: named, refused, shown, withdrawn; and said before somebody submits."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from approvals.models import PolicyVersion
from approvals.services.policies import load_policy
from core import clock
from core.models import User
from tests.approvals.services.test_policy_days import APRIL, FIRST_OF_APRIL
from tests.factories.approvals import MONDAY, everything
from tests.factories.policy_changes import KAFKA, a_draft
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
NEXT: dict[str, Any] = KAFKA | {"note": "Next."}


@pytest.fixture
def desk(client: Client, kafka: House, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def _page(version: PolicyVersion, name: str = "policy-version") -> str:
    return reverse(f"approvals:{name}", args=[version.pk])


def _text(answer: Any) -> str:
    return str(answer.content.decode()).replace("\xa0", " ")


def test_what_was_shown_is_scheduled_for_the_day_of_the_file(desk: Client, kafka: House) -> None:
    document = NEXT | {"effective_from": "2026-04-01"}
    sent = desk.post("/policies/load/", {"entity": kafka.entity.pk, "text": yaml.safe_dump(document)})
    assert 'value="2026-04-01"' in _text(sent)

    past = {"shown": sent.context["shown"], "how": "publish", "effective_from": "2026-03-01"}
    refused = desk.post("/policies/keep/", past)
    assert (refused.status_code, PolicyVersion.objects.count()) == (422, 1)
    assert "1 March 2026 is past" in _text(refused)
    assert 'value="2026-03-01"' in _text(refused)

    kept = desk.post("/policies/keep/", past | {"effective_from": "2026-04-01"}, follow=True)
    assert "it routes what is submitted from 1 April 2026 on" in _text(kept)
    assert "version 2, is scheduled" in _text(kept)


def test_a_draft_is_published_for_a_day_and_a_past_one_keeps_what_was_typed(desk: Client, kafka: House) -> None:
    draft = load_policy(document=NEXT, entity=kafka.entity, actor=None, publish=False)
    before = everything()
    for typed, said in (("2026-03-01", "1 March 2026 is past"), ("soon", "Enter a date such as 2026-11-20.")):
        refused = desk.post(_page(draft, "policy-publish"), {"effective_from": typed})
        assert refused.status_code == 422
        assert said in _text(refused)
        assert f'value="{typed}"' in _text(refused)
    assert everything() == before

    shown = _text(desk.post(_page(draft, "policy-publish"), {"effective_from": "2026-04-01"}, follow=True))

    assert "is scheduled" in shown
    assert "In force from Wed 1 Apr 2026 on" in shown
    assert "Withdraw it" in shown
    assert "in force: from <time" in shown
    assert "to Wed 1 Apr 2026" in shown
    listed = _text(desk.get("/policies/"))
    assert "version 1, since" in listed
    assert ">version 2</a>, from Wed 1 Apr 2026" in listed


def test_a_scheduled_version_is_withdrawn_before_its_day_and_not_after(desk: Client, kafka: House) -> None:
    version = load_policy(document=NEXT, entity=kafka.entity, actor=None, effective_from=APRIL)

    shown = _text(desk.post(_page(version, "policy-withdraw"), follow=True))
    assert "is a draft again" in shown
    version = load_policy(document=NEXT | {"note": "Again."}, entity=kafka.entity, actor=None, effective_from=APRIL)
    with clock.at(MONDAY + timedelta(minutes=1)):
        load_policy(document=NEXT | {"note": "At once."}, entity=kafka.entity, actor=None)
    version.refresh_from_db()
    assert version.standing == "draft"
    assert desk.post(_page(kafka.policy, "policy-withdraw")).status_code == 409


def test_a_draft_says_what_its_publication_would_replace(desk: Client, kafka: House) -> None:
    load_policy(document=NEXT, entity=kafka.entity, actor=None, effective_from=APRIL)
    draft = load_policy(document=NEXT | {"note": "Other."}, entity=kafka.entity, actor=None, publish=False)

    assert "Version 2 is scheduled from Wed 1 Apr 2026" in _text(desk.get(_page(draft)))


def test_an_approval_is_asked_for_with_its_day(desk: Client, kafka: House, standing: PolicyVersion, administrator: User) -> None:
    draft = a_draft(kafka, administrator)
    refused = desk.post(_page(draft, "policy-ask"), {"reason": "From April.", "effective_from": "2026-03-01"})
    assert refused.status_code == 422
    assert "1 March 2026 is past" in _text(refused)
    assert "From April.</textarea>" in _text(refused)

    shown = _text(desk.post(_page(draft, "policy-ask"), {"reason": "From April.", "effective_from": "2026-04-01"}, follow=True))

    assert "1 Apr 2026, or with the last yes after it" in shown


def test_whoever_types_a_request_is_told_that_another_version_is_near(client: Client, kafka: House) -> None:
    load_policy(document=NEXT, entity=kafka.entity, actor=None, effective_from=APRIL)
    with clock.at(FIRST_OF_APRIL - timedelta(days=3)):
        client.force_login(kafka.engineer)
        typed = {"kind": "vendor_payment", "line-0-account": kafka.account.pk, "line-0-month": "2026-03", "line-0-net": "12.00"}
        shown = _text(client.post(reverse("approvals:chain"), typed))

    assert "on version 2 of the policy decides" in shown
