"""What a policy's document says of risk, of limits, and of purchases in parts. Pure."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from approvals.rules.document_types import Bound, Code, Part, Percent, Span, amount_text, whole_number
from approvals.rules.limits import OF_THEIR_OWN


class Sign(Part):
    """A sign of risk: how many points it adds."""

    points: Percent | None = None


class ShareSign(Sign):
    """It counts from this percentage on."""

    from_: Annotated[int, Field(ge=1, le=1000, strict=True), BeforeValidator(whole_number)] | None = Field(
        default=None, alias="from"
    )


class TimesSign(Sign):
    """It counts from this many times on."""

    times: Annotated[Decimal, BeforeValidator(amount_text), Field(gt=1, le=1000, decimal_places=2)] | None = None


class DaysSign(Sign):
    """It counts within this many days."""

    days: Annotated[int, Field(ge=1, le=90, strict=True), BeforeValidator(whole_number)] | None = None


class RiskPart(Part):
    """What makes a request risky. What is left out counts as `docs/risk-and-limits.md` says."""

    large_share: ShareSign | None = Field(default=None, description="It takes so much of what is left on a budget line.")
    unusual_amount: TimesSign | None = Field(default=None, description="It is many times what is usual there.")
    new_vendor: Sign | None = None
    look_alike: Sign | None = Field(default=None, description="A request for nearly the same waits or is approved.")
    in_parts: DaysSign | None = Field(default=None, description="The same person asked for more of the same.")
    urgent: DaysSign | None = Field(default=None, description="It is needed within so many days.")
    back_dated: Sign | None = None
    over_plan: Sign | None = None
    first_request: Sign | None = None
    emergency: Sign | None = None


class LimitPart(Part):
    """A limit on what one person asks for, on a card, or under a contract."""

    what: Literal["per_day", "card", "card_month", "personal", "contract"] = Field(
        description="per_day: of one person in a calendar day. card: for one request on a card. card_month: on it in a month. "
        "personal: at once, by the limit of the role by which a person asks. contract: the value and the term of the "
        "contract that a request names."
    )
    amount: Bound | None = None
    above_needs: Code | None = Field(default=None, description="Who decides too, above it. Left out: it is refused.")
    sla: Span | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if (self.what in OF_THEIR_OWN) == (self.amount is not None):
            raise ValueError(
                "give `amount`; only `personal` and `contract` have none, since it is the role's and the contract's own"
            )
        if (self.above_needs is None) != (self.sla is None):
            raise ValueError("give `above_needs` and `sla`, or neither")
        return self


class SplitsPart(Part):
    """What of one person's requests is one purchase in parts, whose sum the bands of amounts are held against."""

    window: Annotated[int, Field(ge=1, le=366, strict=True), BeforeValidator(whole_number)] = Field(
        description="In days, back from the submission."
    )
    same: Annotated[list[Literal["vendor", "cost_centre", "category", "kind"]], Field(min_length=1)] = Field(
        default=["vendor", "cost_centre"], description="What parts share, beside their requester."
    )
