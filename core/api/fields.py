"""How values are written: amounts as exact text, months as YYYY-MM, moments in UTC."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.errors import InvalidInput
from core.money import parse_amount

_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_MONTH = r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$"
_AMOUNT = r"^-?\d+\.\d{2}$"
_DECIMAL = r"^-?\d+(\.\d+)?$"


@extend_schema_field({"type": "string", "pattern": _AMOUNT, "example": "1250.00"})
class AmountField(serializers.Field[Decimal, str, str, Any]):
    """An amount of money, exact, as text. Its currency stands beside it."""

    default_error_messages = {"text": "State the amount as text, such as “1250.00”."}

    def __init__(self, *, allow_negative: bool = False, **kwargs: Any) -> None:
        self.allow_negative = allow_negative
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        """Read text or a whole number. A fraction of a binary number would have lost cents already."""
        if isinstance(data, bool) or not isinstance(data, str | int):
            self.fail("text")
        try:
            return parse_amount(str(data), currency="USD", allow_zero=True, allow_negative=self.allow_negative)
        except InvalidInput as refusal:
            raise serializers.ValidationError(str(refusal)) from refusal

    def to_representation(self, value: Decimal) -> str:
        """Write it to the cent."""
        return f"{value:.2f}"


@extend_schema_field({"type": "string", "pattern": _DECIMAL, "example": "0.1"})
class ExactField(serializers.Field[Decimal, str, str, Any]):
    """A number that is no amount, such as a rate or a share, exact, as text."""

    default_error_messages = {"text": "State the number in digits, as text, such as “1.0842”."}

    def to_internal_value(self, data: Any) -> Decimal:
        """Read up to 20 digits with up to 10 decimals."""
        if (
            isinstance(data, bool)
            or not isinstance(data, str | int)
            or not re.fullmatch(r"\d{1,20}(\.\d{1,10})?", str(data), re.ASCII)
        ):
            self.fail("text")
        return Decimal(str(data))

    def to_representation(self, value: Decimal) -> str:
        """Write it without the zeros at its end."""
        return f"{value.normalize():f}"


@extend_schema_field({"type": "string", "format": "binary"})
class UploadField(serializers.FileField):
    """A file of a form. What is in it, how large it may be, and its name are the service's to judge."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, use_url=False, **kwargs)


@extend_schema_field({"type": "string", "pattern": _MONTH, "example": "2026-03"})
class MonthField(serializers.Field[date, str, str, Any]):
    """A calendar month, `2026-03`; inside, its first day."""

    default_error_messages = {"month": "Write a month as 2026-03."}

    def to_internal_value(self, data: Any) -> date:
        """Read YYYY-MM, from 1900 to 2199."""
        if not isinstance(data, str) or not re.fullmatch(_MONTH, data, re.ASCII):
            self.fail("month")
        return date.fromisoformat(f"{data}-01")

    def to_representation(self, value: date) -> str:
        """Write YYYY-MM."""
        return f"{value:%Y-%m}"


@extend_schema_field({"type": "string", "pattern": _CLOCK, "example": "10:00"})
class ClockField(serializers.Field[time, str, str, Any]):
    """A time of day, `10:00`, to the minute and without a zone: whose it is, the field says."""

    default_error_messages = {"clock": "Write a time of day as 10:00."}

    def to_internal_value(self, data: Any) -> time:
        """Read HH:MM, from 00:00 to 23:59."""
        if not isinstance(data, str) or not re.fullmatch(_CLOCK, data, re.ASCII):
            self.fail("clock")
        return time.fromisoformat(data)

    def to_representation(self, value: time) -> str:
        """Write HH:MM."""
        return f"{value:%H:%M}"


@extend_schema_field({"type": "string", "format": "date-time", "example": "2026-03-02T10:00:00Z"})
class MomentField(serializers.Field[datetime, str, str, Any]):
    """A moment, in UTC, in ISO 8601."""

    default_error_messages = {"moment": "Write a moment as 2026-03-02T10:00:00Z, with its offset."}

    def to_internal_value(self, data: Any) -> datetime:
        """Read a moment that says its offset from UTC."""
        if not isinstance(data, str) or len(data) > 40:
            self.fail("moment")
        try:
            # In an address a plus sign arrives as a blank.
            moment = datetime.fromisoformat(data.replace(" ", "+"))
            return self._in_utc(moment)
        except (ValueError, OverflowError):
            self.fail("moment")

    def _in_utc(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            self.fail("moment")
        return moment.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        """Write it in UTC, with a Z."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
