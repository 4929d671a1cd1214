"""What people type about chargebacks. Forms read and judge text; they write nothing."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet

from budgets.forms import MonthField
from budgets.models import Category, ChargebackAdjustment, ChargebackRun, CostCentre, RuleSet
from budgets.rules.readings import ReadingData, reading_of
from budgets.selectors.chargebacks import document_of
from core.errors import InvalidInput
from core.models import Entity, User

MONEY = {"inputmode": "decimal", "class": "num"}
FIRST_ROWS, MORE_ROWS, MOST_ROWS = 3, 3, 40
HOWS = [("shares", "by fixed shares"), ("usage", "by usage"), ("overhead", "as overhead"), ("direct", "all to one")]
ROW = ("code", "name", "centre", "category", "lands_in", "how", "said")
SHARE_LINE = re.compile(r"^(?P<indent>\s*)(?P<to>\S+)\s+(?P<pct>[0-9]+(?:\.[0-9]+)?)\s*%?\s*$")


def _amount(label: str, *, required: bool = True, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=18,
        decimal_places=2,
        required=required,
        help_text=help_text,
        widget=forms.TextInput(attrs=MONEY),
        error_messages={"invalid": "Write the amount in digits, such as 1250.00."},
    )


class DrawForm(forms.Form):
    """Which month is drawn up, by which rules."""

    month = MonthField()
    rules = forms.ChoiceField(label="Rules")

    def __init__(self, *args: Any, rules: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rules"].choices = list(rules.items())  # type: ignore[attr-defined]


class _ShiftFields(forms.Form):
    """What of a pool goes to whom, and for what reason of the list."""

    pool = forms.ChoiceField(label="Of the pool")
    taker = forms.ModelChoiceField(queryset=CostCentre.objects.none(), label="To", empty_label="Choose")
    amount = _amount("Amount")
    reason = forms.ChoiceField(label="Reason", choices=ChargebackAdjustment.Reason)

    def __init__(self, *args: Any, run: ChargebackRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pools = [(pool.code, pool.name) for pool in document_of(run).pools]
        self.fields["pool"].choices = pools  # type: ignore[attr-defined]
        self._offer("taker", CostCentre.objects.filter(entity=run.entity, is_active=True).order_by("path"))

    def _offer(self, name: str, rows: QuerySet[CostCentre]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows


class AdjustForm(_ShiftFields):
    """An amount that goes from one receiver to another, and why."""

    giver = forms.ModelChoiceField(queryset=CostCentre.objects.none(), label="From", empty_label="Choose")
    words = forms.CharField(label="What happened", max_length=400)
    field_order = ("pool", "giver", "taker", "amount", "reason", "words")

    def __init__(self, *args: Any, run: ChargebackRun, **kwargs: Any) -> None:
        super().__init__(*args, run=run, **kwargs)
        bearing = CostCentre.objects.filter(pk__in=run.parts.values("receiver_id"))
        taking = CostCentre.objects.filter(pk__in=run.adjustments.values("taker_id"))
        self._offer("giver", (bearing | taking).distinct().order_by("path"))


class ResolveForm(_ShiftFields):
    """How a dispute ends: an amount goes to somebody else, or it stands as it is, with a reason."""

    answer = forms.CharField(label="Your answer", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    outcome = forms.ChoiceField(choices=[("adjusted", "adjust"), ("refused", "refuse")], widget=forms.HiddenInput)

    def __init__(self, *args: Any, run: ChargebackRun, **kwargs: Any) -> None:
        super().__init__(*args, run=run, **kwargs)
        if self.data.get("outcome") != "adjusted":
            for name in ("pool", "taker", "amount", "reason"):
                self.fields[name].required = False


class DisputeForm(forms.Form):
    """What is wrong with a statement."""

    words = forms.CharField(label="What is wrong", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    amount = _amount("How much of it", required=False, help_text="Where you know it.")


class ReasonForm(forms.Form):
    """Why something is taken back or left."""

    reason = forms.CharField(label="Why", max_length=300)


class AnotherForm(forms.Form):
    """Whom else to ask."""

    manager = forms.ModelChoiceField(queryset=User.objects.none(), label="Ask", empty_label="Choose")

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["manager"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[person.pk for person in people])


class ReadingForm(forms.Form):
    """A reading, typed."""

    metric = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"placeholder": "api-calls"}))
    month = MonthField()
    cost_centre = forms.ModelChoiceField(queryset=CostCentre.objects.none(), label="Used by", empty_label="Choose")
    units = forms.CharField(max_length=24, widget=forms.TextInput(attrs=MONEY))
    source = forms.CharField(label="Who says so", max_length=200, help_text="A meter, a bill, a report.")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["cost_centre"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = CostCentre.objects.filter(entity=entity, is_active=True).order_by("path")

    def clean(self) -> dict[str, Any]:
        """Read it as a line of a file is read."""
        data = super().clean() or {}
        if not self.errors:
            try:
                data["reading"] = self._reading(data)
            except InvalidInput as refusal:
                for name, sentence in refusal.details.items():
                    self.add_error(name, f"{sentence[0].upper()}{sentence[1:]}.")
        return data

    @staticmethod
    def _reading(data: dict[str, Any]) -> ReadingData:
        return reading_of(
            metric=data["metric"],
            month=f"{data['month']:%Y-%m}",
            cost_centre=data["cost_centre"].code,
            units=data["units"],
            source=data["source"],
        )


class ReadingsFileForm(forms.Form):
    """Readings as a CSV file."""

    file = forms.FileField(
        label="CSV file",
        help_text="Columns metric, month, cost_centre, units, source. Nothing is kept before you have seen what it changes.",
        widget=forms.FileInput(attrs={"accept": ".csv"}),
    )


class RulesFileForm(forms.Form):
    """A rule set as YAML."""

    text = forms.CharField(
        label="Rules as YAML", max_length=200_000, strip=False, widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"})
    )


class RulesForm(forms.Form):
    """A rule set: its pools in rows, as many as are wanted."""

    use_required_attribute = False

    code = forms.CharField(max_length=40, help_text="Stated again under the same code, it is the next version.")
    name = forms.CharField(max_length=200)
    starts_on = MonthField(label="Holds from")
    method = forms.ChoiceField(
        label="Where pools serve one another",
        choices=[("direct", "direct"), ("step-down", "step-down, in the order below"), ("reciprocal", "reciprocal")],
    )
    note = forms.CharField(max_length=400, required=False)
    rows = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = self._count()
        self.fields["rows"].initial = self.count
        centres = CostCentre.objects.filter(entity=entity, is_active=True).order_by("path")
        categories = Category.objects.filter(entity=entity, is_active=True).order_by("path")
        for number in range(self.count):
            self._add_row(number, centres, categories)

    def _count(self) -> int:
        try:
            asked = int(self.data.get("rows") or self.initial.get("rows") or FIRST_ROWS)
        except ValueError:
            asked = FIRST_ROWS
        return min(max(asked, 1), MOST_ROWS)

    def _add_row(self, number: int, centres: QuerySet[CostCentre], categories: QuerySet[Category]) -> None:
        fields: dict[str, forms.Field] = {
            "code": forms.CharField(label="Code", max_length=40, required=False),
            "name": forms.CharField(label="Name", max_length=200, required=False),
            "centre": forms.ModelChoiceField(
                centres, to_field_name="code", label="Collects from", required=False, empty_label="Choose"
            ),
            "category": forms.ModelChoiceField(
                categories, to_field_name="code", label="Of the category", required=False, empty_label="any"
            ),
            "lands_in": forms.ModelChoiceField(
                categories, to_field_name="code", label="Lands in", required=False, empty_label="Choose"
            ),
            "how": forms.ChoiceField(choices=HOWS, label="Shared out", required=False),
            "said": forms.CharField(
                label="Shares, metric or cost centre",
                max_length=8000,
                required=False,
                strip=False,
                widget=forms.Textarea(attrs={"rows": 3, "placeholder": "PRODUCT 60\nDATA 40"}),
            ),
        }
        self.fields |= {f"{name}-{number}": field for name, field in fields.items()}

    @property
    def head(self) -> list[forms.BoundField]:
        return [self[name] for name in ("code", "name", "starts_on", "method", "note")]

    @property
    def lines(self) -> list[list[forms.BoundField]]:
        """The fields of each pool."""
        return [[self[f"{name}-{number}"] for name in ROW] for number in range(self.count)]

    def clean(self) -> dict[str, Any]:
        """Put the rows together as the file of a rule set says it. A row without a code is none."""
        data = super().clean() or {}
        numbers = [number for number in range(self.count) if str(data.get(f"code-{number}") or "").strip()]
        pools = [self._pool(number, data) for number in numbers]
        data["document"] = {
            "schema": "purser/allocation-rules/1",
            "code": data.get("code", ""),
            "name": data.get("name", ""),
            "starts_on": f"{data['starts_on']:%Y-%m}" if data.get("starts_on") else "",
            "note": data.get("note", ""),
            "method": data.get("method", "direct"),
            "pools": pools,
        }
        if data.get("method") == "step-down":
            data["document"]["order"] = [pool["code"] for pool in pools if not pool.get("overhead")]
        return data

    def _pool(self, number: int, data: dict[str, Any]) -> dict[str, Any]:
        row = {name: data.get(f"{name}-{number}") for name in ROW}
        for name, sentence in (("centre", "Choose what it collects."), ("lands_in", "Choose where it lands.")):
            if not row[name]:
                self.add_error(f"{name}-{number}", sentence)
        collects = {"cost_centre": row["centre"].code if row["centre"] else ""}
        if row["category"]:
            collects["category"] = row["category"].code
        return {
            "code": str(row["code"]).strip(),
            "name": str(row["name"] or row["code"]).strip(),
            "collects": collects,
            "lands_in": row["lands_in"].code if row["lands_in"] else "",
            **self._how(number, row["how"] or "shares", row["said"] or ""),
        }

    def _how(self, number: int, how: str, said: str) -> dict[str, Any]:
        if how == "overhead":
            return {"overhead": True}
        if not said.strip():
            asked = {"usage": "Name the metric.", "direct": "Name the cost centre.", "shares": "State a share on each line."}
            self.add_error(f"said-{number}", asked[how])
        if how in {"usage", "direct"}:
            return {how: said.strip()}
        try:
            return {"shares": shares_of(said)}
        except ValueError as error:
            self.add_error(f"said-{number}", str(error))
            return {"shares": []}


def shares_of(text: str) -> list[dict[str, Any]]:
    """Read shares, one on each line: `PRODUCT 60`. A line that is set in belongs to the one above it. Raises ValueError."""
    shares: list[dict[str, Any]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        found = SHARE_LINE.match(line)
        if found is None:
            raise ValueError(f"“{line.strip()[:40]}” is not a cost centre and its share, such as PRODUCT 60.")
        share = {"to": found["to"], "pct": found["pct"]}
        if found["indent"] and shares:
            shares[-1].setdefault("of_which", []).append(share)
        else:
            shares.append(share)
    return shares


def filled_from(rules: RuleSet) -> dict[str, Any]:
    """Return what the form begins with for the next version of a rule set."""
    said = rules.document
    initial: dict[str, Any] = {name: said.get(name, "") for name in ("code", "name", "starts_on", "note")}
    initial |= {"method": said.get("method", "direct"), "rows": len(said["pools"])}
    for number, pool in enumerate(_as_they_step_down(said)):
        how = next((name for name in ("usage", "overhead", "direct") if pool.get(name)), "shares")
        row = {
            "code": pool["code"],
            "name": pool["name"],
            "centre": pool["collects"]["cost_centre"],
            "category": pool["collects"].get("category", ""),
            "lands_in": pool["lands_in"],
            "how": how,
            "said": _lines(pool.get("shares", [])) if how == "shares" else str(pool.get(how, "")) if how != "overhead" else "",
        }
        initial |= {f"{name}-{number}": value for name, value in row.items()}
    return initial


def _as_they_step_down(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the pools in the order in which they pass on, which the form says by that of its rows; overhead stays last."""
    order = {code: number for number, code in enumerate(said.get("order", []))}
    return sorted(said["pools"], key=lambda pool: order.get(pool["code"], len(order)))


def _lines(shares: list[dict[str, Any]], indent: str = "") -> str:
    lines = []
    for share in shares:
        lines.append(f"{indent}{share['to']} {Decimal(share['pct']).normalize():f}")
        lines += [_lines(share["of_which"], f"{indent}  ")] if share.get("of_which") else []
    return "\n".join(lines)
