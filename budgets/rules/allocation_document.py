"""An allocation as a file: who costs what and who used how much of it. `docs/schemas/allocation.schema.json` is made from it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from budgets.rules.allocation import Allocation, Method, allocate
from budgets.rules.document import Amount, Currency, Name, Part, Quantity, read_as
from core.money import is_currency, minor_unit

# Solving exactly takes time that grows with the cube of the providers.
MOST_PROVIDERS, MOST = 40, 500


class AllocationDocument(Part):
    """What is to be shared out. The keys of `usage` are the providers; everybody else who is named is a receiver."""

    schema_: Annotated[Literal["purser/allocation/1"], Field(alias="schema")] = "purser/allocation/1"
    name: Name | None = None
    currency: Currency = "USD"
    costs: Annotated[dict[Name, Amount], Field(min_length=1, max_length=MOST, description="What each costs on its own.")]
    usage: Annotated[
        dict[Name, dict[Name, Quantity]],
        Field(min_length=1, max_length=MOST_PROVIDERS, description="Of each provider: who used how many units."),
    ]
    order: Annotated[tuple[Name, ...], Field(max_length=MOST_PROVIDERS, description="The providers as they step down.")] = ()

    @model_validator(mode="after")
    def _within_bounds(self) -> "AllocationDocument":
        if len({name for row in [self.costs, *self.usage.values()] for name in row}) > MOST:
            raise ValueError(f"more than {MOST} names are stated")
        if not is_currency(self.currency):
            raise ValueError(f"{self.currency} is not a currency")
        unit = minor_unit(self.currency)
        if finer := next((name for name, cost in self.costs.items() if cost % unit), ""):
            raise ValueError(f"the cost of {finer} has more decimals than {self.currency} has")
        return self

    def allocated(self, method: Method) -> Allocation:
        """Return it shared out by a method. Raises InvalidInput."""
        return allocate(costs=self.costs, usage=self.usage, method=method, order=self.order, currency=self.currency)


def parse(document: Mapping[str, Any]) -> AllocationDocument:
    """Return the document, checked. Raises InvalidInput whose `details` map each place in the file to what is wrong there."""
    return read_as(AllocationDocument, document)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of an allocation file."""
    schema = AllocationDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "An allocation for Purser"}
