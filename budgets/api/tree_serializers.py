"""A budget as a tree of cost centres, as JSON."""

from rest_framework import serializers

from budgets.api.budget_serializers import FindingSerializer
from budgets.api.serializers import FiguresSerializer
from budgets.models import CostCentre
from core.api.fields import AmountField, MomentField, MonthField
from core.api.serializers import Given


class TreeNodeSerializer(Given):
    """A node of the cost centre tree: what lies at it and at all nodes below it."""

    cost_centre = serializers.CharField(source="centre.code")
    name = serializers.CharField(source="centre.name")
    kind = serializers.ChoiceField(CostCentre.Kind.choices, source="centre.kind")
    parent = serializers.CharField(  # type: ignore[assignment]  # see ProblemSerializer
        source="parent.code", allow_null=True, help_text="The node above it, where that is shown too."
    )
    figures = FiguresSerializer(help_text="Of the node and all below it.")
    own = FiguresSerializer(help_text="Of the node alone.")
    handed_down = AmountField(help_text="What the nodes below it are allotted.")
    not_handed_down = AmountField(help_text="What stays with it; over all nodes these add up to the whole.")


class BudgetBesideSerializer(Given):
    """A budget with money of its own at these cost centres. It is no part of the tree's figures."""

    budget = serializers.CharField(source="budget.code")
    cost_centre = serializers.CharField(source="budget.cost_centre.code")
    currency = serializers.CharField(source="budget.currency")
    allotted = AmountField(source="figures.allotted")


class BudgetTreeSerializer(Given):
    """A budget by cost centre, as far as the reader's role reaches: parents first."""

    budget = serializers.CharField()
    currency = serializers.CharField()
    as_of = MomentField(allow_null=True)
    through = MonthField(allow_null=True)
    figures = FiguresSerializer(help_text="Of the whole: each node once.")
    not_handed_down = AmountField(help_text="What the topmost nodes did not hand down.")
    nodes = TreeNodeSerializer(many=True)
    findings = FindingSerializer(many=True, help_text="Nodes that handed down, or let be held, more than they have.")
    beside = BudgetBesideSerializer(many=True)
