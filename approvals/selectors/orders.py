"""What is left of an approved request, whether it was closed, and who may close it."""

from dataclasses import dataclass
from decimal import Decimal

from approvals.models import Request, RequestLine
from budgets.models import Bucket, Journal
from budgets.selectors.journal_states import journal_state
from budgets.selectors.orders import is_closing
from budgets.selectors.statements import keeps_books
from core.models import User

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class OrderLine:
    """A line of an approved request with what of it is committed still, in the request's currency."""

    line: RequestLine
    left: Decimal


@dataclass(frozen=True)
class Order:
    """An approved request as an order: its lines with what is left of them, and the journals that closed it and still stand."""

    journal: Journal
    lines: tuple[OrderLine, ...]
    closings: tuple[Journal, ...]

    @property
    def left(self) -> Decimal:
        return sum((each.left for each in self.lines), ZERO)


def order_of(request: Request) -> Order | None:
    """Return what an approved request committed as an order; None where it committed nothing."""
    if request.state != Request.State.APPROVED:
        return None
    posted = Journal.objects.filter(source_type="request", source_id=str(request.pk), kind=Journal.Kind.COMMIT)
    journal = posted.filter(reversed_by__isnull=True).order_by("-id").first()
    if journal is None:
        return None
    left: dict[str, Decimal] = {}
    for hold in journal_state(journal).holds:
        if hold.bucket == Bucket.COMMITTED:
            left[hold.thread] = left.get(hold.thread, ZERO) + hold.left
    lines = request.lines.select_related("account__budget").order_by("number")
    found = tuple(OrderLine(line, left.get(line.thread, ZERO)) for line in lines)
    settling = Journal.objects.filter(settles=journal, reversed_by__isnull=True).select_related("actor").order_by("id")
    return Order(journal, found, tuple(each for each in settling if is_closing(each)))


def may_close(person: User, request: Request) -> bool:
    """Say whether a person may close an order: who asked for it, and who keeps the organization's books."""
    return request.requester_id == person.pk or keeps_books(person, request.entity)
