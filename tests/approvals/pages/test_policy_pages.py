"""Policies on their pages: read by those who check, proved, kept, replayed and published by those who set up."""

from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from approvals.models import Policy, PolicyRule, PolicyVersion
from approvals.services.policies import load_policy
from core.models import AuditRecord, Job, User
from core.services.jobs import run_waiting_jobs
from tests.factories.approvals import read_yaml, submitted
from tests.fixtures.approvals import House

KAFKA = read_yaml("demo/policies/kafka.yaml")
LOAD = "/policies/load/"
pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def desk(client: Client, kafka: House, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def _counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Policy, PolicyVersion, PolicyRule, AuditRecord, Job))


def _sent(client: Client, house: House, document: dict[str, Any]) -> Any:
    return client.post(LOAD, {"entity": house.entity.pk, "text": yaml.safe_dump(document)})


def _page(version: PolicyVersion, name: str = "policy-version") -> str:
    return reverse(f"approvals:{name}", args=[version.pk])


def test_the_list_says_what_routes_and_which_drafts_wait(desk: Client, kafka: House) -> None:
    load_policy(document=KAFKA | {"note": "Next."}, entity=kafka.entity, actor=None, publish=False)

    text = desk.get("/policies/").content.decode()
    assert "Kafka Migration approvals" in text
    assert "version 1, since" in text
    assert ">version 2</a>" in text


def test_a_version_shows_its_matrix_its_proof_and_its_document(desk: Client, kafka: House) -> None:
    text = desk.get(_page(kafka.policy)).content.decode()
    document = desk.get(_page(kafka.policy, "policy-document"))

    assert "below 25,000.00" in text
    assert "larger vendor payments are not foreseen" in text
    assert "one of 25,000.00 USD would be refused" in text
    assert "attachment" in document["Content-Disposition"]
    assert load_policy(document=yaml.safe_load(document.content), entity=kafka.entity, actor=None) == kafka.policy


def test_a_document_is_proved_and_compared_before_anything_is_kept(desk: Client, kafka: House) -> None:
    before = _counts()
    rules = [rule | ({"below": 30000} if rule["kind"] == "vendor_payment" else {}) for rule in KAFKA["rules"]]
    gaps = [gap | ({"from": 30000} if gap["kind"] == "vendor_payment" else {}) for gap in KAFKA["accepted_gaps"]]

    text = _sent(desk, kafka, KAFKA | {"rules": rules, "accepted_gaps": gaps}).content.decode()

    assert "would follow version 1" in text
    assert "12 lines stay" in text.replace("\xa0", " ")
    assert "below 30,000.00" in text
    assert "below 25,000.00" in text
    assert _counts() == before


def test_what_was_shown_is_published(desk: Client, kafka: House) -> None:
    shown = _sent(desk, kafka, KAFKA | {"note": "Reviewed."}).context["shown"]

    answer = desk.post("/policies/keep/", {"shown": shown, "how": "publish"}, follow=True)

    version = PolicyVersion.objects.get(state="published")
    assert (version.number, version.document["note"]) == (2, "Reviewed.")
    assert "routes new requests from now on" in answer.content.decode()


def test_one_with_gaps_is_kept_as_a_draft_and_not_published(desk: Client, kafka: House) -> None:
    sent = _sent(desk, kafka, KAFKA | {"accepted_gaps": []})
    assert "Cannot be published" in sent.content.decode()
    assert 'value="publish"' not in sent.content.decode()

    refused = desk.post("/policies/keep/", {"shown": sent.context["shown"], "how": "publish"})
    assert refused.status_code == 400
    assert PolicyVersion.objects.count() == 1
    desk.post("/policies/keep/", {"shown": sent.context["shown"], "how": "draft"})
    draft = PolicyVersion.objects.get(state="draft")

    before = _counts()
    assert desk.post(_page(draft, "policy-publish")).status_code == 400
    assert _counts() == before
    assert "one of 5,000.00 USD would be refused" in desk.get(_page(draft)).content.decode()


def test_a_draft_is_replayed_then_published(desk: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    rules = [rule | ({"stages": ["cfo"]} if rule["kind"] == "vendor_payment" else {}) for rule in KAFKA["rules"]]
    draft = load_policy(document=KAFKA | {"rules": rules}, entity=kafka.entity, actor=None, publish=False)

    desk.post(_page(draft, "policy-replay"))
    run_waiting_jobs()

    text = desk.get(_page(draft)).content.decode()
    assert "1 of 1 request" in text.replace("\xa0", " ")
    assert request.number in text
    desk.post(_page(draft, "policy-publish"))
    draft.refresh_from_db()
    assert draft.state == "published"


def test_a_draft_is_dropped(desk: Client, kafka: House) -> None:
    draft = load_policy(document=KAFKA | {"note": "Next."}, entity=kafka.entity, actor=None, publish=False)

    assert desk.post(_page(draft, "policy-drop")).status_code == 302
    assert list(PolicyVersion.objects.all()) == [kafka.policy]


def test_the_next_version_begins_with_the_one_that_stands(desk: Client, kafka: House) -> None:
    text = desk.get(f"{LOAD}?from={kafka.policy.pk}").content.decode()

    assert "larger vendor payments are not foreseen" in text


def test_what_cannot_be_read_says_where_and_loses_nothing(desk: Client, kafka: House) -> None:
    before = _counts()
    broken = desk.post(LOAD, {"entity": kafka.entity.pk, "text": "code: [unclosed"})
    wrong = _sent(desk, kafka, KAFKA | {"currency": "dollars"})
    empty = desk.post(LOAD, {"entity": kafka.entity.pk})
    file = desk.post(LOAD, {"entity": kafka.entity.pk, "file": SimpleUploadedFile("p.yaml", b"\xff\xfe\x00")})

    assert [answer.status_code for answer in (broken, wrong, empty, file)] == [422] * 4
    assert "code: [unclosed" in broken.content.decode()
    assert '<dt class="mono">currency</dt>' in wrong.content.decode()
    assert _counts() == before


def test_what_was_not_shown_is_not_kept(desk: Client, kafka: House, client: Client) -> None:
    before = _counts()

    assert desk.post("/policies/keep/", {"shown": "made up", "how": "publish"}).status_code == 400
    assert _counts() == before


def test_who_checks_reads_and_changes_nothing(client: Client, kafka: House, auditor: User) -> None:
    client.force_login(auditor)
    draft = load_policy(document=KAFKA | {"note": "Next."}, entity=kafka.entity, actor=None, publish=False)
    before = PolicyVersion.objects.count()

    assert client.get(_page(draft)).status_code == 200
    assert "Publish it" not in client.get(_page(draft)).content.decode()
    answers = [client.get(LOAD), client.post(_page(draft, "policy-publish")), client.post(_page(draft, "policy-drop"))]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert PolicyVersion.objects.count() == before
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_another_organizations_policies_are_not_there(client: Client, kafka: House, outsider: User) -> None:
    client.force_login(outsider)

    assert "Kafka" not in client.get("/policies/").content.decode()
    assert client.get(_page(kafka.policy)).status_code == 404
    assert client.get(_page(kafka.policy, "policy-document")).status_code == 404
    assert client.post(_page(kafka.policy, "policy-replay")).status_code == 404
