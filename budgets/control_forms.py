"""The forms that state a control: where it sits, what it does, over which months, up to what."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from budgets.models import Budget, Category, Control, CostCentre, FundsAccount, Mode, Window
from budgets.selectors.accounts import cost_centres_in_reach
from budgets.services.controls import Node, Terms
from core.errors import InvalidInput
from core.models import Entity, User
from core.money import parse_amount
from core.rules.rights import Right

HERE, EVERYWHERE = "budget", "all"
MODES = [
    (Mode.STOP.value, "Stop: refuse what would go over"),
    (Mode.WARN.value, "Warn: say so, and let it pass"),
    (Mode.TRACK.value, "Track: let it pass, and show it here"),
]
WINDOWS = [
    (Window.MONTH.value, "Each month"),
    (Window.QUARTER.value, "Each fiscal quarter"),
    (Window.YTD.value, "The fiscal year to date"),
    (Window.YEAR.value, "Each fiscal year"),
    (Window.LIFE.value, "All months together"),
]
DECIMAL = {"inputmode": "decimal", "class": "num"}
ALONE = "A line is a node by itself. Choose the line alone, or a category and a cost centre."


@dataclass(frozen=True)
class Asked:
    """What was typed: the control of a node, on terms. Not yet stated."""

    node: Node
    terms: Terms

    def key(self) -> list[str]:
        """Return it as texts that can be signed and compared."""
        parts = (self.node.account, self.node.budget, self.node.cost_centre, self.node.category)
        ids = ["" if part is None else str(part.pk) for part in parts]
        limit = "" if self.terms.own_limit is None else str(self.terms.own_limit)
        return [*ids, self.terms.mode, self.terms.window, str(self.terms.tolerance), limit]


class TermsForm(forms.Form):
    """What a control does: its mode, its limit and its tolerance. Node and window are those of `control`."""

    mode = forms.ChoiceField(label="What it does", choices=MODES, widget=forms.RadioSelect, initial=Mode.STOP.value)
    own_limit = forms.CharField(
        label="Limit of its own",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=DECIMAL),
        help_text="For each of its windows. Left empty, the limit is what is allotted below it.",
    )
    tolerance = forms.CharField(
        label="Tolerance, %",
        initial="0",
        max_length=10,
        widget=forms.TextInput(attrs=DECIMAL),
        help_text="How far over the limit still passes.",
    )
    reason = forms.CharField(
        label="Why it is set all the same",
        required=False,
        max_length=300,
        help_text="It is kept in the audit trail.",
    )

    def __init__(self, *args: Any, entity: Entity, control: Control | None = None, **kwargs: Any) -> None:
        self.entity, self.control = entity, control
        super().__init__(*args, **kwargs)
        if control is not None:
            limit = "" if control.own_limit is None else f"{control.own_limit:,.2f}"
            percent = f"{control.tolerance * 100:.2f}".rstrip("0").rstrip(".")
            self.initial = {"mode": control.mode, "own_limit": limit, "tolerance": percent, **self.initial}
            self.fields["own_limit"].label = f"Limit of its own, {control.currency}"

    def clean_tolerance(self) -> Decimal:
        """Return the share of the limit that may be passed."""
        percent = _amount(self.cleaned_data["tolerance"].removesuffix("%"), "USD")
        if percent > 1000:
            raise forms.ValidationError("The tolerance is 1,000 % at most.")
        return percent / 100

    def clean(self) -> dict[str, Any]:
        """Read the limit in the currency of the node."""
        data = super().clean() or {}
        if typed := data.get("own_limit"):
            try:
                data["own_limit"] = _amount(typed, self.node().currency(self.entity))
            except forms.ValidationError as error:
                self.add_error("own_limit", error)
        return data

    def node(self) -> Node:
        """Return the node that the control sits on."""
        control = self.control
        if control is None:
            return Node()
        if control.account is not None:
            return Node(account=control.account)
        return Node(budget=control.budget, cost_centre=control.cost_centre, category=control.category)

    def window(self) -> str:
        """Return the kind of window over which it adds up."""
        return self.control.window if self.control else ""

    def asked(self) -> Asked:
        """Return what was typed. For a form that is valid."""
        data = self.cleaned_data
        limit = data["own_limit"] if data["own_limit"] != "" else None
        return Asked(self.node(), Terms(data["mode"], self.window(), data["tolerance"], limit))


class LineField(forms.ModelChoiceField[FundsAccount]):
    """A line of the budget, with its cost centre."""

    def label_from_instance(self, obj: FundsAccount) -> str:
        """Return the line's name and its cost centre's code."""
        return f"{obj.name} ({obj.cost_centre.code})"


class NodeForm(TermsForm):
    """A control on a node that is chosen here: in `budget` or, where the person may, in all of the organization's budgets."""

    over = forms.ChoiceField(label="Where", widget=forms.RadioSelect, initial=HERE)
    line = LineField(label="Line", queryset=FundsAccount.objects.none(), required=False, empty_label="None")
    category = forms.ModelChoiceField(
        label="Category, with all below it", queryset=Category.objects.none(), required=False, empty_label="All"
    )
    cost_centre = forms.ModelChoiceField(
        label="Cost centre, with all below it", queryset=CostCentre.objects.none(), required=False, empty_label="All"
    )
    period = forms.ChoiceField(label="Adds up", choices=WINDOWS, initial=Window.YEAR.value)

    def __init__(self, *args: Any, user: User, entity: Entity, budget: Budget | None, may_all: bool, **kwargs: Any) -> None:
        self.user, self.budget = user, budget
        super().__init__(*args, entity=entity, **kwargs)
        self._offer_places(entity, may_all=may_all)
        self._offer_nodes(entity)

    def _offer_places(self, entity: Entity, *, may_all: bool) -> None:
        here = [(HERE, f"In {self.budget.name}")] if self.budget else []
        everywhere = [(EVERYWHERE, f"In all budgets of {entity.name}")] if may_all else []
        places = here + everywhere
        self.fields["over"].choices = places  # type: ignore[attr-defined]
        if len(places) == 1:
            # There is nothing to choose, so nothing to miss.
            self.fields["over"].widget, self.fields["over"].required = forms.HiddenInput(), False
        self.fields["over"].initial = places[0][0] if places else HERE

    def _offer_nodes(self, entity: Entity) -> None:
        accounts = FundsAccount.objects.filter(budget=self.budget).select_related("cost_centre")
        if self.budget is None:
            del self.fields["line"]
        else:
            self.fields["line"].queryset = accounts.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["category"].queryset = Category.objects.filter(entity=entity, is_active=True)  # type: ignore[attr-defined]
        centres = cost_centres_in_reach(self.user, entity, Right.BUDGET)
        self.fields["cost_centre"].queryset = centres.order_by("path")  # type: ignore[attr-defined]

    def clean_over(self) -> str:
        """Return the place; where there is only one, that one."""
        return str(self.cleaned_data["over"] or self.fields["over"].initial)

    def clean(self) -> dict[str, Any]:
        """Refuse a line with something beside it, or a line of all budgets."""
        data = super().clean()
        if data.get("line") and (data.get("category") or data.get("cost_centre") or data.get("over") == EVERYWHERE):
            self.add_error("line", ALONE)
        return data

    def node(self) -> Node:
        """Return the node that was chosen."""
        data = self.cleaned_data
        if data.get("line"):
            return Node(account=data["line"])
        budget = self.budget if data.get("over") == HERE else None
        return Node(budget=budget, cost_centre=data.get("cost_centre"), category=data.get("category"))

    def window(self) -> str:
        """Return the kind of window that was chosen."""
        return str(self.cleaned_data["period"])


def _amount(text: str, currency: str) -> Decimal:
    try:
        return parse_amount(text, currency=currency, allow_zero=True)
    except InvalidInput as refusal:
        raise forms.ValidationError(str(refusal)) from refusal
