"""Retention: what is past its years goes with a record of it, what is not stays, whoever asks; sums and proof stay."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from approvals.services.attachments import attach
from approvals.services.requests import withdraw_request
from budgets.selectors.check import check_ledger
from budgets.services.projections import PartData, ProjectionData, state_projection
from core import clock, retention
from core.errors import Gone, InvalidInput, Stale, WrongState
from core.jobs import JobContext
from core.models import AuditRecord, Entity, Job, Notice, RemovedDocument, RetentionHold, RetentionRun, User
from core.rules.retention import YEARS, RecordKind, kept_until
from core.selectors.retention import Document, Standing, refuse_if_removed, standing_of
from core.services import retention as services
from core.services.jobs import run_job
from core.services.retention import lift_hold, order_removal, place_hold, state_period
from reconciliation.models import ImportFile, RawRow
from reconciliation.services.ingest import receive_file
from reporting.models import Pack, PackFile
from reporting.selectors.packs import figures_of
from reporting.services.packs import _issue, render_pack
from tests.factories.approvals import draft
from tests.fixtures.approvals import House
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.imports import SPEND_HEADER, Importing
from tests.fixtures.reporting import Reported

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
GOOD = "2026-03-05,INV-1,Acme Cloud,software,PLATFORM,100.00"
LONG_AGO = datetime(2012, 3, 5, 12, tzinfo=UTC)
HASH = "ab" * 32


def old_pack(budget: Any, month: date, *, issue: int = 1) -> Pack:
    """A pack of long ago, with its PDF."""
    pack = Pack.objects.create(
        budget=budget, month=month, issue=issue, snapshot='{"figures":{}}', snapshot_sha256=HASH, figures_sha256=HASH,
        last_journal=1, is_final=True, issued_at=LONG_AGO,
    )  # fmt: skip
    PackFile.objects.create(pack=pack, content=PDF, sha256=HASH, size=len(PDF), pages=1, renderer="a test")
    return pack


def removal(entity: Entity, actor: User) -> RetentionRun:
    """Look, order, and let the worker do it."""
    run = order_removal(entity=entity, digest=standing_of(entity).digest, actor=actor)
    assert run.job is not None
    job = run_job(run.job.pk)
    assert job.state == Job.State.DONE, job.error
    run.refresh_from_db()
    return run


def kind_of(standing: Standing, kind: RecordKind) -> list[Document]:
    return list(next(each for each in standing.kinds if each.kind == kind).past)


@pytest.fixture
def aged_import(import_rows: Importing) -> ImportFile:
    done = import_rows(GOOD)
    ImportFile.objects.filter(pk=done.pk).update(last_on=date(2012, 3, 5), received_at=LONG_AGO)
    done.refresh_from_db()
    return done


def test_monthly_reports_go_after_two_fiscal_years_and_not_a_day_sooner(reported: Reported, controller: User) -> None:
    today = clock.now().date()
    gone, kept = old_pack(reported.budget, date(today.year - 3, 12, 1)), old_pack(reported.budget, date(today.year - 2, 1, 1))
    due = kind_of(standing_of(reported.budget.entity), RecordKind.REPORTS)
    assert [(each.subject_id, each.kept_until) for each in due] == [(gone.pk, date(today.year - 1, 12, 31))]
    run = removal(reported.budget.entity, controller)
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.snapshot, bytes(gone.file.content), kept.snapshot != "", bytes(kept.file.content)) == ("", b"", True, PDF)
    # The proof stays: the hashes, the size, the journal up to which it was read.
    assert (gone.snapshot_sha256, gone.last_journal, gone.file.sha256, gone.file.size) == (HASH, 1, HASH, len(PDF))
    record = RemovedDocument.objects.get(run=run)
    assert (record.records, record.subject_id, record.sha256, record.kept_until) == ("packs", gone.pk, HASH, due[0].kept_until)
    assert set(AuditRecord.objects.filter(subject_id=str(run.pk)).values_list("verb", flat=True)) >= {
        "retention.removal_ordered", "retention.removed",
    }  # fmt: skip
    with pytest.raises(Gone, match="was removed on"):
        render_pack(pack=gone, actor=None)


def test_a_pack_after_one_that_was_removed_is_a_new_issue_that_tells_of_no_changes(
    reported: Reported, controller: User, record_of: Callable[..., RemovedDocument]
) -> None:
    old = old_pack(reported.budget, date(2015, 3, 1))
    record_of(old)
    old.refresh_from_db()
    now = clock.now()
    figures = figures_of(reported.budget, reported.month, now=now)
    assert _issue(old, figures, at=now, actor=controller, note="Late.") | {"number": 2, "changes": []} == _issue(
        old, figures, at=now, actor=controller, note="Late."
    )


def test_an_imported_file_goes_with_the_cells_of_its_rows_and_its_sums_stay(
    aged_import: ImportFile, small_budget: SmallBudget, controller: User, spend_source: Any
) -> None:
    before = RawRow.objects.get(import_file=aged_import)
    assert before.payload
    run = removal(small_budget.entity, controller)
    row = RawRow.objects.get(import_file=aged_import)
    aged_import.refresh_from_db()
    assert (row.payload, row.fields, row.fixes, row.number_key, bool(aged_import.content)) == ({}, {}, {}, "", False)
    assert (row.amount, row.account_id, row.month, row.produced_id) == (
        before.amount, before.account_id, before.month, before.produced_id,
    )  # fmt: skip
    assert (aged_import.rows, aged_import.accepted, aged_import.control_total) == (1, 1, Decimal("100.00"))
    assert check_ledger().is_whole
    with pytest.raises(Gone, match=r"spend\.csv was removed"):
        refuse_if_removed("imports", aged_import.pk)
    # The same bytes are still known.
    content = f"{SPEND_HEADER}\n{GOOD}\n".encode()
    assert receive_file(source=spend_source, name="again.csv", content=content, actor=controller).pk == aged_import.pk
    assert run.removed.get().name == "spend.csv"


@pytest.mark.django_db(transaction=True)
def test_the_file_itself_leaves_the_disk_after_the_commit(
    aged_import: ImportFile, small_budget: SmallBudget, controller: User
) -> None:
    kept = Path(settings.MEDIA_ROOT, str(aged_import.content.name))
    assert kept.is_file()
    removal(small_budget.entity, controller)
    assert not kept.exists()


def test_what_waits_for_something_stays(aged_import: ImportFile, small_budget: SmallBudget, controller: User) -> None:
    RawRow.objects.filter(import_file=aged_import).update(
        status="quarantined", reason_code="unknown_category", reason="Unknown.", remedy="Map it."
    )
    ImportFile.objects.filter(pk=aged_import.pk).update(
        accepted=0, quarantined=1, accepted_total=0, quarantined_total=Decimal("100.00")
    )
    standing = standing_of(small_budget.entity)
    assert [each.waits for each in kind_of(standing, RecordKind.FINANCIAL)] == ["Rows of it wait in quarantine."]
    assert standing.may_go == []
    with pytest.raises(WrongState, match="Nothing may be removed"):
        order_removal(entity=small_budget.entity, digest=standing.digest, actor=controller)


def test_the_file_of_a_request_goes_once_the_request_is_over(kafka: House, controller: User) -> None:
    with clock.at(LONG_AGO):
        request = draft(kafka.engineer, kafka.budget.account)
        file = attach(request_id=request.pk, actor=request.requester, name="offer.pdf", content=PDF)
    entity = kafka.entity
    assert [each.waits for each in kind_of(standing_of(entity), RecordKind.FINANCIAL)] == ["Its request is with its requester."]
    withdraw_request(request_id=request.pk, actor=request.requester)
    removal(entity, controller)
    file.refresh_from_db()
    assert (bool(file.file), file.name, file.size) == (False, "offer.pdf", len(PDF))


def test_a_projection_goes_after_three_years_and_what_it_came_to_stays(small_budget: SmallBudget, controller: User) -> None:
    data = ProjectionData("Cloud", date(2012, 6, 1), 3, Decimal(15), [PartData("AWS", Decimal(300))])
    with clock.at(LONG_AGO):
        stated = state_projection(entity=small_budget.entity, data=replace(data, reasons="A guess."), actor=controller)
    due = kind_of(standing_of(small_budget.entity), RecordKind.OPTIMIZATION)
    assert [(each.name, each.dated_on) for each in due] == [("Cloud, 3 months, number 1", date(2012, 9, 30))]
    removal(small_budget.entity, controller)
    stated.refresh_from_db()
    assert (stated.reasons, stated.parts.count(), stated.total) == ("", 0, Decimal(300))


def test_a_hold_withholds_and_is_lifted_with_a_reason(reported: Reported, controller: User) -> None:
    entity = reported.budget.entity
    pack = old_pack(reported.budget, date(2015, 3, 1))
    digest = standing_of(entity).digest
    hold = place_hold(entity=entity, kind="reports", reason="An audit of 2015.", actor=controller)
    standing = standing_of(entity)
    assert (len(kind_of(standing, RecordKind.REPORTS)), standing.may_go) == (1, [])
    with pytest.raises(WrongState, match="Nothing may be removed"):
        order_removal(entity=entity, digest=digest, actor=controller)
    with pytest.raises(InvalidInput, match="Say why"):
        lift_hold(hold_id=hold.pk, reason=" ", actor=controller)
    lift_hold(hold_id=hold.pk, reason="The audit is over.", actor=controller)
    with pytest.raises(WrongState, match="lifted already"):
        lift_hold(hold_id=hold.pk, reason="Again.", actor=controller)
    removal(entity, controller)
    pack.refresh_from_db()
    assert pack.snapshot == ""


def test_a_hold_placed_after_the_order_stops_what_is_left(reported: Reported, controller: User) -> None:
    entity = reported.budget.entity
    pack = old_pack(reported.budget, date(2015, 3, 1))
    run = order_removal(entity=entity, digest=standing_of(entity).digest, actor=controller)
    place_hold(entity=entity, kind="", reason="A court's order.", actor=controller)
    assert run.job is not None
    run_job(run.job.pk)
    run.refresh_from_db()
    pack.refresh_from_db()
    assert (run.finished_at is not None, run.removed.count(), pack.snapshot != "") == (True, 0, True)


def test_only_what_was_seen_is_removed(reported: Reported, controller: User) -> None:
    entity = reported.budget.entity
    old_pack(reported.budget, date(2015, 3, 1))
    seen = standing_of(entity).digest
    later = old_pack(reported.budget, date(2015, 4, 1))
    with pytest.raises(Stale, match="has changed since you looked"):
        order_removal(entity=entity, digest=seen, actor=controller)
    run = order_removal(entity=entity, digest=standing_of(entity).digest, actor=controller)
    between = old_pack(reported.budget, date(2015, 5, 1))
    with pytest.raises(WrongState, match="under way"):
        order_removal(entity=entity, digest=standing_of(entity).digest, actor=controller)
    assert run.job is not None
    run_job(run.job.pk)
    later.refresh_from_db()
    between.refresh_from_db()
    assert (later.snapshot, between.snapshot != "") == ("", True)


def test_a_job_that_was_cut_off_goes_on(reported: Reported, controller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    entity = reported.budget.entity
    packs = [old_pack(reported.budget, date(2015, month, 1)) for month in (1, 2, 3)]
    monkeypatch.setattr(services, "AT_A_TIME", 2)
    run = order_removal(entity=entity, digest=standing_of(entity).digest, actor=controller)
    assert run.job is not None
    assert services._remove_some(run.pk) == 2
    assert services.carry_out_removal(JobContext(run.job), run_id=run.pk) == {"documents": 3}
    assert services.carry_out_removal(JobContext(run.job), run_id=run.pk) == {"documents": 3}
    assert not Pack.objects.filter(pk__in=[each.pk for each in packs]).exclude(snapshot="").exists()


def test_a_removal_that_stopped_on_an_error_does_not_hold_up_the_next(
    reported: Reported, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    entity = reported.budget.entity
    packs = [old_pack(reported.budget, date(2015, month, 1)) for month in (1, 2)]
    monkeypatch.setattr(services, "AT_A_TIME", 1)
    stopped = order_removal(entity=entity, digest=standing_of(entity).digest, actor=controller)
    assert stopped.job is not None
    remove, calls = services._remove_some, iter([True, False])

    def once(run_id: int) -> int:
        if next(calls):
            return remove(run_id)
        raise RuntimeError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(services, "_remove_some", once)
        assert run_job(stopped.job.pk).state == Job.State.FAILED
    again = removal(entity, controller)
    stopped.refresh_from_db()
    assert (stopped.finished_at is not None, stopped.removed.count(), again.removed.count()) == (True, 1, 1)
    assert not Pack.objects.filter(pk__in=[each.pk for each in packs]).exclude(snapshot="").exists()


def test_a_stated_period_holds_from_then_on(reported: Reported, controller: User) -> None:
    entity = reported.budget.entity
    old_pack(reported.budget, date(clock.now().year - 4, 3, 1))
    assert len(standing_of(entity).may_go) == 1
    state_period(entity=entity, kind="reports", years=7, reason="The buyer's rules.", actor=controller)
    assert standing_of(entity).may_go == []
    second = state_period(entity=entity, kind="reports", years=2, reason="They no longer hold.", actor=controller)
    assert (second.number, len(standing_of(entity).may_go)) == (2, 1)
    for years, reason, field in ((0, "Why not.", "years"), (101, "For ever.", "years"), (3, " ", "reason")):
        with pytest.raises(InvalidInput) as refused:
            state_period(entity=entity, kind="reports", years=years, reason=reason, actor=controller)
        assert field in refused.value.details
    with pytest.raises(InvalidInput):
        state_period(entity=entity, kind="gossip", years=3, reason="So.", actor=controller)


def test_finance_is_told_once_a_month_of_what_may_go(reported: Reported, controller: User, auditor: User) -> None:
    assert services.tell_what_is_past() == 0
    old_pack(reported.budget, date(2015, 3, 1))
    with clock.at(datetime(2026, 12, 1, 8, tzinfo=UTC)):
        assert [services.tell_what_is_past(), services.tell_what_is_past()] == [1, 0]
    with clock.at(datetime(2027, 1, 1, 8, tzinfo=UTC)):
        assert services.tell_what_is_past() == 1
    told = Notice.objects.latest("pk")
    assert (told.person, told.url) == (controller, f"/retention/of/{reported.budget.entity.code}/past/")


# ---------------------------------------------------------------- the database, whoever writes


@contextmanager
def refused(match: str) -> Iterator[None]:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        yield


def test_the_database_s_years_are_those_of_the_rules(entity: Entity, controller: User) -> None:
    days = [date(2016, 2, 29), date(2019, 6, 30), date(2019, 7, 1), date(2019, 12, 31)]
    for start in (1, 3, 7, 12):
        Entity.objects.filter(pk=entity.pk).update(fiscal_year_start_month=start)
        for kind, years in YEARS.items():
            for day in days:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT core_kept_until(%s, %s, %s)", [entity.pk, kind, day])
                    assert cursor.fetchone()[0] == kept_until(day, years, start)


@pytest.fixture
def record_of(reported: Reported, controller: User) -> Callable[..., RemovedDocument]:
    """Write the record of a removal past every service."""
    entity = reported.budget.entity
    run = RetentionRun.objects.create(entity=entity, digest=HASH, listed=[], documents=1, ordered_by=controller)

    def write(pack: Pack, **other: Any) -> RemovedDocument:
        dated = date(pack.month.year, pack.month.month, 31)
        said: dict[str, Any] = {
            "run": run, "records": "packs", "kind": "reports", "subject_id": pack.pk, "dated_on": dated, "sha256": HASH,
            "name": f"{pack.budget.code}-{pack.month:%Y-%m}-issue-1", "size": len(PDF) + len(pack.snapshot),
            "kept_until": kept_until(dated, 2, entity.fiscal_year_start_month),
        }  # fmt: skip
        return RemovedDocument.objects.create(**said | other)

    return write


def test_no_record_is_written_of_what_is_within_its_years_withheld_or_not_there(
    reported: Reported, controller: User, record_of: Callable[..., RemovedDocument]
) -> None:
    now, old = clock.now().date(), old_pack(reported.budget, date(2015, 3, 1))
    young = old_pack(reported.budget, date(now.year - 1, 3, 1))
    with refused("is kept until"):
        record_of(young)
    with refused("is kept until"):
        record_of(old, kept_until=date(2016, 1, 1))
    # Dated as it is not, to be past its years.
    with refused("no such document"):
        record_of(young, dated_on=date(2015, 3, 31), kept_until=date(2017, 12, 31))
    for other in ({"sha256": "cd" * 32}, {"size": 1}, {"name": "Another"}, {"subject_id": 10**9}):
        with refused("no such document"):
            record_of(old, **other)
    hold = RetentionHold.objects.create(entity=reported.budget.entity, kind="", reason="An audit.", placed_by=controller)
    with refused("hold withholds"):
        record_of(old)
    lift_hold(hold_id=hold.pk, reason="Over.", actor=controller)
    assert record_of(old).pk
    old.refresh_from_db()
    assert old.snapshot == ""
    with refused("document_removed_once"):
        record_of(old)


def test_nothing_goes_without_its_record(reported: Reported, controller: User, import_rows: Importing, kafka: House) -> None:
    old_pack(reported.budget, date(2015, 3, 1))
    import_rows(GOOD)
    request = draft(kafka.engineer, kafka.budget.account)
    attach(request_id=request.pk, actor=request.requester, name="offer.pdf", content=PDF)
    for statement in (
        "UPDATE reporting_pack SET snapshot = ''",
        "UPDATE reporting_packfile SET content = ''",
        "UPDATE reconciliation_importfile SET content = ''",
        "UPDATE reconciliation_importfile SET content = 'another'",
        "UPDATE approvals_attachment SET file = ''",
        "DELETE FROM reporting_pack",
    ):
        with connection.cursor() as cursor, refused("annot|stays|permission"):
            cursor.execute(statement)


def test_records_holds_and_periods_stay_as_written(
    reported: Reported, controller: User, record_of: Callable[..., RemovedDocument]
) -> None:
    record_of(old_pack(reported.budget, date(2015, 3, 1)))
    entity = reported.budget.entity
    hold = place_hold(entity=entity, kind="", reason="An audit.", actor=controller)
    lift_hold(hold_id=hold.pk, reason="Over.", actor=controller)
    state_period(entity=entity, kind="reports", years=3, reason="So.", actor=controller)
    for statement in (
        "UPDATE core_removeddocument SET name = 'x'",
        "DELETE FROM core_removeddocument",
        "UPDATE core_retentionhold SET lifted_at = NULL, lifted_by_id = NULL, lifted_because = ''",
        "DELETE FROM core_retentionhold",
        "UPDATE core_retentionperiod SET years = 1",
        "UPDATE core_retentionrun SET documents = 7",
        "DELETE FROM core_retentionrun",
    ):
        with connection.cursor() as cursor, refused("annot|permission"):
            cursor.execute(statement)


def test_every_sort_of_documents_has_a_view_that_tells_of_it(entity: Entity) -> None:
    assert set(retention.registered) == {"attachments", "budget_files", "imports", "packs", "projections", "statement_files"}
    for records in retention.registered.values():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT entity_id, subject_id, kind, name, size, sha256, dated_on, waits FROM {records.kept} LIMIT 1")
