"""Who stands before what waits, as the database keeps it: a queue begins there."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from approvals.models import OpenPlace, StageMember
from approvals.selectors.queue import queue_of
from approvals.selectors.requests import listed_requests, visible_requests
from approvals.services.decisions import approve_stage
from approvals.services.requests import withdraw_request
from core.models import User
from tests.factories.approvals import draft, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import anew
from tests.fixtures.approvals import House
from tests.models.duties.promises import QUERIES

pytestmark = pytest.mark.django_db


def places() -> set[tuple[int, int]]:
    return set(OpenPlace.objects.values_list("stage_id", "person_id"))


def astray() -> list[tuple[int]]:
    """Return the places that are not as the stages and their people say."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["in_another_queue"])
        return list(cursor.fetchall())


def test_a_place_comes_with_a_stages_turn_and_goes_with_its_end(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)
    assert places() == {(first.pk, first.owner_id)}

    approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
    assert places() == {(second.pk, second.owner_id)}
    assert not astray()

    withdraw_request(request_id=request.pk, actor=kafka.engineer)
    assert places() == set()


def test_a_place_comes_with_a_person_and_goes_as_they_leave(kafka: House, outsider: User) -> None:
    [stage] = stages_of(submitted(kafka.engineer, kafka.account))
    member = StageMember.objects.create(stage=stage, person=outsider, capacity="member")
    assert places() == {(stage.pk, stage.owner_id), (stage.pk, outsider.pk)}

    StageMember.objects.filter(pk=member.pk).update(left_at=timezone.now())
    assert places() == {(stage.pk, stage.owner_id)}


def test_nobody_is_put_before_what_is_over_or_not_yet_due(kafka: House, outsider: User) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)
    StageMember.objects.create(stage=second, person=outsider, capacity="member")
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
    StageMember.objects.create(stage=first, person=outsider, capacity="member")

    assert places() == {(second.pk, second.owner_id), (second.pk, outsider.pk)}
    assert not astray()


@pytest.mark.parametrize(
    "forged",
    [
        "DELETE FROM approvals_openplace",
        "UPDATE approvals_openplace SET person_id = person_id",
        "INSERT INTO approvals_openplace (stage_id, person_id) SELECT id, owner_id FROM approvals_stage",
    ],
)
def test_the_app_writes_no_place_itself(kafka: House, forged: str) -> None:
    submitted(kafka.engineer, kafka.account)
    before = places()

    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(forged)

    assert places() == before


def test_a_list_holds_what_its_reader_may_see_by_whatever_way_they_see_it(kafka: House, outsider: User) -> None:
    """The two selectors say the same in two ways: one asks of each request, the other begins at the reader."""
    product = UserFactory.create(name="Product reader")
    assign(product, "team_lead", kafka.entity, kind="approver", cost_centre=kafka.account.cost_centre)
    added = stages_of(submitted(kafka.engineer, kafka.account))[0]
    StageMember.objects.create(stage=added, person=outsider, capacity="member")
    decided = submitted(kafka.people["project_manager"], kafka.account, "10", kind="team_expense")
    stage = stages_of(decided)[0]
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=decided.digest)
    draft(kafka.engineer, kafka.account)

    seen = {}
    for person in User.objects.all():
        seen[person.pk] = set(visible_requests(anew(person)).values_list("pk", flat=True))
        assert set(listed_requests(anew(person)).values_list("pk", flat=True)) == seen[person.pk], person

    assert (len(seen[outsider.pk]), len(seen[product.pk]), len(seen[kafka.engineer.pk])) == (1, 2, 3)
    assert list(queue_of(outsider)) == [added]
