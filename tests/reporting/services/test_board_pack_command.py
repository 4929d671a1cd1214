"""manage.py board_pack."""

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from reporting.models import Pack
from tests.fixtures.reporting import Reported


def run(**options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("board_pack", json=True, stdout=out, **options)
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


def test_the_same_pack_twice(reported: Reported, tmp_path: Path, quick_pdf: None) -> None:
    first = run(budget="SMALL", period="2026-03", out=str(tmp_path / "one.pdf"))
    second = run(budget="SMALL", period="2026-03", out=str(tmp_path / "two.pdf"))
    assert {"file", "sha256", "snapshot_sha256", "pages"} <= first.keys()
    assert (first["sha256"], first["snapshot_sha256"]) == (second["sha256"], second["snapshot_sha256"])
    for made in (first, second):
        assert hashlib.sha256(Path(made["file"]).read_bytes()).hexdigest() == made["sha256"]
    assert Pack.objects.get().snapshot_sha256 == first["snapshot_sha256"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"budget": "NOBODY", "period": "2026-03"}, "There is no budget NOBODY. There are: SMALL."),
        ({"budget": "SMALL", "period": "2026-13"}, "“2026-13” is not a month. Write it as 2026-10."),
        ({"budget": "SMALL", "period": "March"}, "“March” is not a month. Write it as 2026-10."),
        (
            {"budget": "SMALL", "period": "2027-03"},
            "March 2027 is outside the budget SMALL. Choose a month from January 2026 to December 2026.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    reported: Reported, tmp_path: Path, options: dict[str, str], sentence: str
) -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("board_pack", json=True, stdout=out, out=str(tmp_path / "pack.pdf"), **options)
    assert stopped.value.code == 1
    assert json.loads(out.getvalue()) == {"error": sentence}
    with pytest.raises(CommandError) as refused:
        call_command("board_pack", out=str(tmp_path / "pack.pdf"), **options)
    assert (refused.value.returncode, str(refused.value)) == (1, sentence)
    assert not list(tmp_path.iterdir())
    assert Pack.objects.count() == 0
