"""Where a journal leads back to: each room's documents, named for the pages of budgets, which know nothing of the rooms above."""

from collections.abc import Callable

from django.urls import reverse

from approvals.models import Request
from budgets.models import Budget, BudgetVersion, CarryRun
from budgets.sources import Source, register_source


def _request(source_id: str) -> Source:
    number = Request.objects.filter(pk=source_id).values_list("number", flat=True).first() if source_id.isdigit() else None
    return Source(f"Request {number or source_id}", reverse("approvals:request", args=[number]) if number else "")


def _version(source_id: str) -> Source:
    version = BudgetVersion.objects.select_related("budget").filter(pk=source_id).first() if source_id.isdigit() else None
    if version is None:
        return Source(f"Budget version {source_id}", "")
    address = reverse("budgets:version", args=[version.budget.code, version.number])
    return Source(f"{version.budget.name}, version {version.number}", address)


def _opening(source_id: str) -> Source:
    budget_id, _, name = source_id.partition(":")
    budget = Budget.objects.filter(pk=budget_id).first() if name and budget_id.isdigit() else None
    if budget is None:
        return Source(f"Opening balances of {source_id}", "")
    return Source(f"Opening balances of {name}", reverse("budgets:opening", args=[budget.code]))


def _carried(source_id: str) -> Source:
    run = CarryRun.objects.select_related("budget").filter(pk=source_id).first() if source_id.isdigit() else None
    if run is None:
        return Source(f"Carry-forward {source_id}", "")
    return Source(f"What {run.budget.name} carried on", reverse("budgets:carry", args=[run.budget.code]))


def _by_id(label: str, page: str) -> Callable[[str], Source]:
    """Return how a document is described whose page goes by its id."""
    return lambda source_id: Source(f"{label} {source_id}", reverse(page, args=[source_id]) if source_id.isdigit() else "")


def register_sources() -> None:
    """Name every kind of document that posts."""
    register_source("budget_version", _version)
    register_source("request", _request)
    register_source("opening", _opening)
    register_source("carry_run", _carried)
    register_source("invoice", _by_id("Invoice", "reconciliation:invoice"))
    register_source("payment", _by_id("Payment", "reconciliation:payment"))
    register_source("import_file", _by_id("Imported file", "reconciliation:import"))
