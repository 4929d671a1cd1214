"""A version of a budget as the document that would load it: its lines month by month."""

from typing import Any

from budgets.models import Budget, BudgetLine, BudgetVersion, Control
from budgets.rules.health import USUAL_LADDER, plain
from budgets.rules.months import months_between
from budgets.selectors.band_statements import stated_bands
from budgets.selectors.overview import reads_whole
from core.errors import NotAllowed, WrongState
from core.models import User

# By a version, also where a person stated other terms over it.
STATED = (Control.Origin.VERSION, Control.Origin.CHANGED)


def check_reads_whole(user: User, budget: Budget) -> None:
    """Raise NotAllowed where the person sees a part of the budget only: its files hold the whole."""
    if not reads_whole(user, budget):
        raise NotAllowed("The file holds the whole budget; you see a part of it.", remedy="Ask finance for it.")


def document_of(version: BudgetVersion) -> dict[str, Any]:
    """Return the document of a version (schema: docs/schemas/budget.schema.json), amounts as text.

    Loaded again it allots the same. Lines are stated month by month, whatever they were made from.
    """
    budget = version.budget
    lines = _lines(version)
    envelopes = list(version.categories.select_related("category").order_by("id"))
    paths = {envelope.category.path: envelope.category.code for envelope in envelopes}
    stated = [
        {
            "category": envelope.category.code,
            "amount": f"{envelope.amount:.2f}",
            **_if_said("variance_threshold", envelope.variance_threshold),
            **({"parent": parent} if (parent := _parent_of(envelope.category.path, paths)) else {}),
            "lines": lines.get(envelope.category_id, []),
        }
        for envelope in sorted(envelopes, key=lambda each: each.category.path.count("/"))
    ]
    return {
        "schema": "purser/budget/1",
        "entity": {"code": budget.entity.code},
        "budget": {
            **_head(budget),
            "total": f"{version.total:.2f}",
            "note": version.note,
            **({"sign_off": True} if version.sign_off else {}),
            "control": _control(budget),
            "envelopes": stated,
            "milestones": _milestones(budget),
            **({"bands": bands} if (bands := stated_bands(budget)) else {}),
        },
    }


def document_back_to(version: BudgetVersion) -> dict[str, Any]:
    """Return the document by which a budget goes back to an earlier version: its plan, as the next one. Raises WrongState."""
    if version.state != BudgetVersion.State.SUPERSEDED:
        raise WrongState(f"{version} is {version.get_state_display()}.", remedy="Go back to one that was in force before.")
    document = document_of(version)
    document["budget"]["note"] = f"Back to version {version.number}."
    return document


def months_of(budget: Budget) -> list[str]:
    """Return the months of a budget, as its documents name them."""
    return [f"{month:%Y-%m}" for month in months_between(budget.starts_on, budget.ends_on)]


def _head(budget: Budget) -> dict[str, Any]:
    months = (budget.ends_on.year - budget.starts_on.year) * 12 + budget.ends_on.month - budget.starts_on.month + 1
    return {
        "code": budget.code,
        "name": budget.name,
        "kind": budget.kind,
        "currency": budget.currency,
        "cost_centre": budget.cost_centre.code,
        "starts_on": f"{budget.starts_on:%Y-%m}",
        "months": months,
    }


def _lines(version: BudgetVersion) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for line in version.lines.select_related("cost_centre").prefetch_related("months").order_by("id"):
        found.setdefault(line.category_id, []).append(_line(line))
    return found


def _line(line: BudgetLine) -> dict[str, Any]:
    months = {f"{row.month:%Y-%m}": f"{row.amount:.2f}" for row in sorted(line.months.all(), key=lambda row: row.month)}
    return {"name": line.name, "cost_centre": line.cost_centre.code, **_if_said("high", line.amount_high), "months": months}


def _control(budget: Budget) -> dict[str, Any]:
    nodes = Control.objects.filter(budget=budget, origin__in=STATED, account=None, category=None, cost_centre__isnull=False)
    codes = list(
        nodes.exclude(cost_centre=budget.cost_centre).order_by("cost_centre__path").values_list("cost_centre__code", flat=True)
    )
    return {
        "window": budget.window,
        "lines": budget.line_mode,
        "groups": budget.group_mode,
        "tolerance_pct": f"{budget.tolerance * 100:f}",
        "cost_centres": list(dict.fromkeys(codes)),
        **({"ladder": [plain(rung) for rung in budget.ladder]} if tuple(budget.ladder) != USUAL_LADDER else {}),
    }


def _milestones(budget: Budget) -> list[dict[str, Any]]:
    return [
        {
            "code": each.code,
            "name": each.name,
            "due_on": each.due_on.isoformat(),
            **_if_said("planned_cost", each.planned_cost),
            **({"vendor": each.vendor.code} if each.vendor else {}),
        }
        for each in budget.milestones.select_related("vendor").order_by("due_on", "id")
    ]


def _parent_of(path: str, paths: dict[str, str]) -> str:
    above = [other for other in paths if other != path and path.startswith(other)]
    return paths[max(above, key=len)] if above else ""


def _if_said(name: str, amount: Any) -> dict[str, str]:
    return {} if amount is None else {name: f"{amount:.2f}"}
