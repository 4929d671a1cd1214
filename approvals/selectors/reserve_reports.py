"""The reserve report of an organization and a month: what each reserve should hold, held, gave and has left, and what is owed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import Q

from approvals.models import Attachment, Decision, DrawReport, Request, RequestLine, Reserve, ReserveDraw, ReserveTerms
from approvals.rules.reserves import Stand, stand_of
from approvals.selectors.committees import today_of
from approvals.selectors.draws import approvals_of, reports_owed, state_of
from approvals.selectors.requests import visible_requests
from approvals.selectors.reserves import RELATED, Target, changes_of, target_at, terms_of_all, waiting_on
from budgets.models import Period
from budgets.rules.months import first_of
from core import clock
from core.models import Entity, User
from core.viewer import known_zone

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class DrawRow:
    """What a draw takes from a reserve in the month. What a person may not see of its request is left out."""

    draw: ReserveDraw
    amount: Decimal
    is_seen: bool
    approved_by: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    report: DrawReport | None = None
    report_state: str = ""

    @property
    def is_waiting(self) -> bool:
        return bool(self.draw.request.state == Request.State.SUBMITTED)

    @property
    def number(self) -> str:
        """The number of its request; blank for who may not see it."""
        return self.draw.request.number if self.is_seen else ""

    @property
    def line_name(self) -> str:
        return self.draw.taker.name if self.is_seen else ""

    @property
    def agreed_by(self) -> tuple[str, ...]:
        return self.approved_by if self.is_seen else ()

    @property
    def document(self) -> str:
        """How the document is there, in words."""
        if not self.is_seen:
            return ""
        return ", ".join(["written", *self.files] if self.draw.document else self.files)


@dataclass(frozen=True, slots=True)
class ReserveRow:
    """A reserve in the month. Amounts in the currency of its line; `against` is what is left less the target."""

    reserve: Reserve
    terms: ReserveTerms | None
    target: Target
    stand: Stand
    waiting: Decimal
    draws: list[DrawRow] = field(default_factory=list)

    @property
    def against(self) -> Decimal | None:
        return None if self.target.amount is None else self.stand.left - self.target.amount


@dataclass(frozen=True, slots=True)
class OwedRow:
    """A report that is owed or waits for its confirmation."""

    report: DrawReport
    state: str
    is_seen: bool


@dataclass(frozen=True, slots=True)
class ReserveReport:
    """The report. `is_final` where the month is closed."""

    entity: Entity
    month: date
    rows: list[ReserveRow]
    owed: list[OwedRow]
    is_final: bool


def month_of_report(entity: Entity, asked: date | None) -> date:
    """Return the month that is asked for, else the present one where the organization is."""
    return first_of(asked or today_of(entity))


def reserve_report(user: User, entity: Entity, month: date, *, only: Reserve | None = None) -> ReserveReport:
    """Return the report as a person may read it, of all reserves of the organization or of one."""
    rows = Reserve.objects.filter(entity=entity) if only is None else Reserve.objects.filter(pk=only.pk)
    # What was given up before the month is not of it any more.
    begins = datetime.combine(month, time(), known_zone(entity.time_zone))
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=begins))
    reserves = list(rows.select_related(*RELATED).order_by("pk"))
    terms = terms_of_all(reserves, month)
    changes, waiting = changes_of(reserves, through=month), waiting_on(reserves, month=month)
    draws = _draws_in(user, reserves, month)
    owed = list(reports_owed(reserves))
    seen = _seen(user, [report.draw.request_id for report in owed])
    now = clock.now()
    return ReserveReport(
        entity,
        month,
        [
            ReserveRow(
                reserve,
                terms.get(reserve.pk),
                target_at(reserve, terms.get(reserve.pk), month),
                stand_of(changes[reserve.pk], month),
                waiting.get(reserve.account_id, ZERO),
                draws.get(reserve.pk, []),
            )
            for reserve in reserves
        ],
        [OwedRow(report, state_of(report, now), report.draw.request_id in seen) for report in owed],
        Period.objects.filter(entity=entity, month=month, state=Period.State.CLOSED).exists(),
    )


def _draws_in(user: User, reserves: Sequence[Reserve], month: date) -> dict[int, list[DrawRow]]:
    counted = (Request.State.SUBMITTED, Request.State.APPROVED)
    found = ReserveDraw.objects.filter(
        reserve__in=reserves, request__state__in=counted, request__lines__month=month
    ).select_related("request__requester", "terms", "taker__cost_centre", "taker__budget")
    draws = list(found.order_by("request_id"))
    if not draws:
        return {}
    ids = [draw.request_id for draw in draws]
    seen, approved, now = _seen(user, ids), approvals_of(draws), clock.now()
    reports = {each.draw_id: each for each in DrawReport.objects.filter(draw__in=draws)}
    files: dict[int, list[str]] = {}
    for request_id, name in Attachment.objects.filter(request__in=ids).order_by("pk").values_list("request_id", "name"):
        files.setdefault(request_id, []).append(name)
    rows: dict[int, list[DrawRow]] = {}
    amounts = _amounts(ids, month)
    for draw in draws:
        report = reports.get(draw.pk)
        row = DrawRow(
            draw,
            amounts[draw.request_id],
            draw.request_id in seen,
            tuple(_who(decision) for decision in approved.get(draw.request_id, [])),
            tuple(files.get(draw.request_id, [])),
            report,
            state_of(report, now) if report else "",
        )
        rows.setdefault(draw.reserve_id, []).append(row)
    return rows


def _amounts(ids: Collection[int], month: date) -> dict[int, Decimal]:
    rows = RequestLine.objects.filter(request__in=ids, month=month).values_list("request_id", "funds")
    found: dict[int, Decimal] = {}
    for request_id, funds in rows:
        found[request_id] = found.get(request_id, ZERO) + funds
    return found


def _who(decision: Decision) -> str:
    return str(decision.who)


def _seen(user: User, ids: Collection[int]) -> set[int]:
    return set(visible_requests(user).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
