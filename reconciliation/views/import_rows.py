"""Rows of an import: the list by how they ended, and one row with what is wrong with it and what to do."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.access import needs
from core.errors import Refusal
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried
from reconciliation.import_forms import FixForm, IgnoreForm
from reconciliation.models import RawRow
from reconciliation.selectors.imports import access_import_by_id, access_row_by_id, invoice_of_row, rows_alike
from reconciliation.selectors.reading import READERS, may_reconcile
from reconciliation.services.fixing import accept_change, fix_row, fix_rows_like, ignore_rows

ROWS = 50


@needs(*READERS)
@require_safe
def row_list(request: HttpRequest, import_id: int) -> HttpResponse:
    """List a file's rows, all or by how they ended."""
    found = access_import_by_id(person_of(request), import_id)
    status = request.GET.get("status", "")
    rows = found.raw_rows.order_by("number")
    if status in RawRow.Status.values:
        rows = rows.filter(status=status)
    if code := request.GET.get("reason", ""):
        rows = rows.filter(reason_code=code)
    tabs = [("", "All", found.rows)] + [
        (name, label.capitalize(), getattr(found, name)) for name, label in RawRow.Status.choices if name != RawRow.Status.PENDING
    ]
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return render(request, "reconciliation/import_rows.html", {"file": found, "page": page, "tabs": tabs, "status": status})


@needs(*READERS)
@require_safe
def row(request: HttpRequest, row_id: int) -> HttpResponse:
    """Show a row: what the file says, how it ended, and what can be done."""
    return _row_page(request, access_row_by_id(person_of(request), row_id))


def _row_page(
    request: HttpRequest, found: RawRow, *, fix: FixForm | None = None, ignore: IgnoreForm | None = None
) -> HttpResponse:
    is_waiting = found.status == RawRow.Status.QUARANTINED
    may_write = is_waiting and may_reconcile(person_of(request), found.import_file.source.entity)
    alike = rows_alike(found) if is_waiting else 1
    context = {
        "row": found,
        "file": found.import_file,
        "alike": alike,
        "fix": (fix or FixForm(row=found, alike=alike)) if may_write else None,
        "ignore": (ignore or IgnoreForm(alike=alike)) if may_write else None,
        "invoice": invoice_of_row(found),
    }
    return render(request, "reconciliation/import_row.html", context, status=422 if fix or ignore else 200)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def row_fix(request: HttpRequest, row_id: int) -> HttpResponse:
    """Say what a row means; it is judged again."""
    user = person_of(request)
    found = access_row_by_id(user, row_id, Right.RECONCILE)
    form = FixForm(request.POST, row=found, alike=rows_alike(found))
    if not form.is_valid():
        return _row_page(request, found, fix=form)
    try:
        if form.cleaned_data.get("alike"):
            count = fix_rows_like(row_id=found.pk, actor=user, changes=form.changes())
            messages.success(request, "1 row was accepted." if count == 1 else f"{count:,} rows were accepted.")
            return redirect("reconciliation:import", found.import_file_id)
        fixed = fix_row(row_id=found.pk, actor=user, changes=form.changes())
    except Refusal as refusal:
        form.refuse(refusal)
        return _row_page(request, access_row_by_id(user, row_id), fix=form)
    return _after(request, fixed)


def _after(request: HttpRequest, fixed: RawRow) -> HttpResponse:
    if fixed.status == RawRow.Status.QUARANTINED:
        messages.warning(request, f"Row {fixed.number} still waits: {fixed.reason}")
        return redirect("reconciliation:import-row", fixed.pk)
    messages.success(request, f"Row {fixed.number} is {fixed.get_status_display()}.")
    return redirect("reconciliation:import", fixed.import_file_id)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def row_ignore(request: HttpRequest, row_id: int) -> HttpResponse:
    """Leave a row, or all like it, out for a reason."""
    user = person_of(request)
    found = access_row_by_id(user, row_id, Right.RECONCILE)
    form = IgnoreForm(request.POST, alike=rows_alike(found))
    if not form.is_valid():
        return _row_page(request, found, ignore=form)
    try:
        said = form.cleaned_data
        count = ignore_rows(row_id=found.pk, actor=user, reason=said["reason"], alike=bool(said.get("alike")))
    except Refusal as refusal:
        form.refuse(refusal)
        return _row_page(request, access_row_by_id(user, row_id), ignore=form)
    messages.success(
        request, "1 row is left out, with your reason." if count == 1 else f"{count:,} rows are left out, with your reason."
    )
    return redirect("reconciliation:import", found.import_file_id)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def row_accept(request: HttpRequest, row_id: int) -> HttpResponse:
    """Let a changed row stand for the earlier one."""
    user = person_of(request)
    found = access_row_by_id(user, row_id, Right.RECONCILE)
    try:
        return _after(request, accept_change(row_id=found.pk, actor=user))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("reconciliation:import-row", found.pk)
