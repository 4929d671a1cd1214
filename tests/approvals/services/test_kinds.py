"""Contracts, changes of people and travel: what they state, where they go, what approving them does to the books."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from approvals.models import Contract, Request, ResourceChange, Stage, Trip
from approvals.selectors.chains import predicted_chain
from approvals.selectors.particulars import marks_of, stated
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.requests import copy_request, save_draft, submit_request
from approvals.services.undoing import take_back
from core import clock
from core.errors import InvalidInput, Stale
from core.models import RoleAssignment, User
from tests.factories.approvals import MARCH, MONDAY, approve_all, asked, everything, held, line, read_yaml, stages_of
from tests.factories.kinds import asked_of_kind, committed, draft_of_kind, submitted_of_kind
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
NEEDS = {each["what"]: each["needs"] for each in read_yaml("tests/golden/kafka_migration.yaml")["pre_approval"]}
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def refusal(call: Any, **arguments: Any) -> dict[str, Any]:
    """Return what a call that is refused says by field; nothing of it is kept."""
    before = everything()
    with pytest.raises(InvalidInput) as refused:
        call(**arguments)
    assert everything() == before
    return dict(refused.value.details)


# ---------------------------------------------------------------- the golden block


@pytest.mark.parametrize(("kind", "what"), [("contract", "vendor contract"), ("resource_change", "resource change")])
def test_a_kind_goes_to_those_whom_the_source_names_side_by_side(kafka: House, kind: str, what: str) -> None:
    request = submitted_of_kind(kind, kafka.engineer, kafka.account)

    stages = stages_of(request)
    assert [stage.role_code for stage in stages] == NEEDS[what]
    assert {stage.group for stage in stages} == {1}
    assert {stage.state for stage in stages} == {Stage.State.ASSIGNED}


@pytest.mark.parametrize("kind", ["contract", "resource_change"])
def test_both_must_say_yes(kafka: House, kind: str) -> None:
    request = submitted_of_kind(kind, kafka.engineer, kafka.account)
    first, second = stages_of(request)

    approve_stage(stage_id=second.pk, actor=second.owner, digest=request.digest)
    request.refresh_from_db()
    assert request.state == Request.State.SUBMITTED

    reject_stage(stage_id=first.pk, actor=first.owner, digest=request.digest, comment="Not so.")
    request.refresh_from_db()
    assert request.state == Request.State.REJECTED
    assert held(kafka.account) == (0, 0)


def test_travel_is_approved_in_advance(kafka: House) -> None:
    assert NEEDS["travel"] == ["advance_approval"]
    request = approve_all(submitted_of_kind("travel", kafka.engineer, kafka.account))

    assert request.state == Request.State.APPROVED
    assert marks_of(request) == []


# ---------------------------------------------------------------- the books


@pytest.mark.parametrize("kind", ["contract", "resource_change", "travel"])
def test_a_kind_reserves_commits_and_releases_like_spend(kafka: House, kind: str) -> None:
    request = submitted_of_kind(kind, kafka.engineer, kafka.account)
    assert held(kafka.account) == (1000, 0)

    approve_all(request)
    assert held(kafka.account) == (0, 1000)
    last = request.decisions.latest("pk")
    take_back(decision_id=last.pk, actor=last.decider)
    assert held(kafka.account) == (1000, 0)
    request.refresh_from_db()
    stage = Stage.objects.get(decisions=last)
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Smaller.")
    assert held(kafka.account) == (0, 0)


def test_a_contract_commits_month_by_month_over_its_term(kafka: House) -> None:
    months = [line(kafka.account, "250", month=month) for month in (MARCH, APRIL, MAY)]

    request = approve_all(submitted_of_kind("contract", kafka.engineer, kafka.account, lines=months))

    assert committed(request) == {"2026-03": Decimal(250), "2026-04": Decimal(250), "2026-05": Decimal(250)}


def test_the_whole_value_of_a_contract_decides_up_to_what_people_may_approve(kafka: House) -> None:
    RoleAssignment.objects.filter(user=kafka.people["legal"]).update(limit=Decimal(5000))

    small = submitted_of_kind("contract", kafka.engineer, kafka.account, total_value="5000")
    large = submitted_of_kind("contract", kafka.engineer, kafka.account, total_value="5000.01")

    assert stages_of(small)[0].owner == kafka.people["legal"]
    assert stages_of(large)[0].owner == kafka.people["cfo"]


# ---------------------------------------------------------------- what is not taken


@pytest.mark.parametrize(
    ("kind", "more", "field", "says"),
    [
        ("contract", {"from_on": None}, "particulars.from_on", "State the first day"),
        ("contract", {"until_on": date(2026, 2, 1)}, "particulars.until_on", "before the first"),
        ("contract", {"notice_days": 400}, "particulars.notice_days", "longer than the term"),
        ("contract", {"notice_days": "soon"}, "particulars.notice_days", "whole number"),
        ("contract", {"total_value": "999.99"}, "particulars.total_value", "more than the whole value"),
        ("contract", {"total_value": "-1"}, "particulars.total_value", "negative"),
        ("contract", {"vendor_name": ""}, "vendor", "Name the vendor"),
        ("contract", {"from_on": date(2026, 4, 1)}, "lines.0.month", "The term runs from Apr 2026"),
        ("resource_change", {"role": " "}, "particulars.role", "which role"),
        ("resource_change", {"heads": 0}, "particulars.heads", "from 1 to 1,000"),
        ("resource_change", {"monthly_cost": "499.99"}, "lines.0.net", "999.98 a month"),
        ("resource_change", {"until_on": date(2026, 3, 1)}, "particulars.until_on", "before the first"),
        ("travel", {"traveller": "x" * 201}, "particulars.traveller", "Shorten this to 200"),
        ("travel", {"destination": "a\x00b"}, "particulars.destination", "unprintable"),
        ("travel", {"from_on": "soon"}, "particulars.from_on", "a date such as"),
    ],
)
def test_what_a_kind_does_not_take_is_said_by_field(kafka: House, kind: str, more: Any, field: str, says: str) -> None:
    data = asked_of_kind(kind, kafka.account, **more)

    said = refusal(save_draft, actor=kafka.engineer, entity=kafka.entity, data=data)

    assert list(said) == [field]
    assert says in said[field]


def test_a_contract_is_not_decided_on_unseen(kafka: House) -> None:
    data = asked_of_kind("contract", kafka.account)
    kept = save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)

    said = refusal(submit_request, request_id=kept.pk, actor=kafka.engineer)

    assert said == {"quote": "Attach the contract."}


def test_a_draft_of_a_kind_is_no_other_kinds(kafka: House) -> None:
    kept = draft_of_kind("travel", kafka.engineer, kafka.account)

    save_draft(
        actor=kafka.engineer, entity=kafka.entity, data=asked_of_kind("resource_change", kafka.account), request_id=kept.pk
    )
    assert (Trip.objects.count(), ResourceChange.objects.get().heads) == (0, 2)
    save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account), request_id=kept.pk)

    kept.refresh_from_db()
    assert (kept.subject_kind, ResourceChange.objects.count()) == ("spend", 0)


def test_a_copy_states_the_same(kafka: House) -> None:
    request = submitted_of_kind("resource_change", kafka.engineer, kafka.account)

    copy = copy_request(request_id=request.pk, actor=kafka.engineer)

    assert stated(copy) == stated(request)


# ---------------------------------------------------------------- bound to what was decided on


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("contract", {"notice_days": 30}),
        ("contract", {"until_on": date(2028, 2, 28)}),
        ("resource_change", {"heads": 3}),
        ("travel", {"traveller": "Somebody else"}),
    ],
)
def test_what_a_kind_states_is_part_of_what_is_decided_on(kafka: House, kind: str, more: Any) -> None:
    request = submitted_of_kind(kind, kafka.engineer, kafka.account)
    stage = stages_of(request)[0]
    seen = request.digest
    send_back(stage_id=stage.pk, actor=stage.owner, digest=seen, comment="Otherwise, please.")
    data = asked_of_kind(kind, kafka.account, **more)
    save_draft(actor=kafka.engineer, entity=kafka.entity, data=data, request_id=request.pk)
    again = submit_request(request_id=request.pk, actor=kafka.engineer)
    stage = stages_of(again)[0]

    with pytest.raises(Stale):
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=seen)
    contents = list(request.rounds.order_by("number").values_list("content", flat=True))
    name = next(iter(more))
    assert contents[0]["particulars"][name] != contents[1]["particulars"][name] == str(more[name])


def test_the_prediction_needs_no_more_than_the_kind_and_a_line(kafka: House) -> None:
    data = asked_of_kind("contract", kafka.account, particulars={})

    found = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=data)

    assert [stage.owner for stage in found.stages] == [kafka.people["legal"], kafka.people["finance"]]


# ---------------------------------------------------------------- travel, and when


def on(day: date, hour: int = 12) -> Any:
    return clock.at(datetime(day.year, day.month, day.day, hour, tzinfo=MONDAY.tzinfo))


def test_from_its_first_day_on_a_trip_is_asked_for_only_after_the_fact(kafka: House) -> None:
    kept = draft_of_kind("travel", kafka.engineer, kafka.account)
    first = stated(kept)["from_on"]
    with on(first - timedelta(days=1), 23):
        early = submit_request(request_id=copy_request(request_id=kept.pk, actor=kafka.engineer).pk, actor=kafka.engineer)
    with on(first, 0):
        said = refusal(submit_request, request_id=kept.pk, actor=kafka.engineer)
        data = asked_of_kind("travel", kafka.account, after_the_fact=True)
        save_draft(actor=kafka.engineer, entity=kafka.entity, data=data, request_id=kept.pk)
        late = submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert said == {"particulars.after_the_fact": "Say that you ask after the fact."}
    assert (marks_of(early), marks_of(late)) == ([], ["Asked after the fact"])


def test_the_day_is_that_of_the_organization(kafka: House) -> None:
    kafka.entity.time_zone = "Pacific/Auckland"
    kafka.entity.save()
    kept = draft_of_kind("travel", kafka.engineer, kafka.account)

    with on(stated(kept)["from_on"] - timedelta(days=1), 13):
        assert refusal(submit_request, request_id=kept.pk, actor=kafka.engineer)


def test_a_trip_that_has_not_begun_is_not_marked_whoever_ticks_it(kafka: House) -> None:
    request = submitted_of_kind("travel", kafka.engineer, kafka.account, after_the_fact=True)

    assert marks_of(Request.objects.get(pk=request.pk)) == []


def test_an_approval_that_comes_once_the_trip_has_begun_is_marked(kafka: House) -> None:
    request = submitted_of_kind("travel", kafka.engineer, kafka.account)
    with on(stated(request)["from_on"]):
        approve_all(request)

    assert marks_of(Request.objects.get(pk=request.pk)) == ["Approved after it began"]


# ---------------------------------------------------------------- the database holds it


def refused_by_the_database(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            # What goes through is looked at and not kept: by itself it is half of a submission.
            transaction.set_rollback(True)
    except IntegrityError:
        return True
    return False


def test_the_database_lets_nothing_go_without_what_its_kind_states(kafka: House) -> None:
    trip, people, deal = (
        draft_of_kind(kind, kafka.engineer, kafka.account) for kind in ("travel", "resource_change", "contract")
    )
    sends = (
        "UPDATE approvals_request SET state = 'submitted', round = 1, submitted_at = '{at}', policy_version_id = {version}"
        " WHERE id = {request}"
    )
    late = sends.format(at="2026-03-16 00:00+00", version=kafka.policy.pk, request=trip.pk)
    assert refused_by_the_database(late)
    ResourceChange.objects.all().delete()
    assert refused_by_the_database(sends.format(at="2026-03-02 00:00+00", version=kafka.policy.pk, request=people.pk))
    deal.attachments.all().delete()
    assert refused_by_the_database(sends.format(at="2026-03-02 00:00+00", version=kafka.policy.pk, request=deal.pk))
    assert not refused_by_the_database(sends.format(at="2026-03-15 23:59+00", version=kafka.policy.pk, request=trip.pk))


def test_the_database_changes_nothing_of_what_was_submitted(kafka: House) -> None:
    submitted_of_kind("contract", kafka.engineer, kafka.account)
    submitted_of_kind("travel", kafka.engineer, kafka.account)

    assert refused_by_the_database("UPDATE approvals_contract SET notice_days = 0")
    assert refused_by_the_database("DELETE FROM approvals_contract")
    assert refused_by_the_database("UPDATE approvals_trip SET from_on = '2026-01-01'")
    assert Contract.objects.get().notice_days == 90


def test_a_stranger_reads_none_of_it(kafka: House, outsider: User) -> None:
    from approvals.selectors.requests import visible_requests

    submitted_of_kind("contract", kafka.engineer, kafka.account)

    assert not visible_requests(outsider).exists()
