"""The YAML in which sources are defined: code, name, format, mapping, and what they call our categories. Pure."""

from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from core.errors import InvalidInput
from reconciliation.rules.mapping import checked


class ExpectedDocument(BaseModel):
    """What is expected of a source. `keeper` is the e-mail address of whom to ask for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    cadence: str = "none"
    grace_days: int = 0
    keeper: str = ""


class SourceDocument(BaseModel):
    """One source. `aliases` maps a category's code to the names that this source has for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")
    name: str
    format: str
    mapping: dict[str, Any] = Field(default_factory=dict)
    aliases: dict[str, list[str]] = Field(default_factory=dict)
    expected: ExpectedDocument | None = None


class SourcesDocument(BaseModel):
    """A file of sources, all of one entity; without its code they belong to the entity that is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: str = ""
    sources: list[SourceDocument]


def parse_sources(text: str) -> SourcesDocument:
    """Return the sources that a YAML file defines. Raises InvalidInput naming each fault."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidInput(f"The file is not YAML: {str(error)[:200]}", remedy="Correct it.") from error
    if not isinstance(document, dict):
        raise InvalidInput("The file defines no sources.", remedy="Write `sources:` and a list below it.")
    return checked(SourcesDocument, document)
