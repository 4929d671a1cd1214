"""A source's saved mapping: which column says what, and how the file writes dates and amounts."""

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import InvalidInput
from core.names import fold

TAG = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")
TagCode = Annotated[str, Field(pattern=TAG.pattern)]
Role = Literal[
    "date", "due", "amount", "net", "vat", "recoverable", "vendor", "number", "category", "cost_centre", "description",
    "currency", "record", "group", "request",
]  # fmt: skip

M = TypeVar("M", bound="CsvMapping")
B = TypeVar("B", bound=BaseModel)


class CsvMapping(BaseModel):
    """How to read a CSV of one source. A role may be read from a column, or be the same for the whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[Role, str | list[str]] = Field(description="The heading of each role's column; several are joined.")
    fixed: dict[Role, str] = Field(default_factory=dict, description="What is the same in every row, such as the vendor.")
    date_format: str = Field(default="%Y-%m-%d", description="As strptime reads it; %Y-%m alone is a month.")
    decimal: Literal[".", ","] = "."
    delimiter: Literal["", ",", ";", "\t", "|"] = Field(default="", description="Blank: found by the header.")
    negate: bool = Field(default=False, description="The file writes spend as negative.")
    restates: bool = Field(default=True, description="A later file says all there is for its days; else it only adds.")
    signature: list[str] = Field(
        default_factory=list, description="Every heading of the file; blank: only the mapped ones count."
    )

    tags: dict[TagCode, str] = Field(
        default_factory=dict, description="The heading of each tag's column, by the tag's key; a file without it states none."
    )
    resource: str = Field(
        default="", max_length=200, description="The heading under which the resource stands; a file without it names none."
    )
    document_date: str = Field(
        default="",
        max_length=200,
        description="The heading under which the document's own date stands, where that is not the day it is posted by.",
    )
    tag_prefix: str = Field(
        default="",
        max_length=60,
        description="What the headings of tags begin with, such as resourceTags/user:; then comes the key.",
    )

    def is_beside(self, heading: str) -> bool:
        """Say whether a column may be there or not: it states a tag, the resource, or the document's own date."""
        return bool(self.tag_of(heading)) or fold(heading) in {fold(name) for name in (self.resource, self.document_date) if name}

    def tag_of(self, heading: str) -> str:
        """Return the key, in small letters, of the tag that a column states; blank where it states none."""
        named = next((key for key, name in self.tags.items() if fold(name) == fold(heading)), "")
        if not named and self.tag_prefix and heading.casefold().startswith(self.tag_prefix.casefold()):
            named = heading[len(self.tag_prefix) :].strip()
        return named.lower() if TAG.match(named) else ""

    def headings(self) -> list[str]:
        """Return the headings that the mapping reads."""
        return [name for value in self.columns.values() for name in ([value] if isinstance(value, str) else value)]

    def says(self, role: Role) -> bool:
        """Say whether a role is read or fixed."""
        return role in self.columns or role in self.fixed


class SpendMapping(CsvMapping):
    """Spend as a ledger exports it: each row is the actual itself."""

    @model_validator(mode="after")
    def _complete(self) -> "SpendMapping":
        return _require(self, "date", "amount", "category", "cost_centre")


class InvoiceMapping(CsvMapping):
    """A register of invoices: `amount` is the gross, or net and VAT are given."""

    @model_validator(mode="after")
    def _complete(self) -> "InvoiceMapping":
        _require(self, "date", "vendor", "number")
        if not (self.says("amount") or self.says("net")):
            raise ValueError("amount or net must be mapped")
        return self


class BillMapping(CsvMapping):
    """One bill: records are lines, groups and the total; what is stated is held against the lines."""

    line_word: str = "line"
    group_word: str = "group"
    total_word: str = "total"

    @model_validator(mode="after")
    def _complete(self) -> "BillMapping":
        return _require(self, "record", "group", "description", "amount", "date", "vendor")


class CamtMapping(BaseModel):
    """A bank's statements. `accounts` limits them to these; empty takes any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accounts: list[str] = Field(default_factory=list)


def _require(mapping: M, *roles: Role) -> M:
    missing = [role for role in roles if not mapping.says(role)]
    if missing:
        raise ValueError(f"not mapped: {', '.join(missing)}")
    return mapping


def checked(model: type[B], document: dict[str, Any]) -> B:
    """Return the mapping a document states, or raise InvalidInput with a sentence for each fault."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = {".".join(str(part) for part in fault["loc"]) or "mapping": fault["msg"] for fault in error.errors()}
        listed = "; ".join(f"{where}: {what}" for where, what in faults.items())
        raise InvalidInput(
            f"The definition of the source cannot be used: {listed}.", remedy="Correct it there.", details=faults
        ) from error
