"""Policies: loaded, versioned, chosen by scope."""

import io
import json
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from django.core.management import call_command

from approvals import subjects
from approvals.models import Policy, PolicyRule, PolicyVersion
from approvals.selectors.policies import kinds_for, policy_for
from approvals.selectors.terms import OWN_PAGE
from approvals.services.policies import load_policy
from core import clock
from core.errors import InvalidInput, Missing
from core.models import AuditRecord, Entity, Role, User
from tests.factories.approvals import ROOT, read_yaml, stages_of, submitted
from tests.fixtures.approvals import House

KAFKA = read_yaml("demo/policies/kafka.yaml")


def _rows() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Policy, PolicyVersion, PolicyRule, Role, AuditRecord))


def test_loading_stores_rules_and_stages_and_adds_the_roles(entity: Entity, administrator: User) -> None:
    version = load_policy(document=KAFKA, entity=entity, actor=administrator)

    assert (version.number, version.state, version.contact_role_code) == (1, "published", "program_director")
    assert version.rules.count() == len(KAFKA["rules"])
    assert set(Role.objects.values_list("code", flat=True)) >= set(KAFKA["roles"])
    assert AuditRecord.objects.filter(verb="policy.loaded", actor=administrator).count() == 1


def test_the_same_again_changes_nothing(entity: Entity) -> None:
    first = load_policy(document=KAFKA, entity=entity, actor=None)
    before = _rows()

    assert load_policy(document=KAFKA, entity=entity, actor=None) == first
    assert _rows() == before


def test_the_next_version_takes_the_place_of_the_one_before(entity: Entity) -> None:
    first = load_policy(document=KAFKA, entity=entity, actor=None)
    second = load_policy(document=KAFKA | {"note": "Reviewed."}, entity=entity, actor=None)

    first.refresh_from_db()
    assert (first.state, second.state, second.number) == ("retired", "published", 2)
    assert policy_for(entity=entity, cost_centre_paths=["/ENG/"]) == second


def test_a_draft_routes_nothing(entity: Entity) -> None:
    assert load_policy(document=KAFKA, entity=entity, actor=None, publish=False).state == "draft"

    with pytest.raises(Missing):
        policy_for(entity=entity, cost_centre_paths=["/ENG/"])


def test_a_document_that_cannot_be_read_is_refused_by_its_places(entity: Entity) -> None:
    document = deepcopy(KAFKA)
    document["rules"][0]["sla"] = "soon"
    document["rules"][1]["below"] = -1
    before = _rows()

    with pytest.raises(InvalidInput) as refusal:
        load_policy(document=document, entity=entity, actor=None)

    assert set(refusal.value.details) == {"rules.0.sla", "rules.1.below"}
    assert _rows() == before


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"kinds": KAFKA["kinds"] | {"team_expense": {"name": "Team expense", "subject": "yacht"}}}, "yacht"),
        ({"cost_centre": "NOWHERE"}, "NOWHERE"),
    ],
)
def test_what_it_names_must_be_there(entity: Entity, change: dict[str, Any], match: str) -> None:
    before = _rows()

    with pytest.raises(InvalidInput, match=match):
        load_policy(document=KAFKA | change, entity=entity, actor=None)

    assert _rows() == before


def test_two_policies_do_not_share_a_scope(kafka: House) -> None:
    before = _rows()

    with pytest.raises(InvalidInput, match="already has a policy"):
        load_policy(document=KAFKA | {"code": "second"}, entity=kafka.entity, actor=None)

    assert _rows() == before


@pytest.mark.usefixtures("monday")
def test_the_nearest_scope_routes(kafka: House) -> None:
    kinds = {"vendor_payment": {"name": "Vendor payment"}}
    document = deepcopy(KAFKA) | {"code": "platform", "cost_centre": "PLATFORM", "kinds": kinds, "accepted_gaps": []}
    document.pop("amendments")
    document["rules"] = [{"kind": "vendor_payment", "stages": ["cfo"], "sla": "1 week"}]
    nearer = load_policy(document=document, entity=kafka.entity, actor=None)

    inside = submitted(kafka.engineer, kafka.account)
    outside = submitted(kafka.engineer, kafka.budget.accounts["PRODUCT", "software"])

    assert (inside.policy_version, outside.policy_version) == (nearer, kafka.policy)
    assert [stage.role_code for stage in stages_of(inside)] == ["cfo"]


@pytest.mark.usefixtures("monday")
def test_rules_for_a_cost_centre_a_category_or_a_vendor_come_before_the_general_one(kafka: House) -> None:
    document = deepcopy(KAFKA)
    special = {"kind": "vendor_payment", "sla": "same day"}
    document["rules"] = [
        special | {"vendor": "acme-cloud", "stages": ["cfo"]},
        special | {"category": "training", "stages": ["project_manager"]},
        special | {"cost_centre": "PRODUCT", "stages": ["tech_lead"]},
        *document["rules"],
    ]
    load_policy(document=document, entity=kafka.entity, actor=None)

    found = {
        name: stages_of(submitted(kafka.engineer, account, "10", **more))[0].role_code
        for name, account, more in (
            ("vendor", kafka.account, {"vendor_id": kafka.budget.vendor.pk}),
            ("category", kafka.budget.accounts["PRODUCT", "training"], {}),
            ("cost centre", kafka.budget.accounts["PRODUCT", "people"], {}),
            ("none", kafka.account, {}),
        )
    }

    assert found == {"vendor": "cfo", "category": "project_manager", "cost centre": "tech_lead", "none": "program_director"}


def test_a_person_is_offered_the_kinds_of_their_entities(kafka: House, outsider: User) -> None:
    asked = [code for code, part in KAFKA["kinds"].items() if part.get("subject") not in OWN_PAGE]
    assert [code for code, _ in kinds_for(kafka.engineer)] == asked
    assert kinds_for(outsider) == []


def test_a_kind_of_subject_is_registered_once() -> None:
    spend = subjects.kinds["spend"]
    other = replace(spend, name="Another")

    assert subjects.register(spend) is spend
    with pytest.raises(ValueError, match="registered already"):
        subjects.register(other)


def _call(*args: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("load_policy", *args, "--json", stdout=out)
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_the_command_loads_a_file_and_says_what_came_of_it(entity: Entity) -> None:
    path = str(ROOT / "demo/policies/distro.yaml")

    code, told = _call(path)
    begins = told.pop("effective_from")
    assert (code, told) == (0, {"policy": "distro", "entity": "acme", "version": 1, "state": "published", "rules": 5})
    assert PolicyVersion.objects.get().effective_from == datetime.fromisoformat(begins)
    assert _call(path, "--entity", "acme")[1]["version"] == 1
    later = clock.now().date() + timedelta(days=40)
    assert _call(path, "--from", later.isoformat())[1]["state"] == "scheduled"
    assert _call(path, "--from", "2020-01-01") == (1, {"error": ANY, "details": {"effective_from": ANY}})


def test_amounts_as_text_and_as_numbers_are_the_same_document(entity: Entity) -> None:
    """The command reads every scalar as text, so that no amount passes through a float."""
    first = load_policy(document=KAFKA, entity=entity, actor=None)

    assert _call(str(ROOT / "demo/policies/kafka.yaml"))[1]["version"] == first.number
    assert PolicyVersion.objects.count() == 1


def test_the_command_refuses_with_a_reason(entity: Entity, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("- a list")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")

    for args in (
        [str(wrong)],
        [str(broken)],
        [str(tmp_path / "none.yaml")],
        [str(ROOT / "demo/policies/kafka.yaml"), "--entity", "x"],
    ):
        code, answer = _call(*args)
        assert code == 1
        assert answer["error"]
    assert not Policy.objects.exists()
