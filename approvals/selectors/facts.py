"""What is asked for, read and judged: every mistake at once, each under the name of its field."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from approvals.data import LineData, RequestData
from approvals.models import Card, Contract, Request, Reserve
from approvals.rules.digest import Ground, digest_of
from approvals.rules.particulars import CONTRACT, POLICY_CHANGE, LineSaid, read, weight, wrong_lines
from approvals.rules.routing import Facts
from approvals.rules.tags import check_tags, marks_of
from approvals.selectors.call_offs import contract_named
from approvals.selectors.particulars import plain_of, stated
from approvals.selectors.policies import subject_for
from approvals.selectors.risks import Ask, AskedOf
from approvals.selectors.terms import draw_of, places_besides, terms_of
from budgets.models import BudgetVersion, FundsAccount, Period, Vendor, VendorAlias
from budgets.selectors.tags import wrong_tags
from core import clock
from core.access import may
from core.errors import InvalidInput, NotAllowed
from core.models import Entity, User
from core.money import parse_amount
from core.names import fold
from core.rules.rights import Right

LONGEST_TITLE = 200
LONGEST_REASON = 20_000
LONGEST_DESCRIPTION = 300
MOST_LINES = 200
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A line that was judged. Amounts in the account's currency."""

    description: str
    account: FundsAccount
    month: date
    net: Decimal
    vat: Decimal
    recoverable: Decimal

    @property
    def funds(self) -> Decimal:
        """What the line takes from the budget."""
        return self.net + self.vat - self.recoverable


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was judged."""

    lines: tuple[AskedLine, ...]
    currency: str
    monthly_increase: Decimal | None
    vendor: Vendor | None
    # What approving it does, and what that asks for beside the lines.
    subject: str = "spend"
    particulars: Mapping[str, Any] = field(default_factory=dict)
    card: Card | None = None
    contract: Contract | None = None

    @property
    def amount(self) -> Decimal:
        """What all lines take from the budget."""
        return sum((line.funds for line in self.lines), ZERO)


class Findings:
    """Mistakes by field: `title`, `reason`, `lines`, `lines.0.net` and so on."""

    def __init__(self) -> None:
        self.by_field: dict[str, str] = {}

    def add(self, field: str, sentence: str) -> None:
        """Keep the first mistake of a field."""
        self.by_field.setdefault(field, sentence)

    def refuse(self) -> None:
        """Raise InvalidInput if there is any."""
        if self.by_field:
            first = next(iter(self.by_field.values()))
            more = len(self.by_field) - 1
            raise InvalidInput(
                first if not more else f"{first} There {'is 1 more mistake' if more == 1 else f'are {more} more mistakes'}.",
                remedy="Mend the fields that are marked; nothing was saved.",
                details=self.by_field,
            )


def read_request(*, requester: User, entity: Entity, data: RequestData, half: bool = False) -> Asked:
    """Judge what is asked for. Raises NotAllowed, and InvalidInput whose details name each field with its remedy.

    With `half`, while it is typed, what its kind states beside the lines need not be whole.
    """
    if not may(requester, Right.REQUEST, entity=entity):
        raise NotAllowed(f"You cannot ask for money of {entity.name}.", remedy="Ask an administrator for a role there.")
    findings = Findings()
    _judge_texts(data, findings)
    vendor = _vendor(entity, data, findings)
    lines = _lines(requester, entity, data, findings)
    currencies = {line.account.currency for line in lines}
    if len(currencies) > 1:
        findings.add(
            "lines", "The lines are in several currencies. Ask for each currency by itself; there are no exchange rates yet."
        )
    currency = min(currencies, default=entity.currency)
    increase = _increase(data, currency, findings)
    _judge_tags(entity, data, findings)
    card = _card(requester, entity, data, findings)
    subject = subject_for(entity=entity, kind=data.kind, cost_centre_paths=[line.account.cost_centre.path for line in lines])
    if subject == POLICY_CHANGE:
        findings.add("kind", "A change of a policy is put to approval on the page of its draft.")
    contract = contract_named(entity, data.contract, subject, currency, findings)
    if contract is not None:
        vendor = _vendor_of(contract, vendor, data, findings)
    values, wrong = read(subject, data.particulars, currency=currency)
    if not half:
        _judge_particulars(subject, data, values, wrong, findings)
    findings.refuse()
    return Asked(tuple(lines), currencies.pop(), increase, vendor, subject, values, card, contract)


def ask_of_data(*, requester: User, entity: Entity, data: RequestData) -> Ask:
    """Return what is typed as it is weighed and routed. Raises as read_request does."""
    asked = read_request(requester=requester, entity=entity, data=data, half=True)
    lines = tuple(AskedOf(line.account, line.month, line.funds, line.net) for line in asked.lines)
    increase = largest_increase(asked.monthly_increase, [(line.month, line.funds) for line in lines])
    facts = _facts(data.kind, asked.currency, increase, lines, asked.vendor, data.tags, is_emergency=data.is_emergency)
    facts = replace(facts, amount=weight(asked.subject, asked.particulars, asked.amount))
    return Ask(
        requester, entity, facts, lines, asked.vendor, data.vendor_name, data.needed_by, card=asked.card, contract=asked.contract
    )


def ask_of_request(request: Request) -> Ask:
    """Return a stored request as it is weighed and routed."""
    rows = request.lines.select_related("account__cost_centre", "account__category").order_by("number")
    lines = tuple(AskedOf(line.account, line.month, line.funds, line.net) for line in rows)
    increase = largest_increase(request.monthly_increase, [(line.month, line.funds) for line in lines])
    vendor, tags = request.vendor, request.tags
    draw = draw_of(request)
    facts = _facts(request.kind, request.currency, increase, lines, vendor, tags, is_emergency=request.is_emergency)
    facts = replace(
        facts,
        amount=weight(request.subject_kind, stated(request), facts.amount),
        cost_centre_paths=(*facts.cost_centre_paths, *places_besides(request)),
    )
    return Ask(
        request.requester,
        request.entity,
        facts,
        lines,
        vendor,
        needed_by=request.needed_by,
        request_id=request.pk,
        card=request.card,
        draws_by=draw.terms if draw else None,
        contract=request.under_contract,
    )


def _facts(
    kind: str,
    currency: str,
    increase: Decimal,
    lines: Sequence[AskedOf],
    vendor: Vendor | None,
    tags: Mapping[str, str],
    *,
    is_emergency: bool,
) -> Facts:
    return Facts(
        kind=kind,
        amount=sum((line.funds for line in lines), ZERO),
        currency=currency,
        monthly_increase=increase,
        cost_centre_paths=tuple(line.account.cost_centre.path for line in lines),
        category_paths=tuple(line.account.category.path for line in lines),
        vendor_code=vendor.code if vendor else "",
        tags=marks_of(tags),
        is_emergency=is_emergency,
    )


def digest_of_request(request: Request) -> str:
    """Return the digest of what stands in a stored request."""
    lines = request.lines.order_by("number")
    return digest_of(
        kind=request.kind,
        currency=request.currency,
        vendor_id=request.vendor_id,
        monthly_increase=request.monthly_increase,
        tags=request.tags,
        is_emergency=request.is_emergency,
        contract_id=request.under_contract_id,
        lines=[Ground(line.account_id, line.month, line.net, line.vat, line.recoverable) for line in lines],
        terms=terms_of(request),
        particulars=plain_of(request),
    )


def largest_increase(stated: Decimal | None, lines: Sequence[tuple[date, Decimal]]) -> Decimal:
    """Return by how much a month rises: what is stated, or what the dearest month takes, whichever is more."""
    by_month: dict[date, Decimal] = defaultdict(Decimal)
    for month, amount in lines:
        by_month[month] += amount
    return max([stated or ZERO, *by_month.values()])


def find_vendor(entity: Entity, name: str) -> Vendor | None:
    """Return the vendor that goes by `name`, its own or another, whatever its case and punctuation."""
    key = fold(name)
    if not key:
        return None
    named = Vendor.objects.filter(entity=entity, name_key=key).first()
    if named is not None:
        return named
    alias = VendorAlias.objects.filter(entity=entity, name_key=key).select_related("vendor").first()
    return alias.vendor if alias else None


def _judge_particulars(
    subject: str, data: RequestData, values: Mapping[str, Any], wrong: Mapping[str, str], findings: Findings
) -> None:
    for name, sentence in wrong.items():
        findings.add(f"particulars.{name}", sentence)
    if subject == CONTRACT and data.vendor_id is None and not data.vendor_name.strip():
        findings.add("vendor", "Name the vendor with whom the contract is.")
    if wrong:
        return
    said = [
        LineSaid(index, line.month, net)
        for index, line in enumerate(data.lines[:MOST_LINES])
        if line.month is not None and (net := _net(line)) is not None
    ]
    for field_name, sentence in wrong_lines(subject, values, said).items():
        findings.add(field_name, sentence)


def _net(line: LineData) -> Decimal | None:
    try:
        return parse_amount(str(line.net), currency=line.currency or "USD", allow_zero=True)
    except InvalidInput:
        return None


def _judge_texts(data: RequestData, findings: Findings) -> None:
    _judge_text("title", data.title, LONGEST_TITLE, findings, required="Say in a few words what the money is for.")
    _judge_text("reason", data.reason, LONGEST_REASON, findings)
    _judge_text("kind", data.kind, 60, findings, required="Choose the kind: it decides who is asked.")
    _judge_text("vendor", data.vendor_name, 300, findings)
    for index, line in enumerate(data.lines[:MOST_LINES]):
        field = f"lines.{index}.description"
        _judge_text(field, line.description, LONGEST_DESCRIPTION, findings, required="Say what this line pays for.")


def _judge_text(field: str, text: str, longest: int, findings: Findings, *, required: str = "") -> None:
    if required and not text.strip():
        findings.add(field, required)
    if len(text) > longest:
        findings.add(field, f"This text has {len(text):,} characters. Shorten it to {longest:,}, and attach a file for more.")
    if "\x00" in text:
        findings.add(field, "Remove the unprintable characters.")


def _card(requester: User, entity: Entity, data: RequestData, findings: Findings) -> Card | None:
    if data.card_id is None:
        return None
    card = Card.objects.filter(pk=data.card_id, entity=entity, holder=requester, is_active=True).first()
    if card is None:
        findings.add("card", "This is not one of your cards. Choose one from the list, or leave it out.")
    return card


def _vendor_of(contract: Contract, vendor: Vendor | None, data: RequestData, findings: Findings) -> Vendor | None:
    """Return whom a contract is with, where no other is named."""
    theirs = contract.request.vendor
    names_none = data.vendor_id is None and not data.vendor_name.strip()
    if not names_none and vendor != theirs:
        said = f"{contract.request.number} is with {theirs}. Name them as the vendor, or leave the contract out."
        findings.add("contract", said)
    return theirs


def _judge_tags(entity: Entity, data: RequestData, findings: Findings) -> None:
    try:
        check_tags(data.tags)
    except ValueError as error:
        findings.add("tags", str(error))
        return
    month = min((line.month for line in data.lines if line.month), default=clock.now().date().replace(day=1))
    for sentence in wrong_tags(entity, data.tags, month)[:1]:
        findings.add("tags", sentence)


def _vendor(entity: Entity, data: RequestData, findings: Findings) -> Vendor | None:
    if data.vendor_id is None:
        return find_vendor(entity, data.vendor_name[:300])
    vendor = Vendor.objects.filter(entity=entity, pk=data.vendor_id).first()
    if vendor is None:
        findings.add("vendor", f"{entity.name} has no such vendor. Choose one from the list.")
    return vendor


def _lines(requester: User, entity: Entity, data: RequestData, findings: Findings) -> list[AskedLine]:
    lines = data.lines
    if not lines:
        findings.add("lines", "Add a line: what it pays for, from which budget line, in which month, and how much.")
    if len(lines) > MOST_LINES:
        findings.add("lines", f"A request has at most {MOST_LINES} lines. Split it.")
    ids = {line.account_id for line in lines if line.account_id is not None}
    rows = FundsAccount.objects.filter(pk__in=ids, entity=entity).select_related("entity", "budget", "cost_centre", "category")
    accounts = {row.pk: row for row in rows}
    asleep = _asleep(accounts.values()) | _kept_back(accounts, data)
    months = set(Period.objects.filter(entity=entity, state=Period.State.OPEN).values_list("month", flat=True))
    judged = []
    for index, line in enumerate(lines[:MOST_LINES]):
        if line.account_id in asleep:
            findings.add(f"lines.{index}.account", asleep[line.account_id])
        read = _line(f"lines.{index}", line, accounts, months, None if data.reserve_id else requester, findings)
        judged += [read] if read else []
    return judged


def _asleep(accounts: Collection[FundsAccount]) -> dict[int | None, str]:
    """Return the accounts that give nothing, and why: their budget is not in force, or their cost centre is closed."""
    budgets = {account.budget_id for account in accounts}
    in_force = BudgetVersion.objects.filter(budget__in=budgets, state=BudgetVersion.State.IN_FORCE)
    active = set(in_force.values_list("budget_id", flat=True))
    asleep: dict[int | None, str] = {}
    for account in accounts:
        if account.budget_id not in active:
            asleep[account.pk] = f"{account.budget.name} is not in force. Choose a line of a budget that is."
        elif not account.cost_centre.is_active:
            asleep[account.pk] = f"{account.cost_centre.name} is closed. Choose another cost centre's line."
    return asleep


def _kept_back(accounts: Collection[int], data: RequestData) -> dict[int | None, str]:
    """Return the accounts that hold a reserve on which this is no draw, or none where one draws."""
    held = Reserve.objects.filter(account__in=accounts, closed_at__isnull=True).values_list("account_id", "pk", "name")
    wrong: dict[int | None, str] = {
        account: f"{name} is a reserve; nobody spends from it directly. Choose another line, and draw on the reserve for it."
        for account, reserve, name in held
        if reserve != data.reserve_id
    }
    drawn = {account for account, reserve, _ in held if reserve == data.reserve_id}
    missing = set(accounts) - drawn - set(wrong) if data.reserve_id else set()
    return wrong | dict.fromkeys(missing, "This line holds no reserve any more. Draw on another one.")


def _line(
    place: str, line: LineData, accounts: dict[int, FundsAccount], months: set[date], requester: User | None, findings: Findings
) -> AskedLine | None:
    account = _account(f"{place}.account", line, accounts, requester, findings)
    if account is None:
        return None
    if line.currency and line.currency.upper() != account.currency:
        findings.add(
            f"{place}.currency",
            f"This budget line is kept in {account.currency}, not {line.currency[:3].upper()}."
            f" State the amount in {account.currency}; there are no exchange rates yet.",
        )
    _judge_month(f"{place}.month", line.month, account, months, findings)
    net = _amount(f"{place}.net", line.net, account, findings)
    vat = _amount(f"{place}.vat", line.vat or "0", account, findings, allow_zero=True)
    back = _amount(f"{place}.recoverable", line.recoverable or "0", account, findings, allow_zero=True)
    if vat is not None and back is not None and back > vat:
        findings.add(f"{place}.recoverable", f"No more VAT can come back than is paid. State at most {vat:,.2f}.")
    if net is None or vat is None or back is None or line.month is None:
        return None
    return AskedLine(line.description.strip(), account, line.month, net, vat, back)


def _account(
    field: str, line: LineData, accounts: dict[int, FundsAccount], requester: User | None, findings: Findings
) -> FundsAccount | None:
    """Return the account of a line. Without a requester, who draws on a reserve need not reach where it stands."""
    if line.account_id is None:
        findings.add(field, "Choose the cost centre and budget line that pays for this.")
        return None
    account = accounts.get(line.account_id)
    reaches = requester is None or (account is not None and _reaches(requester, account))
    if account is None or not reaches:
        findings.add(field, "This is not one of your budget lines. Choose one from the list.")
        return None
    return account


def _reaches(requester: User, account: FundsAccount) -> bool:
    return may(requester, Right.REQUEST, entity=account.entity, path=account.cost_centre.path)


def _judge_month(field: str, month: date | None, account: FundsAccount, months: set[date], findings: Findings) -> None:
    if month is None:
        findings.add(field, "Choose the month in which it will be spent.")
    elif month.day != 1:
        findings.add(field, "A month is given by its first day.")
    elif month not in months:
        findings.add(field, f"{month:%b %Y} is closed or was never opened. Choose an open month, or ask finance to open it.")
    elif not account.budget.starts_on <= month <= account.budget.ends_on:
        span = f"{account.budget.starts_on:%b %Y} to {account.budget.ends_on:%b %Y}"
        findings.add(field, f"{account.budget.name} runs from {span}. Choose a month of these.")


def _amount(
    field: str, text: str | Decimal, account: FundsAccount, findings: Findings, *, allow_zero: bool = False
) -> Decimal | None:
    try:
        return parse_amount(str(text), currency=account.currency, allow_zero=allow_zero)
    except InvalidInput as refusal:
        findings.add(field, str(refusal))
        return None


def _increase(data: RequestData, currency: str, findings: Findings) -> Decimal | None:
    if data.monthly_increase is None or data.monthly_increase == "":
        return None
    try:
        return parse_amount(str(data.monthly_increase), currency=currency)
    except InvalidInput as refusal:
        findings.add("monthly_increase", str(refusal))
        return None
