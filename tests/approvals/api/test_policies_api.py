"""Policies through the API: read, proved, kept, published, dropped, replayed."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from approvals.models import Policy, PolicyRule, PolicyVersion
from approvals.services.policies import load_policy
from core.models import AuditRecord, Job, User
from core.services.jobs import run_waiting_jobs
from tests.factories.approvals import read_yaml, submitted
from tests.fixtures.approvals import House

KAFKA = read_yaml("demo/policies/kafka.yaml")
NEXT = KAFKA | {"note": "Next."}
pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def desk(api: Callable[..., Any], kafka: House, administrator: User) -> Any:
    return api(administrator)


def counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Policy, PolicyVersion, PolicyRule, AuditRecord, Job))


def a_draft(house: House) -> PolicyVersion:
    return load_policy(document=NEXT, entity=house.entity, actor=None, publish=False)


def test_what_routes_and_what_waits_is_listed(desk: Any, kafka: House) -> None:
    version = a_draft(kafka)
    (row,) = desk.get("policies").json()["results"]
    assert (row["code"], row["standing"], row["drafts"]) == (kafka.policy.policy.code, kafka.policy.pk, [version.pk])
    rows = desk.get(f"policy-versions?policy={row['code']}").json()["results"]
    assert [found["state"] for found in rows] == ["draft", "published"]
    assert [found["id"] for found in desk.get("policy-versions?state=draft").json()["results"]] == [version.pk]


def test_a_version_shows_its_matrix_its_proof_and_its_document(desk: Any, kafka: House) -> None:
    found = desk.get(f"policy-versions/{kafka.policy.pk}").json()
    assert found["proof"]["is_publishable"] is True
    assert found["matrix"][0]["stages"]
    assert found["document"]["code"] == kafka.policy.policy.code
    file = desk.get(f"policy-versions/{kafka.policy.pk}/document")
    text = b"".join(file.streaming_content)
    assert load_policy(document=yaml.safe_load(text), entity=kafka.entity, actor=None) == kafka.policy


def test_a_document_is_tried_kept_and_published(desk: Any, kafka: House) -> None:
    before = counts()
    tried = desk.post("policy-versions?dry_run=true", {"entity": "acme", "document": NEXT})
    assert (tried.status_code, tried.json()["kept"], tried.json()["added"]) == (201, len(NEXT["rules"]), [])
    assert counts() == before

    kept = desk.post("policy-versions", {"entity": "acme", "document": NEXT}, idempotency_key="next")
    assert (kept.json()["state"], kept.json()["unchanged"]) == ("draft", False)
    assert desk.post("policy-versions", {"entity": "acme", "document": NEXT}, idempotency_key="next").json() == kept.json()
    assert PolicyVersion.objects.count() == 2
    done = desk.post(f"policy-versions/{kept.json()['version']}/publish")
    assert (done.status_code, done.json()["state"]) == (200, "published")
    assert PolicyVersion.objects.get(pk=kafka.policy.pk).state == "retired"
    same = desk.post("policy-versions", {"entity": "acme", "document": NEXT, "publish": True})
    assert (same.json()["unchanged"], same.json()["version"]) == (True, kept.json()["version"])


def test_a_document_with_faults_names_each(desk: Any, kafka: House) -> None:
    before = counts()
    answer = desk.post("policy-versions", {"entity": "acme", "document": {"code": "x"}})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_policy")
    assert answer.json()["errors"]
    gap = KAFKA | {"accepted_gaps": []}
    answer = desk.post("policy-versions", {"entity": "acme", "document": gap, "publish": True})
    assert (answer.status_code, answer.json()["code"]) == (400, "unproved")
    assert counts() == before


def test_a_draft_is_dropped_and_a_published_version_stays(desk: Any, kafka: House) -> None:
    version = a_draft(kafka)
    etag = desk.get(f"policy-versions/{version.pk}")["ETag"]
    assert desk.delete(f"policy-versions/{version.pk}").status_code == 428
    assert desk.delete(f"policy-versions/{version.pk}", if_match=etag).status_code == 204
    assert desk.delete(f"policy-versions/{kafka.policy.pk}", if_match="*").status_code == 409
    assert list(PolicyVersion.objects.all()) == [kafka.policy]


def test_past_requests_are_replayed_as_a_job(desk: Any, kafka: House) -> None:
    submitted(kafka.engineer, kafka.account)
    answer = desk.post(f"policy-versions/{kafka.policy.pk}/replay")
    assert answer.status_code == 202
    run_waiting_jobs()
    assert desk.get(f"jobs/{answer.json()['id']}").json()["state"] == "done"
    found = desk.get(f"policy-versions/{kafka.policy.pk}").json()
    assert (found["replay"]["state"], found["replayed"]["requests"]) == ("done", 1)


def test_who_does_not_set_up_changes_nothing(
    api: Callable[..., Any], kafka: House, auditor: User, outsider: User, requester: User
) -> None:
    version = a_draft(kafka)
    programs = [(api(auditor), 200, 403), (api(requester), 403, 403), (api(outsider), 404, 403)]
    before = counts()
    address = f"policy-versions/{version.pk}"
    for program, read, write in programs:
        assert program.get(address).status_code == read
        assert program.post(f"{address}/publish").status_code == write
        assert program.delete(address, if_match="*").status_code == write
        assert program.post("policy-versions", {"entity": "acme", "document": NEXT}).status_code == write
    assert counts() == before


def test_a_version_is_scheduled_listed_and_withdrawn(desk: Any, kafka: House) -> None:
    loaded = desk.post("policy-versions", {"entity": "acme", "document": NEXT, "publish": True, "effective_from": "2026-04-01"})
    assert (loaded.json()["state"], loaded.json()["effective_from"]) == ("scheduled", "2026-04-01T00:00:00Z")
    address = f"policy-versions/{loaded.json()['version']}"
    (row,) = desk.get("policies").json()["results"]
    assert (row["standing"], row["scheduled"]) == (kafka.policy.pk, [loaded.json()["version"]])
    rows = desk.get("policy-versions?state=scheduled").json()["results"]
    assert [(found["id"], found["planned_on"]) for found in rows] == [(loaded.json()["version"], "2026-04-01")]
    (before,) = desk.get("policy-versions?state=published").json()["results"]
    assert (before["id"], before["effective_to"]) == (kafka.policy.pk, "2026-04-01T00:00:00Z")

    assert desk.post(f"{address}/withdraw").json()["state"] == "draft"
    assert desk.post(f"{address}/withdraw").status_code == 409
    assert desk.get("policy-versions?state=retired").json()["results"] == []
    done = desk.post(f"{address}/publish", {"effective_from": "2026-05-01"})
    assert (done.json()["state"], done.json()["effective_from"]) == ("scheduled", "2026-05-01T00:00:00Z")


@pytest.mark.parametrize("day", ["2026-03-01", "2099-01-01", "soon"])
def test_a_day_that_cannot_be_is_refused_by_its_field(desk: Any, kafka: House, day: str) -> None:
    version = a_draft(kafka)
    before = counts()
    answer = desk.post(f"policy-versions/{version.pk}/publish", {"effective_from": day})
    assert (answer.status_code, "effective_from" in str(answer.json()["errors"])) == (400, True)
    assert counts() == before
