"""Two people's requests at once, each in a thread whose connection stays. First with the reach in a place that they share."""

import threading

import pytest
from django.db import connection

from budgets.models import Budget
from core import walls
from core.models import Entity, User
from tests.factories.budgets import BudgetFactory
from tests.fixtures.budgets import SmallBudget

pytestmark = pytest.mark.django_db(transaction=True)
TURNS = 5


class Shared:
    """Stands in for the context variable, as a plain global would."""

    def __init__(self) -> None:
        self.value: str | None = None

    def get(self) -> str | None:
        return self.value

    def set(self, value: str) -> str | None:
        before, self.value = self.value, value
        return before

    def reset(self, before: str | None) -> None:
        self.value = before


@pytest.fixture
def people(small_budget: SmallBudget, controller: User, outsider: User) -> dict[str, User]:
    BudgetFactory.create(entity=Entity.objects.get(code="elsewhere"), code="THEIRS")
    return {"SMALL": controller, "THEIRS": outsider}


def look_at_once(people: dict[str, User]) -> dict[str, set[str]]:
    """Let both look in turns that begin together; return what each saw in all."""
    barrier, found = threading.Barrier(len(people)), {code: set[str]() for code in people}

    def run(code: str, person: User) -> None:
        try:
            for _ in range(TURNS):
                with walls.looking_as(person):
                    barrier.wait(timeout=20)
                    found[code] |= set(Budget.objects.values_list("code", flat=True))
                    barrier.wait(timeout=20)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in people.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    return found


def test_a_shared_reach_shows_one_what_is_the_other_s(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "_reach", Shared())
    found = look_at_once(people)
    assert any(seen != {code} for code, seen in found.items())


def test_each_thread_sees_its_own_person_s_rows(people: dict[str, User]) -> None:
    assert look_at_once(people) == {code: {code} for code in people}
