"""How a committee comes to an outcome, and what its text says of its authority and its meetings. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from approvals.rules.owners import OwnerKind, word_of
from approvals.rules.proof import Scheme
from approvals.rules.routing import Rule, StageSpec

MOST_LINES = 20
ITSELF = "committee"
_BOUND = re.compile(r"(over|from|up to|below) ([0-9][0-9,]*(?:\.[0-9]{1,2})?)")
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,59}")


class Outcome(StrEnum):
    """What the votes on a stage come to."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


def outcome_of(*, needed: int, yes: int, no: int, open_votes: int, counts_noes: bool, waits_for_chair: bool) -> Outcome:
    """Say what the votes so far come to.

    Where a no is not counted, one ends it. Where it is, it is rejected as soon as those who have not voted are too
    few for `needed` approvals. With enough of these it is approved, once the chair has voted where that is asked for.
    """
    if no and not counts_noes:
        return Outcome.REJECTED
    if counts_noes and yes + open_votes < needed:
        return Outcome.REJECTED
    if yes >= needed and not waits_for_chair:
        return Outcome.APPROVED
    return Outcome.OPEN


@dataclass(frozen=True, slots=True)
class AuthorityLine:
    """Amounts, who decides on them, and in what form. `who` are codes of roles, or `committee` for the committee itself."""

    who: tuple[str, ...]
    lower: Decimal | None = None
    lower_included: bool = False
    upper: Decimal | None = None
    upper_included: bool = False
    document: str = ""

    def __str__(self) -> str:
        lower = f"{'from' if self.lower_included else 'over'} {self.lower:,}" if self.lower is not None else ""
        upper = f"{'up to' if self.upper_included else 'below'} {self.upper:,}" if self.upper is not None else ""
        amounts = " ".join(part for part in (lower, upper) if part) or "any amount"
        document = f" ({self.document})" if self.document else ""
        return f"{amounts}: {', '.join(self.who)}{document}"


def read_authority(text: str) -> list[AuthorityLine]:
    """Read lines such as `from 100 up to 500: engineering_manager, committee (budget request)`.

    Raises ValueError, naming the line.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise ValueError(f"State at most {MOST_LINES} lines.")
    return [_authority_line(line) for line in lines]


def _authority_line(line: str) -> AuthorityLine:
    amounts, colon, rest = line.partition(":")
    who, _, document = rest.partition("(")
    codes = tuple(code.strip() for code in who.split(",") if code.strip())
    if not colon or not codes or not all(_CODE.fullmatch(code) for code in codes):
        raise ValueError(f"“{line[:80]}” says no amounts and roles. Write “from 100 up to 500: engineering_manager, committee”.")
    bounds = {} if amounts.strip() == "any amount" else _bounds(amounts.strip(), line)
    lower, upper = bounds.get("over", bounds.get("from")), bounds.get("up to", bounds.get("below"))
    if lower is not None and upper is not None and upper < lower:
        raise ValueError(f"“{line[:80]}”: the upper bound is below the lower one.")
    return AuthorityLine(
        codes, lower, "from" in bounds, upper, "up to" in bounds, document.strip().removesuffix(")").strip()[:200]
    )


def _bounds(text: str, line: str) -> dict[str, Decimal]:
    found = _BOUND.findall(text)
    names = [name for name, _ in found]
    said = " ".join(f"{name} {amount}" for name, amount in found)
    twice = {"over", "from"} <= set(names) or {"up to", "below"} <= set(names) or len(set(names)) < len(names)
    if not found or said != " ".join(text.split()) or twice:
        raise ValueError(f"“{line[:80]}”: write amounts as “below 100”, “from 100 up to 500” or “over 500”.")
    try:
        return {name: Decimal(amount.replace(",", "")) for name, amount in found}
    except InvalidOperation as error:
        raise ValueError(f"“{line[:80]}” has an amount that is none.") from error


def scheme_of(name: str, code: str, lines: Sequence[AuthorityLine], *, kinds: Sequence[str], measure: str) -> Scheme:
    """Return a committee's authority as another stated scheme, for each of `kinds`, against which a policy is proved."""
    rules = [_rule(position, kind, line, code, measure) for kind in kinds for position, line in enumerate(lines, start=1)]
    return Scheme(name, tuple(rules))


def _rule(position: int, kind: str, line: AuthorityLine, code: str, measure: str) -> Rule:
    words = [word_of(OwnerKind.COMMITTEE, code) if who == ITSELF else who for who in line.who]
    return Rule(
        position=position,
        name=str(line),
        kind=kind,
        measure=measure,
        lower=line.lower,
        lower_included=line.lower_included,
        upper=line.upper,
        upper_included=line.upper_included,
        stages=tuple(_asking(number, word) for number, word in enumerate(words, start=1)),
    )


def _asking(number: int, word: str) -> StageSpec:
    """Return a stage that says no more than whom a scheme names."""
    return StageSpec(number, 1, word, word, "", "owner", "1 business day", "1 business day", "")
