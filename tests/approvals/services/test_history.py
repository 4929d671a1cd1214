"""The history of another system: read to the stated figures, kept once, shown to those who check, and taken away again."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from approvals.models import HistoryEvent, HistoryLog
from approvals.rules.event_logs import read_log
from approvals.selectors.waits import own_figures, own_waits, quiet_rules
from approvals.services.history import drop_history, keep_history, read_history
from approvals.services.policies import load_policy
from core import clock
from core.errors import InvalidInput
from core.models import AuditRecord, Entity, User
from tests.factories.approvals import MONDAY, approve_all, read_yaml, submitted
from tests.fixtures.approvals import House

LOG = b"""case,activity,role,timestamp
1,Request SUBMITTED by EMPLOYEE,EMPLOYEE,2026-01-02T09:00:00+01:00
1,Request APPROVED by SUPERVISOR,SUPERVISOR,2026-01-07T09:30:00+01:00
2,Request SUBMITTED by EMPLOYEE,EMPLOYEE,2026-01-05T09:00:00+01:00
2,Request APPROVED by SUPERVISOR,SUPERVISOR,2026-01-05T10:00:00+01:00
"""


def _kept(entity: Entity, actor: User | None = None) -> HistoryLog:
    return keep_history(read=read_history(content=LOG, name="log.csv", calendar="NL"), entity=entity, actor=actor)


def _counts() -> tuple[int, ...]:
    return HistoryLog.objects.count(), HistoryEvent.objects.count(), AuditRecord.objects.count()


def test_a_log_is_kept_once_with_its_figures(entity: Entity, administrator: User) -> None:
    log = _kept(entity, administrator)
    before = _counts()

    assert _kept(entity, administrator) == log
    assert _counts() == before
    assert (log.cases, log.events, log.document) == (2, 4, "Request")
    assert (log.figures["decisions"], log.figures["over_3_business_days"], log.figures["over_72_hours"]) == (2, 1, 1)


@pytest.mark.django_db
def test_a_day_that_is_no_working_day_there_makes_the_difference() -> None:
    """Friday 2 January, nine, to Wednesday 7, half past nine: three working days and more, but Austria has Epiphany."""
    figures = {name: read_history(content=LOG, name="log", calendar=name).figures for name in ("NL", "AT")}

    assert {name: each.over_3_business_days for name, each in figures.items()} == {"NL": 1, "AT": 0}
    assert {each.over_72_hours for each in figures.values()} == {1}


@pytest.mark.django_db
def test_a_calendar_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Nobody knows a calendar XX"):
        read_history(content=LOG, name="log.csv", calendar="XX")


def test_a_log_is_taken_away_with_its_events(entity: Entity, administrator: User) -> None:
    drop_history(log_id=_kept(entity).pk, actor=administrator)

    assert (HistoryLog.objects.count(), HistoryEvent.objects.count()) == (0, 0)
    assert AuditRecord.objects.filter(verb="history.dropped").count() == 1


def _command(*words: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("import_history", *words, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_the_command_keeps_it_where_the_organization_is_plain(entity: Entity, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(LOG)

    answer = _command(str(file), "--calendar", "NL")
    assert (answer["cases"], answer["events"], answer["decisions"], answer["kept"]) == (2, 4, 2, True)
    file.write_bytes(b"nothing")
    with pytest.raises(SystemExit) as end:
        _command(str(file), "--calendar", "NL")
    assert end.value.code == 1


@pytest.mark.realsize
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["RequestForPayment.csv.gz", "RequestForPayment.xes.gz"])
def test_the_real_log_comes_to_the_stated_figures(real_data: Path, name: str) -> None:
    answer = _command(str(real_data / "approvals" / name), "--calendar", "NL")

    assert (answer["cases"], answer["events"], answer["decisions"]) == (6886, 36796, 15521)
    assert (answer["over_3_business_days"], answer["over_72_hours"]) == (1776, 2772)
    assert sum(each["decisions"] for each in answer["by_stage"]) == 15521
    assert (answer["resubmitted"], answer["reversed_after_final"], answer["unread"]) == (611, 63, {})


@pytest.mark.usefixtures("monday")
def test_ones_own_decisions_are_added_up_by_stage(kafka: House) -> None:
    late, soon = submitted(kafka.engineer, kafka.account), submitted(kafka.engineer, kafka.account, "800")
    with clock.at(MONDAY + timedelta(hours=2)):
        approve_all(soon)
    with clock.at(MONDAY + timedelta(days=7)):
        approve_all(late)

    waits = own_waits(kafka.entity, since=MONDAY, until=MONDAY + timedelta(days=8))
    figures = own_figures(kafka.entity, waits, since=MONDAY)
    [stage] = figures.by_stage
    assert (stage.stage, stage.decisions, stage.late, stage.over_3_business_days) == ("Program director", 2, 1, 1)
    assert len(own_waits(kafka.entity, since=MONDAY, until=MONDAY + timedelta(days=1))) == 1


@pytest.mark.usefixtures("monday")
def test_rules_that_nothing_reached_are_told(kafka: House) -> None:
    submitted(kafka.engineer, kafka.account)

    quiet = {each.rule for each in quiet_rules(kafka.entity, since=MONDAY - timedelta(days=1))}
    assert len(quiet) == len(read_yaml("demo/policies/kafka.yaml")["rules"]) - 1
    assert not any(name.startswith("Vendor payment") for name in quiet)


@pytest.fixture
def desk(client: Client, kafka: House, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.mark.usefixtures("monday")
def test_the_pages_show_waits_and_take_a_history(desk: Client, kafka: House) -> None:
    approve_all(submitted(kafka.engineer, kafka.account))
    told = {"entity": kafka.entity.pk, "calendar": "NL", "kind": "", "file": SimpleUploadedFile("log.csv", LOG)}

    with clock.at(MONDAY + timedelta(days=1)):
        answer = desk.post("/waits/histories/new/", told, follow=True)
        page = desk.get("/waits/?days=365").content.decode()
        xes = desk.get("/waits/decisions.xes")

    assert "of 2\xa0decisions took longer than 3 business days" in answer.content.decode()
    assert "Program director" in page
    assert "log.csv" in page
    assert read_log(xes.content, name="x", limit=10**6).events == 2
    assert desk.post(f"/waits/histories/{HistoryLog.objects.get().pk}/drop/").status_code == 302
    assert HistoryLog.objects.count() == 0


def test_a_bad_log_says_why_and_keeps_nothing(desk: Client, kafka: House) -> None:
    before = _counts()
    told = {"entity": kafka.entity.pk, "calendar": "NL", "file": SimpleUploadedFile("log.csv", b"a,b\n1,2\n")}

    answer = desk.post("/waits/histories/new/", told)
    assert answer.status_code == 422
    assert "no column for case" in answer.content.decode()
    assert _counts() == before


def test_another_organizations_histories_are_not_there(client: Client, kafka: House, outsider: User, auditor: User) -> None:
    log = _kept(kafka.entity)
    client.force_login(outsider)
    assert client.get(f"/waits/histories/{log.pk}/").status_code == 404
    assert "log.csv" not in client.get("/waits/").content.decode()

    client.force_login(auditor)
    assert client.get(f"/waits/histories/{log.pk}/").status_code == 200
    assert client.post(f"/waits/histories/{log.pk}/drop/").status_code == 403
    assert HistoryLog.objects.count() == 1


@pytest.mark.usefixtures("monday")
def test_waits_of_another_organization_are_not_exported(client: Client, kafka: House, outsider: User) -> None:
    load_policy(document=read_yaml("demo/policies/kafka.yaml"), entity=kafka.entity, actor=None)
    client.force_login(outsider)

    assert client.get(f"/waits/decisions.xes?entity={kafka.entity.code}").status_code == 404
