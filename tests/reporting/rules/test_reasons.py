"""Sentences made from figures."""

from decimal import Decimal

import pytest

from reporting.rules.around import Timeliness
from reporting.rules.figures import Driver
from reporting.rules.rag import Status
from reporting.rules.reasons import detail_title, explain, headline, lead_of, reasons_of
from reporting.rules.tiles import tiles_of
from reporting.rules.wording import listed, money, over_or_under, scaled, signed, span
from tests.factories.reporting import category, line, report

VENDORS = category("External Vendors", 110000, 117430, 6000, (line("Consultants", 82000, 91180), line("Tuning", 18000, 16250)))
CLOUD = category("Cloud", 126000, 112243, 16000)
STAFF = category("Staff", 388000, 400350, 30000)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((VENDORS, CLOUD, STAFF), "Kafka Migration is 1.0\u00a0% over plan; External Vendors needs an answer"),
        ((CLOUD,), "Kafka Migration is 10.9\u00a0% under plan; Cloud is to be watched"),
        ((STAFF,), "Kafka Migration is 3.2\u00a0% over plan; every category is within its threshold"),
        ((category("A", 10, 10),), "Kafka Migration is on plan; no category has a threshold"),
        ((category("A", 0, 5, 10),), "Kafka Migration is 5.00 over plan; every category is within its threshold"),
    ],
)
def test_the_title_says_the_finding(rows: tuple, said: str) -> None:  # type: ignore[type-arg]
    assert headline(report(*rows)) == said


def test_the_category_that_needs_an_answer_comes_first() -> None:
    reasons = reasons_of(report(STAFF, CLOUD, VENDORS))
    assert [each.name for each in reasons] == ["External Vendors", "Cloud", "Staff"]
    assert [each.status for each in reasons] == [Status.RED, Status.YELLOW, Status.GREEN]


def test_a_reason_names_threshold_lines_vendors_and_what_is_free() -> None:
    said = explain(VENDORS, [Driver("Streamline", Decimal(91180))])
    assert said == (
        "7,430.00 over plan, which passes the threshold of 6,000.00 by 1,430.00. Mainly Consultants (+9,180.00), partly made up "
        "by Tuning (\u22121,750.00). Most went to Streamline (91,180.00). 7,430.00 more is held than there is."
    )


def test_a_category_without_threshold_says_so() -> None:
    assert explain(category("A", 10, 10)) == "No threshold is set. 0.00 is free."


def test_just_below_the_threshold_is_not_rounded_up_to_it() -> None:
    assert explain(category("A", 0, "5999.99", 6000)).startswith("Almost 100\u00a0% of its threshold")


def test_what_is_held_is_told() -> None:
    row = category("A", 100, 10, 50, plan_total=100, committed=20, reserved=5)
    assert explain(row).endswith("Besides, 20.00 is committed and 5.00 waits for decisions; 65.00 is free.")


def test_the_detail_page_says_who_is_past_the_threshold() -> None:
    assert detail_title([VENDORS, CLOUD]) == "External Vendors is past its threshold; the rest is within"
    assert detail_title([VENDORS]) == "External Vendors is past its threshold"
    assert detail_title([STAFF]) == "Every category is within its threshold"


def test_the_lead_says_when_more_is_held_than_there_is() -> None:
    assert "more is held than there is" in lead_of(report(VENDORS))


def test_five_numbers_at_most_in_one_unit() -> None:
    tiles = tiles_of(report(VENDORS, CLOUD, STAFF), Timeliness(56, 54), ())
    assert len(tiles) == 5
    assert [(each.label, each.value, each.unit) for each in tiles][1] == ("Spent to Oct", "630.0", "k")
    assert (tiles[4].value, tiles[4].why) == ("96.4", "54 of 56 in October")
    small = tiles_of(report(category("A", 125, "42.15")), Timeliness(0, 0), ())
    assert (small[1].value, small[1].unit, small[4].label) == ("42.15", "", "Awaiting decision")


def test_words() -> None:
    assert money(Decimal("-1234.5")) == "\u22121,234.50"
    assert signed(Decimal("0.00")) == "0.00"
    assert scaled(Decimal(-44), Decimal(1000), 1, sign=True) == "0.0"
    assert over_or_under(Decimal(0)) == "on plan"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""
    assert span(report(STAFF).budget.first, report(STAFF).month) == "August to October 2026"
