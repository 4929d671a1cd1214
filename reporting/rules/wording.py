"""Figures and dates as people write them. Pure, so that a pack reads the same wherever it is rendered."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

MINUS = "\u2212"
GAP = "\u00a0"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def money(amount: Decimal) -> str:
    """Return 1,234.00, with a true minus."""
    return _minus(f"{amount:,.2f}")


def signed(amount: Decimal) -> str:
    """Return +1,234.00 or −1,234.00; zero bears no sign."""
    return _minus(f"{amount:+,.2f}") if amount else money(amount)


def thousands(amount: Decimal, *, sign: bool = False) -> str:
    """Return an amount in thousands with one decimal, without the unit."""
    return scaled(amount, Decimal(1000), 1, sign=sign)


def scaled(amount: Decimal, unit: Decimal, places: int, *, sign: bool = False) -> str:
    """Return `amount` in `unit` with `places` decimals; rounded half up, a rounded zero bears no sign."""
    value = (amount / unit).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if not value:
        return f"{abs(value):,}"
    return _minus(f"{value:+,}" if sign else f"{value:,}")


def percent(value: Decimal | None, *, sign: bool = True) -> str:
    """Return +1.2 or −1.2 without the per cent mark; blank where there is nothing to compare with."""
    return "" if value is None else scaled(value, Decimal(1), 1, sign=sign)


def month_name(month: date) -> str:
    """Return October 2026."""
    return f"{MONTHS[month.month - 1]} {month.year}"


def short_month(month: date) -> str:
    """Return Oct."""
    return MONTHS[month.month - 1][:3]


def span(first: date, last: date) -> str:
    """Return August to October 2026, with both years only where they differ."""
    if first == last:
        return month_name(last)
    if first.year == last.year:
        return f"{MONTHS[first.month - 1]} to {month_name(last)}"
    return f"{month_name(first)} to {month_name(last)}"


def day(value: date) -> str:
    """Return Fri 13 Nov 2026."""
    return f"{DAYS[value.weekday()]} {value.day} {short_month(value)} {value.year}"


def stamp(moment: datetime, zone: str) -> str:
    """Return 5 Nov 2026, 14:20 in `zone` (an IANA name)."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {short_month(local)} {local.year}, {local:%H:%M}"


def over_or_under(variance: Decimal) -> str:
    """Return '6,024.15 over plan', '20,200.00 under plan' or 'on plan'."""
    if not variance:
        return "on plan"
    return f"{money(abs(variance))} {'over' if variance > 0 else 'under'} plan"


def listed(parts: list[str]) -> str:
    """Return 'a', 'a and b' or 'a, b and c'."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def counted(count: int, singular: str, plural: str = "") -> str:
    """Return '1 row' or '3 rows'."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
