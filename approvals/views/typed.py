"""A request as it stands in the form: typed, judged as far as it goes, never thrown away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from approvals.data import LineData, RequestData
from approvals.forms import AMOUNTS, MAX_LINES, Choices, LineForm, RequestForm, judged_lines, posted_lines, shown_lines
from approvals.models import Request
from approvals.rules.tags import tags_text
from approvals.views.about import AboutForm, about_kept, about_of, months_of, net_of
from budgets.models import FundsAccount
from budgets.rules.postings import Posting
from core import clock

ZERO = Decimal("0.00")
STARTED = ("description", "account", "net", "vat", "recoverable")


@dataclass(frozen=True)
class ReadLine:
    """A line of which enough is there to reckon with: account, month and what it takes from the budget."""

    number: int
    account: FundsAccount
    month: date
    net: Decimal
    vat: Decimal
    recoverable: Decimal

    @property
    def funds(self) -> Decimal:
        """What it takes from the budget."""
        return self.net + self.vat - self.recoverable

    @property
    def posting(self) -> Posting:
        """What submitting would reserve."""
        return Posting(self.account.pk, self.month, "reserved", self.funds)


@dataclass(frozen=True)
class Typed:
    """The form and its lines, bound or as they are to be shown."""

    form: RequestForm
    lines: list[LineForm]
    about: AboutForm

    @property
    def is_valid(self) -> bool:
        """Whether every field holds. Judges all of them, so that all errors show at once."""
        return all([self.form.is_valid(), self.about.is_valid(), *(line.is_valid() for line in self.lines)]) and not self.mixed

    @property
    def read(self) -> list[ReadLine]:
        """The lines that can be reckoned with, whatever is wrong elsewhere."""
        return [found for line in self.lines if (found := read_line(line))]

    @property
    def mixed(self) -> str:
        """What is wrong with the lines together; empty where nothing is."""
        if len(self.lines) > MAX_LINES:
            return f"A request has at most {MAX_LINES} lines. Split it into several."
        read = self.read
        currencies = sorted({line.account.currency for line in read})
        if len(currencies) > 1:
            return f"The lines are in {' and '.join(currencies)}. Ask for each currency in a request of its own."
        if len({line.account.entity_id for line in read}) > 1:
            return "The lines belong to different organizations. Ask each in a request of its own."
        return ""

    def data(self) -> RequestData:
        """Return what the services take; only for a typed request that is valid."""
        head = self.form.cleaned_data
        return RequestData(
            kind=head["kind"],
            title=head["title"],
            lines=[line_data(line) for line in self.lines],
            reason=head["reason"],
            vendor_name=head["vendor"],
            needed_by=head["needed_by"],
            monthly_increase=head.get("monthly_increase"),
            particulars=self.about.typed(),
            tags=head.get("tags") or {},
            is_emergency=bool(head.get("is_emergency")),
            card_id=head.get("card"),
            contract=head.get("contract") or "",
        )


def line_data(line: LineForm) -> LineData:
    """Return a valid line as the services take it."""
    data = line.cleaned_data
    account = line.funds_account()
    return LineData(
        description=data["description"],
        account_id=account.pk if account else None,
        month=data["month"],
        net=data["net"],
        vat=data["vat"],
        recoverable=data["recoverable"],
        currency=account.currency if account else "",
    )


def read_line(line: LineForm) -> ReadLine | None:
    """Return what can be reckoned with of a bound line, or None where account, month or amount is missing."""
    if not line.is_bound:
        return None
    line.is_valid()
    account, data = line.funds_account(), line.cleaned_data
    net, month = data.get("net"), data.get("month")
    if account is None or not isinstance(net, Decimal) or not isinstance(month, date):
        return None
    vat, back = (data.get(name) if isinstance(data.get(name), Decimal) else ZERO for name in ("vat", "recoverable"))
    read = ReadLine(line.number, account, month, net, vat or ZERO, back or ZERO)
    return read if read.funds > 0 else None


def judged(post: QueryDict, choices: Choices) -> Typed:
    """Return a post as bound forms; lines that are wholly empty fall away unless none is left."""
    raw = posted_lines(post)
    started = [line for line in raw if any(line[name].strip() for name in STARTED)]
    return Typed(RequestForm(post, choices=choices), judged_lines(started or raw[:1] or [{}], choices), about_of(post, choices))


def half_typed(post: QueryDict, choices: Choices) -> Typed:
    """Return a post as bound forms with every line in its place, to reckon with while it is typed."""
    return Typed(RequestForm(post, choices=choices), judged_lines(posted_lines(post), choices), about_of(post, choices))


def as_typed(post: QueryDict, choices: Choices, *, remove: int | None = None, add: bool = False, spread: bool = False) -> Typed:
    """Return a post unjudged, with a line more or less, or its lines repeated over the months of its term."""
    about = about_of(post, choices)
    raw: list[dict[str, Any]] = list(posted_lines(post))
    if remove is not None and len(raw) > 1:
        raw = [line for number, line in enumerate(raw) if number != remove]
    if add and len(raw) < MAX_LINES:
        raw.append({"month": raw[-1]["month"] if raw else first_month(choices)})
    if spread:
        raw = spread_lines(raw, months_of(about, choices), net=net_of(about))
    return Typed(RequestForm(initial=post.dict(), choices=choices), shown_lines(raw, choices), about.unjudged())


def spread_lines(raw: list[dict[str, Any]], months: Sequence[date], *, net: str) -> list[dict[str, Any]]:
    """Return each line once for each month, the first of its kind as typed; all as they were where that is too many, or none."""
    alike: dict[tuple[str, str], dict[str, Any]] = {}
    for line in raw:
        alike.setdefault((line["description"], line["account"]), line)
    if not months or len(alike) * len(months) > MAX_LINES:
        return raw
    return [{**line, "net": line["net"] or net, "month": f"{month:%Y-%m}"} for month in months for line in alike.values()]


def blank(choices: Choices, kind: str = "") -> Typed:
    """Return an empty form with one line in the present month, for a kind where one is chosen already."""
    about = AboutForm(subject=choices.subjects.get(kind, ""), currency=choices.currency)
    form = RequestForm(choices=choices, initial={"kind": kind})
    return Typed(form, shown_lines([{"month": first_month(choices)}], choices), about)


def as_kept(request: Request, choices: Choices) -> Typed:
    """Return a kept draft as the form shows it."""
    initial = {
        "title": request.title,
        "kind": request.kind,
        "vendor": request.vendor.name if request.vendor else "",
        "needed_by": request.needed_by,
        "reason": request.reason,
        "monthly_increase": plain(request.monthly_increase),
        "tags": tags_text(request.tags),
        "is_emergency": request.is_emergency,
        "card": request.card_id or "",
        "contract": request.under_contract.request.number if request.under_contract else "",
    }
    lines = [
        {"description": line.description, "account": str(line.account_id), "month": f"{line.month:%Y-%m}"}
        | {name: plain(getattr(line, name)) for name in AMOUNTS if hasattr(line, name)}
        for line in request.lines.all()
    ]
    shown = shown_lines(lines or [{"month": first_month(choices)}], choices)
    return Typed(RequestForm(initial=initial, choices=choices), shown, about_kept(request, choices))


def plain(amount: Decimal | None) -> str:
    """Write an amount as one would type it; nothing for zero."""
    return f"{amount:,.2f}" if amount else ""


def first_month(choices: Choices) -> str:
    """Return the present month where it is open, else the open one that lies nearest."""
    today = clock.now().date().replace(day=1)
    nearest = min(choices.months, key=lambda month: abs((month - today).days), default=None)
    return f"{nearest:%Y-%m}" if nearest else ""


def rebound(typed: Typed, choices: Choices) -> Typed:
    """Return a shown form as a bound one, so that what it holds can be reckoned with."""
    raw: Sequence[dict[str, Any]] = [dict(line.initial) for line in typed.lines]
    return Typed(RequestForm(typed.form.initial, choices=choices), judged_lines(raw, choices), typed.about.rebound())
