"""Reports of budgets: where each stands, the whole, one page, one category; and the order to issue a pack."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from budgets.models import Budget
from budgets.selectors.budgets import READING
from budgets.selectors.spend_tags import last_month_of_spend
from core import clock
from core.access import may
from core.api.acts import read, write
from core.api.endpoint import CODE, Endpoint, Listed
from core.api.filters import Asked, Code, FilterSet
from core.api.shapes import JobSerializer
from core.errors import NotAllowed, NotFound
from core.models import Job
from core.rules.rights import Right
from reporting.api import serializers as shapes
from reporting.api.allocation_serializers import AllocationReportSerializer, AskedAllocationSerializer
from reporting.rules.allocation_report import View
from reporting.rules.packview import PackView
from reporting.rules.reasons import detail_title, explain
from reporting.selectors.access import access_report_budget, whole_budgets
from reporting.selectors.allocation_reports import AllocationReport, access_reported_entity, allocation_report
from reporting.selectors.drivers import drivers_at
from reporting.selectors.overview import standings_of
from reporting.selectors.packs import live_view
from reporting.selectors.postings import latest_spend
from reporting.selectors.promises import promises_of
from reporting.selectors.variance import budget_against_actual, month_to_show
from reporting.services.issuing import start_pack
from reporting.views.reports import today_for

READERS = frozenset(READING)
ISSUING = frozenset({Right.RECONCILE, Right.BUDGET})
BUDGET = (CODE, "The budget's code.")


class ReportFilter(FilterSet):
    """Of an organization."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")

    class Meta:
        model = Budget
        fields: list[str] = []


class Reports(Listed[Budget]):
    """Budgets that one may read whole, with where each stands."""

    room = "reporting"
    model = Budget
    rights = READERS
    shows = shapes.ReportSerializer
    lists = shapes.StandingSerializer
    filterset_class = ReportFilter
    orderings = ("code", "-code")
    lookup_url_kwarg = "code"
    places = {"code": BUDGET}

    def rows(self) -> QuerySet[Budget]:
        return whole_budgets(self.person).select_related("entity")

    def one(self) -> Budget:
        return access_report_budget(self.person, self.kwargs["code"])

    def dress(self, rows: Sequence[Budget]) -> list[Any]:
        if self.act.paged:
            return list(standings_of(list(rows), today=today_for(self.person)))
        # What `If-Match` is held against: the report of the usual month.
        return [_report(row, _month(self, row, {})) for row in rows]

    @read(gives=shapes.ReportSerializer, asks=shapes.AskedMonthSerializer)
    def retrieve(self, budget: Budget, asked: dict[str, Any]) -> dict[str, Any]:
        """Show budget against actual to the end of a month, by category and by cost centre."""
        return _report(budget, _month(self, budget, asked))

    @read(gives=shapes.ReportSummarySerializer, asks=shapes.AskedMonthSerializer)
    def summary(self, budget: Budget, asked: dict[str, Any]) -> PackView:
        """Show one page for those who decide: five numbers at most, the reasons, the decisions wanted."""
        return live_view(budget, _month(self, budget, asked), now=clock.now())

    @read(gives=AllocationReportSerializer, asks=AskedAllocationSerializer, detail=False, heavy=True)
    def allocation(self, asked: dict[str, Any]) -> AllocationReport:
        """Say where an organization's money went: by service, tags or cost centre, or against the budget."""
        entity = access_reported_entity(self.person, asked.get("entity", ""))
        view = View(asked.get("view", View.SERVICES))
        return allocation_report(entity, view, asked.get("month") or last_month_of_spend(entity))

    @write(takes=shapes.IssuingSerializer, gives=JobSerializer, status=202, rights=ISSUING, heavy=True)
    def issue(self, budget: Budget, data: dict[str, Any]) -> Job:
        """Issue a month's pack as a job. The same figures keep their issue."""
        if not any(may(self.person, right, entity=budget.entity) for right in ISSUING):
            raise NotAllowed(
                "Your role does not issue packs.", remedy="Ask finance for it; packs that were issued are in the list."
            )
        return start_pack(budget=budget, month=data["month"], actor=self.person, note=data.get("note", ""))


class CategoryReports(Endpoint[Budget]):
    """One category of a budget's report."""

    room = "reporting"
    model = Budget
    rights = READERS
    shows = shapes.CategoryReportSerializer
    lookup_url_kwarg = "category"
    places = {"code": BUDGET, "category": (CODE, "The category's code.")}

    def one(self) -> Budget:
        return access_report_budget(self.person, self.kwargs["code"])

    @read(gives=shapes.CategoryReportSerializer, asks=shapes.AskedMonthSerializer)
    def retrieve(self, budget: Budget, asked: dict[str, Any]) -> dict[str, Any]:
        """Show one category: its lines, its months, what is promised, and the latest entries it is made of."""
        code = self.kwargs["category"]
        report = budget_against_actual(budget, _month(self, budget, asked), now=clock.now(), category=code)
        row = next((each for each in report.by_category if each.category == code), None)
        if row is None:
            raise NotFound(f"The budget {budget.code} has no such category.", remedy="Choose one from its report.")
        accounts = [line.account for line in row.lines if line.account]
        drivers = drivers_at(accounts, report.month)
        return {
            "report": report,
            "row": row,
            "note": explain(row, drivers),
            "months": report.category_months[code],
            "promises": promises_of(budget, accounts=accounts),
            "entries": latest_spend(accounts, report.month),
        }


def _report(budget: Budget, month: date) -> dict[str, Any]:
    report = budget_against_actual(budget, month, now=clock.now())
    return {"report": report, "title": detail_title(report.by_category)}


def _month(endpoint: Any, budget: Budget, asked: dict[str, Any]) -> date:
    return month_to_show(budget, asked.get("month"), today=today_for(endpoint.person, budget))
