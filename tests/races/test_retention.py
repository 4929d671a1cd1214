"""A hold is placed as a document is being removed: whoever placed it sees each removal that the hold came too late for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import transaction

from core.models import RemovedDocument, RetentionHold, RetentionRun, User
from core.rules.retention import kept_until
from reporting.models import Pack
from tests.fixtures.reporting import Reported
from tests.owner import as_owner
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)
HASH = "ab" * 32
DATED = date(2015, 3, 31)
WAITS = """
    CREATE OR REPLACE FUNCTION core_one_retention(p_entity bigint) RETURNS void
    LANGUAGE sql SET search_path = public, pg_temp AS $$ {} $$
"""


@contextmanager
def without_lock() -> Iterator[None]:
    """Let holds and removals not wait for each other."""
    with as_owner() as owner:
        owner.execute(WAITS.format("SELECT"))
    try:
        yield
    finally:
        with as_owner() as owner:
            owner.execute(WAITS.format("SELECT pg_advisory_xact_lock(8203, p_entity::integer)"))


def records_unseen(reported: Reported, controller: User) -> int:
    """Let a hold begin while a removal is not committed yet; return how many removals whoever placed it did not see."""
    entity = reported.budget.entity
    pack = Pack.objects.create(
        budget=reported.budget, month=date(2015, 3, 1), issue=1, snapshot="{}", snapshot_sha256=HASH, figures_sha256=HASH,
        last_journal=1, is_final=True,
    )  # fmt: skip
    run = RetentionRun.objects.create(entity=entity, digest=HASH, listed=[], documents=1, ordered_by=controller)
    until = kept_until(DATED, 2, entity.fiscal_year_start_month)
    written, held = threading.Event(), threading.Event()

    def remove() -> None:
        with transaction.atomic():
            RemovedDocument.objects.create(
                run=run, records="packs", kind="reports", subject_id=pack.pk, name=f"{reported.budget.code}-2015-03-issue-1",
                size=2, sha256=HASH, dated_on=DATED, kept_until=until,
            )  # fmt: skip
            written.set()
            # Whoever need not wait for this has placed the hold by then; whoever waits goes on after the commit.
            held.wait(timeout=1)

    def hold() -> int:
        assert written.wait(timeout=20)
        with transaction.atomic():
            RetentionHold.objects.create(entity=entity, kind="reports", reason="A court's order.", placed_by=controller)
            seen = RemovedDocument.objects.count()
        held.set()
        return seen

    _, seen = at_once(remove, hold)
    assert RetentionHold.objects.count() == 1
    return RemovedDocument.objects.count() - int(seen)


def test_without_the_lock_a_removal_passes_a_hold_unseen(reported: Reported, controller: User) -> None:
    with without_lock():
        assert records_unseen(reported, controller) == 1


def test_with_it_whoever_withholds_sees_what_went_before(reported: Reported, controller: User) -> None:
    assert records_unseen(reported, controller) == 0
