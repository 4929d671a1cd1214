"""What the page of an invoice shows."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from budgets.models import FundsAccount
from budgets.selectors.balances import thread_balance
from reconciliation.models import Allocation, CommitmentMatch, Invoice, InvoiceLine
from reconciliation.selectors.commitments import approved_lines, lines_in_question
from reconciliation.selectors.months import open_months

MOST_CHOICES = 200


@dataclass(frozen=True)
class Answer:
    """A match of a line, with what is left of the commitment now."""

    match: CommitmentMatch
    remaining: Decimal


@dataclass
class LineShown:
    """A line with its matches, active ones first."""

    line: InvoiceLine
    answers: list[Answer] = field(default_factory=list)


@dataclass(frozen=True)
class RequestChoice:
    """A request line that an invoice line may answer. `remaining` is in the invoice's currency."""

    pk: int
    label: str
    remaining: Decimal


@dataclass(frozen=True)
class LineChoices:
    """What the lines of an invoice may be coded or matched to: read once for all of them."""

    accounts: dict[int, FundsAccount]
    months: list[date]
    requests: list[RequestChoice]


def line_choices(invoice: Invoice) -> LineChoices:
    """Return the budget lines, months and requests that an invoice's lines may be put on."""
    accounts = {account.pk: account for account in accounts_for(invoice)}
    return LineChoices(accounts, open_months(invoice.entity), request_choices(invoice))


def lines_shown(invoice: Invoice) -> list[LineShown]:
    """Return the lines of an invoice with their matches and what is left of each commitment."""
    lines = {line.pk: LineShown(line) for line in invoice.lines.select_related("account__budget").order_by("number")}
    matches = CommitmentMatch.objects.filter(invoice_line__invoice=invoice, undone_at__isnull=True)
    rows = list(matches.select_related("request_line__request", "made_by").order_by("id"))
    balances = thread_balance([match.request_line.thread for match in rows])
    for match in rows:
        remaining = balances[match.request_line.thread]["committed"]
        lines[match.invoice_line_id].answers.append(Answer(match, remaining))
    return list(lines.values())


def allocations_shown(invoice: Invoice) -> list[Allocation]:
    """Return the payments of an invoice, undone ones too, since they are its history."""
    return list(invoice.allocations.select_related("payment", "made_by", "undone_by").order_by("id"))


def accounts_for(invoice: Invoice) -> list[FundsAccount]:
    """Return the budget lines that an invoice may be coded to: of its entity and currency, by budget and name."""
    rows = FundsAccount.objects.filter(entity=invoice.entity, currency=invoice.currency, budget__versions__state="in_force")
    return list(rows.select_related("budget", "cost_centre").order_by("budget__code", "name", "id").distinct())


def request_choices(invoice: Invoice) -> list[RequestChoice]:
    """Return the request lines with something left: first those the invoice names or of its vendor, then the latest others."""
    near = lines_in_question(invoice)
    others = approved_lines(invoice.entity, currency=invoice.currency).exclude(pk__in=[line.pk for line in near])
    lines = [*near, *others.order_by("-id")[:MOST_CHOICES]]
    balances = thread_balance([line.thread for line in lines])
    return [
        RequestChoice(
            line.pk,
            f"{line.request.number} line {line.number}, {line.description}: {balances[line.thread]['committed']:,} left",
            balances[line.thread]["committed"],
        )
        for line in lines
        if balances[line.thread]["committed"] > 0
    ]
