"""Where a journal leads back to: each room's documents, named for the pages of budgets, which know nothing of the rooms above."""

from collections.abc import Callable

from django.urls import reverse

from approvals.models import Request
from budgets.models import BudgetVersion
from budgets.sources import register_source


def _of_request(source_id: str) -> str:
    number = Request.objects.filter(pk=source_id).values_list("number", flat=True).first() if source_id.isdigit() else None
    return reverse("approvals:request", args=[number]) if number else ""


def _of_version(source_id: str) -> str:
    version = BudgetVersion.objects.select_related("budget").filter(pk=source_id).first() if source_id.isdigit() else None
    return reverse("budgets:version", args=[version.budget.code, version.number]) if version else ""


def _by_id(name: str) -> Callable[[str], str]:
    """Return how the address of a page follows from a number; blank for what is no number."""
    return lambda source_id: reverse(name, args=[source_id]) if source_id.isdigit() else ""


def register_sources() -> None:
    """Name every kind of document that posts."""
    register_source("budget_version", "Budget version", _of_version)
    register_source("request", "Request", _of_request)
    register_source("invoice", "Invoice", _by_id("reconciliation:invoice"))
    register_source("payment", "Payment", _by_id("reconciliation:payment"))
    register_source("import_file", "Imported file", _by_id("reconciliation:import"))
