"""What people cost where a day's price changes from month to month: exact, to the cent, and told with its sources."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.rules.months import add_months, months_between
from budgets.rules.phasing import weighted
from budgets.rules.rates import Exchange, Price, Staffing, priced, spans
from core.errors import InvalidInput

JUNE, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (6, 9, 10))
FIVE = months_between(JUNE, OCTOBER)
ONE = Decimal(1)
CENT = Decimal("0.01")
rates = st.decimals(min_value=Decimal("0.01"), max_value=5000, places=2)
weights = st.lists(st.decimals(min_value=0, max_value=400, places=2), min_size=1, max_size=24).filter(lambda found: any(found))


def test_a_rise_in_september_counts_from_september_on() -> None:
    staff = Staffing(Decimal(4), Decimal(10), Decimal(10))
    months, prices = priced(
        staff.person_days,
        dict.fromkeys(FIVE, ONE),
        lambda month: Price(Decimal(800 if month >= SEPTEMBER else 750), "USD"),
        currency="USD",
    )
    assert [months[month] for month in FIVE] == [Decimal(60_000)] * 3 + [Decimal(64_000)] * 2
    assert [(each["from"], each["day_rate"]) for each in spans(prices)] == [("2026-06", "750.00"), ("2026-09", "800.00")]


def test_another_currency_counts_at_the_months_rate_and_is_rounded_once() -> None:
    bank = Exchange(Decimal("1.08425"), "Central bank, EUR from 1 Jun 2026")
    price = Price(Decimal("333.33"), "EUR", "Contract 7", bank)
    months, prices = priced(Decimal(3), dict.fromkeys(FIVE[:3], ONE), lambda month: price, currency="USD")
    # 3 x 333.33 x 1.08425 = 1,084.2391575
    assert sum(months.values()) == Decimal("1084.24")
    assert sorted(months.values()) == [Decimal("361.41"), Decimal("361.41"), Decimal("361.42")]
    assert spans(prices) == [
        {
            "from": "2026-06",
            "day_rate": "333.33",
            "currency": "EUR",
            "source": "Contract 7",
            "exchange": "1.08425",
            "exchange_source": "Central bank, EUR from 1 Jun 2026",
        }
    ]


def test_a_month_without_a_share_needs_no_price() -> None:
    def price_in(month: date) -> Price:
        if month == SEPTEMBER:
            raise InvalidInput("Nothing holds in September.")
        return Price(Decimal(100), "USD")

    some = {JUNE: ONE, SEPTEMBER: Decimal(0)}
    months, _ = priced(Decimal(2), some, price_in, currency="USD")
    assert months == {JUNE: Decimal(200), SEPTEMBER: Decimal(0)}
    with pytest.raises(InvalidInput, match="September"):
        priced(Decimal(2), dict.fromkeys(some, ONE), price_in, currency="USD")


@given(weights, st.data(), st.decimals(min_value=Decimal("0.5"), max_value=2000, places=1))
def test_the_months_add_up_to_the_exact_cost_rounded_once(parts: list[Decimal], data: st.DataObject, days: Decimal) -> None:
    months = [add_months(JUNE, index) for index in range(len(parts))]
    by_month = {month: data.draw(rates) for month in months}
    found, _ = priced(days, dict(zip(months, parts, strict=True)), lambda month: Price(by_month[month], "USD"), currency="USD")
    whole = sum(map(Fraction, parts))
    exact = [
        Fraction(days) * Fraction(part) / whole * Fraction(by_month[month]) for month, part in zip(months, parts, strict=True)
    ]
    cents = Fraction(sum(exact)) * 100
    rounded = Decimal(int(cents + Fraction(1, 2))) / 100
    assert sum(found.values()) == rounded.quantize(CENT, rounding=ROUND_HALF_UP)
    assert all(abs(Fraction(found[month]) - part) < Fraction(1, 50) for month, part in zip(months, exact, strict=True))


@given(weights, rates, st.decimals(min_value=Decimal("0.5"), max_value=2000, places=1))
def test_at_one_price_it_is_what_phasing_the_whole_comes_to(parts: list[Decimal], rate: Decimal, days: Decimal) -> None:
    months = [add_months(JUNE, index) for index in range(len(parts))]
    found, _ = priced(days, dict(zip(months, parts, strict=True)), lambda month: Price(rate, "USD"), currency="USD")
    total = (days * rate).quantize(CENT, rounding=ROUND_HALF_UP)
    assert sum(found.values()) == total
    assert all(abs(found[month] - amount) <= CENT for month, amount in weighted(total, months, parts, currency="USD").items())
