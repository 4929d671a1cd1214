"""Books that grow: of each thing that a page of budgets lists a few, and then a few more."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from budgets.models import (
    BudgetCategory,
    BudgetLine,
    BudgetLineMonth,
    BudgetVersion,
    Category,
    ChargebackRun,
    CostCentre,
)
from budgets.rules.carrying import CarryTerms
from budgets.rules.months import add_months
from budgets.rules.phasing import even
from budgets.selectors.band_statements import BandData
from budgets.selectors.band_statements import PartData as BandPart
from budgets.selectors.carry_previews import CarrySpan
from budgets.services.accounts import ensure_account
from budgets.services.attributes import AttributeData, define_attribute
from budgets.services.bands import state_band
from budgets.services.carry_rules import state_carry_rule
from budgets.services.carry_runs import carry_budget
from budgets.services.chargebacks import draw_up, send_statements
from budgets.services.controls import Node, Terms, set_control
from budgets.services.opening import OpeningRow, open_budget
from budgets.services.periods import open_periods
from budgets.services.projections import PartData, ProjectionData, state_projection
from budgets.services.rates import state_rate
from budgets.services.spend_tags import apply_tag_rules
from budgets.services.statements import dispute_statement
from budgets.services.tag_files import load_tags
from budgets.services.templates import keep_template
from budgets.services.versions import put_in_force
from core import clock
from core.models import User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, move
from tests.factories.chargebacks import pool, read, stated
from tests.factories.core import UserFactory, assign
from tests.factories.day_rates import rated
from tests.owner import as_owner
from tests.trust.scenarios.ground import MARCH, Ground

DECEMBER = date(2026, 12, 1)
# What each line of the plan has in the year, in USD: as much as the ground allotted.
ALLOTTED = Decimal(12000)
# 120 days of the first role that is rated, at another rate than it has.
STAFFED = {
    "by": "rate",
    "fte": "1",
    "sprints": "12",
    "days_per_sprint": "10",
    "role": "role-1",
    "shares": {f"2026-{month:02}": "1" for month in range(1, 13)},
    "rates": [{"from": "2026-01", "day_rate": "100.00", "currency": "USD"}],
}


@dataclass
class Books:
    """An organization's books; `grow` adds the same again, `number` of each."""

    ground: Ground
    size: int = 0

    @property
    def finance(self) -> User:
        return self.ground.finance

    @as_owner()
    def grow(self, number: int) -> None:
        # With the owner's rights, under which an entry is recorded when the clock says so.
        if not self.size:
            node = Node(cost_centre=self.ground.centres["ENG"])
            terms = Terms("warn", "month", own_limit=Decimal(100))
            set_control(entity=self.ground.entity, node=node, terms=terms, actor=self.finance)
        for each in range(self.size + 1, self.size + number + 1):
            self._one_more(each)
        self.size += number
        self._plan()
        self._tag()
        self._charge()

    def _one_more(self, number: int) -> None:
        ground, entity, finance = self.ground, self.ground.entity, self.finance
        centre = CostCentreFactory.create(
            entity=entity, code=f"TEAM{number}", name=f"Team {number}", parent=ground.centres["ENG"]
        )
        category = CategoryFactory.create(entity=entity, code=f"kind{number}", name=f"Kind {number}")
        account = ensure_account(budget=ground.budget, cost_centre=centre, category=category)
        lead = UserFactory.create(name=f"Lead {number}")
        assign(lead, "team_lead", entity, cost_centre=centre)
        move(account, "allotted", "500", month=MARCH, actor=finance)
        move(account, "committed", "40", month=MARCH, thread=f"order:{number}", actor=finance)
        move(account, "spent", "12.34", month=MARCH, thread=f"line:{number}", is_fact=True, actor=finance)
        move(ground.account, "spent", "20", month=add_months(JANUARY, number - 1), thread=f"bill:{number}", is_fact=True)
        node = Node(budget=ground.budget, cost_centre=centre)
        set_control(entity=entity, node=node, terms=Terms("warn", "year", own_limit=Decimal(9000)), actor=finance)
        set_control(
            entity=entity, node=Node(cost_centre=centre), terms=Terms("warn", "year", own_limit=Decimal(9000)), actor=finance
        )
        self._state(number, centre, category)
        BudgetFactory.create(entity=entity, code=f"OTHER{number}", name=f"Other {number}", cost_centre=centre)
        rows = [OpeningRow(account_id=account.pk, reference=f"PO-{number}", committed=Decimal(40))]
        totals = {"committed": Decimal(40)}
        source = f"Old books {number}"
        open_budget(budget=ground.budget, month=MARCH, source_name=source, rows=rows, totals=totals, actor=finance)
        month = add_months(JANUARY, number - 1)
        carry_budget(budget=ground.budget, into_budget=ground.budget, span=CarrySpan(month, month, DECEMBER), actor=finance)
        open_periods(entity=entity, first=date(2026 + number, 1, 1), last=date(2026 + number, 3, 1), actor=finance)

    def _state(self, number: int, centre: CostCentre, category: Category) -> None:
        entity, finance = self.ground.entity, self.finance
        day, source = date(2026, 1, number), f"Bank {number}"
        state_rate(entity=entity, currency="EUR", valid_on=day, rate=Decimal("1.1"), source=source, actor=finance)
        rated(entity, "110", role=f"role-{number}")
        parts = [PartData(f"Part {each}", Decimal(100), category, Decimal(30)) for each in range(number)]
        data = ProjectionData("Cloud", JANUARY, 3, Decimal(15), parts)
        state_projection(entity=entity, data=data, actor=finance)
        state_projection(entity=entity, data=ProjectionData(f"Cloud {number}", JANUARY, 3, Decimal(15), parts), actor=finance)
        state_carry_rule(cost_centre=centre, starts_on=DECEMBER, terms=CarryTerms("above"), actor=finance)
        read(entity, finance, f"calls{number}", **{centre.code: "12"})
        band = BandData(MARCH, (BandPart(category, Decimal(10), Decimal(20)),))
        state_band(budget=self.ground.budget, cost_centre=centre, data=band, actor=finance)
        for kind in ("budget", "request"):
            said = AttributeData(f"Region {number}", "text", JANUARY, kind=kind, code=f"region{number}")
            define_attribute(entity=entity, data=said, actor=finance)

    def _plan(self) -> None:
        """Put a version in force that has a line for each team, keep it as a template, and let there be drafts of it."""
        budget, finance = self.ground.budget, self.finance
        last = budget.versions.order_by("-number").first()
        assert last is not None
        version = BudgetVersion.objects.create(
            budget=budget, number=last.number + 1, total=Decimal(0), created_at=clock.now(), created_by=finance
        )
        for account in budget.accounts.select_related("cost_centre", "category").order_by("pk"):
            envelope, _ = BudgetCategory.objects.get_or_create(
                version=version, category=account.category, defaults={"amount": Decimal(0)}
            )
            envelope.amount += ALLOTTED
            envelope.save()
            version.total += ALLOTTED
            line = BudgetLine.objects.create(
                version=version,
                category=account.category,
                cost_centre=account.cost_centre,
                name=f"{account.category.name} of {account.cost_centre.name}",
                amount=ALLOTTED,
                basis=STAFFED,
                starts_on=budget.starts_on,
                ends_on=budget.ends_on,
            )
            months = even(ALLOTTED, budget.starts_on, budget.ends_on, currency=budget.currency)
            BudgetLineMonth.objects.bulk_create(
                BudgetLineMonth(line=line, month=month, amount=each) for month, each in months.items()
            )
        version.save()
        put_in_force(version_id=version.pk, actor=finance)
        keep_template(version=version, name=f"A plan for {self.size}", actor=finance)

    def _tag(self) -> None:
        """State a key and a rule for each, and let what was spent bear them."""
        keys = [{"name": f"Key{each}", "allows": "text", "is_mandatory": True} for each in range(self.size)]
        rules = [{"name": f"Rule {each}", "service": "*", "sets": {f"key{each}": "one"}} for each in range(1, self.size)]
        document = {"starts_on": "2026-03", "target": str(90 + self.size), "keys": keys, "rules": rules}
        load_tags(entity=self.ground.entity, document=document, actor=self.finance)
        apply_tag_rules(entity=self.ground.entity, month=MARCH, actor=self.finance)

    def _charge(self) -> None:
        """Charge one more month of what is spent on each category of the platform to the teams; two of them dispute it."""
        entity, finance = self.ground.entity, self.finance
        share = Decimal(100) / self.size
        shares = [{"to": f"TEAM{each}", "pct": str(share)} for each in range(1, self.size + 1)]
        months = [add_months(JANUARY, each) for each in range(self.size // 2)]
        kinds = ("software", "training", "people")[: self.size // 2]
        collected = [{"cost_centre": "PLATFORM", "category": kind} for kind in kinds]
        pools = [pool(kind, collects=said, shares=shares) for kind, said in zip(kinds, collected, strict=True)]
        stated(entity, finance, *pools, note=f"For {self.size}.")
        for month in months:
            if not ChargebackRun.objects.filter(entity=entity, month=month).exists():
                for kind in kinds:
                    self._spend(kind, month)
                run = send_statements(
                    run_id=draw_up(entity=entity, month=month, rules_code="monthly", actor=finance).pk, actor=finance
                )
                for statement in run.statements.select_related("manager").order_by("pk")[: self.size // 2]:
                    dispute_statement(statement_id=statement.pk, actor=statement.manager, words="Too much.")

    def _spend(self, kind: str, month: date) -> None:
        """Spend on a category of the platform, in as many rows as there are of everything."""
        account = self.ground.accounts["PLATFORM", kind]
        for number in range(self.size):
            move(account, "spent", "60", month=month, thread=f"{kind}:{month}:{number}", is_fact=True)
