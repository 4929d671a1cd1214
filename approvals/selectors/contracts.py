"""The contracts in force: what was approved as one, until when, and what of it is committed and spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from approvals.models import Contract, Request, RequestLine
from approvals.selectors.call_offs import CallOffs, called_off
from approvals.selectors.particulars import day_of
from approvals.selectors.requests import visible_requests
from budgets.selectors.balances import thread_balance
from core import clock
from core.models import User

NOTICE_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ContractShown:
    """A contract as the register shows it. Amounts in its request's currency; `word` says how it stands today."""

    contract: Contract
    notice_on: date
    kind: str
    word: str
    committed: Decimal
    spent: Decimal
    called_off: Decimal
    left: Decimal

    @property
    def request(self) -> Request:
        """The request that was approved."""
        return self.contract.request


def contracts_seen(user: User) -> QuerySet[Contract]:
    """Return the contracts that were approved, of the requests that a person may see, the first to end first."""
    approved = visible_requests(user).filter(state=Request.State.APPROVED, subject_kind="contract")
    rows = Contract.objects.filter(request__in=approved)
    return rows.select_related("request__entity", "request__vendor", "request__requester").order_by("until_on", "id")


def in_force(rows: QuerySet[Contract], *, ended: bool = False) -> QuerySet[Contract]:
    """Keep those that have not ended, or those that have."""
    today = clock.now().date()
    return rows.filter(until_on__lt=today).order_by("-until_on", "-id") if ended else rows.filter(until_on__gte=today)


def shown(contracts: Sequence[Contract]) -> list[ContractShown]:
    """Return contracts with how they stand, in a fixed number of queries."""
    lines = RequestLine.objects.filter(request__in=[contract.request_id for contract in contracts])
    threads: dict[int, list[str]] = {}
    for line in lines:
        threads.setdefault(line.request_id, []).append(line.thread)
    held = thread_balance([thread for some in threads.values() for thread in some])
    return [
        _shown(each, [held[thread] for thread in threads.get(each.contract.request_id, [])]) for each in called_off(contracts)
    ]


def _shown(found: CallOffs, held: Sequence[dict[str, Decimal]]) -> ContractShown:
    contract = found.contract
    kind, word = _stands(contract)
    sums = {name: sum((each[name] for each in held), Decimal(0)) for name in ("committed", "spent")}
    return ContractShown(contract, contract.notice_on, kind, word, sums["committed"], sums["spent"], found.called, found.left)


def _stands(contract: Contract) -> tuple[str, str]:
    """Say how a contract stands today, where its organization is, and how that is to be taken."""
    today = day_of(contract.request.entity, clock.now())
    if contract.until_on < today:
        return "hold", "Ended"
    if contract.notice_days and today > contract.notice_on:
        return "watch", "Notice over"
    if contract.notice_days and contract.notice_on - today <= NOTICE_SOON:
        return "watch", "Notice soon"
    return ("hold", "To come") if today < contract.from_on else ("good", "In force")
