"""Committees: who sits from when on, the quorum, a no that counts, the chair's vote, leave, and what waits while seats change."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Committee, CommitteeSeat, CommitteeVersion, Decision, Request, Stage
from approvals.rules.document import PolicyDocument
from approvals.selectors.committees import in_force
from approvals.selectors.proofs import proved
from approvals.selectors.queue import queue_of
from approvals.services.absences import attend
from approvals.services.committees import state_committee
from approvals.services.decisions import approve_stage, reject_stage
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.undoing import take_back
from budgets.models import Entry
from core import clock
from core.errors import InvalidInput, NotAllowed, Refusal, Stale
from core.models import AuditRecord, User
from tests.factories.approvals import MONDAY, everything, held, stages_of, submitted
from tests.factories.owners import asking, committee, data_of, member
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def people(kafka: House) -> list[User]:
    """The chair and three members; scope changes are theirs."""
    asking(kafka.entity, {"committee": "budget"})
    return [member(kafka.entity, name) for name in ("Chair", "Ann", "Bob", "Cy")]


def _stated(kafka: House, people: list[User], **more: Any) -> CommitteeVersion:
    return committee(kafka.entity, people[0], people[1:], **more)


def _wanted(kafka: House) -> Request:
    return submitted(kafka.engineer, kafka.account, kind="scope_change")


def _vote(request: Request, person: User, yes: bool = True) -> Decision:
    stage = stages_of(request)[0]
    if yes:
        return approve_stage(stage_id=stage.pk, actor=person, digest=request.digest)
    return reject_stage(stage_id=stage.pk, actor=person, digest=request.digest, comment="Not now.")


def _state(request: Request) -> str:
    return str(Request.objects.get(pk=request.pk).state)


def test_all_members_see_it_and_the_quorum_approves(kafka: House, people: list[User]) -> None:
    version = _stated(kafka, people)
    request = _wanted(kafka)
    stage = stages_of(request)[0]
    assert (stage.owner, stage.needed, stage.committee_version, stage.chair) == (people[0], 2, version, None)
    assert all(list(queue_of(person)) == [stage] for person in people)
    _vote(request, people[2])
    assert (_state(request), list(queue_of(people[2]))) == ("submitted", [])
    _vote(request, people[3])
    assert _state(request) == "approved"
    assert request.decisions.count() == 2
    with pytest.raises(Stale):
        _vote(request, people[0])


def test_who_is_needed_at_times_has_no_vote(kafka: House, people: list[User]) -> None:
    _stated(kafka, people[:3], as_needed=[people[3]])
    request = _wanted(kafka)
    assert not queue_of(people[3]).exists()
    with pytest.raises(NotAllowed):
        _vote(request, people[3])
    assert not request.decisions.exists()


def test_one_no_ends_it_unless_noes_are_counted(kafka: House, people: list[User]) -> None:
    _stated(kafka, people)
    request = _wanted(kafka)
    _vote(request, people[1], yes=False)
    assert (_state(request), held(kafka.account)) == ("rejected", (0, 0))


def test_where_noes_count_it_is_rejected_once_too_few_are_left(kafka: House, people: list[User]) -> None:
    _stated(kafka, people, counts_noes=True, quorum=3)
    request = _wanted(kafka)
    _vote(request, people[1], yes=False)
    assert (_state(request), held(kafka.account)[0]) == ("submitted", 1200)
    _vote(request, people[0])
    _vote(request, people[2], yes=False)
    assert (_state(request), held(kafka.account)) == ("rejected", (0, 0))
    assert stages_of(request)[0].state == "rejected"


def test_a_no_among_enough_yeses_stays_on_the_record(kafka: House, people: list[User]) -> None:
    _stated(kafka, people, counts_noes=True)
    request = _wanted(kafka)
    for person, yes in zip(people, (False, True, True), strict=False):
        _vote(request, person, yes)
    assert _state(request) == "approved"
    assert list(request.decisions.values_list("verdict", flat=True)) == ["reject", "approve", "approve"]
    assert list(request.decisions.values_list("slot", flat=True)) == [1, 2, 3]


@pytest.mark.parametrize("yes", [True, False])
def test_nothing_is_approved_before_the_chair_has_voted(kafka: House, people: list[User], yes: bool) -> None:
    _stated(kafka, people, counts_noes=True, chair_votes=True)
    request = _wanted(kafka)
    _vote(request, people[1])
    _vote(request, people[2])
    assert (_state(request), stages_of(request)[0].chair) == ("submitted", people[0])
    decision = _vote(request, people[0], yes)
    assert (_state(request), held(kafka.account)[1]) == ("approved", 1200)
    # The last vote ended it, whatever it said; taken back, it waits for the chair again.
    take_back(decision_id=decision.pk, actor=people[0])
    assert (_state(request), held(kafka.account)) == ("submitted", (1200, 0))
    assert stages_of(request)[0].state == "assigned"


def test_a_chair_who_left_or_is_away_holds_nothing_up(kafka: House, people: list[User], director: User) -> None:
    _stated(kafka, people[:3], chair_votes=True)
    request, other = _wanted(kafka), _wanted(kafka)
    _vote(request, people[1])
    _vote(request, people[2])
    assert attend() == 0
    User.objects.filter(pk=people[0].pk).update(is_active=False)
    # Both members have voted: the backup's vote ends it.
    assert attend() == 1
    approve_stage(stage_id=stages_of(request)[0].pk, actor=director, digest=request.digest)
    assert _state(request) == "approved"
    _vote(other, people[1])
    _vote(other, people[2])
    assert _state(other) == "approved"


def test_a_member_on_leave_is_stood_in_for_and_counts_once(kafka: House, people: list[User], deputy: User) -> None:
    _stated(kafka, people, chair_votes=True)
    day = MONDAY.date()
    state_delegation(data=DelegationData(kafka.entity, people[0], deputy, day, day), actor=people[0])
    request = _wanted(kafka)
    assert list(queue_of(deputy)) == stages_of(request)
    _vote(request, people[1])
    _vote(request, people[2])
    assert _state(request) == "submitted"
    decision = _vote(request, deputy)
    assert (decision.on_behalf_of, _state(request)) == (people[0], "approved")
    with pytest.raises(Refusal):
        _vote(request, people[0])


def test_a_member_who_asks_has_no_vote_and_the_backup_fills_the_quorum(kafka: House, people: list[User], director: User) -> None:
    _stated(kafka, people[:2], chair_votes=True)
    request = submitted(people[0], kafka.account, kind="scope_change")
    stage = stages_of(request)[0]
    assert (stage.owner, stage.needed, stage.chair) == (people[1], 2, None)
    assert set(stage.members.values_list("person", flat=True)) == {people[1].pk, director.pk}
    with pytest.raises(NotAllowed, match="own request"):
        _vote(request, people[0])
    _vote(request, people[1])
    _vote(request, director)
    assert _state(request) == "approved"


def test_what_waits_ends_under_the_seats_it_began_with(kafka: House, people: list[User]) -> None:
    _stated(kafka, people[:3])
    request = _wanted(kafka)
    later = MONDAY + timedelta(hours=1)
    with clock.at(later):
        _stated(kafka, [people[3], people[1]], quorum=1)
        assert stages_of(_wanted(kafka))[0].owner == people[3]
        assert not queue_of(people[3]).filter(request=request).exists()
        with pytest.raises(NotAllowed):
            _vote(request, people[3])
        _vote(request, people[0])
        assert _state(request) == "submitted"
        _vote(request, people[2])
        assert _state(request) == "approved"


def test_a_version_holds_from_its_day_on_in_the_entitys_zone(kafka: House, people: list[User]) -> None:
    first = _stated(kafka, people)
    next_week = _stated(kafka, people[1:], valid_from=date(2026, 3, 9), quorum=1)
    assert in_force(kafka.entity, "budget") == first
    assert in_force(kafka.entity, "budget", on=date(2026, 3, 8)) == first
    assert in_force(kafka.entity, "budget", on=date(2026, 3, 9)) == next_week
    assert in_force(kafka.entity, "budget", on=date(2026, 3, 1)) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quorum": 5}, "quorum"),
        ({"quorum": 0}, "quorum"),
        ({"code": "Budget!"}, "code"),
        ({"name": " "}, "name"),
        ({"valid_from": date(2026, 3, 1)}, "valid_from"),
        ({"authority": "a lot: finance"}, "authority"),
        ({"meets": "weekly: review"}, "meets"),
        ({"week": 6}, "week"),
        ({"authority_measure": "weight"}, "authority_measure"),
        ({"responsibilities": ["x" * 201]}, "responsibilities"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(kafka: House, people: list[User], change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _stated(kafka, people, **change)
    assert (
        field in refused.value.details,
        Committee.objects.count(),
        AuditRecord.objects.filter(verb="committee.stated").count(),
    ) == (True, 0, 0)


def test_seats_are_for_people_of_the_house_one_for_each(
    kafka: House, people: list[User], outsider: User, administrator: User
) -> None:
    for chair, members in ((None, people), (people[0], [outsider]), (people[0], [people[0]])):
        with pytest.raises(InvalidInput):
            state_committee(entity=kafka.entity, data=data_of(chair, members), actor=administrator)
    with pytest.raises(NotAllowed):
        state_committee(entity=kafka.entity, data=data_of(people[0], people[1:]), actor=people[0])
    assert not Committee.objects.exists()
    state_committee(entity=kafka.entity, data=data_of(people[0], people[1:]), actor=administrator)
    assert CommitteeSeat.objects.count() == 4


def test_the_database_keeps_what_was_stated_and_approves_by_the_quorum(kafka: House, people: list[User]) -> None:
    version = _stated(kafka, people)
    request = _wanted(kafka)
    _vote(request, people[1])
    stage, entries = stages_of(request)[0], Entry.objects.count()
    acts = (
        lambda: CommitteeVersion.objects.update(quorum=1),
        lambda: CommitteeSeat.objects.all().delete(),
        lambda: CommitteeSeat.objects.update(capacity="as_needed"),
        lambda: Committee.objects.update(code="other"),
        lambda: Stage.objects.filter(pk=stage.pk).update(state="approved"),
        lambda: Stage.objects.filter(pk=stage.pk).update(committee_version=None),
    )
    for act in acts:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert (stages_of(request)[0].state, stages_of(request)[0].committee_version, Entry.objects.count()) == (
        "assigned",
        version,
        entries,
    )


def test_its_authority_is_another_scheme_that_the_policy_is_held_against(distro: House) -> None:
    people = [distro.people[code] for code in ("engineering_director", "finance", "engineering_manager")]
    authority = (
        "below 100: team_lead (change request log)\nfrom 100 up to 500: engineering_manager, committee (budget request)\n"
        "over 500: engineering_director, finance, executive_team (business case with ROI)"
    )
    document = PolicyDocument.model_validate({**distro.policy.document, "also_stated": []})
    assert not proved(document, distro.entity).proof.conflicts
    committee(distro.entity, people[0], people[1:], authority=authority, authority_measure="monthly_increase")
    found = proved(document, distro.entity).proof.conflicts
    at = {
        amount: [each.roles_there for each in found if each.range.first <= amount * 100 <= (each.range.last or 10**9)]
        for amount in (40, 75, 300)
    }
    assert at == {40: [], 75: [("team_lead",)], 300: [("engineering_manager", "committee:budget")]}
    before = everything()
    committee(distro.entity, people[0], people[1:], authority=authority, authority_measure="amount")
    assert not proved(document, distro.entity).proof.conflicts
    assert everything()["Request"] == before["Request"]
