"""Each fact about approvals that is stated names tests and measures that are there."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.measures.runner import FOLDERS, found
from tests.operations.test_threat_model import MEASURE, NAMED, missing

PAGE = Path(settings.BASE_DIR) / "docs" / "approvals-facts.md"


def rows() -> list[str]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [line for line in lines if not line.startswith("| fact")]


@pytest.mark.parametrize("row", rows())
def test_every_fact_is_shown_by_what_is_there(row: str) -> None:
    fact, shown = [part.strip() for part in row.strip("| ").split(" | ")]
    measures = set(MEASURE.findall(f" {shown} "))
    assert fact
    assert NAMED.search(shown) or measures
    assert missing(shown) == []
    assert measures - {measure.id for measure in found(FOLDERS["trust"])} == set()


def test_the_page_says_enough() -> None:
    assert len(rows()) > 25
