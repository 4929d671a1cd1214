"""What is asked, as it is kept with a round and held against the round before: of a stored request, or of one that is typed."""

from collections.abc import Iterable, Mapping
from typing import Any

from approvals.data import RequestData
from approvals.models import Request, RequestLine
from approvals.rules.particulars import plain
from approvals.selectors.facts import Asked, AskedLine
from approvals.selectors.particulars import plain_of
from approvals.selectors.terms import terms_in_words

Content = dict[str, Any]


def content_of(request: Request) -> Content:
    """Return what is asked, as it stands now, for the record."""
    lines = request.lines.select_related("account__budget", "account__cost_centre", "account__category").order_by("number")
    head = {
        "title": request.title,
        "reason": request.reason,
        "kind": request.kind,
        "vendor": request.vendor.name if request.vendor else "",
        "currency": request.currency,
        "amount": str(request.amount),
        "monthly_increase": str(request.monthly_increase) if request.monthly_increase is not None else "",
    }
    besides = {
        "vendor_id": str(request.vendor_id or ""),
        "terms": terms_in_words(request),
        "particulars": plain_of(request),
        "tags": request.tags,
        "emergency": request.is_emergency,
        "card": str(request.card) if request.card else "",
        "contract": request.under_contract.request.number if request.under_contract else "",
    }
    return _content(head, lines, besides)


def content_asked(asked: Asked, data: RequestData) -> Content:
    """Return the same of what is typed and was judged: what a round would keep if it were submitted now."""
    head = {
        "title": data.title,
        "reason": data.reason,
        "kind": data.kind,
        "vendor": asked.vendor.name if asked.vendor else data.vendor_name.strip(),
        "currency": asked.currency,
        "amount": f"{asked.amount:.2f}",
        "monthly_increase": f"{asked.monthly_increase:.2f}" if asked.monthly_increase is not None else "",
    }
    besides = {
        "vendor_id": str(asked.vendor.pk) if asked.vendor else "",
        "particulars": plain(asked.subject, asked.particulars) if asked.particulars else {},
        "tags": dict(data.tags),
        "emergency": data.is_emergency,
        "card": str(asked.card) if asked.card else "",
        "contract": asked.contract.request.number if asked.contract else "",
    }
    return _content(head, asked.lines, besides)


def _content(head: Content, lines: Iterable[RequestLine | AskedLine], besides: Mapping[str, Any]) -> Content:
    said = {"lines": [_line(number, line) for number, line in enumerate(lines, start=1)]}
    return head | said | {name: value for name, value in besides.items() if value}


def _line(number: int, line: RequestLine | AskedLine) -> Content:
    account = line.account
    return {
        "number": line.number if isinstance(line, RequestLine) else number,
        "description": line.description,
        "account": account.pk,
        "budget": account.budget.code,
        "cost_centre": account.cost_centre.code,
        "category": account.category.code,
        "month": line.month.isoformat(),
        "net": f"{line.net:.2f}",
        "vat": f"{line.vat:.2f}",
        "recoverable": f"{line.recoverable:.2f}",
    }
