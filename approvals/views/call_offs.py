"""A contract and what is called off it, as the pages of requests show them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from approvals.models import Request
from approvals.rules.particulars import CONTRACT, day
from approvals.selectors.call_offs import COUNTED, CallOffs, approved_contracts, call_offs_of, called_off
from approvals.selectors.requests import visible_requests
from core.models import User


@dataclass(frozen=True)
class Row:
    """A request under a contract. `net` without VAT, in the contract's currency."""

    number: str
    title: str
    requester: str
    submitted_on: date
    word: str
    net: Decimal


@dataclass(frozen=True)
class CalledOff:
    """What is called off a contract, as far as one sees it; `more` are not one's to see."""

    found: CallOffs
    rows: list[Row]
    more: int

    @property
    def beyond(self) -> Decimal:
        """By how much more than its value is used."""
        return max(-self.found.left, Decimal(0))


def may_open(found: Request, person: User) -> bool:
    """Say whether somebody may open the contract that a request names."""
    return found.under_contract_id is not None and visible_requests(person).filter(contract=found.under_contract_id).exists()


def contract_words(found: Request) -> list[tuple[str, str]]:
    """Name the contract that a request is called off from, with what is left of its value; nothing where it names none."""
    standing = standing_of(found)
    if standing is None:
        return []
    contract, request = standing.contract, standing.contract.request
    left, value = f"{standing.left:,.2f}", f"{contract.total_value:,.2f} {request.currency}"
    after = " after this" if found.state in COUNTED else ""
    said = f"{request.number} {request.title[:80]}, until {day(contract.until_on)}: {left} of {value} is left{after}"
    return [("Under the contract", said)]


def standing_of(found: Request) -> CallOffs | None:
    """Return what is called off the contract that a request names, in two queries."""
    if found.under_contract_id is None:
        return None
    named = called_off(approved_contracts().filter(pk=found.under_contract_id))
    return named[0] if named else None


def called_off_from(found: Request, person: User) -> CalledOff | None:
    """Return what is called off a request's contract, once it is approved."""
    if found.subject_kind != CONTRACT or found.state != Request.State.APPROVED:
        return None
    [standing] = called_off(approved_contracts().filter(request=found))
    seen, more = call_offs_of(standing.contract, visible_requests(person))
    return CalledOff(standing, [_row(each) for each in seen], more)


def _row(request: Request) -> Row:
    net = sum((line.net for line in request.lines.all()), Decimal(0))
    submitted = request.submitted_at or request.created_at
    return Row(request.number, request.title, request.requester.name, submitted.date(), request.get_state_display(), net)
