"""A file over HTTP: shown first, imported, its rows worked; others see nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from budgets.models import Entry
from core.errors import WrongState
from core.models import User
from core.services.jobs import run_waiting_jobs
from reconciliation.models import ImportFile, Source
from tests.fixtures.imports import SPEND_HEADER, Importing

GOOD = "2026-03-05,INV-1,Acme Cloud,software,PLATFORM,100.00"
BAD = "2026-03-05,INV-2,Acme Cloud,SaaS tools,PLATFORM,7.00"


@pytest.fixture
def finance(client: Client, controller: User) -> Client:
    client.force_login(controller)
    return client


def upload(client: Client, source: Source, *rows: str, name: str = "spend.csv") -> str:
    content = "\n".join([SPEND_HEADER, *rows, ""]).encode()
    answer = client.post(reverse("reconciliation:import-new"), {"source": source.pk, "file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302
    return str(answer.url)  # type: ignore[attr-defined]


def test_a_file_is_shown_then_imported_then_worked(finance: Client, spend_source: Source) -> None:
    page = upload(finance, spend_source, GOOD, BAD)
    shown = finance.get(page).content.decode()
    assert "would end" in shown
    assert "“SaaS tools” is not a category here." in shown
    assert not Entry.objects.filter(bucket="spent").exists()

    found = ImportFile.objects.get()
    answer = finance.post(reverse("reconciliation:import-start", args=[found.pk]))
    assert answer.status_code == 302
    run_waiting_jobs()
    found.refresh_from_db()
    assert found.job is not None
    assert found.job.result_url == page
    done = finance.get(page).content.decode()
    assert "107.00" in done
    row = found.raw_rows.get(status="quarantined")
    answer = finance.post(reverse("reconciliation:import-row-fix", args=[row.pk]), {"category": "software"}, follow=True)
    assert "is accepted" in answer.content.decode()
    assert Entry.objects.filter(bucket="spent").count() == 2


def test_an_import_that_stopped_goes_on_from_its_page(
    finance: Client, spend_source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = upload(finance, spend_source, GOOD)
    found = ImportFile.objects.get()
    start = reverse("reconciliation:import-start", args=[found.pk])
    with monkeypatch.context() as broken:
        broken.setattr("reconciliation.services.ingest._post_rows", cut_off)
        finance.post(start)
        run_waiting_jobs()
    assert "Go on with the import" in finance.get(page).content.decode()
    assert not Entry.objects.filter(bucket="spent").exists()
    finance.post(start)
    run_waiting_jobs()
    found.refresh_from_db()
    assert (found.state, found.accepted) == ("done", 1)


def cut_off(*args: object) -> None:
    raise WrongState("The disk is full.", remedy="Make room.")


def test_the_same_file_again_leads_to_what_it_did(finance: Client, spend_source: Source, import_rows: Importing) -> None:
    done = import_rows(GOOD)
    answer = finance.post(
        reverse("reconciliation:import-new"),
        {"source": spend_source.pk, "file": SimpleUploadedFile("again.csv", f"{SPEND_HEADER}\n{GOOD}\n".encode())},
        follow=True,
    )
    assert answer.redirect_chain[-1][0] == reverse("reconciliation:import", args=[done.pk])
    assert "Nothing was changed" in answer.content.decode()


def test_a_file_that_is_not_what_its_name_says_is_refused_on_its_page(finance: Client, spend_source: Source) -> None:
    answer = finance.post(
        reverse("reconciliation:import-new"),
        {"source": spend_source.pk, "file": SimpleUploadedFile("s.csv", b"PK\x03\x04zip")},
        follow=True,
    )
    assert "a zip archive or an Excel workbook" in answer.content.decode()
    assert "Import 0" not in answer.content.decode()


def test_what_is_typed_wrong_is_said_beside_its_field(finance: Client, import_rows: Importing) -> None:
    row = import_rows("2026-03-05,1,Acme,software,PLATFORM,ten").raw_rows.get()
    answer = finance.post(reverse("reconciliation:import-row-fix", args=[row.pk]), {"amount": "NaN"})
    assert answer.status_code == 422
    assert "is not an amount" in answer.content.decode()
    assert not Entry.objects.filter(bucket="spent").exists()


def test_rows_are_left_out_with_a_reason(finance: Client, import_rows: Importing) -> None:
    done = import_rows(BAD, BAD)
    row = done.raw_rows.first()
    assert row is not None
    url = reverse("reconciliation:import-row-ignore", args=[row.pk])
    assert finance.post(url, {"ignore-reason": ""}).status_code == 422
    finance.post(url, {"ignore-reason": "Not ours.", "ignore-alike": "on"})
    done.refresh_from_db()
    assert (done.ignored, done.quarantined) == (2, 0)


def test_a_changed_row_is_accepted_on_its_page(finance: Client, import_rows: Importing) -> None:
    import_rows(GOOD)
    row = import_rows(GOOD.replace("100.00", "110.00")).raw_rows.get()
    assert "Accept the change" in finance.get(reverse("reconciliation:import-row", args=[row.pk])).content.decode()
    finance.post(reverse("reconciliation:import-row-accept", args=[row.pk]))
    row.refresh_from_db()
    assert row.status == "accepted"


def test_every_page_of_an_import_opens_and_the_file_comes_back_as_it_was(finance: Client, import_rows: Importing) -> None:
    done = import_rows(GOOD, BAD)
    for name, pk in [
        ("imports", None),
        ("import-new", None),
        ("import", done.pk),
        ("import-rows", done.pk),
        ("import-row", done.raw_rows.first()),
    ]:
        args = [] if pk is None else [getattr(pk, "pk", pk)]
        assert finance.get(reverse(f"reconciliation:{name}", args=args)).status_code == 200
    answer = finance.get(reverse("reconciliation:import-download", args=[done.pk]))
    assert b"".join(answer.streaming_content) == f"{SPEND_HEADER}\n{GOOD}\n{BAD}\n".encode()  # type: ignore[attr-defined]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_who_does_not_reconcile_here_finds_nothing_and_changes_nothing(
    client: Client, import_rows: Importing, outsider: User, requester: User, auditor: User
) -> None:
    done = import_rows(BAD)
    row = done.raw_rows.get()
    reads = [reverse("reconciliation:import", args=[done.pk]), reverse("reconciliation:import-row", args=[row.pk])]
    writes = [
        reverse("reconciliation:import-start", args=[done.pk]),
        reverse("reconciliation:import-retry", args=[done.pk]),
        reverse("reconciliation:import-row-fix", args=[row.pk]),
        reverse("reconciliation:import-row-ignore", args=[row.pk]),
        reverse("reconciliation:import-row-accept", args=[row.pk]),
    ]
    for person, seen in ((outsider, 404), (requester, 403), (auditor, 200)):
        client.force_login(person)
        assert {client.get(url).status_code for url in reads} == {seen}
        assert {client.post(url, {"ignore-reason": "x", "category": "software"}).status_code for url in writes} <= {403, 404}
    row.refresh_from_db()
    assert row.status == "quarantined"
