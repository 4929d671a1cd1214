"""A budget's plan as files, and from a table or a copy: what either would do is shown first, as for a budget file."""

from collections.abc import Callable
from typing import Any

import yaml
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from budgets.forms import CopyForm, TableForm
from budgets.models import Budget, BudgetVersion
from budgets.rules.copying import CopyTerms, copied
from budgets.rules.months import add_months
from budgets.rules.tables import rows_of, with_rows, workbook_of
from budgets.selectors.budgets import READING, access_budget_by_code, version_in_force
from budgets.selectors.documents import check_reads_whole, document_back_to, document_of, months_of
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.versions import access_version
from budgets.views.load import preview_page
from core.access import needs
from core.errors import InvalidInput, Refusal, WrongState
from core.models import User
from core.posted import posted
from core.rules.rights import Right
from core.rules.sheets import as_csv
from core.serving import SAFETY
from core.views.people import person_of
from core.workbooks import XLSX


@require_safe
@needs(*READING)
def version_file(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Give a version out as the file that would load it, to who reads the whole budget."""
    version = _whole_version(request, code, number)
    return _file(as_yaml(document_of(version)), f"{version.budget.code}-{version.number}.yaml", "application/yaml")


@require_safe
@needs(*READING)
def version_table(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Give the lines of a version out as a table for a spreadsheet, to who reads the whole budget."""
    version = _whole_version(request, code, number)
    rows = rows_of(document_of(version), months_of(version.budget))
    return _file(as_csv(rows), f"{version.budget.code}-{version.number}.csv", "text/csv; charset=utf-8")


@require_safe
@needs(*READING)
def version_workbook(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Give the same table out as an Excel workbook."""
    version = _whole_version(request, code, number)
    content = workbook_of(document_of(version), months_of(version.budget))
    return _file(content, f"{version.budget.code}-{version.number}.xlsx", XLSX)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def copy(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a budget as a copy of another, in another size."""
    user = person_of(request)
    budget, version = to_change(user, code)
    following = {"starts_on": add_months(budget.ends_on, 1)}
    form = CopyForm(posted(request), initial=following)

    def document() -> dict[str, Any]:
        return copied(document_of(version), CopyTerms(**form.cleaned_data))

    return show_plan(request, user, form, "budgets/copy.html", {"budget": budget, "version": version}, document)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.BUDGET)
def table(request: HttpRequest, code: str) -> HttpResponse:
    """Take a budget's lines from a table."""
    user = person_of(request)
    budget, version = to_change(user, code)
    form = TableForm(request.POST, request.FILES) if request.method == "POST" else TableForm()

    def document() -> dict[str, Any]:
        return with_rows(document_of(version), form.cleaned_data["rows"])

    return show_plan(request, user, form, "budgets/table.html", {"budget": budget, "version": version}, document)


@require_POST
@needs(Right.BUDGET)
def again(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show what it would do to go back to an earlier version: its plan, loaded as the next one."""
    user = person_of(request)
    budget, _ = to_change(user, code)
    version = access_version(user, budget, number)
    try:
        return preview_page(request, user, as_yaml(document_back_to(version)), f"{budget.code}-{number}.yaml")
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("budgets:version", code=code, number=number)


def show_plan(
    request: HttpRequest,
    user: User,
    form: forms.Form,
    template: str,
    context: dict[str, Any],
    document: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """Show the form, or what the document made of it would do."""
    is_read = form.is_bound and form.is_valid()
    places: dict[str, Any] = dict(form.places) if isinstance(form, TableForm) else {}
    if is_read:
        try:
            made = document()
            return preview_page(request, user, as_yaml(made), f"{made['budget']['code']}.yaml")
        except Refusal as refusal:
            places = dict(refusal.details) if isinstance(refusal, InvalidInput) else {}
            form.add_error(refusal.code if refusal.code in form.fields else None, str(refusal))
    return render(request, template, {**context, "form": form, "places": places}, status=422 if form.is_bound else 200)


def to_change(user: User, code: str) -> tuple[Budget, BudgetVersion]:
    """Return a budget whose books the person keeps, and its version in force. Raises NotFound, WrongState without one."""
    budget = access_budget_by_code(user, code)
    access_entity_of_finance(user, budget.entity.code)
    version = version_in_force(budget)
    if version is None:
        raise WrongState(f"{budget.name} has no version in force.", remedy="Load its file first.")
    return budget, version


def _whole_version(request: HttpRequest, code: str, number: int) -> BudgetVersion:
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    check_reads_whole(user, budget)
    return access_version(user, budget, number)


def as_yaml(document: dict[str, Any]) -> bytes:
    """Return a budget document as a file."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000).encode()


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type, headers=SAFETY)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response
