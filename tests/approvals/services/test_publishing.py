"""A policy is proved before it is published: what is found, for these people and this tree, and what keeps it a draft."""

import io
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from approvals.models import Policy, PolicyRule, PolicyVersion, StageTemplate
from approvals.rules.document import PolicyDocument
from approvals.selectors.policies import policy_for
from approvals.selectors.proofs import proved, unfillable_sentence
from approvals.services.policies import drop_draft, load_policy, publish_version
from core.errors import InvalidInput, NotFound, WrongState
from core.models import AuditRecord, Entity, RoleAssignment, User
from tests.factories.approvals import ROOT, read_yaml
from tests.factories.budgets import CostCentreFactory
from tests.fixtures.approvals import House

KAFKA = read_yaml("demo/policies/kafka.yaml")
UNPROVED = KAFKA | {"accepted_gaps": []}


def _counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Policy, PolicyVersion, PolicyRule, StageTemplate, AuditRecord))


def _draft(document: dict[str, Any], entity: Entity) -> PolicyVersion:
    return load_policy(document=document, entity=entity, actor=None, publish=False)


def test_a_policy_with_gaps_is_not_published_and_each_is_shown(entity: Entity) -> None:
    before = _counts()

    with pytest.raises(InvalidInput) as refusal:
        load_policy(document=UNPROVED, entity=entity, actor=None)

    assert refusal.value.code == "unproved"
    assert len(refusal.value.details) == 4
    assert "one of 5,000.00 USD would be refused" in refusal.value.details["gap 1"]
    assert _counts() == before


def test_a_rule_that_nothing_reaches_keeps_it_from_being_published(entity: Entity) -> None:
    document = deepcopy(KAFKA)
    document["rules"].append({"kind": "scope_change", "below": 100, "stages": ["cfo"], "sla": "same day"})

    with pytest.raises(InvalidInput) as refusal:
        load_policy(document=document, entity=entity, actor=None)

    assert list(refusal.value.details) == [f"rule {len(document['rules'])}"]


def test_a_draft_may_have_gaps_and_is_refused_only_when_it_is_published(entity: Entity, administrator: User) -> None:
    version = _draft(UNPROVED, entity)
    before = _counts()

    with pytest.raises(InvalidInput, match="4 things"):
        publish_version(version_id=version.pk, actor=administrator)

    version.refresh_from_db()
    assert (version.state, _counts()) == ("draft", before)


def test_publishing_a_draft_retires_the_one_before_and_is_recorded(entity: Entity, administrator: User) -> None:
    first = load_policy(document=KAFKA, entity=entity, actor=administrator)
    second = _draft(KAFKA | {"note": "Reviewed."}, entity)

    publish_version(version_id=second.pk, actor=administrator)

    first.refresh_from_db()
    assert first.state == "retired"
    assert policy_for(entity=entity, cost_centre_paths=["/ENG/"]) == second
    [record] = AuditRecord.objects.filter(verb="policy.published")
    assert (record.actor, record.before) == (administrator, {"version": 1})
    assert record.after == {"version": 2, "digest": second.digest}


def test_what_is_published_is_published_once(entity: Entity, administrator: User) -> None:
    version = load_policy(document=KAFKA, entity=entity, actor=administrator)
    before = _counts()

    with pytest.raises(WrongState, match="published already"):
        publish_version(version_id=version.pk, actor=administrator)
    with pytest.raises(NotFound):
        publish_version(version_id=0, actor=administrator)

    assert _counts() == before


def test_a_draft_that_was_overtaken_is_not_published(entity: Entity, administrator: User) -> None:
    early = _draft(KAFKA, entity)
    later = load_policy(document=KAFKA | {"note": "Later."}, entity=entity, actor=None)

    with pytest.raises(WrongState, match="was published after this draft"):
        publish_version(version_id=early.pk, actor=administrator)

    later.refresh_from_db()
    assert later.state == "published"


def test_a_draft_can_be_dropped_and_nothing_else(entity: Entity, administrator: User) -> None:
    standing = load_policy(document=KAFKA, entity=entity, actor=None)
    version = _draft(KAFKA | {"note": "Reviewed."}, entity)

    drop_draft(version_id=version.pk, actor=administrator)

    assert list(PolicyVersion.objects.all()) == [standing]
    assert AuditRecord.objects.filter(verb="policy.draft_dropped", before__version=2).count() == 1
    with pytest.raises(WrongState, match="may have been routed by it"):
        drop_draft(version_id=standing.pk, actor=administrator)
    assert standing.rules.count() == len(KAFKA["rules"])


def _unfillable(document: dict[str, Any], entity: Entity) -> list[str]:
    return [unfillable_sentence(each) for each in proved(PolicyDocument.model_validate(document), entity).unfillable]


def test_the_demos_people_fill_every_stage_of_the_golden_matrix(kafka: House) -> None:
    assert _unfillable(KAFKA, kafka.entity) == []


def test_a_role_that_nobody_holds_is_found(kafka: House) -> None:
    RoleAssignment.objects.filter(role__code__in=["change_control_board", "program_director"]).delete()

    found = _unfillable(KAFKA, kafka.entity)
    assert any(sentence.startswith("Scope change: Nobody can decide as Change control board") for sentence in found)


def test_two_stages_and_one_person_for_both_are_found(kafka: House) -> None:
    RoleAssignment.objects.filter(role__code__in=["cfo", "program_director"]).delete()
    both = kafka.people["finance"]
    RoleAssignment.objects.filter(role__code="tech_lead").update(user=both)

    found = _unfillable(KAFKA, kafka.entity)
    assert any(sentence.startswith("Infrastructure below 10,000: Nobody can decide") for sentence in found)


def test_a_stage_that_only_the_one_who_asks_could_decide_is_found_with_their_name(kafka: House) -> None:
    RoleAssignment.objects.filter(role__code__in=["program_director", "executive_sponsor"]).delete()

    [sentence] = [each for each in _unfillable(KAFKA, kafka.entity) if each.startswith("Team expense")]
    assert " when Project manager asks: " in sentence


def test_a_subtree_whose_people_are_elsewhere_is_found_by_its_place(kafka: House) -> None:
    CostCentreFactory.create(entity=kafka.entity, code="FAR")
    near = kafka.account.cost_centre
    RoleAssignment.objects.filter(entity=kafka.entity).update(scope="cost_centre", cost_centre=near)

    found = proved(PolicyDocument.model_validate(KAFKA), kafka.entity).unfillable
    assert found
    assert not any(each.path.startswith(near.path) or each.path == "/" for each in found)


def _command(*words: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("policy", *words, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_the_command_proves_the_golden_matrices(kafka: House) -> None:
    answer = _command("prove", str(ROOT / "demo/policies/kafka.yaml"))

    assert [(gap["kind"], gap["from"], gap["to"]) for gap in answer["gaps"]] == [
        ("team_expense", "5000.00", None),
        ("vendor_payment", "25000.00", None),
        ("infrastructure", "10000.00", None),
        ("budget_reallocation", None, "50000.00"),
    ]
    assert (answer["overlaps"], answer["dead_rules"], answer["unfillable"], answer["conflicts"]) == ([], [], [], [])
    assert [each["sentence"][:35] for each in answer["sizes"]] == ["An amendment by exactly 10 % of a c"]
    assert answer["people_checked"]
    assert answer["publishable"]


@pytest.mark.django_db
def test_the_command_proves_without_an_organization_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _command("prove", str(ROOT / "demo/policies/distro.yaml"))

    assert not answer["people_checked"]
    assert {each["example"] for each in answer["conflicts"]} >= {"75.00"}
    call_command("policy", "prove", str(ROOT / "demo/policies/distro.yaml"))
    assert "Its people were not checked" in capsys.readouterr().out


def test_what_cannot_be_read_is_refused_by_its_places(entity: Entity, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(KAFKA | {"currency": "dollars"}))

    with pytest.raises(SystemExit) as end:
        call_command("policy", "prove", str(file), "--json")

    assert end.value.code == 1
    assert "currency" in json.loads(capsys.readouterr().out)["details"]
