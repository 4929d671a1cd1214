"""The dump of the ledger: everything is in it, as of one moment, in an order that can be verified as it goes by."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from budgets.models import Balance, Entry, FundsAccount, Journal, Link
from budgets.services.ledger import reverse
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget


def _rows(path: Path) -> list[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture
def busy(small_budget: SmallBudget) -> SmallBudget:
    move(small_budget.account, "spent", "0.10", memo='memo | with, "all" sorts\n of ünïcode\x7f', thread="t:1")
    reverse(journal_id=move(small_budget.account, "reserved", "-5", key="hold").id, key="undo", actor=None)
    return small_budget


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.jsonl.gz"])
def test_everything_is_in_it(busy: SmallBudget, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("dump_ledger", str(tmp_path / name), "--json")
    said = json.loads(capsys.readouterr().out)
    rows = _rows(tmp_path / name)
    found = Counter(row["line"] for row in rows)
    counts = {
        "accounts": FundsAccount.objects.count(),
        "links": Link.objects.count(),
        "journals": Journal.objects.count(),
        "entries": Entry.objects.count(),
        "balances": Balance.objects.count(),
    }
    assert {name: said[name] for name in counts} == counts
    assert {name: int(rows[-1][name]) for name in counts} == counts
    assert found == {"head": 1, "end": 1, "account": 6, "link": 9, "journal": 4, "balance": 72}
    assert sum(len(row["entries"]) for row in rows if row["line"] == "journal") == counts["entries"]
    assert list(tmp_path.iterdir()) == [tmp_path / name]


def test_the_lines_come_in_their_order(busy: SmallBudget, tmp_path: Path) -> None:
    call_command("dump_ledger", str(tmp_path / "dump"))
    rows = _rows(tmp_path / "dump")
    starts = [place for place, row in enumerate(rows) if row["line"] == "account"]
    assert [int(rows[place]["id"]) for place in starts] == sorted(FundsAccount.objects.values_list("pk", flat=True))
    first = [row["line"] for row in rows[starts[0] : starts[1]]]
    assert first == sorted(first, key=["account", "link", "balance"].index)
    assert [row["line"] for row in rows[-5:]] == ["journal"] * 4 + ["end"]


def test_amounts_and_texts_are_exact(busy: SmallBudget, tmp_path: Path) -> None:
    call_command("dump_ledger", str(tmp_path / "dump"))
    journal = next(row for row in _rows(tmp_path / "dump") if row["line"] == "journal" and row["journal"]["kind"] == "spend")
    entry = Entry.objects.get(journal_id=journal["journal"]["id"])
    assert journal["entries"] == [[str(entry.account_id), "1", "2026-01-01", "spent", "0.1", "t:1", "", "1", "0.1", None]]
    assert journal["journal"]["memo"] == entry.journal.memo
    assert journal["journal"]["digest"] == bytes(entry.journal.digest).hex()


@pytest.mark.django_db
def test_a_place_that_cannot_be_written_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: No such file or directory") as refused:
        call_command("dump_ledger", str(tmp_path / "nowhere" / "dump"))
    assert refused.value.returncode == 2
    assert list(tmp_path.iterdir()) == []
