"""Which rows of ledgers may give way to an invoice without a person. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Doubt(StrEnum):
    """Why a row that names an invoice's number is not taken for it without a person."""

    AMOUNT = "amount"
    SEVERAL = "several"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that names the invoice's vendor and number, and that counts. `amounts` of the two are in one currency."""

    ref: int
    source: int
    amount: Decimal


def doubts(claims: Sequence[Claim], amounts: Sequence[Decimal], *, answered: Collection[int]) -> dict[int, Doubt | None]:
    """Return by row what speaks against taking it for the invoice, or None where nothing of the document does.

    `amounts` are those the invoice may be known by: gross, net, what it costs. Of one source only one row may be it: two rows
    that are alike are real, and which of them is the invoice is not for a rule to say. Of two sources, each may have it.
    `answered` are the sources of which a row confirms the invoice already.
    """
    agreeing = Counter(claim.source for claim in claims if claim.amount in amounts)
    agreeing.update(answered)
    return {claim.ref: _doubt(claim, amounts, agreeing[claim.source]) for claim in claims}


def _doubt(claim: Claim, amounts: Sequence[Decimal], agreeing: int) -> Doubt | None:
    if claim.amount not in amounts:
        return Doubt.AMOUNT
    return Doubt.SEVERAL if agreeing > 1 else None
