"""Tag keys, rules and the target as a YAML file states them. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from budgets.rules.document import Code, Month, Name, Part, Quantity, read_as

Words = Annotated[str, Field(max_length=100)]


class TagKeyPart(Part):
    """A key: whether spend must bear it, and with which values."""

    name: Annotated[str, Field(max_length=40)]
    allows: Literal["list", "email", "version", "cost_centre", "budget", "text"]
    values: tuple[str, ...] = ()
    pattern: Annotated[str, Field(max_length=60)] = ""
    is_mandatory: bool = True
    note: Annotated[str, Field(max_length=300)] = ""


class TagRulePart(Part):
    """A rule: what it looks for, and what it sets where nothing is said yet."""

    name: Name
    position: Annotated[int, Field(ge=1, le=9999)] = 100
    source: Words = ""
    vendor: Words = ""
    service: Words = ""
    resource: Words = ""
    category: Words = ""
    cost_centre: Code | None = None
    sets: dict[str, str]


class TagsDocument(Part):
    """What an organization asks its spend to bear, from a month on."""

    starts_on: Month
    target: Quantity | None = None
    keys: tuple[TagKeyPart, ...] = ()
    rules: tuple[TagRulePart, ...] = ()


def parse_tags(document: Mapping[str, Any]) -> TagsDocument:
    """Return what a file states. Raises InvalidInput with `details` by place."""
    return read_as(TagsDocument, document)
