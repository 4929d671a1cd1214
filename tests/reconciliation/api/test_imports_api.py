"""Imports through the API: a file is tried, taken in, started; its rows are fixed, left out, accepted."""

from collections.abc import Callable
from typing import Any

import pytest

from core.models import AuditRecord, Job, User
from core.services.jobs import run_waiting_jobs
from reconciliation.models import ImportFile, RawRow, Source
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.imports import SPEND_HEADER, Importing

GOOD = "2026-03-05,R-1,Acme Cloud,Software,PLATFORM,100.00"
UNKNOWN = "2026-03-05,R-2,Acme Cloud,Telescopes,PLATFORM,40.00"
ALIKE = "2026-03-06,R-3,Acme Cloud,Telescopes,PLATFORM,60.00"
CSV = f"{SPEND_HEADER}\n{GOOD}\n{UNKNOWN}\n".encode()


@pytest.fixture
def finance(api: Callable[..., Any], controller: User) -> Any:
    return api(controller)


def counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (ImportFile, RawRow, Job, AuditRecord))


def fields(source: Source) -> dict[str, str]:
    return {"from_source": str(source.pk)}


def test_a_file_is_tried_taken_in_and_imported(finance: Any, spend_source: Source) -> None:
    assert [row["code"] for row in finance.get("sources").json()["results"]] == ["ledger"]
    before = counts()
    tried = finance.upload("imports?dry_run=true", name="spend.csv", content=CSV, fields=fields(spend_source))
    assert tried.status_code == 201
    ends = {end["status"]: (end["rows"], end["amount"]) for end in tried.json()["outcome"]["ends"]}
    assert ends["accepted"] == (1, "100.00")
    assert ends["quarantined"] == (1, "40.00")
    assert counts() == before

    kept = finance.upload("imports", name="spend.csv", content=CSV, fields=fields(spend_source), idempotency_key="f")
    again = finance.upload("imports", name="spend.csv", content=CSV, fields=fields(spend_source), idempotency_key="f")
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == kept.json()
    address = f"imports/{kept.json()['id']}"
    assert finance.get(f"{address}/outcome").json() == tried.json()["outcome"]
    assert b"".join(finance.get(f"{address}/content").streaming_content) == CSV

    job = finance.post(f"{address}/start")
    assert (job.status_code, job.json()["state"]) == (202, "queued")
    run_waiting_jobs()
    done = finance.get(address).json()
    assert (done["state"], done["accepted"], done["quarantined"], done["control_total"]) == ("done", 1, 1, "140.00")
    assert done["quarantine"][0]["code"] == "unknown_category"
    assert finance.post(f"{address}/start").status_code == 409
    assert finance.get("imports?is_waiting=true&state=done").json()["results"][0]["id"] == kept.json()["id"]


def test_a_file_over_the_limit_is_not_kept(finance: Any, spend_source: Source, settings: Any) -> None:
    settings.MAX_IMPORT_BYTES = 20
    before = counts()
    answer = finance.upload("imports", name="spend.csv", content=CSV, fields=fields(spend_source))
    assert answer.status_code == 400
    assert counts() == before


def test_rows_are_fixed_alone_and_alike(finance: Any, import_rows: Importing) -> None:
    file = import_rows(GOOD, UNKNOWN, ALIKE)
    rows = finance.get(f"imports/{file.pk}/rows?status=quarantined&reason=unknown_category").json()["results"]
    assert [row["number"] for row in rows] == [3, 4]
    address = f"import-rows/{rows[0]['id']}"
    wrong = finance.post(f"{address}/fix", {"category": "nowhere"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "category")
    assert finance.get(address).json()["status"] == "quarantined"

    tried = finance.post(f"{address}/fix?dry_run=true", {"category": "software", "alike": True})
    assert tried.json()["accepted"] == 2
    assert finance.get(address).json()["status"] == "quarantined"
    fixed = finance.post(f"{address}/fix", {"category": "software"})
    assert (fixed.json()["accepted"], fixed.json()["row"]["status"]) == (1, "accepted")
    assert finance.post(f"imports/{file.pk}/retry").json() == {"rows": 1}
    assert finance.get(f"imports/{file.pk}").json()["quarantined"] == 0


def test_a_row_is_left_out_for_a_reason(finance: Any, import_rows: Importing) -> None:
    file = import_rows(UNKNOWN, ALIKE)
    row = file.raw_rows.get(number=2)
    assert finance.post(f"import-rows/{row.pk}/ignore", {}).status_code == 400
    answer = finance.post(f"import-rows/{row.pk}/ignore", {"reason": "Not ours", "alike": True})
    assert answer.json() == {"rows": 2}
    assert finance.post(f"import-rows/{row.pk}/ignore", {"reason": "Again"}).status_code == 409


def test_a_changed_row_stands_for_the_earlier_one(finance: Any, import_rows: Importing) -> None:
    import_rows(GOOD)
    file = import_rows(GOOD.replace("100.00", "120.00"), name="again.csv")
    row = file.raw_rows.get()
    assert row.reason_code == "changed"
    answer = finance.post(f"import-rows/{row.pk}/accept")
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")


def test_who_does_not_reconcile_changes_nothing(
    api: Callable[..., Any], import_rows: Importing, spend_source: Source, auditor: User, outsider: User, requester: User
) -> None:
    file = import_rows(UNKNOWN)
    row = file.raw_rows.get()
    programs = [(api(auditor), 200, 403), (api(requester), 403, 403), (api(outsider), 404, 404)]
    before = counts()
    for program, read, write in programs:
        assert program.get(f"imports/{file.pk}").status_code == read
        assert program.get(f"imports/{file.pk}/rows").status_code == read
        assert program.get(f"import-rows/{row.pk}").status_code == read
        assert program.post(f"imports/{file.pk}/retry").status_code == write
        assert program.post(f"import-rows/{row.pk}/fix", {"category": "software"}).status_code == write
        assert program.upload("imports", name="a.csv", content=CSV, fields=fields(spend_source)).status_code == write
    assert counts() == before


def test_queries_do_not_grow_with_rows(
    finance: Any, import_rows: Importing, small_budget: SmallBudget, django_assert_max_num_queries: Any
) -> None:
    file = import_rows(*[GOOD.replace("R-1", f"R-{number}") for number in range(30)])
    with django_assert_max_num_queries(24):
        assert len(finance.get(f"imports/{file.pk}/rows").json()["results"]) == 30
    with django_assert_max_num_queries(24):
        assert finance.get("imports").status_code == 200
