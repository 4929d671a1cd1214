"""The same file imported twice at the same moment. First without the file's lock: one run breaks. Then with it: both end well."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, close_old_connections, connection

from budgets.models import Entry, Journal
from core.errors import Refusal
from reconciliation.models import ImportFile, RawRow, Source
from reconciliation.services import ingest, spend_rows, staging
from tests.fixtures.imports import SPEND_HEADER

pytestmark = pytest.mark.django_db(transaction=True)

RUNS, ROWS = 2, 40
CONTENT = "\n".join(
    [SPEND_HEADER, *(f"2026-03-05,INV-{number},Acme Cloud,software,PLATFORM,1.00" for number in range(ROWS)), ""]
).encode()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(spend_rows, "ROWS_A_JOURNAL", 5)
    yield
    close_old_connections()


def at_once(act: Callable[[], Any]) -> list[str]:
    """Do `act` in threads that start at one barrier; return what each raised, or nothing."""
    barrier = Barrier(RUNS)

    def run(_: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            act()
        except (DatabaseError, Refusal) as error:
            return type(error).__name__
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(RUNS) as pool:
        return list(pool.map(run, range(RUNS)))


def test_without_the_lock_one_of_two_runs_breaks(spend_source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    received = ingest.receive_file(source=spend_source, name="spend.csv", content=CONTENT, actor=None)
    met = Barrier(RUNS)

    def read_together(import_file_id: int) -> ImportFile:
        found = ImportFile.objects.select_related("source__entity").get(pk=import_file_id)
        met.wait(timeout=20)
        return found

    monkeypatch.setattr(staging, "lock_import_file", read_together)
    outcomes = at_once(lambda: staging.stage_rows(import_file_id=received.pk, content=CONTENT))
    assert sorted(outcomes) == ["", "IntegrityError"]
    assert RawRow.objects.count() == ROWS


def test_two_runs_of_one_file_end_well_and_post_once(spend_source: Source) -> None:
    def take() -> None:
        received = ingest.receive_file(source=spend_source, name="spend.csv", content=CONTENT, actor=None)
        ingest.apply(import_file_id=received.pk, actor=None)

    assert at_once(take) == ["", ""]
    found = ImportFile.objects.get()
    assert (found.state, found.rows, found.accepted, found.control_total) == ("done", ROWS, ROWS, Decimal("40.00"))
    assert sum(Entry.objects.filter(bucket="spent").values_list("amount", flat=True)) == Decimal("40.00")
    assert Journal.objects.filter(kind="spend").count() == ROWS // 5
