"""A budget as a file: its schema. `docs/schemas/budget.schema.json` is made from it."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from budgets.rules.health import USUAL_LADDER, fault_of_ladder
from budgets.rules.months import add_months, first_of, months_between
from core.errors import InvalidInput, Refusal
from core.money import parse_amount

CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
MOST = 2000
Read = TypeVar("Read", bound=BaseModel)


def _amount(value: Any) -> Decimal:
    """Read an amount exactly: text or a whole number. A binary fraction would have lost cents already."""
    if isinstance(value, Decimal):
        value = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an amount is text or a whole number, such as 1250 or '1250.50'")
    try:
        return parse_amount(str(value), currency="USD", allow_zero=True)
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal


def _quantity(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", str(value)):
        raise ValueError("a number is written in digits, such as 10 or '0.5'")
    return Decimal(str(value))


def _month(value: Any) -> date:
    if isinstance(value, date):
        return first_of(value)
    if not re.fullmatch(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", str(value)):
        raise ValueError("a month is written as 2026-06")
    return date.fromisoformat(f"{value}-01")


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    if re.fullmatch(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", str(value)):
        return add_months(_month(value), 1) - timedelta(days=1)
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("a day is written as 2026-06-30, or as 2026-06 for the month's last") from error


_NUMBER_SCHEMA = {"anyOf": [{"type": "string", "pattern": r"^[0-9][0-9,]*(\.[0-9]{1,2})?$"}, {"type": "integer", "minimum": 0}]}
_QUANTITY_SCHEMA = {"anyOf": [{"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,6})?$"}, {"type": "number", "minimum": 0}]}
_MONTH_SCHEMA = {"type": "string", "pattern": r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"}
Amount = Annotated[Decimal, BeforeValidator(_amount), PlainSerializer(str), WithJsonSchema(_NUMBER_SCHEMA)]
Quantity = Annotated[Decimal, BeforeValidator(_quantity), PlainSerializer(str), WithJsonSchema(_QUANTITY_SCHEMA)]
Month = Annotated[date, BeforeValidator(_month), PlainSerializer(lambda month: f"{month:%Y-%m}"), WithJsonSchema(_MONTH_SCHEMA)]
_DAY_SCHEMA = {"type": "string", "pattern": r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])(-[0-3][0-9])?$"}
Day = Annotated[date, BeforeValidator(_day), PlainSerializer(date.isoformat), WithJsonSchema(_DAY_SCHEMA)]
Code = Annotated[str, Field(pattern=CODE, max_length=40)]
CategoryCode = Annotated[str, Field(pattern=CODE, max_length=60)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Part(BaseModel):
    """Base of every part: a field that is not known is refused, not dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class EntityPart(Part):
    """The organization. With its code alone it must be there already; with a name and a currency it is made where it is not."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
    name: Name | None = None
    currency: Currency | None = None
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    time_zone: str = "UTC"
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""


class CostCentrePart(Part):
    """A node of the cost centre tree, made where it is not there. Its parent stands before it."""

    code: Code
    name: Name
    kind: Literal["organization", "team", "project", "service", "region", "environment"] = "team"
    parent: Code | None = None


class CategoryPart(Part):
    """A category of the locked list, made where it is not there. `aliases` maps a source's code, or `*`, to names."""

    code: CategoryCode
    name: Name
    parent: CategoryCode | None = None
    aliases: dict[str, Annotated[list[Name], Field(max_length=MOST)]] = {}


class VendorPart(Part):
    """A vendor, made where it is not there."""

    code: CategoryCode
    name: Name
    iban: Annotated[str, Field(max_length=34)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    aliases: list[Name] = []


class RatePart(Part):
    """A line of staff: fte x sprints x days in a sprint x day rate.

    The day rate is that of a `role` on the organization's rate card, as it holds in each month, or is stated here, in the
    budget's currency or in another `currency`. Another currency counts at the exchange rate that holds in each month. Where the
    line's sprints are not as long as the budget's, `days_per_sprint` says so.
    """

    fte: Quantity
    sprints: Quantity
    role: Code | None = None
    day_rate: Amount | None = None
    currency: Currency | None = None
    days_per_sprint: Quantity | None = None

    @model_validator(mode="after")
    def _one_rate(self) -> "RatePart":
        if (self.role is None) == (self.day_rate is None):
            raise ValueError("say the rate in one way: the role whose rate the card holds, or day_rate")
        if self.currency is not None and self.role is not None:
            raise ValueError("the card says in which currency a role is paid: leave `currency` out")
        return self


class LinePart(Part):
    """A line of an envelope: its amount outright, by month, in each month, or from a rate.

    An amount or a rate is spread over the line's months: evenly, by their working days, by `weights`, one for each month, or as
    the same months of the year before were spent on the category at the cost centre. Months that are `kept` have the amount that
    is stated for them; the other months of a rate cost their part of the person days.
    """

    name: Name
    cost_centre: Code
    amount: Amount | None = None
    monthly: Amount | None = None
    months: dict[Month, Amount] | None = None
    rate: RatePart | None = None
    kept: dict[Month, Amount] | None = None
    high: Amount | None = None
    phasing: Literal["even", "working_days", "weights", "last_year"] = "even"
    weights: Annotated[list[Quantity], Field(min_length=1, max_length=120)] | None = None
    starts_on: Month | None = None
    ends_on: Month | None = None

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "LinePart":
        ways = [self.amount, self.monthly, self.months, self.rate]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("say the amount in one way: amount, monthly, months or rate")
        if self.kept is not None and self.rate is None:
            raise ValueError("months are kept beside a rate: state others by `months`")
        if (self.phasing == "weights") != (self.weights is not None):
            raise ValueError("give `weights` with `phasing: weights`, and with no other")
        if self.phasing != "even" and (self.months is not None or self.monthly is not None):
            raise ValueError("what is stated by month is not spread: leave `phasing` out")
        if self.weights is not None and not sum(self.weights):
            raise ValueError("the weights are all zero")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on is before starts_on")
        return self


class EnvelopePart(Part):
    """What a category may be allotted. `heading` is what its source says its parts come to; `parent` the envelope around it."""

    category: CategoryCode
    amount: Amount
    variance_threshold: Amount | None = None
    heading: Amount | None = None
    parent: CategoryCode | None = None
    lines: Annotated[list[LinePart], Field(max_length=MOST)] = []


class HeadingPart(Part):
    """What the source says the lines of a cost centre come to in a month."""

    cost_centre: Code
    monthly: Amount


class ControlPart(Part):
    """What the budget's limits do, over which months they add up, and the ladder by which its status is said.

    `ladder` is in per cent of what is allotted: warning begins with its second rung, critical with its third.
    """

    window: Literal["month", "quarter", "ytd", "year", "life"] | None = None
    lines: Literal["stop", "warn", "track"] = "stop"
    groups: Literal["stop", "warn", "track"] = "stop"
    tolerance_pct: Quantity = Decimal(0)
    cost_centres: list[Code] = []
    ladder: list[Quantity] = list(USUAL_LADDER)

    @model_validator(mode="after")
    def _climbs(self) -> "ControlPart":
        if fault := fault_of_ladder(self.ladder):
            raise ValueError(fault)
        return self


class EndsPart(Part):
    """From low to high, both included."""

    low: Amount
    high: Amount

    @model_validator(mode="after")
    def _goes_up(self) -> "EndsPart":
        if self.high < self.low:
            raise ValueError("the high end is below the low one")
        return self


class SharesPart(Part):
    """From a low share to a high one, in per cent."""

    low: Quantity
    high: Quantity

    @model_validator(mode="after")
    def _goes_up(self) -> "SharesPart":
        if self.high < self.low:
            raise ValueError("the high end is below the low one")
        return self


class BandedPart(EndsPart):
    """What a category, or something in it, comes to in a month. Without a name it is the category."""

    category: CategoryCode
    name: Annotated[str, Field(max_length=100)] = ""


class ShareOfPart(SharesPart):
    """Of which other cost centre's cost it is thought a share."""

    of: Code


class TargetPart(Part):
    """By how many per cent the monthly cost shall fall below what it was in a month: of a category, or of all parts.

    `due_on` is a day, or a month for its last day.
    """

    percent: Quantity
    category: CategoryCode | None = None
    baseline: Amount
    baseline_month: Month
    due_on: Day


class EstimatePart(Part):
    """What a cost centre's cost is thought to come to in a month, from low to high, from a month of the budget on.

    `heading` is what its source says that the parts come to.
    """

    cost_centre: Code
    starts_on: Month | None = None
    heading: EndsPart | None = None
    parts: Annotated[list[BandedPart], Field(min_length=1, max_length=40)]
    growth_buffer_pct: SharesPart | None = None
    share: ShareOfPart | None = None
    targets: Annotated[list[TargetPart], Field(max_length=10)] = []
    note: Annotated[str, Field(max_length=300)] = ""


class MilestonePart(Part):
    """A dated promise."""

    code: Code
    name: Name
    due_on: date
    planned_cost: Amount | None = None
    vendor: CategoryCode | None = None


class BudgetPart(Part):
    """The budget itself. Its span is `starts_on` and a number of `months`."""

    code: Code
    name: Name
    kind: Literal["project", "operating"] = "project"
    currency: Currency
    total: Amount
    cost_centre: Code
    starts_on: Month
    months: Annotated[int, Field(ge=1, le=120)]
    days_per_sprint: Quantity = Decimal(10)
    note: Annotated[str, Field(max_length=400)] = ""
    sign_off: bool = False
    control: ControlPart = ControlPart()
    envelopes: Annotated[list[EnvelopePart], Field(min_length=1, max_length=MOST)]
    headings: list[HeadingPart] = []
    milestones: list[MilestonePart] = []
    bands: Annotated[list[EstimatePart], Field(max_length=200)] = []

    @property
    def ends_on(self) -> date:
        return add_months(self.starts_on, self.months - 1)

    @model_validator(mode="after")
    def _holds_together(self) -> "BudgetPart":
        _once([envelope.category for envelope in self.envelopes], "envelope")
        _once([milestone.code for milestone in self.milestones], "milestone")
        _once([band.cost_centre for band in self.bands], "band of")
        codes: set[str] = set()
        for envelope in self.envelopes:
            if envelope.parent is not None and envelope.parent not in codes:
                raise ValueError(f"the envelope {envelope.parent} is not there before {envelope.category}, which lies in it")
            codes.add(envelope.category)
            _once([f"{line.name} at {line.cost_centre}" for line in envelope.lines], "line")
            for line in envelope.lines:
                self._check_span(line)
        return self

    def _check_span(self, line: LinePart) -> None:
        stated = [line.starts_on, line.ends_on, *(line.months or ())]
        if any(month is not None and not self.starts_on <= month <= self.ends_on for month in stated):
            raise ValueError(f"the line {line.name} reaches outside the budget's months")
        first, last = line.starts_on or self.starts_on, line.ends_on or self.ends_on
        months = len(months_between(first, last))
        if line.kept is not None and not set(line.kept) <= set(months_between(first, last)):
            raise ValueError(f"the line {line.name} keeps a month outside its span")
        if line.weights is not None and len(line.weights) != months:
            raise ValueError(f"the line {line.name} has {len(line.weights)} weights for {months} months")


class BudgetDocument(Part):
    """A budget file."""

    schema_: Annotated[Literal["purser/budget/1"], Field(alias="schema")]
    entity: EntityPart | None = None
    cost_centres: Annotated[list[CostCentrePart], Field(max_length=MOST)] = []
    categories: Annotated[list[CategoryPart], Field(max_length=MOST)] = []
    vendors: Annotated[list[VendorPart], Field(max_length=MOST)] = []
    budget: BudgetPart


def _once(names: list[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"the {what} {name} is there twice")
        seen.add(name)


def parse(document: Mapping[str, Any]) -> BudgetDocument:
    """Return the document, checked. Raises InvalidInput whose `details` map each place in the file to what is wrong there."""
    return read_as(BudgetDocument, document)


def read_as(model: type[Read], document: Mapping[str, Any]) -> Read:
    """Return a document as `model` reads it. Raises InvalidInput, with `details` by place."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        wrong = {_place(item["loc"]): _sentence(item) for item in error.errors(include_url=False, include_context=False)}
    shown = "; ".join(f"{place}: {sentence}" for place, sentence in list(wrong.items())[:10])
    raise InvalidInput(
        f"The file says something that cannot be loaded: {shown}.", remedy="Correct it and load it again.", details=wrong
    )


def _place(location: tuple[int | str, ...]) -> str:
    place = ""
    for step in location:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    return place.lstrip(".") or "the file"


def _sentence(item: Any) -> str:
    plain = {"extra_forbidden": "this field is not known", "missing": "this is missing"}
    message = plain.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")
    return message[:300].rstrip(".")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a budget file."""
    schema = BudgetDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A budget for Purser"}
