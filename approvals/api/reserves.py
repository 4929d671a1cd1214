"""Reserves and draws on them, for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db.models import Prefetch, QuerySet

from approvals.api import reserve_serializers as shapes
from approvals.models import DrawReport, Reserve, ReserveDraw, ReserveTerms
from approvals.selectors.draws import Drawing, Spending, access_draw_by_number, report_of, spending_of, state_of
from approvals.selectors.reserve_reports import ReserveRow, month_of_report, reserve_report
from approvals.selectors.reserves import access_reserve_by_id, keeps_reserves, reserves_seen
from approvals.services.draw_reports import confirm_report, return_report, write_report
from approvals.services.draws import ask_draw
from approvals.services.reserves import TermsData, close_reserve, make_reserve, state_reserve
from budgets.models import Budget, CostCentre
from budgets.selectors.accounts import access_account_by_id
from core import clock
from core.api.acts import read, write
from core.api.endpoint import CODE, NUMBER, Listed, Shown
from core.errors import InvalidInput, NotAllowed
from core.models import Entity
from core.rules.rights import Right

SEEING = frozenset({Right.REQUEST, Right.DECIDE, Right.REPORT, Right.AUDIT, Right.ADMINISTER})
KEEPING, ASKING = frozenset({Right.BUDGET}), frozenset({Right.REQUEST})


@dataclass(frozen=True)
class Report:
    """A row of the reserve report with its month, as it is written."""

    row: ReserveRow
    month: Any
    is_final: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


@dataclass(frozen=True)
class Told:
    """How a report about a draw stands."""

    report: DrawReport
    state: str


@dataclass(frozen=True)
class Draw:
    """A draw as it is written."""

    draw: ReserveDraw
    use: list[Spending]
    report: Told | None


class Reserves(Listed[Reserve], Shown[Reserve]):
    """Reserves of the organizations in which one holds a role."""

    room = "approvals"
    model = Reserve
    rights = SEEING
    shows = shapes.ReserveSerializer
    orderings = ("id", "-id")
    places = {"id": (NUMBER, "The reserve's number.")}

    def rows(self) -> QuerySet[Reserve]:
        said = ReserveTerms.objects.select_related("budget", "cost_centre").order_by("-number")
        return reserves_seen(self.person).prefetch_related(Prefetch("terms", queryset=said, to_attr="statements"))

    def one(self) -> Reserve:
        return access_reserve_by_id(self.person, self.number())

    def dress(self, rows: Sequence[Reserve]) -> list[Any]:
        for row in rows:
            if "statements" not in row.__dict__:
                said = row.terms.select_related("budget", "cost_centre").order_by("-number")
                row.__dict__["statements"] = list(said)
        return list(rows)

    @write(takes=shapes.ReserveTakenSerializer, gives=shapes.ReserveSerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> Reserve:
        """Let a budget line hold a reserve, and state what holds for it. From now on nobody spends from it but by a draw."""
        account = access_account_by_id(self.person, data["account"], Right.BUDGET)
        terms = self._terms(account.entity, data)
        made = make_reserve(account=account, code=data["code"], name=data["name"], terms=terms, actor=self.person)
        return self._whole(made.pk)

    @write(takes=shapes.TermsTakenSerializer, gives=shapes.ReserveSerializer, rights=KEEPING)
    def state(self, reserve: Reserve, data: dict[str, Any]) -> Reserve:
        """State anew what holds for a reserve, from a month on. The same again is the statement that is there."""
        state_reserve(reserve_id=reserve.pk, terms=self._terms(reserve.entity, data), actor=self.person)
        return self._whole(reserve.pk)

    @write(takes=shapes.ReserveReasonSerializer, gives=shapes.ReserveSerializer, rights=KEEPING)
    def close(self, reserve: Reserve, data: dict[str, Any]) -> Reserve:
        """Give a reserve up: its line is an ordinary one again."""
        close_reserve(reserve_id=reserve.pk, reason=data["reason"], actor=self.person)
        return self._whole(reserve.pk)

    @read(gives=shapes.ReserveReportSerializer, asks=shapes.MonthAskedSerializer)
    def report(self, reserve: Reserve, asked: dict[str, Any]) -> Report:
        """Say what a month did to a reserve: what it should hold, held, gave and has left."""
        month = month_of_report(reserve.entity, asked.get("month"))
        found = reserve_report(self.person, reserve.entity, month, only=reserve)
        if not found.rows:
            raise InvalidInput(f"{reserve.name} was given up before that month.", details={"month": "Ask for an earlier month."})
        return Report(found.rows[0], month, found.is_final)

    @write(takes=shapes.DrawTakenSerializer, gives=shapes.DrawSerializer, status=201, rights=ASKING)
    def draw(self, reserve: Reserve, data: dict[str, Any]) -> Draw:
        """Ask for a draw; it holds the money on the reserve until its own approver decides."""
        taker = access_account_by_id(self.person, data["account"], Right.REQUEST)
        months = {row["month"]: row["amount"] for row in data["months"]}
        if len(months) != len(data["months"]):
            raise InvalidInput("A month is named twice.", remedy="State one amount for each.", details={"months": "None twice."})
        drawing = Drawing(reserve, taker, months, data["reason"], data["document"])
        made = ask_draw(actor=self.person, drawing=drawing, form_key=uuid4())
        return _told(access_draw_by_number(self.person, made.number))

    def _whole(self, reserve_id: int) -> Reserve:
        found: Reserve = self.dress([access_reserve_by_id(self.person, reserve_id)])[0]
        return found

    def _terms(self, entity: Entity, data: dict[str, Any]) -> TermsData:
        if not keeps_reserves(self.person, entity):
            raise NotAllowed(f"You do not keep the books of {entity.name}.", remedy="Ask finance to state it.")
        wrong: dict[str, str] = {}
        named: dict[str, Any] = {}
        for name, model in (("budget", Budget), ("cost_centre", CostCentre)):
            if code := data.get(name):
                named[name] = model.objects.filter(entity=entity, code=code).first()
                if named[name] is None:
                    wrong[name] = f"{entity.name} has none of that code."
        if wrong:
            raise InvalidInput("The reserve cannot be so.", remedy=next(iter(wrong.values())), details=wrong)
        return TermsData(**shapes.taken_terms(data), **named)


class ReserveDraws(Shown[ReserveDraw]):
    """A draw on a reserve, by the number of its request, and the report that it owes."""

    room = "approvals"
    model = ReserveDraw
    rights = SEEING
    shows = shapes.DrawSerializer
    lookup_url_kwarg = "number"
    places = {"number": (CODE, "The number of its request.")}

    def one(self) -> ReserveDraw:
        return access_draw_by_number(self.person, self.kwargs["number"])

    def dress(self, rows: Sequence[ReserveDraw]) -> list[Any]:
        return [_told(row) for row in rows]

    @write(takes=shapes.DrawOutcomeSerializer, gives=shapes.DrawSerializer, rights=ASKING)
    def report(self, draw: ReserveDraw, data: dict[str, Any]) -> Draw:
        """Write the report about a draw, or write it anew. The ledger's figures are kept with it."""
        write_report(request_id=draw.request_id, outcome=data["outcome"], actor=self.person)
        return _told(draw)

    @write(gives=shapes.DrawSerializer, rights=SEEING)
    def confirm(self, draw: ReserveDraw) -> Draw:
        """Confirm the report, as whoever approves the reserve's use."""
        confirm_report(request_id=draw.request_id, actor=self.person)
        return _told(draw)

    @write(takes=shapes.DrawMissingSerializer, gives=shapes.DrawSerializer, rights=SEEING, path="give-back")
    def give_back(self, draw: ReserveDraw, data: dict[str, Any]) -> Draw:
        """Give the report back with what it misses: it is owed again."""
        return_report(request_id=draw.request_id, missing=data["missing"], actor=self.person)
        return _told(draw)


def _told(draw: ReserveDraw) -> Draw:
    found = report_of(draw)
    return Draw(draw, spending_of(draw), Told(found, state_of(found, clock.now())) if found else None)
