"""Cost centres, categories, vendors, months and exchange rates."""

from typing import Any

from django.db.models import QuerySet

from budgets.api.filters import MasterFilter, PeriodFilter, RateFilter
from budgets.api.serializers import (
    CategorySerializer,
    CostCentreSerializer,
    OpenedSerializer,
    OpeningSerializer,
    PeriodSerializer,
    RateSerializer,
    ReopeningSerializer,
    StatedRateSerializer,
    VendorSerializer,
)
from budgets.models import Category, CostCentre, ExchangeRate, Period, Vendor
from budgets.selectors import master
from budgets.selectors.budgets import READING
from budgets.selectors.periods import access_entity_of_finance, access_period_by_id, periods_in_reach
from budgets.selectors.rates import access_rate_by_id, rates_in_reach
from budgets.services.periods import close_period, open_periods, reopen_period
from budgets.services.rates import state_rate
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.errors import InvalidInput
from core.rules.rights import Right

ANY = frozenset(Right)
BOOKS = frozenset({Right.BUDGET})
MOST_MONTHS = 60


class CostCentres(Listed[CostCentre], Shown[CostCentre]):
    """Cost centres over which one holds a role."""

    room = "budgets"
    model = CostCentre
    rights = ANY
    shows = CostCentreSerializer
    filterset_class = MasterFilter
    orderings = ("path", "code", "id")
    places = {"id": (NUMBER, "The cost centre's number.")}

    def rows(self) -> QuerySet[CostCentre]:
        return master.cost_centres_in_reach(self.person)

    def one(self) -> CostCentre:
        return master.access_cost_centre_by_id(self.person, self.number())


class Categories(Listed[Category], Shown[Category]):
    """Categories of the organizations in which one holds a role."""

    room = "budgets"
    model = Category
    rights = ANY
    shows = CategorySerializer
    filterset_class = MasterFilter
    orderings = ("path", "code", "id")
    places = {"id": (NUMBER, "The category's number.")}

    def rows(self) -> QuerySet[Category]:
        return master.categories_in_reach(self.person)

    def one(self) -> Category:
        return master.access_category_by_id(self.person, self.number())


class Vendors(Listed[Vendor], Shown[Vendor]):
    """Vendors of the organizations in which one holds a role."""

    room = "budgets"
    model = Vendor
    rights = ANY
    shows = VendorSerializer
    filterset_class = MasterFilter
    orderings = ("name", "code", "id")
    places = {"id": (NUMBER, "The vendor's number.")}

    def rows(self) -> QuerySet[Vendor]:
        return master.vendors_in_reach(self.person)

    def one(self) -> Vendor:
        return master.access_vendor_by_id(self.person, self.number())


class Periods(Listed[Period], Shown[Period]):
    """Posting months of the organizations whose books one keeps."""

    room = "budgets"
    model = Period
    rights = BOOKS
    shows = PeriodSerializer
    filterset_class = PeriodFilter
    orderings = ("month", "-month", "id")
    places = {"id": (NUMBER, "The month's number.")}

    def rows(self) -> QuerySet[Period]:
        return periods_in_reach(self.person)

    def one(self) -> Period:
        return access_period_by_id(self.person, self.number())

    @write(takes=OpeningSerializer, gives=OpenedSerializer, status=201)
    def create(self, data: dict[str, Any]) -> dict[str, list[Period]]:
        """Open a span of months. Those that were opened before stay as they are."""
        entity = access_entity_of_finance(self.person, data["entity"])
        _check_span(data)
        return {"opened": open_periods(entity=entity, first=data["first"], last=data["last"], actor=self.person)}

    @write(gives=PeriodSerializer)
    def close(self, period: Period) -> Period:
        """Close a month: no entry is posted into it after that."""
        return close_period(entity=period.entity, month=period.month, actor=self.person)

    @write(takes=ReopeningSerializer, gives=PeriodSerializer)
    def reopen(self, period: Period, data: dict[str, Any]) -> Period:
        """Open a closed month again. Figures that were final are preliminary until it is closed."""
        return reopen_period(entity=period.entity, month=period.month, actor=self.person, reason=data["reason"])


def _check_span(data: dict[str, Any]) -> None:
    months = (data["last"].year - data["first"].year) * 12 + data["last"].month - data["first"].month + 1
    if not 1 <= months <= MOST_MONTHS:
        sentence = f"Name a last month that is not before the first, {MOST_MONTHS} months at most."
        raise InvalidInput("The span of months does not fit.", remedy=sentence, details={"last": sentence})


class Rates(Listed[ExchangeRate], Shown[ExchangeRate]):
    """Exchange rates as they were stated; the latest word holds."""

    room = "budgets"
    model = ExchangeRate
    rights = frozenset(READING)
    shows = RateSerializer
    filterset_class = RateFilter
    orderings = ("-valid_on", "valid_on", "-id")
    places = {"id": (NUMBER, "The rate's number.")}

    def rows(self) -> QuerySet[ExchangeRate]:
        return rates_in_reach(self.person)

    def one(self) -> ExchangeRate:
        return access_rate_by_id(self.person, self.number())

    @write(takes=StatedRateSerializer, gives=RateSerializer, status=201, rights=BOOKS)
    def create(self, data: dict[str, Any]) -> ExchangeRate:
        """State a rate. What was posted before keeps its own."""
        entity = access_entity_of_finance(self.person, data.pop("entity"))
        return state_rate(entity=entity, actor=self.person, **data)
