"""From exact fractions to cents, so that every row adds up to its amount and the columns to the whole."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from core.money import CENT, minor_unit

Rows = Mapping[str, Mapping[str, Fraction]]


def parts_of(amounts: Mapping[str, Decimal], rows: Rows, *, currency: str) -> dict[str, dict[str, Decimal]]:
    """Return what of each amount goes where, by its row of fractions that add up to one.

    No part is of the other sign than its amount. What rounding owes a column is carried on to the next rows, so that a column's
    sum strays from the exact one by little, however many rows there are.
    """
    unit = minor_unit(currency)
    owed: dict[str, Fraction] = {}
    parts = {}
    for name, amount in amounts.items():
        sign = -1 if amount < 0 else 1
        units = int((abs(amount) / unit).to_integral_exact())
        whole = _whole_units(units, rows[name], {to: sign * carried for to, carried in owed.items()})
        for to, share in rows[name].items():
            owed[to] = owed.get(to, Fraction(0)) + sign * (units * share - whole[to])
        parts[name] = {to: (sign * count * unit).quantize(CENT) for to, count in whole.items()}
    return parts


def _whole_units(units: int, row: Mapping[str, Fraction], owed: Mapping[str, Fraction]) -> dict[str, int]:
    """Give everybody the whole units of their share, and what is left one by one to whom most is owed.

    Ties go to the larger share, then to the earlier one.
    """
    whole = {to: int(units * share) for to, share in row.items()}
    due = {to: units * share - whole[to] + owed.get(to, Fraction(0)) for to, share in row.items()}
    for _ in range(units - sum(whole.values())):
        first = max(row, key=lambda to: (due[to], row[to]))
        whole[first] += 1
        due[first] -= 1
    return whole
