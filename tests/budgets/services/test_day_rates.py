"""The rate card: stated with month and source, never changed, and what a budget's lines come to by it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from budgets.models import Budget, BudgetVersion, DayRate, FundsAccount, Journal
from budgets.rules.day_rates import DayRateData
from budgets.selectors.balances import account_figures
from budgets.selectors.budgets import version_in_force
from budgets.selectors.day_rates import card_of
from budgets.selectors.versions import basis_in_words
from budgets.services.budgets import LoadResult, load_document
from budgets.services.day_rates import changes_of, state_day_rates
from budgets.services.rates import state_rate
from core.errors import InvalidInput
from core.models import AuditRecord, Entity, User
from tests.factories.day_rates import DEVELOPER, line, rated, staffed_document

ZERO = Decimal(0)
FOUR = {"fte": 4, "sprints": 10, "role": DEVELOPER}
MONTHS = {month: date(2026, month, 1) for month in range(1, 13)}


def load(*lines: dict[str, Any], **changes: Any) -> LoadResult:
    return load_document(document=staffed_document(*lines, **changes), actor=None)


def months_in_force(budget: Budget) -> dict[int, Decimal]:
    version = version_in_force(budget)
    assert version is not None
    return {row.month.month: row.amount for planned in version.lines.all() for row in planned.months.all()}


GOOD: dict[str, Any] = {
    "role": "dev",
    "name": "Dev",
    "starts_on": date(2026, 1, 1),
    "rate": Decimal(1),
    "currency": "USD",
    "source": "X",
}


def exchange(entity: Entity, currency: str, rate: str, day: date) -> None:
    state_rate(entity=entity, currency=currency, valid_on=day, rate=Decimal(rate), source="Central bank", actor=None)


def test_a_line_costs_what_the_card_holds_month_by_month(entity: Entity) -> None:
    rated(entity, "700", "2025-01")
    rated(entity, "750", "2026-03")
    rated(entity, "800", "2026-09", source="Round of 2026")
    result = load(line(FOUR))
    assert months_in_force(result.budget) == {6: 60_000, 7: 60_000, 8: 60_000, 9: 64_000, 10: 64_000}
    assert result.version.lines.get().amount == Decimal(308_000)
    account = FundsAccount.objects.get(budget=result.budget, cost_centre__code="DEV")
    assert account_figures([account.pk])[account.pk].allotted == Decimal(308_000)
    words = basis_in_words(result.version.lines.get().basis, "USD").replace("\u00a0", " ")
    assert words == "4 people × 10 sprints × 10 days a sprint × 750.00 a day, from September 2026 800.00 a day"
    assert [each["source"] for each in result.version.lines.get().basis["rates"]] == ["Band 4", "Round of 2026"]


def test_of_two_words_about_one_month_the_later_holds_and_none_is_changed(entity: Entity, controller: User) -> None:
    rated(entity, "700")
    said = DayRateData(DEVELOPER, "Developer", date(2026, 1, 1), Decimal(710), "USD", "Band 5")
    (now,) = state_day_rates(entity=entity, rates=[said], actor=controller)
    assert [each.rate for each in DayRate.objects.order_by("id")] == [Decimal(700), Decimal(710)]
    assert months_in_force(load(line(FOUR)).budget)[6] == Decimal(56_800)
    record = AuditRecord.objects.filter(verb="day_rates.stated").latest("id")
    assert record.actor == controller
    assert record.before == {"rates": ["developer 2026-01: 700.00 USD"]}
    assert record.after == {"rates": ["developer 2026-01: 710.00 USD"], "sources": ["Band 5"]}
    for change in ({"rate": Decimal(1)}, {"starts_on": date(2027, 1, 1)}, {"source": "Me"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            DayRate.objects.filter(pk=now.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        now.delete()


def test_what_holds_already_is_not_stated_again(entity: Entity) -> None:
    assert len(rated(entity, "700")) == 1
    assert rated(entity, "700") == []
    assert rated(entity, "700", "2026-05") == []
    assert len(rated(entity, "700", "2025-05")) == 1
    assert len(rated(entity, "700", "2026-05", currency="EUR")) == 1
    (change,) = changes_of(entity, [DayRateData(DEVELOPER, "Developer", date(2026, 7, 1), Decimal(1), "USD", "X")])
    assert change.before is not None
    assert (change.before.currency, change.before.starts_on) == ("EUR", date(2026, 5, 1))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rate": Decimal(0)}, "rate"),
        ({"rate": Decimal(-1)}, "rate"),
        ({"rate": Decimal("1.001")}, "rate"),
        ({"rate": Decimal("NaN")}, "rate"),
        ({"rate": Decimal(10) ** 15}, "rate"),
        ({"role": "two words"}, "role"),
        ({"name": " "}, "name"),
        ({"source": ""}, "source"),
        ({"currency": "XYZ"}, "currency"),
        ({"starts_on": date(2026, 1, 2)}, "starts_on"),
    ],
)
def test_what_is_no_rate_is_refused_with_its_field(entity: Entity, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        state_day_rates(entity=entity, rates=[DayRateData(**GOOD), DayRateData(**{**GOOD, **change})], actor=None)
    assert list(refused.value.details) == [field]
    assert not DayRate.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"rate": Decimal(0)},
        {"currency": "usd"},
        {"role": "two words"},
        {"starts_on": date(2026, 1, 2)},
        {"name": ""},
        {"source": ""},
    ],
)
def test_the_database_keeps_no_such_rate_either(entity: Entity, change: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        DayRate.objects.create(entity=entity, **{**GOOD, **change})


def test_a_role_that_is_not_there_is_refused_and_nothing_stays(entity: Entity) -> None:
    with pytest.raises(InvalidInput, match=r"The rate card of Acme has no role developer\. State its day rate") as refused:
        load(line(FOUR))
    assert refused.value.code == "no_role"
    assert not Budget.objects.exists()


def test_a_month_before_the_first_rate_or_off_the_card_is_refused(entity: Entity) -> None:
    rated(entity, "700", "2026-07")
    with pytest.raises(InvalidInput, match="has no rate for developer in June 2026"):
        load(line(FOUR))
    rated(entity, "700", "2026-06")
    rated(entity, None, "2026-10")
    with pytest.raises(InvalidInput, match="has no rate for developer in October 2026"):
        load(line(FOUR))
    assert load(line(FOUR, ends_on="2026-09")).version.lines.get().amount == Decimal(280_000)
    assert [(each.name, each.is_planned_with) for each in card_of(entity, date(2026, 9, 1))] == [("Developer", True)]
    assert [(each.now.rate if each.now else ZERO, each.is_planned_with) for each in card_of(entity, date(2026, 10, 1))] == [
        (None, False)
    ]


def test_a_role_paid_in_another_currency_counts_at_each_months_exchange_rate(entity: Entity) -> None:
    rated(entity, "500", currency="EUR")
    exchange(entity, "EUR", "1.10", date(2026, 1, 5))
    exchange(entity, "EUR", "1.20", date(2026, 8, 1))
    exchange(entity, "EUR", "1.30", date(2026, 9, 2))
    result = load(line(FOUR))
    # 80 days a month at 500.00 EUR: 1.10 in June and July, 1.20 from August on, since 1.30 does not hold on 1 September yet.
    assert months_in_force(result.budget) == {6: 44_000, 7: 44_000, 8: 48_000, 9: 48_000, 10: 52_000}
    words = basis_in_words(result.version.lines.get().basis, "USD").replace("\u00a0", " ")
    assert words.endswith(
        "500.00 EUR a day at 1.1, from August 2026 500.00 EUR a day at 1.2, from October 2026 500.00 EUR a day at 1.3"
    )
    assert result.version.lines.get().basis["rates"][1]["exchange_source"] == "Central bank, EUR from 1 Aug 2026"


def test_a_rate_stated_with_the_line_may_be_in_another_currency(entity: Entity) -> None:
    exchange(entity, "EUR", "1.25", date(2026, 6, 1))
    result = load(line({"fte": "0.5", "sprints": 4, "day_rate": "400", "currency": "EUR"}, ends_on="2026-07"))
    assert months_in_force(result.budget) == {6: 5_000, 7: 5_000}
    words = basis_in_words({"fte": "1", "sprints": "1.0", "days_per_sprint": "10"}, "USD").replace("\u00a0", " ")
    assert words == "1 person × 1.0 sprint × 10 days a sprint"
    with pytest.raises(InvalidInput, match="No exchange rate for GBP holds on 1 June 2026") as refused:
        load(line({"fte": 1, "sprints": 1, "day_rate": "400", "currency": "GBP"}))
    assert refused.value.code == "missing_rate"


def test_a_budget_in_another_currency_is_loaded_and_pooled_once_its_rate_is_stated(entity: Entity) -> None:
    rated(entity, "550")
    one = line({"fte": 1, "sprints": 10, "role": DEVELOPER})
    with pytest.raises(InvalidInput, match="no exchange rate holds today"):
        load(one, currency="EUR")
    exchange(entity, "EUR", "1.10", date(2026, 1, 1))
    result = load(one, currency="EUR")
    # 100 days at 550.00 USD are 50,000.00 EUR at 1.10 USD for one.
    assert result.version.lines.get().amount == Decimal(50_000)
    pooled = Journal.objects.get(kind="allot").entries.filter(account__cost_centre__code="DEV")
    assert sum(each.pooled for each in pooled) == Decimal(55_000)


def test_phasing_weighs_the_days_and_prices_them_after(entity: Entity) -> None:
    rated(entity, "100")
    rated(entity, "200", "2026-08")
    result = load(line(FOUR, phasing="weights", weights=[2, 1, 1, 0, 0]))
    assert months_in_force(result.budget) == {6: 20_000, 7: 10_000, 8: 20_000, 9: 0, 10: 0}


def test_kept_months_have_their_amount_and_the_others_their_part_of_the_days(entity: Entity) -> None:
    rated(entity, "800")
    result = load(line(FOUR, kept={"2026-06": "60000", "2026-07": "61000.50"}))
    assert months_in_force(result.budget) == {6: 60_000, 7: Decimal("61000.50"), 8: 64_000, 9: 64_000, 10: 64_000}
    words = basis_in_words(result.version.lines.get().basis, "USD").replace("\u00a0", " ")
    assert words.endswith("800.00 a day; June 2026 to July 2026 as they were planned")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rate": {"fte": 1, "sprints": 1}}, "say the rate in one way"),
        ({"rate": {"fte": 1, "sprints": 1, "role": "a", "day_rate": "1"}}, "say the rate in one way"),
        ({"rate": {"fte": 1, "sprints": 1, "role": "a", "currency": "EUR"}}, "leave `currency` out"),
        ({"rate": None, "amount": "5", "kept": {"2026-06": "1"}}, "months are kept beside a rate"),
        ({"rate": {"fte": 1, "sprints": 1, "role": "a"}, "kept": {"2026-05": "1"}}, "keeps a month outside its span"),
    ],
)
def test_a_line_that_says_two_things_is_refused(entity: Entity, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        load(line({}) | wrong)


def test_the_same_file_at_other_rates_is_the_next_version_and_at_the_same_rates_none(entity: Entity) -> None:
    rated(entity, "700")
    first = load(line(FOUR))
    assert load(line(FOUR)).unchanged
    rated(entity, "900", "2027-01")
    assert load(line(FOUR)).unchanged
    rated(entity, "750", "2026-10")
    second = load(line(FOUR))
    assert (second.unchanged, second.version.number) == (False, 2)
    assert months_in_force(second.budget)[10] - months_in_force(second.budget)[9] == Decimal(4_000)
    assert BudgetVersion.objects.get(pk=first.version.pk).lines.get().amount == Decimal(280_000)


def test_a_budget_in_force_keeps_its_amounts_when_the_card_changes(entity: Entity) -> None:
    rated(entity, "700")
    budget = load(line(FOUR)).budget
    before = months_in_force(budget), Journal.objects.count()
    rated(entity, "750", "2026-02")
    assert (months_in_force(budget), Journal.objects.count()) == before
