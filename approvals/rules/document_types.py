"""What the parts of a policy's document are made of: codes, words, spans, amounts. Pure."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from approvals.rules.sla import LONGEST_UNDO_WINDOW, parse_span

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
Words = Annotated[str, Field(min_length=1, max_length=200)]


def span_text(text: str) -> str:
    return str(parse_span(text))


def whole_number(value: object) -> object:
    """Read a whole number that a file has as text; whatever else is no number stays what it is, and is refused."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value


def amount_text(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("put amounts with decimals in quotes, so that none is rounded on the way")
    return value


Span = Annotated[str, AfterValidator(span_text)]
NEXT_MEETING = "next meeting"
QuestionPause = Literal["none"] | Span
Address = Annotated[str, Field(pattern=r"^[^@\s:]+@[^@\s:]+$", max_length=254), AfterValidator(str.casefold)]
# The bounds come first, so that a schema tells them; what is read of a text is judged by them all the same.
Seconds = Annotated[int, Field(ge=0, le=LONGEST_UNDO_WINDOW, strict=True), BeforeValidator(whole_number)]
Percent = Annotated[int, Field(ge=0, le=100, strict=True), BeforeValidator(whole_number)]
Bound = Annotated[Decimal, BeforeValidator(amount_text), Field(ge=0, max_digits=18, decimal_places=2)]
Pct = Annotated[Decimal, BeforeValidator(amount_text), Field(gt=0, le=1_000_000, decimal_places=4, max_digits=12)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
