"""The command that scripts hold us to: keys, exit codes, and nothing left behind by a dry run."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.models import User
from reconciliation.models import ImportFile, Source
from tests.fixtures.imports import SPEND_HEADER

KEYS = {
    "format", "rows", "accepted", "quarantined", "duplicate", "ignored", "new", "known", "changed", "vanished",
    "control_total", "findings", "refused",
}  # fmt: skip


@pytest.fixture
def spend_file(tmp_path: Path) -> Path:
    path = tmp_path / "spend.csv"
    path.write_text(f"{SPEND_HEADER}\n2026-03-05,INV-1,Acme Cloud,software,PLATFORM,100.00\n")
    return path


def told(*args: object) -> dict[str, Any]:
    out = StringIO()
    call_command("ingest", *map(str, args), "--json", stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def test_it_prints_what_it_did_and_again_that_nothing_changed(spend_source: Source, spend_file: Path, controller: User) -> None:
    tried = told(spend_file, "--source", "ledger", "--dry-run")
    assert not ImportFile.objects.exists()
    first = told(spend_file, "--source", "ledger", "--actor", controller.email)
    assert first.keys() >= KEYS
    assert {key: first[key] for key in KEYS} == {key: tried[key] for key in KEYS}
    assert (first["accepted"], first["new"], first["control_total"], first["refused"]) == (1, 1, "100.00", None)
    assert ImportFile.objects.get().uploaded_by == controller
    again = told(spend_file, "--source", "ledger")
    assert (again["rows"], again["accepted"], again["duplicate"], again["known"], again["new"]) == (1, 0, 1, 1, 0)


def test_a_source_set_up_for_a_dry_run_goes_with_it(spend_source: Source, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_text("Record,Period,Group,Service,Amount,Currency\n")
    assert told(path, "--source", "aws-bill", "--dry-run")["rows"] == 0
    assert not Source.objects.filter(code="aws-bill").exists()


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--source", "nothing"], "There is no source nothing"),
        (["--source", "ledger", "--entity", "nowhere"], "There is no entity nowhere"),
        (["--source", "ledger", "--actor", "stranger@example.org"], "Nobody with the address"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_its_reason(
    spend_source: Source, spend_file: Path, args: list[str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason) as error:
        call_command("ingest", str(spend_file), *args)
    assert error.value.returncode == 1
    assert not ImportFile.objects.exists()


def test_a_refused_file_says_so_in_json_too(spend_source: Source, tmp_path: Path) -> None:
    path, out = tmp_path / "spend.csv", StringIO()
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(CommandError):
        call_command("ingest", str(path), "--source", "ledger", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said.keys() >= KEYS | {"error"}
    assert "a PDF" in said["refused"]


def test_sources_are_loaded_from_yaml(spend_source: Source, tmp_path: Path) -> None:
    path = tmp_path / "cards.yaml"
    path.write_text(
        "sources: [{code: cards, name: Cards, format: spend_csv, mapping: {columns: {date: D, amount: A},"
        " fixed: {category: software, cost_centre: PLATFORM}}, aliases: {software: [SaaS]}}]"
    )
    call_command("load_source", str(path), "--entity", spend_source.entity.code, stdout=StringIO())
    assert Source.objects.get(code="cards").format == "spend_csv"
    path.write_text("sources: [{code: cards, name: Cards, format: spend_csv, mapping: {columns: {date: D}}}]")
    with pytest.raises(CommandError, match="not mapped: amount, category, cost_centre"):
        call_command("load_source", str(path), "--entity", spend_source.entity.code)
