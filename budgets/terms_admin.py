"""Rates, rule sets and what cost centres carry on, in the admin: stated through their services, never changed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin

from budgets.forms import MonthField
from budgets.models import CarryRule, DayRate, ExchangeRate, RuleSet
from budgets.rules.carrying import CarryTerms
from budgets.rules.day_rates import DayRateData
from budgets.rules.safe_yaml import read
from budgets.selectors.day_rates import held_in
from budgets.services.carry_rules import state_carry_rule
from budgets.services.day_rates import state_day_rates
from budgets.services.rates import state_rate
from budgets.services.rule_sets import state_rule_set
from budgets.stated_admin import BooksAdmin, StatementForm
from core.errors import InvalidInput, WrongState


class RateStatementForm(StatementForm):
    """What one unit of another currency is in the organization's, from a day on."""

    class Meta:
        model = ExchangeRate
        fields = ("entity", "currency", "rate", "valid_on", "source")

    def clean_currency(self) -> str:
        """Return the currency's three letters, in capitals."""
        return str(self.cleaned_data["currency"]).upper()

    def state(self) -> ExchangeRate:
        """State the rate."""
        return state_rate(actor=self.actor, **self.cleaned_data)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(BooksAdmin):
    """What is stated of exchange rates. What was posted before keeps the rate that it was posted at."""

    form = RateStatementForm
    list_display = ("currency", "valid_on", "rate", "source", "entity", "stated_by", "stated_at")
    list_filter = ("entity", "currency")
    search_fields = ("currency", "source")
    list_select_related = ("entity", "stated_by")


class DayRateStatementForm(StatementForm):
    """What a day of a role costs, from a month on."""

    starts_on = MonthField(label="Holds from")

    class Meta:
        model = DayRate
        fields = ("entity", "role", "name", "starts_on", "rate", "currency", "source")

    def clean_currency(self) -> str:
        """Return the currency's three letters, in capitals."""
        return str(self.cleaned_data["currency"]).upper()

    def state(self) -> DayRate:
        """State the rate, or return what says the same already."""
        data = self.cleaned_data
        said = DayRateData(*(data[name] for name in ("role", "name", "starts_on", "rate", "currency", "source")))
        rows = state_day_rates(entity=data["entity"], rates=[said], actor=self.actor)
        held = None if rows else held_in(data["entity"], said.role, said.starts_on)
        return held or rows[0]


@admin.register(DayRate)
class DayRateAdmin(BooksAdmin):
    """What is stated of the rate card. Budgets in force keep the amounts that they were planned at."""

    form = DayRateStatementForm
    list_display = ("name", "role", "starts_on", "rate", "currency", "source", "entity", "stated_by", "stated_at")
    list_filter = ("entity", "currency", "role")
    search_fields = ("role", "name", "source")
    list_select_related = ("entity", "stated_by")


class RuleSetStatementForm(StatementForm):
    """The next version of a rule set, as its file is written."""

    text = forms.CharField(
        label="Rules as YAML", max_length=200_000, strip=False, widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"})
    )

    class Meta:
        model = RuleSet
        fields = ("entity",)

    def state(self) -> RuleSet:
        """State the rules."""
        document = read(self.cleaned_data["text"].encode())
        return state_rule_set(entity=self.cleaned_data["entity"], document=document, actor=self.actor).rules

    def refuse(self, refusal: InvalidInput | WrongState) -> None:
        """Say of each place in the file what is wrong there."""
        for place, sentence in list(refusal.details.items())[:10]:
            self.add_error("text", f"{place}: {sentence}")
        if not refusal.details:
            self.add_error("text", str(refusal))


@admin.register(RuleSet)
class RuleSetAdmin(BooksAdmin):
    """What is stated of rules by which shared costs are charged back. Runs keep the version that they were made by."""

    form = RuleSetStatementForm
    list_display = ("name", "code", "number", "starts_on", "to_look_at", "entity", "stated_by", "stated_at")
    list_filter = ("entity", "code")
    search_fields = ("name", "code", "note")
    list_select_related = ("entity", "stated_by")

    @admin.display(description="to look at")
    def to_look_at(self, rules: RuleSet) -> int:
        """Count what did not add up as it was stated."""
        return len(rules.findings)


class CarryRuleStatementForm(StatementForm):
    """How much of what is left on a cost centre's lines it carries on, from the end of a month on."""

    starts_on = MonthField(label="From the end of", help_text="The first month whose end it holds for.")
    share_pct = forms.DecimalField(label="Share", required=False, help_text="In per cent of what is left on each line.")
    amount = forms.DecimalField(label="Amount", required=False, help_text="For each line.")
    currency = forms.CharField(max_length=3, required=False, help_text="The amount's.")

    class Meta:
        model = CarryRule
        fields = ("cost_centre", "starts_on", "kind", "share_pct", "amount", "currency", "note")

    def clean_currency(self) -> str:
        """Return the currency's three letters, in capitals."""
        return str(self.cleaned_data["currency"]).upper()

    def state(self) -> CarryRule:
        """State what the cost centre carries on."""
        data: dict[str, Any] = self.cleaned_data
        share, amount = (self._decimal(name) for name in ("share_pct", "amount"))
        terms = CarryTerms(data["kind"], share_pct=share, amount=amount, currency=data["currency"])
        return state_carry_rule(
            cost_centre=data["cost_centre"], starts_on=data["starts_on"], terms=terms, actor=self.actor, note=data["note"]
        )

    def _decimal(self, name: str) -> Decimal | None:
        found: Decimal | None = self.cleaned_data[name]
        return found


@admin.register(CarryRule)
class CarryRuleAdmin(BooksAdmin):
    """What is stated of carrying on. A cost centre of which nothing is stated does as the one above it."""

    form = CarryRuleStatementForm
    list_display = ("cost_centre", "number", "starts_on", "kind", "share_pct", "amount", "currency", "entity", "stated_by")
    list_filter = ("entity", "kind")
    search_fields = ("cost_centre__code", "cost_centre__name", "note")
    list_select_related = ("cost_centre", "entity", "stated_by")
