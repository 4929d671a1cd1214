"""Whatever is done to requests, in any order: nobody decides twice, no approval fits other content, each has owner and clock.

The search is a small one here; `make trust` makes a large one (S3), with pages, programs, mails and plain SQL. Each promise is
seen to be broken once with a bug put in; where the database would refuse as well, its wall is taken down first.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from approvals.selectors import seats
from approvals.services import decisions, hands, questions, rounds, standing
from core import clock
from tests.factories.approvals import MONDAY
from tests.models.duties.house import House, lay
from tests.models.duties.machine import Broken, DutiesMachine, begin
from tests.owner import as_owner

SMALL = settings(max_examples=12, stateful_step_count=20, derandomize=True, database=None, deadline=None)
# A bug is found, and not made smaller.
FOUND = settings(SMALL, max_examples=40, phases=[Phase.generate], print_blob=False)


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with clock.at(MONDAY):
        made = lay()
        begin(made)
        yield made


def search(house: House, how: settings = SMALL, *, promise: str = "") -> Counter[str]:
    DutiesMachine.start, DutiesMachine.answers, DutiesMachine.promise = house, Counter(), promise
    run_state_machine_as_test(DutiesMachine, settings=how)
    return DutiesMachine.answers


def test_no_sequence_breaks_a_promise(house: House) -> None:
    answers = search(house)
    assert answers["decide"] > 3
    assert any(answer.startswith("decide ") for answer in answers)


def take_down(table: str, *walls: str) -> None:
    """Take triggers and unique indexes of a table away, until the test is over."""
    with as_owner() as cursor:
        for wall in walls:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE %s", [f"pgtrigger_{wall}_%"])
            for (trigger,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
            cursor.execute(f'DROP INDEX IF EXISTS "{wall}"')


@pytest.fixture
def walls_down(db: None) -> None:
    """The walls behind decisions are taken down before anything is written."""
    walls = ("decides_once", "fits_its_stage", "decision_once_per_person_and_round", "decision_once_on_behalf_of_a_person")
    take_down("approvals_decision", *walls)
    take_down("approvals_request", "what_is_asked_stays")
    take_down("approvals_requestline", "lines_stay")


def nobody(*_: Any, **__: Any) -> set[int]:
    return set()


def test_two_decisions_by_one_person_are_seen(walls_down: None, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (standing, seats):
        monkeypatch.setattr(module, "counted", nobody)
    with pytest.raises(Broken, match="decided_twice"):
        search(house, FOUND, promise="decided_twice")


def test_an_approval_that_fits_other_content_is_seen(walls_down: None, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: whoever decides makes the request a cent dearer."""
    written = decisions._write

    def dearer(request: Any, *words: Any) -> Any:
        decision = written(request, *words)
        request.amount += 1
        request.save(update_fields=["amount"])
        return decision

    monkeypatch.setattr(decisions, "_write", dearer)
    with pytest.raises(Broken, match="approval_of_other_content"):
        search(house, FOUND, promise="approval_of_other_content")


def test_an_item_without_an_owner_is_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: whoever hands a stage over leaves, and the owner stays who it was."""
    monkeypatch.setattr(hands, "_mend_backup", lambda stage, *, left, came: setattr(stage, "owner", left or stage.owner))
    with pytest.raises(Broken, match="without_an_owner"):
        search(house, FOUND, promise="without_an_owner")


@pytest.mark.parametrize(
    ("module", "name", "never"),
    [(rounds, "start_timers", lambda **_: clock.now()), (questions, "let_go_on", lambda **_: None)],
    ids=["never started", "never goes on"],
)
def test_a_clock_without_an_end_is_seen(
    house: House, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, never: Any
) -> None:
    monkeypatch.setattr(module, name, never)
    with pytest.raises(Broken, match="without_an_end"):
        search(house, FOUND, promise="without_an_end")
