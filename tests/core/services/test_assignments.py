"""Roles are given and taken by an administrator, never one's own, never the last administrator's, each with its record."""

import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from core.models import AuditRecord, Entity, RoleAssignment, User
from core.services import people
from core.services.assignments import assign_role, take_role
from tests.factories.core import EntityFactory, UserFactory, assign, role

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(entity: Entity, administrator: User) -> User:
    """Another administrator of the same entity."""
    person = UserFactory.create(name="Second administrator")
    assign(person, "administrator", entity, kind="administrator")
    return person


def counts() -> tuple[int, int]:
    return RoleAssignment.objects.count(), AuditRecord.objects.count()


def test_an_administrator_gives_a_role_with_a_limit_once(entity: Entity, administrator: User, requester: User) -> None:
    given = {"person": requester, "role": role("approver", "approver"), "entity": entity, "actor": administrator}
    first = assign_role(**given, limit=Decimal("500.00"))  # type: ignore[arg-type]
    assert assign_role(**given, limit=Decimal("500.00")) == first  # type: ignore[arg-type]
    [record] = AuditRecord.objects.filter(verb="role.assigned")
    after = record.after or {}
    assert (record.actor, after["limit"], after["person"]) == (administrator, "500.00 USD", requester.email)


def test_another_limit_takes_the_place_of_the_one_before_and_is_recorded(
    entity: Entity, administrator: User, requester: User
) -> None:
    given = {"person": requester, "role": role("approver", "approver"), "entity": entity, "actor": administrator}
    assign_role(**given, limit=Decimal("500.00"))  # type: ignore[arg-type]
    assert assign_role(**given).limit is None  # type: ignore[arg-type]
    [record] = AuditRecord.objects.filter(verb="role.limit_changed")
    assert ((record.before or {})["limit"], (record.after or {})["limit"]) == ("500.00 USD", "")


@pytest.mark.parametrize("limit", ["0", "-1", "NaN"])
def test_a_limit_is_an_amount_above_zero(entity: Entity, administrator: User, requester: User, limit: str) -> None:
    before = counts()
    with pytest.raises(InvalidInput) as refusal:
        assign_role(person=requester, role=role("approver", "approver"), entity=entity, actor=administrator, limit=Decimal(limit))
    assert "limit" in refusal.value.details
    assert counts() == before


def test_the_database_takes_no_limit_below_zero(entity: Entity, requester: User) -> None:
    with pytest.raises(IntegrityError, match="assignment_limit_is_positive"), transaction.atomic():
        RoleAssignment.objects.filter(user=requester).update(limit=Decimal(-1))


def test_nobody_changes_their_own(entity: Entity, administrator: User, second: User) -> None:
    before = counts()
    with pytest.raises(NotAllowed, match="their own"):
        assign_role(person=administrator, role=role("finance", "finance"), entity=entity, actor=administrator)
    with pytest.raises(NotAllowed, match="their own"):
        take_role(assignment_id=RoleAssignment.objects.get(user=administrator).pk, actor=administrator)
    assert counts() == before


def test_nobody_gives_or_takes_beyond_the_entities_they_administer(
    entity: Entity, administrator: User, outsider: User, requester: User, controller: User
) -> None:
    elsewhere = Entity.objects.get(code="elsewhere")
    before = counts()
    with pytest.raises(NotAllowed, match="does not administer Elsewhere"):
        assign_role(person=requester, role=role("finance", "finance"), entity=elsewhere, actor=administrator)
    with pytest.raises(NotAllowed, match="does not administer"):
        assign_role(person=requester, role=role("finance", "finance"), entity=entity, actor=controller)
    with pytest.raises(NotAllowed, match="does not administer Elsewhere"):
        take_role(assignment_id=RoleAssignment.objects.filter(user=outsider).earliest("pk").pk, actor=administrator)
    assert counts() == before


def test_a_superuser_gives_everywhere(entity: Entity, requester: User) -> None:
    everybody = UserFactory.create(is_superuser=True)
    assert assign_role(person=requester, role=role("finance", "finance"), entity=entity, actor=everybody).pk


def test_a_role_is_taken_and_the_record_says_what_it_was(entity: Entity, administrator: User, requester: User) -> None:
    held = RoleAssignment.objects.get(user=requester)
    take_role(assignment_id=held.pk, actor=administrator)
    assert not RoleAssignment.objects.filter(user=requester).exists()
    [record] = AuditRecord.objects.filter(verb="role.taken")
    assert (record.actor, (record.before or {})["role"], record.entity) == (administrator, "project_manager", entity)
    with pytest.raises(NotFound):
        take_role(assignment_id=held.pk, actor=administrator)


def test_the_last_administrator_stays(entity: Entity, administrator: User) -> None:
    everybody = UserFactory.create(is_superuser=True)
    before = counts()
    with pytest.raises(WrongState, match="the last administrator of Acme"):
        take_role(assignment_id=RoleAssignment.objects.get(user=administrator).pk, actor=everybody)
    administrator.is_active = False
    with pytest.raises(WrongState, match="the last administrator of Acme"):
        people.change_person(person=administrator, actor=everybody)
    assert counts() == before
    assert User.objects.get(pk=administrator.pk).is_active


def test_somebody_who_left_is_no_administrator(entity: Entity, administrator: User, second: User) -> None:
    User.objects.filter(pk=second.pk).update(is_active=False)
    everybody = UserFactory.create(is_superuser=True)
    with pytest.raises(WrongState):
        take_role(assignment_id=RoleAssignment.objects.get(user=administrator).pk, actor=everybody)


def test_the_database_keeps_the_last_administrator_too(entity: Entity, administrator: User, second: User) -> None:
    RoleAssignment.objects.filter(user=second).delete()
    with pytest.raises(IntegrityError, match="last administrator"), transaction.atomic():
        RoleAssignment.objects.filter(user=administrator).delete()
    assert RoleAssignment.objects.filter(user=administrator).exists()


@pytest.mark.django_db(transaction=True)
class TestRace:
    """Two administrators take each other's role at the same moment: one succeeds."""

    def _race(self, *pairs: tuple[User, User], before_commit: threading.Barrier | None) -> list[User]:
        barrier, done = threading.Barrier(len(pairs)), list[User]()

        def run(actor: User, other: User) -> None:
            held = RoleAssignment.objects.get(user=other, role__kind="administrator")
            try:
                barrier.wait(timeout=20)
                with transaction.atomic():
                    take_role(assignment_id=held.pk, actor=actor)
                    if before_commit:
                        before_commit.wait(timeout=20)
                done.append(actor)
            except (WrongState, NotAllowed, NotFound):
                pass
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=40)
        return done

    def test_unlocked_both_go(self, monkeypatch: pytest.MonkeyPatch, administrator: User, second: User) -> None:
        """Neither the service nor the trigger sees what the other has not committed yet."""
        rows = RoleAssignment.objects.filter(role__kind="administrator").order_by("id")
        monkeypatch.setattr("core.services.assignments.lock_administrators", lambda entity: list(rows.filter(entity=entity)))
        done = self._race((administrator, second), (second, administrator), before_commit=threading.Barrier(2))
        assert len(done) == 2
        assert not rows.exists()

    def test_locked_one_stays(self, administrator: User, second: User) -> None:
        done = self._race((administrator, second), (second, administrator), before_commit=None)
        assert len(done) == 1
        assert RoleAssignment.objects.get(role__kind="administrator").user == done[0]


def test_entities_do_not_mix(entity: Entity, administrator: User) -> None:
    other = EntityFactory.create()
    assign(administrator, "administrator", other, kind="administrator")
    everybody = UserFactory.create(is_superuser=True)
    with pytest.raises(WrongState, match="last administrator of Acme"):
        take_role(assignment_id=RoleAssignment.objects.get(user=administrator, entity=entity).pk, actor=everybody)
