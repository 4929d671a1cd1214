"""A file dropped, looked at, imported, and its rows worked, as a person sees it."""

from pathlib import Path
from typing import Any

import pytest

from core.models import User
from core.services.jobs import run_waiting_jobs
from reconciliation.models import ImportFile, Source
from tests.fixtures.imports import SPEND_HEADER

ROWS = [
    "2026-03-05,INV-1,Acme Cloud,software,PLATFORM,1100.00",
    "2026-03-05,INV-2,Acme Cloud,SaaS tools with a rather long name,PLATFORM,7.00",
    "2026-03-06,INV-3,Acme Cloud,SaaS tools with a rather long name,PLATFORM,9.00",
    "2026-03-06,INV-4,Acme Cloud,software,,9.00",
    "2026-03-06,INV-5,Acme Cloud,software,PLATFORM,0.00",
    "Total,,,,,1130.00",
]


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_a_file_is_dropped_looked_at_imported_and_worked(
    desk: Any, controller: User, spend_source: Source, tmp_path: Path, size: str, scheme: str
) -> None:
    path = tmp_path / "ledger-2026-03.csv"
    path.write_text("\n".join([SPEND_HEADER, *ROWS, ""]))
    seat = desk(controller, size=size, scheme=scheme)
    page = seat.open("/reconciliation/imports/")
    seat.check(f"imports-empty-{size}-{scheme}")
    page.get_by_role("link", name="Import a file").click()
    seat.check(f"import-new-{size}-{scheme}")
    page.get_by_label("Where it comes from").select_option(index=1)
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Show what it would do").click()
    page.wait_for_url("**/imports/*/")
    seat.check(f"import-preview-{size}-{scheme}")
    page.get_by_role("button", name="Import 6 rows").click()
    page.wait_for_url("**/jobs/*/")
    run_waiting_jobs()
    page.get_by_role("link", name="See what came of it").click()
    seat.check(f"import-{size}-{scheme}")
    page.get_by_role("link", name="Work on them").first.click()
    seat.check(f"import-row-{size}-{scheme}")
    page.get_by_label("Category").select_option("software")
    page.get_by_role("button", name="Post it so").click()
    page.get_by_text("2 rows were accepted.").wait_for()
    page.goto(f"{page.url}rows/")
    seat.check(f"import-rows-{size}-{scheme}")
    found = ImportFile.objects.get()
    assert (found.accepted, found.quarantined, found.ignored) == (3, 2, 1)
