"""Draws on Distro Nation's reserves: one that is used and reported, one whose report is still owed, one that waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from approvals.data import LineData, RequestData
from approvals.models import Request, Reserve, Stage
from approvals.selectors.draws import Drawing
from approvals.services.decisions import approve_stage
from approvals.services.draw_reports import confirm_report, write_report
from approvals.services.draws import ask_draw
from approvals.services.requests import save_draft, submit_request
from budgets.models import FundsAccount
from budgets.rules.months import first_of
from core import clock
from core.models import Entity, User
from demo.story.engine import Story

LOAD = (
    "A partner announced us to its readers on short notice. Staging must take a load test of three days before that, "
    "at twice its size."
)
OUTCOME = (
    "The load test ran for three days. Two limits were found and lifted before the announcement; staging is back at its size."
)
DATABASE = "The vendor ends a version earlier than announced. For the move both databases run side by side for a week."
GROWTH = (
    "Sign-ups are at three times the projection since the announcement. Production needs another worker to the end of the month."
)
AGREED = "In order; tell us what it came to."


@dataclass
class ReserveDesk:
    """Where somebody draws on a reserve, and says afterwards what came of it."""

    story: Story
    entity: Entity
    people: dict[str, User]

    def plan(self) -> None:
        """Plan the draws over the last working days of the story."""
        lead, manager = self.people["team-lead"], self.people["engineering-manager"]
        self.story.at(self._before(7, 10), lambda: self._used(lead, manager))
        self.story.at(self._before(2, 9), lambda: self._drawn(manager, "emergency", "PROD", "database", "22.50", DATABASE))
        self.story.at(self._before(1, 14), lambda: self._wait(lead))

    def _before(self, days: int, hour: int) -> datetime:
        """A moment some working days before the present, drawn from nothing, so that the rest of the year stays as it was."""
        day = self.story.ends.astimezone(self.story.calendar.zone).date()
        while days > 0 or not self.story.calendar.works_on(day):
            day -= timedelta(days=1)
            days -= self.story.calendar.works_on(day)
        return datetime(day.year, day.month, day.day, hour, 20, tzinfo=self.story.calendar.zone)

    def _account(self, centre: str, category: str) -> FundsAccount:
        rows = FundsAccount.objects.select_related("entity", "cost_centre", "budget")
        return rows.get(budget__code="DISTRO", cost_centre__code=centre, category__code=category)

    def _ask(self, person: User, reserve: str, centre: str, category: str, amount: str, document: str) -> Request:
        kept = Reserve.objects.select_related("entity", "account__cost_centre", "account__entity").get(
            entity=self.entity, code=reserve
        )
        amounts = {first_of(clock.now().date()): Decimal(amount)}
        taker = self._account(centre, category)
        drawing = Drawing(kept, taker, amounts, document.split(". ", maxsplit=1)[0] + ".", document)
        return ask_draw(actor=person, drawing=drawing, form_key=uuid4())

    def _agree(self, request: Request) -> None:
        stage = Stage.objects.select_related("request", "owner").get(request=request, state=Stage.State.ASSIGNED)
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest, comment=AGREED)

    def _drawn(self, person: User, reserve: str, centre: str, category: str, amount: str, document: str) -> None:
        request = self._ask(person, reserve, centre, category, amount, document)
        self.story.after(4, lambda: self._agree(request))

    def _wait(self, lead: User) -> None:
        self._ask(lead, "growth", "PROD", "compute", "18.00", GROWTH)

    def _used(self, lead: User, manager: User) -> None:
        request = self._ask(lead, "emergency", "STAGING", "aws", "40.00", LOAD)
        self.story.after(3, lambda: self._agree(request))
        self.story.after(6, lambda: self._spend(manager))
        self.story.after(26, lambda: self._report(request, lead))
        self.story.after(30, lambda: self._confirm(request))

    def _spend(self, manager: User) -> None:
        """What was drawn is committed by a request of its own."""
        month = first_of(clock.now().date())
        line = LineData("Load test of three days", self._account("STAGING", "aws").pk, month, Decimal("118.00"))
        data = RequestData(
            kind="monthly_cost",
            title="Load test before the announcement",
            lines=[line],
            reason="Drawn on the emergency reserve.",
            monthly_increase=Decimal(38),
        )
        asked = save_draft(actor=manager, entity=self.entity, data=data)
        submit_request(request_id=asked.pk, actor=manager)
        self.story.after(2, lambda: self._agree(asked))

    def _report(self, request: Request, lead: User) -> None:
        write_report(request_id=request.pk, outcome=OUTCOME, actor=lead)

    def _confirm(self, request: Request) -> None:
        confirm_report(request_id=request.pk, actor=self.people["engineering-director"])
