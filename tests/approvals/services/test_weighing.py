"""The risk of a request as it is weighed from the books and from what was asked for before, and what a policy does by it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from approvals.models import Request
from approvals.selectors.chains import predicted_chain
from approvals.selectors.facts import digest_of_request
from approvals.services.decisions import send_back
from approvals.services.policies import load_policy
from approvals.services.requests import save_draft, submit_request
from budgets.selectors.balances import account_figures
from core import clock
from core.errors import InvalidInput
from core.models import User
from tests.factories.approvals import MARCH, MONDAY, approve_all, asked, draft, line, read_yaml, stages_of, submitted
from tests.factories.budgets import allot
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def signs(request: Request) -> set[str]:
    return {reason["sign"] for reason in request.risk_reasons}


def seasoned(house: House) -> User:
    """Let somebody have asked before, weeks ago, for something else."""
    with clock.at(MONDAY - timedelta(days=30)):
        submitted(house.engineer, house.budget.accounts["PRODUCT", "people"], "7", kind=first_kind(house))
    return house.engineer


def first_kind(house: House) -> str:
    return str(next(iter(house.policy.document["kinds"])))


def test_what_is_submitted_keeps_its_score_its_reasons_and_the_version_they_were_weighed_by(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, vendor_name="Acme")

    assert (request.risk_score, signs(request)) == (25, {"new_vendor", "first_request"})
    kept = request.rounds.get()
    assert (kept.risk_score, kept.risk_reasons, kept.policy_version) == (25, request.risk_reasons, kafka.policy)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        kept.risk_score = 0
        kept.save()


def test_the_prediction_says_the_same_as_the_submission(kafka: House) -> None:
    data = asked(kafka.account, "1200", vendor_name="Acme", needed_by=date(2026, 3, 3), tags={"project": "apollo"})
    predicted = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=data)

    kept = save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)
    done = submit_request(request_id=kept.pk, actor=kafka.engineer)
    assert predicted.risk is not None
    assert predicted.risk.score == done.risk_score == 35
    assert [reason.text for reason in predicted.risk.reasons] == [reason["text"] for reason in done.risk_reasons]


def test_signs_of_the_budget_line_come_from_the_books(kafka: House) -> None:
    person = seasoned(kafka)
    small = kafka.budget.accounts["PRODUCT", "people"]
    planned = account_figures([small.pk], through=MARCH)[small.pk].available
    left = account_figures([small.pk])[small.pk].available

    fits = submitted(person, small, planned, kind="scope_change")
    over = submitted(person, small, (left - planned) / 2, kind="scope_change")

    assert signs(fits) == set()
    assert {"over_plan", "large_share"} <= signs(over)


def test_what_is_usual_is_the_median_of_what_the_vendor_had_approved(kafka: House) -> None:
    person = seasoned(kafka)
    for day, amount in enumerate(("100", "110", "5000"), start=1):
        with clock.at(MONDAY - timedelta(days=10 + day)):
            approve_all(submitted(person, kafka.account, amount, vendor_name="Acme", title=f"Part {day}"))

    usual = submitted(person, kafka.account, "320", vendor_name="Acme")
    dear = submitted(person, kafka.account, "330", vendor_name="Acme")

    assert "unusual_amount" not in signs(usual)
    [said] = [reason["text"] for reason in dear.risk_reasons if reason["sign"] == "unusual_amount"]
    assert said == "It is 3.0 times the 110.00 USD that is usual for Acme, by the last 3 that were approved."


def test_a_request_in_parts_is_told_with_what_it_comes_to(kafka: House) -> None:
    person = seasoned(kafka)
    submitted(person, kafka.account, "4000", vendor_name="Acme")
    submitted(person, kafka.account, "1500", vendor_name="Acme")
    third = submitted(person, kafka.account, "300", vendor_name="Acme")

    [said] = [reason["text"] for reason in third.risk_reasons if reason["sign"] == "in_parts"]
    assert said == "With 2 others of the last 7 days by the same person, for Acme, it comes to 5,800.00 USD."
    with clock.at(MONDAY + timedelta(days=8)):
        assert "in_parts" not in signs(submitted(person, kafka.account, "301", vendor_name="Acme"))


def test_a_request_that_looks_like_another_is_told_even_where_a_colleague_asked_for_that(kafka: House) -> None:
    person = seasoned(kafka)
    colleague = UserFactory.create(name="Colleague")
    assign(colleague, "engineer", kafka.entity)
    submitted(colleague, kafka.account, "1000")

    assert "look_alike" in signs(submitted(person, kafka.account, "1000"))
    assert "look_alike" not in signs(submitted(person, kafka.account, "999"))


def test_what_is_sent_back_is_weighed_anew_and_is_not_its_own_double(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, vendor_name="Acme")
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Once more.")

    again = submit_request(request_id=request.pk, actor=kafka.engineer)

    assert signs(again) == {"new_vendor", "first_request"}
    assert [round_.risk_score for round_ in again.rounds.order_by("number")] == [25, 25]


def test_a_policy_states_its_own_points(kafka: House) -> None:
    document = read_yaml("demo/policies/kafka.yaml") | {"risk": {"new_vendor": {"points": 60}, "first_request": {"points": 0}}}
    load_policy(document=document, entity=kafka.entity, actor=None)

    request = submitted(kafka.engineer, kafka.account, vendor_name="Acme")

    assert (request.risk_score, signs(request)) == (60, {"new_vendor"})


@pytest.mark.parametrize(
    ("what", "level"),
    [
        ({"net": "100"}, ""),
        ({"net": "3000"}, "manager"),
        ({"net": "100", "vendor_name": "Acme", "needed_by": date(2026, 3, 3)}, "manager"),
        ({"net": "100", "vendor_name": "Acme", "needed_by": date(2026, 3, 3), "is_emergency": True}, "director"),
        (
            {"net": "990000", "vendor_name": "Acme", "needed_by": MONDAY.date(), "is_emergency": True, "alike": True},
            "executive",
        ),
    ],
)
def test_the_golden_levels_are_chosen_by_risk(finops: House, what: dict[str, Any], level: str) -> None:
    assert read_yaml("tests/golden/finops_platform.yaml")["approval_levels"] == ["automatic", "manager", "director", "executive"]
    if what.pop("alike", False):
        allot(finops.account, "1000000", month=MARCH)
        colleague = UserFactory.create(name="Colleague")
        assign(colleague, "engineer", finops.entity)
        submitted(colleague, finops.account, "990000", kind="spend")
    request = submitted(finops.engineer, finops.account, what.pop("net"), kind="spend", **what)

    stages = stages_of(request)
    assert [stage.role_code for stage in stages] == ([level] if level else [])
    assert all(stage.due_at and stage.backup_role_code for stage in stages)


def test_rules_match_by_tag_and_emergency_and_the_trace_says_so(kafka: House) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"] = [
        {"kind": "vendor_payment", "tags": {"project": "Apollo"}, "stages": ["executive_sponsor"], "sla": "1 week"},
        {"kind": "vendor_payment", "emergency": True, "below": 25000, "stages": ["cfo"], "sla": "4 business hours"},
        *document["rules"],
    ]
    load_policy(document=document, entity=kafka.entity, actor=None)

    tagged = submitted(kafka.engineer, kafka.account, tags={"project": "APOLLO", "region": "emea"})
    urgent = submitted(kafka.engineer, kafka.account, "1100", is_emergency=True)
    plain = submitted(kafka.engineer, kafka.account, "1000", tags={"project": "other"})

    assert [stages_of(each)[0].role_code for each in (tagged, urgent, plain)] == ["executive_sponsor", "cfo", "program_director"]
    assert [step["reason"] for step in plain.trace[:2]] == [
        "It does not bear the tag project=apollo.",
        "This is no emergency, the rule is for one.",
    ]


def test_tags_and_an_emergency_are_part_of_what_is_decided_on(kafka: House) -> None:
    plain, tagged = draft(kafka.engineer, kafka.account), draft(kafka.engineer, kafka.account, tags={"project": "apollo"})
    assert len({digest_of_request(plain), digest_of_request(tagged)}) == 2


def test_tags_that_cannot_be_are_refused_by_their_field(kafka: House) -> None:
    with pytest.raises(InvalidInput) as refusal:
        draft(kafka.engineer, kafka.account, tags={"Not a key": "x"})

    assert list(refusal.value.details) == ["tags"]


def test_a_score_beyond_a_hundred_or_changed_later_is_refused_by_the_database(kafka: House) -> None:
    begun, request = draft(kafka.engineer, kafka.account), submitted(kafka.engineer, kafka.account)

    with pytest.raises(IntegrityError, match="request_risk_is_up_to_a_hundred"), transaction.atomic():
        Request.objects.filter(pk=begun.pk).update(risk_score=101)
    for change in ({"risk_score": 0}, {"tags": {"project": "apollo"}}, {"is_emergency": True}):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Request.objects.filter(pk=request.pk).update(**change)


def test_lines_of_two_months_are_weighed_to_the_later_one(kafka: House) -> None:
    april = date(2026, 4, 1)
    allot(kafka.account, "50", month=april)
    lines = [line(kafka.account, "10"), line(kafka.account, "20", month=april)]

    request = submitted(seasoned(kafka), kafka.account, lines=lines)

    assert request.risk_score == 0
    assert request.amount == Decimal(30)
