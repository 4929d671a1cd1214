"""What running code sees follows from what it said, through commits, rollbacks, new connections and exceptions."""

from contextlib import suppress

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import ProgrammingError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from budgets.models import Balance, Budget, FundsAccount, Journal
from config.celery import app
from core import walls
from core.database.base import DatabaseWrapper
from core.middleware import ReachMiddleware
from core.models import Entity, Job, User
from core.services.jobs import start_job
from tests.factories.budgets import JANUARY, BudgetFactory, allot, move
from tests.factories.core import EntityFactory, UserFactory, assign
from tests.fixtures.budgets import SmallBudget

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_books(small_budget: SmallBudget, outsider: User) -> Entity:
    """A budget in each of two entities; return the other one's entity."""
    elsewhere = Entity.objects.get(code="elsewhere")
    BudgetFactory.create(entity=elsewhere, code="THEIRS", name="Their budget")
    return elsewhere


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be seen by default, as in a web process."""
    monkeypatch.setattr(walls, "_by_default", walls.NOTHING)


def seen() -> list[str]:
    return sorted(Budget.objects.values_list("code", flat=True))


def test_each_sees_their_own_entity(two_books: Entity, controller: User, outsider: User) -> None:
    assert seen() == ["SMALL", "THEIRS"]
    for person, codes in ((controller, ["SMALL"]), (outsider, ["THEIRS"]), (AnonymousUser(), [])):
        with walls.looking_as(person):
            assert seen() == codes
    assert seen() == ["SMALL", "THEIRS"]


def test_by_default_nothing_is_seen(two_books: Entity, closed: None) -> None:
    assert seen() == []
    with walls.system():
        assert seen() == ["SMALL", "THEIRS"]
    assert seen() == []


def test_who_holds_roles_in_both_sees_both_and_a_superuser_all(two_books: Entity, controller: User) -> None:
    assign(controller, "reader", two_books, kind="auditor")
    everybody = UserFactory.create(is_superuser=True)
    for person in (User.objects.get(pk=controller.pk), everybody):
        with walls.looking_as(person):
            assert seen() == ["SMALL", "THEIRS"]


def test_somebody_who_left_sees_nothing(two_books: Entity, controller: User) -> None:
    User.objects.filter(pk=controller.pk).update(is_active=False)
    with walls.looking_as(User.objects.get(pk=controller.pk)):
        assert seen() == []


def test_blocks_nest_and_are_put_back_by_an_exception(two_books: Entity, controller: User) -> None:
    with walls.looking_as(controller):
        with suppress(RuntimeError), walls.system():
            assert seen() == ["SMALL", "THEIRS"]
            raise RuntimeError
        assert seen() == ["SMALL"]


def test_a_failed_statement_leaves_the_wall_where_it_was(two_books: Entity, controller: User) -> None:
    with walls.looking_as(controller):
        with suppress(ProgrammingError), transaction.atomic(), walls.system(), connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")
        assert seen() == ["SMALL"]


@pytest.mark.django_db(transaction=True)
class TestConnections:
    """With real transactions: what the server was told outlives some ends and not others."""

    def test_a_commit_in_mid_request_takes_nothing_back(self, two_books: Entity, controller: User) -> None:
        with walls.looking_as(controller):
            with transaction.atomic():
                assert seen() == ["SMALL"]
            assert seen() == ["SMALL"]

    def test_a_rollback_takes_back_what_was_told_within_it_and_it_is_told_again(
        self, two_books: Entity, controller: User
    ) -> None:
        assert seen() == ["SMALL", "THEIRS"]
        self._roll_back(controller)
        with walls.looking_as(controller):
            assert seen() == ["SMALL"]

    def test_without_the_telling_again_a_rollback_opens_the_wall(
        self, two_books: Entity, controller: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(DatabaseWrapper, "_rollback")
        assert seen() == ["SMALL", "THEIRS"]
        self._roll_back(controller)
        with walls.looking_as(controller):
            assert seen() == ["SMALL", "THEIRS"], "this is the damage"
        connection.close()

    def _roll_back(self, person: User) -> None:
        with suppress(RuntimeError), transaction.atomic(), walls.looking_as(person):
            assert seen() == ["SMALL"]
            raise RuntimeError

    def test_a_savepoint_s_rollback_as_well(self, two_books: Entity, controller: User) -> None:
        assert seen() == ["SMALL", "THEIRS"]
        with transaction.atomic(), walls.looking_as(controller):
            with suppress(RuntimeError), transaction.atomic():
                assert seen() == ["SMALL"]
                raise RuntimeError
            assert seen() == ["SMALL"]

    def test_a_new_connection_in_mid_request_is_told(self, two_books: Entity, controller: User) -> None:
        with walls.looking_as(controller):
            assert seen() == ["SMALL"]
            connection.close()
            assert seen() == ["SMALL"]

    def test_the_next_on_the_same_connection_says_for_themselves(
        self, two_books: Entity, controller: User, outsider: User, closed: None
    ) -> None:
        backend = _backend()
        with suppress(RuntimeError), walls.looking_as(controller):
            assert seen() == ["SMALL"]
            raise RuntimeError
        assert seen() == [], "somebody who says nothing"
        with walls.looking_as(outsider):
            assert seen() == ["THEIRS"]
        assert _backend() == backend, "one connection served all three"


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.fixture
def request_of(controller: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = controller
    return request


def test_a_request_is_narrowed_and_put_back_however_it_ends(two_books: Entity, request_of: HttpRequest, outsider: User) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        walls.look_as(outsider)
        assert seen() == ["THEIRS"]
        raise RuntimeError

    assert ReachMiddleware(lambda _: HttpResponse(" ".join(seen())))(request_of).content == b"SMALL"
    with pytest.raises(RuntimeError):
        ReachMiddleware(fail)(request_of)
    assert seen() == ["SMALL", "THEIRS"]


def test_a_task_sees_all(two_books: Entity, closed: None) -> None:
    task = app.task(seen, name="tests.seen", shared=False)
    assert task() == ["SMALL", "THEIRS"]
    assert seen() == []


def test_who_looks_elsewhere_posts_nothing_here(two_books: Entity, small_budget: SmallBudget, outsider: User) -> None:
    before = Journal.objects.count(), Balance.objects.count()
    with walls.looking_as(outsider), pytest.raises(ProgrammingError, match="does not reach entity"), transaction.atomic():
        allot(FundsAccount(pk=small_budget.account.pk, entity=small_budget.entity, currency="USD"), "5.00")
    assert (Journal.objects.count(), Balance.objects.count()) == before


def test_who_looks_here_posts_here(small_budget: SmallBudget, controller: User) -> None:
    before = Journal.objects.count()
    with walls.looking_as(controller):
        move(small_budget.account, "spent", "5.00", month=JANUARY, is_fact=True)
    assert Journal.objects.count() == before + 1


def test_nothing_written_points_at_what_its_writer_does_not_see(
    two_books: Entity, small_budget: SmallBudget, controller: User
) -> None:
    theirs = BudgetFactory.create(entity=EntityFactory.create(), code="THIRD")
    with walls.looking_as(controller), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        theirs.versions.create(number=7)
    with walls.looking_as(controller):
        job = start_job(kind="board-pack", title="Ours", args={}, actor=controller, entity=small_budget.entity)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Job.objects.filter(pk=job.pk).update(entity=two_books)
    assert Job.objects.get().entity == small_budget.entity
