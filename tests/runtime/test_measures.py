"""The harness of `make trust` and `make bench`: nothing passes by falling over, or without seeing its planted bug."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from config.runtime.logins import Login
from tests.measures import report, runner
from tests.measures.harness import Figure, Outcome, Setting
from tests.measures.runner import Measure, found
from tests.measures.workers import WorkerError, at_once

Run = Callable[..., Any]


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting("full", Login(), tmp_path)


def measures(monkeypatch: pytest.MonkeyPatch, **runs: Run) -> list[Measure]:
    """Return measures whose files say what `runs` say; the names begin with their ids."""
    files = {name: SimpleNamespace(ID=name[:2].upper(), NAME=name, run=run) for name, run in runs.items()}
    monkeypatch.setattr(Measure, "load", lambda measure: files[measure.path.stem])
    return [Measure(Path(f"{name}.py")) for name in runs]


def sees(setting: Setting, *, planted: bool) -> Outcome:
    return Outcome(not planted, {"size": setting.size})


def is_blind(setting: Setting, *, planted: bool) -> Outcome:
    return Outcome(True)


def crashes(setting: Setting, *, planted: bool) -> Outcome:
    raise ConnectionError("no server")


def crashes_when_planted(setting: Setting, *, planted: bool) -> Outcome:
    if planted:
        raise ConnectionError("no server")
    return Outcome(True)


def says_nothing(setting: Setting, *, planted: bool) -> None:
    return None


def record_of(run: Run, setting: Setting, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    (record,) = runner.trust(measures(monkeypatch, r1_fake=run), setting, lambda _: None)
    return record


def test_a_measure_that_sees_its_bug_is_good_and_its_planted_run_is_small(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = record_of(sees, setting, monkeypatch)
    assert (record["id"], record["size"], record["passed"], record["planted_bug_seen"]) == ("R1", "full", True, True)
    assert (record["figures"], record["planted"]) == ({"size": "full"}, {"size": "small"})
    assert report.is_good(record)


def test_a_measure_that_passes_with_its_bug_planted_is_not_good(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_of(is_blind, setting, monkeypatch)
    assert record["passed"] is True
    assert record["planted_bug_seen"] is False
    assert not report.is_good(record)
    assert "NOT SEEN" in report.trust_table([record])


def test_a_crash_with_the_bug_planted_is_not_the_bug_seen(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_of(crashes_when_planted, setting, monkeypatch)
    assert record["passed"] is True
    assert record["planted_bug_seen"] is False
    assert "ConnectionError: no server" in report.trust_table([record])


@pytest.mark.parametrize("run", [crashes, says_nothing])
def test_a_crash_is_a_failure_with_its_error_and_the_next_one_runs(
    run: Run, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = runner.trust(measures(monkeypatch, r1_crash=run, r2_fine=sees), setting, lambda _: None)
    assert (first["passed"], first["planted_bug_seen"]) == (False, False)
    assert "Error" in first["figures"]["error"]
    assert report.is_good(second)


def test_a_speed_reaches_its_goal_or_not(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = [
        Figure("P1", "more is better", 60, 100, 0.6, "1/s", 10, goal=">= 0.5"),
        Figure("P1", "less is better", 30, 10, 3.0, "s", 10, goal="<= 2"),
        Figure("P1", "against its goal", 9, 10, 0.9, "s", 10),
    ]
    records = runner.bench(measures(monkeypatch, p1_speed=lambda _: figures), setting, lambda _: None)
    assert [record["passed"] for record in records] == [True, False, False]
    assert {"id", "name", "value", "limit", "ratio", "unit", "n"} <= records[0].keys()
    assert "less is better" in report.bench_table(records)


def test_a_bench_that_crashes_or_measures_nothing_is_a_failure(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Setting) -> list[Figure]:
        raise ConnectionError("no server")

    records = runner.bench(measures(monkeypatch, p1_broken=broken, p2_empty=lambda _: []), setting, lambda _: None)
    assert [(record["id"], record["passed"]) for record in records] == [("P1", False), ("P2", False)]
    assert "no server" in report.bench_table(records)


def test_files_are_found_by_their_ids_and_an_unknown_id_is_wrong_use(tmp_path: Path) -> None:
    for name in ("r03_third.py", "r10_tenth.py", "ground.py", "__init__.py"):
        (tmp_path / name).touch()
    assert [measure.id for measure in found(tmp_path)] == ["R3", "R10"]
    assert [measure.id for measure in found(tmp_path, frozenset({"R10"}))] == ["R10"]
    with pytest.raises(ValueError, match="R4"):
        found(tmp_path, frozenset({"R3", "R4"}))


@pytest.mark.parametrize("kind", ["trust", "bench"])
def test_no_id_is_taken_twice(kind: str) -> None:
    ids = [measure.id for measure in found(runner.FOLDERS[kind])]
    assert ids
    assert len(ids) == len(set(ids))


def who(number: int) -> tuple[int, int, str]:
    """Return its number, its process and the role it works in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return number, os.getpid(), cursor.fetchone()[0]


def die(number: int) -> None:
    if number == 1:
        os._exit(9)


def fail(number: int) -> None:
    if number == 1:
        raise ValueError("as asked")


@pytest.mark.embedded
def test_workers_are_processes_of_their_own_in_the_app_role(db: None) -> None:
    told = at_once(who, range(4), login=Login.from_settings(connection.settings_dict), processes=2)
    assert [number for number, _, _ in told] == [0, 1, 2, 3]
    assert len({process for _, process, _ in told} | {os.getpid()}) == 3
    assert {role for _, _, role in told} == {"purser_app"}


@pytest.mark.embedded
@pytest.mark.parametrize(("work", "said"), [(die, "ended without an answer"), (fail, "ValueError: as asked")])
def test_a_worker_that_dies_or_fails_is_an_error(work: Callable[[int], None], said: str, db: None) -> None:
    with pytest.raises(WorkerError, match=said):
        at_once(work, range(2), login=Login.from_settings(connection.settings_dict), processes=2)
