"""What is called off contracts: which may be named, what of their value is used, who asked for it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from django.db.models import F, Q, QuerySet, Sum

from approvals.models import Contract, Request, RequestLine
from approvals.rules.limits import CONTRACT, CONTRACT_TERM, Use
from approvals.rules.particulars import day
from approvals.selectors.risks import Ask
from core import clock
from core.models import Entity

ZERO = Decimal(0)
SPEND = "spend"
# What counts: what waits for a decision and what is approved. What was let go counts no more.
COUNTED = (Request.State.SUBMITTED, Request.State.APPROVED)
MOST_OFFERED = 200
# Somewhere it is still yesterday: a contract is offered a day too long rather than too short.
LONGEST_DAY = timedelta(days=1)


class Notes(Protocol):
    """Where a mistake is written down under the name of its field."""

    def add(self, field: str, sentence: str) -> None: ...


@dataclass(frozen=True, slots=True)
class CallOffs:
    """What is called off a contract, in its currency and without VAT: what it committed itself, and what requests did since."""

    contract: Contract
    own: Decimal
    called: Decimal

    @property
    def used(self) -> Decimal:
        """What of its value is used."""
        return self.own + self.called

    @property
    def left(self) -> Decimal:
        """What of its value is free; below zero where the policy let somebody decide above it."""
        return self.contract.total_value - self.used


def approved_contracts() -> QuerySet[Contract]:
    """Return the contracts that were approved, with what names them."""
    approved = Contract.objects.filter(request__state=Request.State.APPROVED, request__subject_kind="contract")
    return approved.select_related("request__vendor", "request__entity")


def contract_named(entity: Entity, number: str, subject: str, currency: str, findings: Notes) -> Contract | None:
    """Return the contract that a request names, and note what is wrong with it under `contract`."""
    if not number.strip():
        return None
    found = approved_contracts().filter(request__number=number.strip()[:20], request__entity=entity).first()
    if found is None:
        findings.add("contract", "No contract was approved under this number. Choose one from the list, or leave it out.")
    elif subject != SPEND:
        findings.add("contract", "Only a request for money is called off a contract. Choose another kind, or leave it out.")
    elif found.request.currency != currency:
        said = f"{found.request.number} is in {found.request.currency}, and these lines are in {currency}. Leave it out."
        findings.add("contract", said)
    return found


def contracts_to_call_off(entity_ids: Collection[int]) -> list[CallOffs]:
    """Return the contracts of these organizations that run today or are to begin, those that end first before the others."""
    rows = approved_contracts().filter(request__entity__in=entity_ids, until_on__gte=clock.now().date() - LONGEST_DAY)
    return called_off(rows.order_by("until_on", "id")[:MOST_OFFERED])


def called_off(contracts: Sequence[Contract] | QuerySet[Contract], *, besides: int = 0) -> list[CallOffs]:
    """Return what is called off each contract, in one query; `besides` a request that is just being asked."""
    rows = list(contracts)
    if not rows:
        return []
    used = _used(rows, besides)
    return [CallOffs(each, used[each.pk, True], used[each.pk, False]) for each in rows]


def _used(contracts: Collection[Contract], besides: int) -> dict[tuple[int, bool], Decimal]:
    own = Q(request__contract__in=contracts)
    lines = RequestLine.objects.filter(own | Q(request__under_contract__in=contracts, request__state__in=COUNTED))
    sums = (
        lines.exclude(request=besides)
        .values(under=F("request__under_contract"), of=F("request__contract"))
        .annotate(net=Sum("net"))
        .order_by()
    )
    used: dict[tuple[int, bool], Decimal] = defaultdict(Decimal)
    for row in sums:
        is_own = row["under"] is None
        used[row["of"] if is_own else row["under"], is_own] += row["net"]
    return used


def uses_of_contract(ask: Ask, contract: Contract) -> Iterator[Use]:
    """Yield what a request is held against: what is left of the value of its contract, and its term."""
    [found] = called_off([contract], besides=ask.request_id)
    number, currency = contract.request.number, contract.request.currency
    asked = sum((line.net for line in ask.lines), ZERO)
    outside = sum((line.net for line in ask.lines if not _is_within(contract, line.month)), ZERO)
    term = f"{day(contract.from_on)} to {day(contract.until_on)}"
    yield Use(CONTRACT, found.used, asked, contract.total_value, currency, number)
    yield Use(CONTRACT_TERM, ZERO, outside, ZERO, currency, number, term)


def _is_within(contract: Contract, month: date) -> bool:
    return contract.from_on.replace(day=1) <= month <= contract.until_on


def call_offs_of(contract: Contract, visible: QuerySet[Request]) -> tuple[list[Request], int]:
    """Return the requests under a contract that count, as far as they are among the visible, and how many more there are."""
    counted = Request.objects.filter(under_contract=contract, state__in=COUNTED)
    seen = list(
        visible.filter(pk__in=counted.values("pk"))
        .select_related("requester")
        .prefetch_related("lines")
        .order_by("-submitted_at", "-pk")
    )
    return seen, counted.count() - len(seen)
