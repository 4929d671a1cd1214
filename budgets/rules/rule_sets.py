"""A rule set as a file: what is collected, and how it goes to those who bear it.

`docs/schemas/allocation-rules.schema.json` is made from it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from budgets.rules.allocation_document import MOST_PROVIDERS
from budgets.rules.document import CategoryCode, Code, Month, Name, Part, Quantity, read_as
from budgets.rules.shares import Share, check_shares
from core.errors import Refusal

MOST_SHARES = 200
Said = dict[str, Any]


class SharePart(Part):
    """A share in per cent of the whole. With `of_which`, which adds up to it, those bear it in its stead."""

    to: Annotated[Code, Field(description="The cost centre that bears it, or the name of what the parts belong to.")]
    pct: Quantity
    of_which: Annotated[tuple["SharePart", ...], Field(max_length=MOST_SHARES)] = ()

    def as_share(self) -> Share:
        """Return it as it is divided by."""
        return Share(self.to, self.pct, tuple(part.as_share() for part in self.of_which))

    def walk(self, above: "tuple[SharePart, ...]" = ()) -> "Iterator[tuple[tuple[SharePart, ...], SharePart]]":
        """Return it and all within it, each after those that it is a part of, which come with it, the outermost first."""
        yield above, self
        for part in self.of_which:
            yield from part.walk((*above, self))

    def leaves(self) -> "Iterator[SharePart]":
        """Return who bears it: the innermost parts."""
        if not self.of_which:
            yield self
        for part in self.of_which:
            yield from part.leaves()


class TagPart(Part):
    """A tag whose values should each have a share: those without one are a finding."""

    name: Name
    values: Annotated[list[Name], Field(min_length=1, max_length=MOST_SHARES)]


class CollectsPart(Part):
    """The spend that a pool consists of: that of a cost centre and all below it, of a category and all below it where named."""

    cost_centre: Code
    category: CategoryCode | None = None


class PoolPart(Part):
    """Spend that is shared out in one way: by fixed shares, by usage of a metric, in proportion to the rest, or to one."""

    code: Code
    name: Name
    collects: CollectsPart
    lands_in: Annotated[CategoryCode, Field(description="The category in which whoever bears it finds it.")]
    shares: Annotated[tuple[SharePart, ...], Field(max_length=MOST_SHARES)] = ()
    usage: Annotated[Code | None, Field(description="A metric, of which readings are stated month by month.")] = None
    overhead: Annotated[bool, Field(description="In proportion to what each got of the other pools.")] = False
    direct: Annotated[Code | None, Field(description="The one cost centre that bears it.")] = None
    of_tag: TagPart | None = None

    @property
    def how(self) -> Literal["shares", "usage", "overhead", "direct"]:
        """Return in which way it is shared out."""
        if self.shares:
            return "shares"
        if self.usage is not None:
            return "usage"
        return "overhead" if self.overhead else "direct"

    @property
    def bearers(self) -> list[str]:
        """Return the cost centres that the rules themselves name."""
        leaves = [leaf.to for share in self.shares for leaf in share.leaves()]
        return leaves + ([self.direct] if self.direct else [])

    @model_validator(mode="after")
    def _one_way(self) -> "PoolPart":
        ways = [bool(self.shares), self.usage is not None, self.overhead, self.direct is not None]
        if sum(ways) != 1:
            raise ValueError("say in one way how it is shared out: shares, usage, overhead or direct")
        if self.shares:
            try:
                check_shares([share.as_share() for share in self.shares])
            except Refusal as refusal:
                raise ValueError(refusal.message) from refusal
        if twice := next((code for code in self.bearers if self.bearers.count(code) > 1), ""):
            raise ValueError(f"{twice} has two shares")
        return self


class RuleSetDocument(Part):
    """A version of a rule set. Of the versions with one code the newest holds whose month has come."""

    schema_: Annotated[Literal["purser/allocation-rules/1"], Field(alias="schema")] = "purser/allocation-rules/1"
    code: Code
    name: Name
    starts_on: Month
    note: Annotated[str, Field(max_length=400)] = ""
    method: Annotated[
        Literal["direct", "step-down", "reciprocal"], Field(description="How pools go on that serve one another.")
    ] = "direct"
    order: Annotated[tuple[Code, ...], Field(max_length=MOST_PROVIDERS, description="The pools as they step down.")] = ()
    pools: Annotated[list[PoolPart], Field(min_length=1, max_length=MOST_PROVIDERS)]

    @property
    def providers(self) -> list[PoolPart]:
        """Return the pools that are shared out first. Overhead follows what they came to."""
        return [pool for pool in self.pools if not pool.overhead]

    @model_validator(mode="after")
    def _holds_together(self) -> "RuleSetDocument":
        codes = [pool.code for pool in self.pools]
        if twice := next((code for code in codes if codes.count(code) > 1), ""):
            raise ValueError(f"the pool {twice} is there twice")
        if not self.providers:
            raise ValueError("overhead follows other pools, and there is none")
        if self.method == "step-down" and sorted(self.order) != sorted(pool.code for pool in self.providers):
            raise ValueError("order names each pool once, overhead aside, as they step down")
        if self.method != "step-down" and self.order:
            raise ValueError("order belongs to the method step-down")
        return self

    def canonical(self) -> Said:
        """Return it as it is kept and written as YAML: without what is left at its default."""
        said: Said = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {"schema": self.schema_, **said}


def parse(document: Mapping[str, Any]) -> RuleSetDocument:
    """Return the document, checked. Raises InvalidInput whose `details` map each place in the file to what is wrong there."""
    return read_as(RuleSetDocument, document)


def without_share(pool: PoolPart, names: Mapping[str, str]) -> list[str]:
    """Return the values of the pool's tag that have no share, by the code or the name (`names`) of who bears one."""
    if pool.of_tag is None:
        return []
    borne = {share.to.casefold() for top in pool.shares for share in [top, *top.leaves()]}
    borne |= {code.casefold() for code in pool.bearers} | {names[code].casefold() for code in pool.bearers if code in names}
    return [value for value in pool.of_tag.values if value.casefold() not in borne]


def json_schema() -> Said:
    """Return the JSON Schema of a rule set's file."""
    schema = RuleSetDocument.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Allocation rules for Purser"}


def pct_words(pct: Decimal) -> str:
    """Write a share: 12.5 as "12.5 %"."""
    return f"{pct.normalize():f} %"
