"""Statements that are put together once: the same rows as the queryset gives, with new values each time."""

from threading import Thread

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.expressions import RawSQL
from django.test.utils import CaptureQueriesContext

from core.database.kept import AnyOf, Given, Kept
from core.models import Entity, RoleAssignment, User
from tests.factories.core import EntityFactory, UserFactory, assign

pytestmark = pytest.mark.django_db


def made() -> Kept[RoleAssignment]:
    return Kept(
        lambda: (
            RoleAssignment.objects.filter(user=Given("user"))
            .select_related("role", "entity")
            .annotate(of=F("entity__name"), said=RawSQL("%s::text", [Given("word")]))
            .order_by("id")
        )
    )


def test_rows_come_with_what_is_related_and_annotated_by_one_statement() -> None:
    first, second = UserFactory.create(), UserFactory.create()
    here, there = EntityFactory.create(), EntityFactory.create()
    for entity in (here, there):
        assign(first, "controller", entity)
    assign(second, "project_manager", there)
    kept = made()
    for person in (first, second, first):
        with CaptureQueriesContext(connection) as sent:
            rows = kept.rows(user=person.pk, word=person.name)
            told = [(row.role.code, row.entity.name, row.__dict__["of"], row.__dict__["said"]) for row in rows]
        assert len(sent) == 1
        theirs = RoleAssignment.objects.filter(user=person).order_by("id")
        assert rows == list(theirs)
        assert told == [(row.role.code, row.entity.name, row.entity.name, person.name) for row in theirs]


def test_one_row_or_none() -> None:
    person = UserFactory.create()
    kept: Kept[User] = Kept(lambda: User.objects.filter(email=Given("email")))
    assert kept.row(email=person.email) == person
    assert kept.row(email="nobody@example.org") is None
    hostile = "' OR 1=1; --"
    assert kept.row(email=hostile) is None


def test_several_keys_and_tuples() -> None:
    people = UserFactory.create_batch(3)
    kept: Kept[tuple[int, str]] = Kept(lambda: User.objects.filter(pk__in=AnyOf("ids")).order_by("pk").values_list("pk", "name"))
    assert kept.rows(ids=[people[0].pk, people[2].pk]) == [(each.pk, each.name) for each in (people[0], people[2])]
    assert kept.rows(ids=[]) == []
    assert kept.rows(ids=[people[1].pk]) == [(people[1].pk, people[1].name)]


def test_what_is_not_said_is_missed() -> None:
    with pytest.raises(KeyError, match="word"):
        made().rows(user=1)


def test_what_was_changed_since_is_read() -> None:
    entity = EntityFactory.create(name="Before")
    kept: Kept[Entity] = Kept(lambda: Entity.objects.filter(pk=Given("entity")))
    assert [row.name for row in kept.rows(entity=entity.pk)] == ["Before"]
    Entity.objects.filter(pk=entity.pk).update(name="After")
    assert [row.name for row in kept.rows(entity=entity.pk)] == ["After"]


@pytest.mark.django_db(transaction=True)
def test_another_thread_asks_over_its_own_connection() -> None:
    person = UserFactory.create()
    kept: Kept[User] = Kept(lambda: User.objects.filter(pk=Given("user")))
    found: list[User | None] = [kept.row(user=person.pk)]

    def ask() -> None:
        found.append(kept.row(user=person.pk))
        connection.close()

    # Held open here: the other thread cannot be answered by this connection.
    with connection.cursor():
        other = Thread(target=ask)
        other.start()
        other.join()
    assert found == [person, person]
