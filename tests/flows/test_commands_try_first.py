"""Commands that write say with --dry-run what they would do, and leave every table as it was."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from approvals.models import HistoryLog, PolicyVersion
from budgets.models import Entry, Journal, TagKey
from core.models import Entity
from reconciliation.models import Source
from reporting.models import Pack
from tests.approvals.services.test_history import LOG
from tests.budgets.pages.test_load_page import PLAN
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.reporting import Reported
from tests.trust.state import Digest, differences

Tries = Callable[..., tuple[str, str]]

TAGS = """
starts_on: 2026-01
keys: [{name: Team, allows: list, values: [api, data], is_mandatory: true}]
rules: [{name: Clouds, position: 10, service: "Cloud*", sets: {Team: api}}]
"""
SOURCES = """
sources:
  - {code: cards, name: Cards, format: spend_csv,
     mapping: {columns: {date: D, amount: A}, fixed: {category: software, cost_centre: PLATFORM}}}
"""


@pytest.fixture
def tries(digest: Callable[[], Digest]) -> Tries:
    """Run a command with --dry-run, see that nothing is left behind, then run it in earnest; give both answers."""

    def run(*words: str) -> str:
        out = io.StringIO()
        call_command(*words, stdout=out)
        return out.getvalue()

    def both(*words: str) -> tuple[str, str]:
        before = digest()
        tried = run(*words, "--dry-run")
        assert differences(before, digest()) == []
        done = run(*words)
        assert differences(before, digest()) != []
        return tried, done

    return both


def _file(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_a_budget(small_budget: SmallBudget, tries: Tries, tmp_path: Path) -> None:
    tried, done = tries("load_budget", _file(tmp_path, "plan.yaml", PLAN), "--json", "--entity", "acme")
    told = json.loads(tried)
    moved = told.pop("dry_run")["moved"]
    assert told == json.loads(done)
    entries = Entry.objects.filter(journal__source_type="budget_version", account__budget__code="PLAN")
    assert sum(Decimal(each["after"]) - Decimal(each["before"]) for each in moved) == sum(each.amount for each in entries)
    assert len(moved) == entries.count()
    assert Journal.objects.filter(source_type="budget_version", entity=small_budget.entity).count() == 2


def test_tags(small_budget: SmallBudget, tries: Tries, tmp_path: Path) -> None:
    tried, done = tries("load_tags", _file(tmp_path, "tags.yaml", TAGS), "--entity", "acme")
    assert tried == "1 keys and 1 rules would hold from January 2026 on.\n"
    assert done == "1 keys and 1 rules hold from January 2026 on.\n"
    assert TagKey.objects.count() == 1


def test_sources(small_budget: SmallBudget, tries: Tries, tmp_path: Path) -> None:
    tried, done = tries("load_source", _file(tmp_path, "cards.yaml", SOURCES), "--entity", "acme")
    assert tried == f"{done}Nothing was changed.\n"
    assert Source.objects.get().code == "cards"


def test_a_policy(entity: Entity, tries: Tries) -> None:
    path = str(settings.BASE_DIR / "demo" / "policies" / "distro.yaml")
    tried, done = tries("load_policy", path)
    assert tried == "distro version 1 would be published: 5 rules for acme.\n"
    assert done == "distro version 1 is published: 5 rules for acme.\n"
    assert PolicyVersion.objects.count() == 1


def test_a_history(entity: Entity, tries: Tries, tmp_path: Path) -> None:
    tried, done = tries("import_history", _file(tmp_path, "log.csv", LOG), "--calendar", "NL")
    assert tried.replace("It would be kept.", "Kept.") == done
    assert "It would be kept." in tried
    assert HistoryLog.objects.count() == 1


def test_a_pack(reported: Reported, quick_pdf: None, tries: Tries, tmp_path: Path) -> None:
    out = tmp_path / "pack.pdf"
    words = ("board_pack", "--budget", "SMALL", "--period", "2026-03", "--out", str(out))
    tried, done = tries(*words)
    assert tried.startswith(f"Would be {done.splitlines()[0]}")
    assert Pack.objects.count() == 1
    other = tmp_path / "other.pdf"
    call_command("board_pack", budget="SMALL", period="2026-03", out=str(other), dry_run=True, stdout=io.StringIO())
    assert not other.exists()


def test_what_a_command_refuses_it_refuses_when_it_is_tried(
    small_budget: SmallBudget, digest: Callable[[], Digest], tmp_path: Path
) -> None:
    before = digest()
    bad = _file(tmp_path, "cards.yaml", SOURCES.replace(", amount: A", ""))
    with pytest.raises(CommandError, match="not mapped: amount"):
        call_command("load_source", bad, "--entity", "acme", "--dry-run")
    wrong = _file(tmp_path, "tags.yaml", TAGS.replace("sets: {Team: api}", "sets: {Team: moon}"))
    with pytest.raises(CommandError):
        call_command("load_tags", wrong, "--entity", "acme", "--dry-run")
    assert differences(before, digest()) == []
