"""Red, amber, green, by the golden rule."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from reporting.rules.rag import Status, share_of_threshold, status_of, worst

GOLDEN = yaml.safe_load((Path(__file__).parents[2] / "golden" / "kafka_migration.yaml").read_text())
THRESHOLDS = {each["code"]: Decimal(each["variance_threshold_amount"]) for each in GOLDEN["budget"]["categories"]}


def golden_statuses() -> list[tuple[str, str, str]]:
    found: dict[str, dict[Any, str]] = GOLDEN["expect"]["status_at_variance"]
    return [(code, str(variance), status) for code, each in found.items() for variance, status in each.items()]


@pytest.mark.parametrize(("code", "variance", "expected"), golden_statuses())
def test_status_at_each_golden_variance(code: str, variance: str, expected: str) -> None:
    assert status_of(Decimal(variance), THRESHOLDS[code]) == expected


def test_all_golden_variances_are_read() -> None:
    assert len(golden_statuses()) == 14


def test_the_share_is_compared_unrounded() -> None:
    threshold = Decimal(3)
    assert status_of(Decimal("2.4"), threshold) is Status.GREEN
    assert status_of(Decimal("2.4000000000000001"), threshold) is Status.YELLOW


def test_without_a_threshold_nothing_is_green() -> None:
    assert status_of(Decimal(0), None) is Status.UNSET
    assert share_of_threshold(Decimal(5), None) is None


def test_a_threshold_of_nothing_bears_nothing() -> None:
    assert status_of(Decimal(0), Decimal(0)) is Status.GREEN
    assert status_of(Decimal("0.01"), Decimal(0)) is Status.RED


def test_the_worst_of_several() -> None:
    assert worst([Status.UNSET, Status.GREEN, Status.YELLOW]) is Status.YELLOW
    assert worst([]) is Status.UNSET
