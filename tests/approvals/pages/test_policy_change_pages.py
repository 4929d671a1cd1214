"""A change of a policy on its pages: put to approval, seen by who decides with its difference and proof, published."""

from typing import Any

import pytest
from django.test import Client

from approvals.models import PolicyVersion, Request
from approvals.services.policies import load_policy
from approvals.services.policy_changes import ask_policy_change
from core.models import User
from tests.factories.approvals import everything, stages_of
from tests.factories.policy_changes import KAFKA, a_change, a_draft, approved, by_approval
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ADDED = {"kind": "scope_change", "cost_centre": "ENG", "stages": ["cfo"], "sla": "same day"}


@pytest.fixture
def admin(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def seen(client: Client, person: User, address: str) -> str:
    client.force_login(person)
    return client.get(address).content.decode()


def test_a_draft_is_put_to_approval_on_its_page(
    admin: Client, kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    draft = a_draft(kafka, administrator)
    page = f"/policies/versions/{draft.pk}/"
    before = admin.get(page).content.decode()
    empty = admin.post(f"{page}ask/", {"reason": ""})
    answer = admin.post(f"{page}ask/", {"reason": "The board wishes it."})

    assert "Publish it" not in before
    assert "Put it to approval" in before
    assert (empty.status_code, "Say why it changes" in empty.content.decode()) == (422, True)
    request = Request.objects.get()
    assert answer.headers["Location"] == f"/requests/{request.number}/"
    after = admin.get(page).content.decode()
    assert f"{request.number}</a> asks for a change of this policy" in after
    assert "Put it to approval" not in after


def test_what_was_typed_stays_where_it_is_refused(
    admin: Client, kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    draft = a_draft(kafka, administrator)
    a_change(kafka, administrator)
    before = everything()

    answer = admin.post(f"/policies/versions/{draft.pk}/ask/", {"reason": "This one rather."})

    assert answer.status_code == 422
    assert "asks for a change" in answer.content.decode()
    assert everything() == before


def test_a_policy_without_such_a_kind_is_published_as_before(admin: Client, kafka: House, administrator: User) -> None:
    draft = load_policy(document=KAFKA | {"note": "Next."}, entity=kafka.entity, actor=administrator, publish=False)
    html = admin.get(f"/policies/versions/{draft.pk}/").content.decode()

    assert "Publish it" in html
    assert "Put it to approval" not in html


def test_who_decides_sees_the_difference_and_the_proof(
    client: Client, kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    rules = [ADDED, *by_approval()["rules"]]
    draft = a_draft(kafka, administrator, rules=rules)
    request = ask_policy_change(version_id=draft.pk, actor=administrator, reason="The CFO decides for engineering.")
    stage = stages_of(request)[0]
    panel = seen(client, stage.owner, f"/queue/{stage.pk}/")
    page = seen(client, stage.owner, f"/requests/{request.number}/")

    for html in (panel, page):
        assert "What changes in the policy" in html
        assert "only cost centre ENG" in html
        assert "these parts differ: note" in html
        assert "Can be published" in html
        assert "larger team expenses are not foreseen" in html
        assert "0.00" not in html.split('class="panel-title"')[-1].split("What changes in the policy")[0]
    assert "change of a policy" in seen(client, stage.owner, "/queue/")


def test_the_last_yes_on_the_page_publishes_and_the_difference_stays_to_be_read(
    client: Client, kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    request = a_change(kafka, administrator)
    for stage in stages_of(request):
        client.force_login(stage.owner)
        client.post(f"/queue/{stage.pk}/decide/", {"verdict": "approve", "digest": request.digest, "comment": ""})

    request.refresh_from_db()
    assert request.state == Request.State.APPROVED
    html = seen(client, administrator, f"/requests/{request.number}/")
    assert "Against version 2" in html
    assert "these parts differ: note" in html


def test_who_asked_withdraws_it_on_its_page(admin: Client, kafka: House, standing: PolicyVersion, administrator: User) -> None:
    request = a_change(kafka, administrator)
    html = admin.get(f"/requests/{request.number}/").content.decode()
    admin.post(f"/requests/{request.number}/withdraw/")

    assert "Withdraw" in html
    assert "Copy as new" not in html
    request.refresh_from_db()
    assert request.state == Request.State.WITHDRAWN


def test_a_program_puts_a_draft_to_approval(admin: Client, kafka: House, standing: PolicyVersion, administrator: User) -> None:
    draft = a_draft(kafka, administrator)
    send: dict[str, Any] = {"content_type": "application/json"}
    refused = admin.post(f"/api/v1/policy-versions/{draft.pk}/publish", {}, **send)
    made = admin.post(f"/api/v1/policy-versions/{draft.pk}/ask", {"reason": "The board wishes it."}, **send)

    assert (refused.status_code, refused.json()["code"]) == (409, "needs_approval")
    assert made.status_code == 201
    assert made.json()["particulars"] == {"policy": "kafka", "version": draft.number, "digest": draft.digest}
    approved(Request.objects.get())
    draft.refresh_from_db()
    assert draft.state == "published"


def test_it_is_not_offered_among_what_one_asks_money_for(client: Client, kafka: House, standing: PolicyVersion) -> None:
    assert "Change of the policy" not in seen(client, kafka.engineer, "/requests/new/")
