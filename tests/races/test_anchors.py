"""Two anchors at once: without the lock one of them fails; with it, one is taken and the other finds it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection

from budgets.models import Anchor
from budgets.selectors.anchors import check_anchors, current_heads
from budgets.services import anchors
from tests.fixtures.budgets import SmallBudget

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    settings.ANCHOR_KEY_FILE = tmp_path / "anchor_key"
    return tmp_path / "anchors"


def at_once(step: Callable[[], Any]) -> list[Any]:
    """Run the step in two threads, from one barrier; return what each gave or raised."""
    barrier, outcomes = threading.Barrier(2), list[Any]()

    def run() -> None:
        barrier.wait(10)
        try:
            outcomes.append(step())
        except Exception as error:  # whatever it is, the test looks at it
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_without_the_lock_one_fails(small_budget: SmallBudget, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    both_have_read = threading.Barrier(2)

    def read_together() -> Any:
        heads = current_heads()
        both_have_read.wait(10)
        return heads

    monkeypatch.setattr(anchors, "lock_key", lambda _: None)
    monkeypatch.setattr(anchors, "current_heads", read_together)
    outcomes = at_once(anchors.take_anchor)
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [IntegrityError]
    assert Anchor.objects.count() == len(list(folder.iterdir())) == 1


def test_with_the_lock_one_is_taken_and_the_other_finds_it(small_budget: SmallBudget, folder: Path) -> None:
    outcomes = at_once(anchors.take_anchor)
    assert sorted(taken for _, taken in outcomes) == [False, True]
    assert {anchor.number for anchor, _ in outcomes} == {1}
    assert [path.name for path in folder.iterdir()] == ["anchor-000001.json"]
    assert check_anchors().breaks == []
