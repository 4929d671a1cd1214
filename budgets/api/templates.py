"""Budget templates for programs."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from budgets.models import BudgetTemplate
from budgets.rules.copying import CopyTerms
from budgets.selectors.budgets import access_budget_by_code, version_in_force
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.templates import access_template_by_id, begun_from, templates_in_reach
from budgets.services.templates import LONGEST_ABOUT, LONGEST_NAME, keep_template, put_template_away
from core.api.acts import read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MomentField, MonthField
from core.api.filters import Asked, Code, FilterSet
from core.api.serializers import Given, Taken
from core.errors import WrongState
from core.rules.rights import Right


class BudgetTemplateSerializer(Given):
    """A plan that budgets can begin from."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    name = serializers.CharField()
    about = serializers.CharField()
    budget = serializers.CharField(source="taken_from.budget.code", help_text="The budget that it was taken from.")
    version = serializers.IntegerField(source="taken_from.number")
    kept_at = MomentField()
    put_away_at = MomentField(allow_null=True)


class TemplateKeepingSerializer(Taken):
    """Which budget's plan is to be kept, and under which name."""

    budget = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=LONGEST_NAME)
    about = serializers.CharField(max_length=LONGEST_ABOUT, required=False, allow_blank=True)


class BeginningSerializer(Taken):
    """What the budget is called, when it starts, and how large it is."""

    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=200)
    starts_on = MonthField()
    share_pct = serializers.DecimalField(max_digits=7, decimal_places=2, required=False, help_text="110 adds a tenth to all.")


class BegunSerializer(Given):
    """What a budget that begins from a template would be."""

    document = serializers.DictField(help_text="The budget as a document, as `POST budgets` takes it.")


class TemplateFilter(FilterSet):
    """Of an organization."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")


class BudgetTemplates(Listed[BudgetTemplate], Shown[BudgetTemplate]):
    """Plans that budgets begin from, those that were put away too."""

    room = "budgets"
    model = BudgetTemplate
    rights = frozenset({Right.BUDGET})
    shows = BudgetTemplateSerializer
    filterset_class = TemplateFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The template's number.")}

    def rows(self) -> QuerySet[BudgetTemplate]:
        return templates_in_reach(self.person)

    def one(self) -> BudgetTemplate:
        return access_template_by_id(self.person, self.number())

    @write(takes=TemplateKeepingSerializer, gives=BudgetTemplateSerializer, status=201)
    def create(self, data: dict[str, Any]) -> BudgetTemplate:
        """Keep the plan of a budget's version in force as a template."""
        budget = access_budget_by_code(self.person, data["budget"])
        access_entity_of_finance(self.person, budget.entity.code)
        version = version_in_force(budget)
        if version is None:
            raise WrongState(f"{budget.name} has no version in force.", remedy="Load its file first.")
        return keep_template(version=version, name=data["name"], about=data.get("about", ""), actor=self.person)

    @read(gives=BegunSerializer, asks=BeginningSerializer)
    def begin(self, template: BudgetTemplate, asked: dict[str, Any]) -> dict[str, Any]:
        """Give the document of a budget that begins from it, to be loaded by `POST budgets`."""
        return {"document": begun_from(template, CopyTerms(**asked))}

    @write(gives=BudgetTemplateSerializer)
    def put_away(self, template: BudgetTemplate) -> BudgetTemplate:
        """Offer it no more. Budgets that began from it stay as they are."""
        return put_template_away(template_id=template.pk, actor=self.person)
