"""Rules of the house that no tool knows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

ROOMS = ("config", "core", "budgets", "approvals", "reconciliation", "reporting", "demo")
MOST_LINES = 450


def product_files() -> Iterator[Path]:
    for room in ROOMS:
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def files_with(pattern: str, *, but: frozenset[str] = frozenset()) -> list[str]:
    asked = re.compile(pattern, re.MULTILINE)
    return sorted(str(path) for path in product_files() if path.name not in but and asked.search(path.read_text()))


def place_of(path: str) -> str:
    return Path(path).relative_to(settings.BASE_DIR).as_posix()


def test_locks_have_one_address_in_each_room() -> None:
    assert files_with(r"\.select_for_update\(", but=frozenset({"locks.py"})) == []


def test_only_the_clock_and_the_supervisor_read_the_time() -> None:
    assert files_with(r"timezone\.now\(|datetime\.now\(|date\.today\(", but=frozenset({"clock.py"})) == []


def test_only_settings_read_the_environment() -> None:
    allowed = {"settings.py", "celery.py", "wsgi.py", "pdf.py"}
    assert files_with(r"os\.environ|os\.getenv", but=frozenset(allowed)) == []


def test_nothing_sleeps_and_nothing_is_left_unwritten() -> None:
    assert files_with(r"time\.sleep\(|NotImplementedError|\bTODO\b|\bFIXME\b|\bXXX\b") == []


def test_one_place_says_which_rows_a_role_reaches() -> None:
    readers = {"core/access.py", "core/reach.py", "core/walls.py", "core/session_life.py"}
    assert {place_of(path) for path in files_with(r"\bgrants_of\b")} == readers
    # Beside it: what a node has below it, what the reader asked to see of it, and how a row says that it lies under a path.
    subtrees = {
        "budgets/filters.py",
        "budgets/api/filters.py",
        "budgets/services/cost_centres.py",
        "budgets/selectors/cost_centre_tree.py",
    }
    under = {"budgets/selectors/controls.py", "approvals/selectors/requests.py", "approvals/selectors/delegations.py"}
    assert {place_of(path) for path in files_with(r"cost_centre__path__startswith|[(\s]path__startswith=")} == subtrees | under


def test_there_is_no_junk_drawer() -> None:
    assert [path for path in product_files() if path.stem in {"utils", "helpers", "misc", "common"}] == []


def test_files_stay_readable() -> None:
    assert {str(path): n for path in product_files() if (n := len(path.read_text().splitlines())) > MOST_LINES} == {}


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "config"])
def test_migrations_are_a_straight_line(room: str) -> None:
    loader = MigrationLoader(None)
    own = {key: migration for key, migration in loader.disk_migrations.items() if key[0] == room}
    parents = [parent for migration in own.values() for parent in migration.dependencies if parent[0] == room]
    assert len(parents) == len(set(parents)) == max(len(own) - 1, 0)
