"""Budgets: listed, shown with their figures, loaded as documents; and their versions."""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from django.db.models import QuerySet

from budgets.api import budget_serializers as shapes
from budgets.api.attribute_fields import AttributesGivenSerializer, AttributesTakenSerializer
from budgets.api.day_rates import AskedStaffSerializer, RepricingSerializer, StaffSerializer
from budgets.api.filters import BudgetFilter
from budgets.api.tree_serializers import BudgetTreeSerializer
from budgets.models import Budget, BudgetAttribute, BudgetVersion
from budgets.rules.document import parse
from budgets.rules.tables import workbook_of
from budgets.selectors.attributes import attach_attributes
from budgets.selectors.balances import Figures
from budgets.selectors.budgets import READING, access_budget_by_code, version_in_force, visible_budgets
from budgets.selectors.changes import Changes, changes_between
from budgets.selectors.cost_centre_tree import tree_of
from budgets.selectors.documents import check_reads_whole, document_back_to, document_of, months_of
from budgets.selectors.overview import (
    budget_rows,
    category_rows,
    findings_seen,
    freshness_of,
    rows_of_budgets,
    version_at,
)
from budgets.selectors.owners import person_to_own
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.sign_offs import SignOffs, sign_offs_of
from budgets.selectors.staffing import Staffed, first_month_to_reprice, repriced, staffed_lines
from budgets.selectors.versions import PlanGroup, access_version, plan_groups, versions_of
from budgets.services.attributes import set_attributes
from budgets.services.budgets import LoadResult, load_document
from budgets.services.owners import set_owner
from budgets.services.sign_offs import sign_off
from core import clock
from core.api.acts import download, read, write
from core.api.endpoint import CODE, Listed, Shown
from core.api.files import Sent
from core.errors import InvalidInput, WrongState
from core.rules.rights import Right
from core.workbooks import XLSX

READERS = frozenset({*READING, Right.REQUEST})
BOOKS = frozenset({Right.BUDGET})
FIRST = 0


class Budgets(Listed[Budget], Shown[Budget]):
    """Budgets with their figures, as far as the reader's role reaches."""

    room = "budgets"
    model = Budget
    rights = READERS
    shows = shapes.BudgetSerializer
    filterset_class = BudgetFilter
    orderings = ("code", "-code", "starts_on", "-starts_on")
    lookup_url_kwarg = "code"
    places = {"code": (CODE, "The budget's code.")}

    def rows(self) -> QuerySet[Budget]:
        return visible_budgets(self.person)

    def one(self) -> Budget:
        return access_budget_by_code(self.person, self.kwargs["code"])

    def dress(self, rows: Sequence[Budget]) -> list[Any]:
        attach_attributes(BudgetAttribute, rows)
        return list(rows_of_budgets(self.person, list(rows)))

    @write(takes=AttributesTakenSerializer, gives=AttributesGivenSerializer, rights=BOOKS)
    def attributes(self, budget: Budget, data: dict[str, Any]) -> dict[str, Any]:
        """State what a budget has of its organization's attributes; what is left out stays, null takes one away."""
        access_entity_of_finance(self.person, budget.entity.code)
        values = data["attributes"]
        kept = set_attributes(model=BudgetAttribute, kind="budget", subject=budget, values=values, actor=self.person)
        return {"attributes": kept}

    @write(takes=shapes.OwnerTakenSerializer, gives=shapes.OwnerSerializer, rights=BOOKS)
    def owner(self, budget: Budget, data: dict[str, Any]) -> Budget:
        """Say who owns a budget: who signs its versions beside finance, and is asked when spend goes over its limits."""
        access_entity_of_finance(self.person, budget.entity.code)
        owner = person_to_own(budget, data["owner"]) if data["owner"] else None
        return set_owner(budget_id=budget.pk, owner=owner, actor=self.person)

    @write(takes=shapes.DocumentSerializer, gives=shapes.LoadedSerializer, status=201, rights=BOOKS, heavy=True)
    def create(self, document: dict[str, Any]) -> LoadResult:
        """Load the document of a new budget, and put it in force. What does not add up is kept, and told, as findings."""
        return self._loaded(document, base_id=FIRST)

    @write(takes=shapes.DocumentSerializer, gives=shapes.LoadedSerializer, rights=BOOKS, heavy=True)
    def update(self, budget: Budget, document: dict[str, Any]) -> LoadResult:
        """Load a budget's document as its next version. The same document again is no change."""
        stated = parse(document).budget.code
        if stated != budget.code:
            said = f"The document is of {stated}; this address is {budget.code}'s."
            raise InvalidInput(said, remedy="Send it to its own.", details={"budget.code": said})
        in_force = version_in_force(budget)
        return self._loaded(document, base_id=in_force.pk if in_force else FIRST)

    def _loaded(self, document: dict[str, Any], *, base_id: int, since: date | None = None) -> LoadResult:
        stated = parse(document).entity
        entity = access_entity_of_finance(self.person, stated.code if stated else "")
        return load_document(
            document=document, actor=self.person, source_name="api", entity_code=entity.code, base_id=base_id, since=since
        )

    @read(asks=AskedStaffSerializer, gives=StaffSerializer)
    def staffing(self, budget: Budget, asked: dict[str, Any]) -> Staffed:
        """Hold a budget's lines of staff against the day rates and exchange rates of now."""
        check_reads_whole(self.person, budget)
        since = asked.get("since") or first_month_to_reprice(budget, clock.now().date())
        return staffed_lines(_in_force(budget), since)

    @write(takes=RepricingSerializer, gives=shapes.LoadedSerializer, rights=BOOKS, heavy=True)
    def reprice(self, budget: Budget, data: dict[str, Any]) -> LoadResult:
        """Plan the lines of staff that differ at the rates of now, from a month on, as the budget's next version."""
        access_entity_of_finance(self.person, budget.entity.code)
        version = _in_force(budget)
        found = staffed_lines(version, data["since"])
        return self._loaded(repriced(found), base_id=version.pk, since=found.since)

    @read(asks=shapes.AskedFiguresSerializer, gives=shapes.BudgetFiguresSerializer)
    def figures(self, budget: Budget, asked: dict[str, Any]) -> dict[str, Any]:
        """Show budget against actual by category and line: now, as of a past moment, or through a month."""
        return self._against(budget, asked.get("as_of"), asked.get("through"))

    @read(asks=shapes.AskedFiguresSerializer, gives=BudgetTreeSerializer)
    def cost_centres(self, budget: Budget, asked: dict[str, Any]) -> dict[str, Any]:
        """Show a budget as a tree of cost centres: what each node has, handed down and kept, what is held and left."""
        as_of, through = asked.get("as_of"), asked.get("through")
        tree = tree_of(self.person, budget, as_of=as_of, through=through)
        about = {"budget": budget.code, "currency": budget.currency, "as_of": as_of, "through": through}
        sums = {"figures": tree.total, "not_handed_down": tree.not_handed_down}
        return {**about, **sums, "nodes": tree.rows, "findings": tree.findings, "beside": tree.beside}

    @read(asks=shapes.AskedChangesSerializer, gives=shapes.ChangesSerializer)
    def changes(self, budget: Budget, asked: dict[str, Any]) -> Changes:
        """Show what was recorded between two moments: line by line, and by what caused it."""
        return changes_between(
            self.person, budget, since=asked.get("since"), until=asked.get("until"), through=asked.get("through")
        )

    def _against(self, budget: Budget, as_of: datetime | None, through: date | None) -> dict[str, Any]:
        version = version_at(budget, as_of) if as_of else version_in_force(budget)
        # A plan is for all months, and for the version: there is none to hold a part or the past against.
        rows = category_rows(self.person, budget, None if as_of or through else version, as_of=as_of, through=through)
        return {
            "budget": budget.code,
            "currency": budget.currency,
            "as_of": as_of,
            "through": through,
            "version": version.number if version else None,
            "state": freshness_of(budget, now=clock.now()).state,
            "figures": sum((row.figures for row in rows), Figures()),
            "categories": rows,
        }

    @read(gives=shapes.SummarySerializer, detail=False, path="stats/summary")
    def summary(self) -> dict[str, Any]:
        """Add up the budgets that one may see, by currency."""
        rows = budget_rows(self.person)
        currencies = sorted({row.budget.currency for row in rows})
        return {"budgets": len(rows), "by_currency": [_sum_of(rows, currency) for currency in currencies]}


def _in_force(budget: Budget) -> BudgetVersion:
    version = version_in_force(budget)
    if version is None:
        raise WrongState(f"{budget.name} has no version in force.", remedy="Load its document first.")
    return version


def _sum_of(rows: Sequence[Any], currency: str) -> dict[str, Any]:
    own = [row for row in rows if row.budget.currency == currency]
    return {
        "currency": currency,
        "budgets": len(own),
        "findings": sum(row.findings for row in own),
        "figures": sum((row.figures for row in own), Figures()),
    }


class Versions(Listed[BudgetVersion], Shown[BudgetVersion]):
    """Versions of a budget, the newest first."""

    room = "budgets"
    model = BudgetVersion
    rights = READERS
    shows = shapes.VersionSerializer
    orderings = ("-number", "number")
    lookup_url_kwarg = "number"
    places = {"code": (CODE, "The budget's code."), "number": ({"type": "integer", "minimum": 1}, "The version's number.")}

    def rows(self) -> QuerySet[BudgetVersion]:
        return versions_of(access_budget_by_code(self.person, self.kwargs["code"]))

    def one(self) -> BudgetVersion:
        budget = access_budget_by_code(self.person, self.kwargs["code"])
        return access_version(self.person, budget, self.number("number"))

    @read(gives=shapes.PlanSerializer)
    def plan(self, version: BudgetVersion) -> dict[str, Any]:
        """Show what a version plans, line by line and month by month, and what does not add up in it."""
        budget = version.budget
        return {
            "version": version.number,
            "currency": budget.currency,
            "categories": [_planned(group) for group in plan_groups(self.person, budget, version)],
            "findings": findings_seen(self.person, budget, version),
        }

    @read(gives=shapes.SignOffsSerializer, path="sign-offs")
    def sign_offs(self, version: BudgetVersion) -> SignOffs:
        """Show who has signed a version, and who has not."""
        return sign_offs_of(version)

    @write(takes=shapes.SignSerializer, gives=shapes.SignOffsSerializer)
    def sign(self, version: BudgetVersion, data: dict[str, Any]) -> SignOffs:
        """Sign a version for a side, as it was seen. Signed by both, it is in force."""
        return sign_offs_of(sign_off(version_id=version.pk, side=data["side"], digest=data["digest"], actor=self.person))

    @write(gives=shapes.LoadedSerializer, rights=BOOKS, heavy=True)
    def again(self, version: BudgetVersion) -> LoadResult:
        """Go back to a version that was in force before: its plan is loaded as the budget's next version."""
        budget = version.budget
        entity = access_entity_of_finance(self.person, budget.entity.code)
        in_force = version_in_force(budget)
        return load_document(
            document=document_back_to(version),
            actor=self.person,
            source_name="api",
            entity_code=entity.code,
            base_id=in_force.pk if in_force else FIRST,
        )

    @download(sends=XLSX)
    def workbook(self, version: BudgetVersion) -> Sent:
        """Hand out a version's lines by month as an Excel workbook, to who reads the whole budget."""
        check_reads_whole(self.person, version.budget)
        content = workbook_of(document_of(version), months_of(version.budget))
        name = f"{version.budget.code}-{version.number}.xlsx"
        return Sent(BytesIO(content), name, XLSX, len(content), sha256(content).hexdigest())


def _planned(group: PlanGroup) -> dict[str, Any]:
    lines = [
        {"line": each.line, "basis": each.basis, "months": [{"month": month, "amount": amount} for month, amount in each.months]}
        for each in group.lines
    ]
    return {"category": group.category, "envelope": group.envelope, "share_pct": group.share_pct, "lines": lines}
