"""The list of invoices, an invoice, and what finance does to its lines."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.selectors.attribute_columns import attribute_columns
from budgets.selectors.attributes import attributes_shown
from core.access import needs
from core.errors import Refusal
from core.exports import csv_of
from core.models import User
from core.rules.rights import Right
from core.rules.sheets import cell
from core.views.people import person_of
from core.views.trying import may_be_tried
from reconciliation.filters import InvoiceFilter
from reconciliation.forms import CodeForm, MatchForm, ReasonForm
from reconciliation.models import Invoice, InvoiceAttribute
from reconciliation.selectors.imports import access_row_by_id
from reconciliation.selectors.invoices import LineChoices, LineShown, allocations_shown, line_choices, lines_shown
from reconciliation.selectors.reading import (
    READERS,
    access_invoice_by_id,
    access_line_by_id,
    access_match_by_id,
    entities_for,
    may_reconcile,
)
from reconciliation.selectors.same_document import confirmations_of, rows_besides
from reconciliation.selectors.work import open_suggestions
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.commitments import match_to_request, unmatch
from reconciliation.services.confirming import name_of
from reconciliation.services.invoices import clear_suspicion, void_invoice
from reconciliation.services.row_answers import confirm_row, release_row

ROWS = 50
FILE_HEAD = (
    *("Number", "Vendor", "Organization", "Reference", "Document", "Request", "Payment", "Issued", "Due", "Recorded"),
    *("Net", "VAT", "VAT that comes back", "Gross", "Paid", "Open", "Currency"),
)
MOST_FORMS = 20


@require_safe
@needs(*READERS)
def invoice_list(request: HttpRequest) -> HttpResponse:
    """List invoices, the latest first."""
    rows = Invoice.objects.filter(entity__in=entities_for(person_of(request))).select_related("vendor")
    chosen = InvoiceFilter(request.GET, queryset=rows)
    page = Paginator(chosen.qs, ROWS).get_page(request.GET.get("page"))
    return render(request, "reconciliation/invoices.html", {"filter": chosen, "page": page, "filtered": _is_filtered(request)})


@require_safe
@needs(*READERS)
def invoices_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the invoices that the list shows as CSV, all pages of them."""
    user = person_of(request)
    rows = Invoice.objects.filter(entity__in=entities_for(user)).select_related("vendor", "entity")
    chosen = InvoiceFilter(request.GET, queryset=rows)
    columns = attribute_columns(user, "invoice")

    def lines(found: Sequence[Invoice]) -> Iterator[list[str]]:
        stated = columns.cells_of(InvoiceAttribute, [each.pk for each in found])
        for each in found:
            yield [*cells_of_invoice(each), *stated.get(each.pk, columns.blank)]

    return csv_of(chosen.qs, head=[*FILE_HEAD, *columns.heads], lines=lines, name="invoices.csv")


@require_safe
@needs(*READERS)
def invoice(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Show an invoice: its lines and where they are spent, its payments and why, everything that was said about it."""
    user = person_of(request)
    return _shown(request, user, access_invoice_by_id(user, invoice_id))


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def code_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """Put a line on a budget line."""
    user = person_of(request)
    line = access_line_by_id(user, line_id, Right.RECONCILE)
    form = CodeForm(request.POST, line=line, choices=line_choices(line.invoice))
    if form.is_valid():
        account = form.accounts[form.cleaned_data["account"]]
        try:
            code_invoice_line(line_id=line.pk, account=account, month=form.cleaned_data["month"], actor=user)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"Line {line.number} is spent on {account.name}.")
            _tell_of_rows(request, line.invoice)
            return redirect("reconciliation:invoice", line.invoice_id)
    return _shown(request, user, line.invoice, forms={("code", line.pk): form}, status=422)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def match_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """Match a line to a request."""
    user = person_of(request)
    line = access_line_by_id(user, line_id, Right.RECONCILE)
    form = MatchForm(request.POST, line=line, choices=line_choices(line.invoice))
    if form.is_valid():
        try:
            match_to_request(invoice_line_id=line.pk, request_line_id=form.cleaned_data["request_line"], actor=user)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"Line {line.number} answers the request; its commitment is spent.")
            _tell_of_rows(request, line.invoice)
            return redirect("reconciliation:invoice", line.invoice_id)
    return _shown(request, user, line.invoice, forms={("match", line.pk): form}, status=422)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def uncode_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """Take a line off its budget line."""
    user = person_of(request)
    line = access_line_by_id(user, line_id, Right.RECONCILE)
    try:
        uncode_invoice_line(line_id=line.pk, actor=user)
        messages.success(request, f"Line {line.number} is off its budget line; its spend was taken back.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("reconciliation:invoice", line.invoice_id)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def undo_match(request: HttpRequest, match_id: int) -> HttpResponse:
    """Undo one match, and just that."""
    user = person_of(request)
    match = access_match_by_id(user, match_id, Right.RECONCILE)
    try:
        unmatch(match_id=match.pk, actor=user)
        messages.success(request, "The match is undone; the commitment stands again.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("reconciliation:invoice", match.invoice_line.invoice_id)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def void(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Void an invoice, with the reason."""
    user = person_of(request)
    found = access_invoice_by_id(user, invoice_id, Right.RECONCILE)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            void_invoice(invoice_id=found.pk, actor=user, reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"Invoice {found.number} is void.")
            return redirect("reconciliation:invoice", found.pk)
    return _shown(request, user, found, void_form=form, status=422)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def clear(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Say that a held invoice is owed besides the one it resembles."""
    user = person_of(request)
    found = access_invoice_by_id(user, invoice_id, Right.RECONCILE)
    try:
        clear_suspicion(invoice_id=found.pk, actor=user)
        messages.success(request, "Both invoices are owed. This one can be coded now.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("reconciliation:invoice", found.pk)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def confirm_by_row(request: HttpRequest, invoice_id: int, row_id: int) -> HttpResponse:
    """Say that a ledger's row is this invoice: it counts once. Raises NotFound."""
    user = person_of(request)
    found = access_invoice_by_id(user, invoice_id, Right.RECONCILE)
    row_id = access_row_by_id(user, row_id, Right.RECONCILE).pk
    try:
        kept = confirm_row(invoice_id=found.pk, row_id=row_id, actor=user)
        messages.success(request, f"Row {kept.row.number} is this document: its spend was taken back, the invoice counts.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("reconciliation:invoice", found.pk)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def release_of_row(request: HttpRequest, invoice_id: int, row_id: int) -> HttpResponse:
    """Undo that a ledger's row is this invoice: both count. Raises NotFound."""
    user = person_of(request)
    found = access_invoice_by_id(user, invoice_id, Right.RECONCILE)
    row_id = access_row_by_id(user, row_id, Right.RECONCILE).pk
    try:
        row = release_row(invoice_id=found.pk, row_id=row_id, actor=user)
        messages.success(request, f"Row {row.number} is another document: it is spent again.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("reconciliation:invoice", found.pk)


def _tell_of_rows(request: HttpRequest, found: Invoice) -> None:
    """Say what became of the rows of ledgers that name an invoice which was just coded."""
    if rows_besides(found):
        messages.warning(request, "Rows of ledgers name this invoice and are spent besides it. Say below which is this document.")
    elif taken := [each for each in confirmations_of(found) if each.journal_id]:
        names = " and ".join(name_of(each.row) for each in taken)
        messages.info(request, f"Counted once: this document was spent as {names} before; that was taken back.")


def _shown(
    request: HttpRequest,
    user: User,
    found: Invoice,
    *,
    forms: dict[tuple[str, int], Any] | None = None,
    void_form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = access_invoice_by_id(user, found.pk)
    may_write = may_reconcile(user, found.entity) and found.document_state == Invoice.DocumentState.VALIDATED
    lines = _rows(found, forms or {}, may_change=may_write and found.suspected_of_id is None)
    context = {
        "here": reverse("reconciliation:invoice", args=[found.pk]),
        "invoice": found,
        "lines": lines,
        "is_spent": any(each["line"].is_coded for each in lines),
        "allocations": allocations_shown(found),
        "events": found.events.select_related("actor").order_by("-at", "-id"),
        "confirmations": confirmations_of(found),
        "besides": rows_besides(found),
        "suggestions": open_suggestions([found.entity]).filter(invoice=found),
        "may_write": may_write,
        "attributes": attributes_shown(InvoiceAttribute, "invoice", found),
        "attributes_url": reverse("reconciliation:invoice-attributes", args=[found.pk])
        if may_reconcile(user, found.entity)
        else "",
        "void_form": void_form or ReasonForm(),
        "rival": found.suspected_of,
    }
    return render(request, "reconciliation/invoice.html", context, status=status)


def _rows(found: Invoice, forms: dict[tuple[str, int], Any], *, may_change: bool) -> list[dict[str, Any]]:
    """Return the lines with a form for each step that is open; a long invoice has them for its first open lines only."""
    shown = lines_shown(found)
    is_open = may_change and any(not row.line.is_coded or not row.answers for row in shown)
    choices = line_choices(found) if is_open else None
    rows, left = [], MOST_FORMS
    for row in shown:
        offered = choices if left > 0 and (not row.line.is_coded or not row.answers) else None
        left -= offered is not None
        rows.append(_row(row, found, forms, offered))
    return rows


def _row(row: LineShown, found: Invoice, forms: dict[tuple[str, int], Any], choices: LineChoices | None) -> dict[str, Any]:
    line = row.line
    line.invoice = found
    code_form = match_form = None
    if choices and not line.is_coded:
        code_form = forms.get(("code", line.pk)) or CodeForm(line=line, choices=choices)
    if choices and not row.answers:
        match_form = forms.get(("match", line.pk)) or MatchForm(line=line, choices=choices)
    return {"line": line, "answers": row.answers, "code_form": code_form, "match_form": match_form}


def _is_filtered(request: HttpRequest) -> bool:
    return any(value for name, value in request.GET.items() if name != "page")


def cells_of_invoice(found: Invoice) -> list[str]:
    """Return an invoice as the cells of a file."""
    states = (found.get_document_state_display(), found.get_match_state_display(), found.get_money_state_display())
    days = (found.issued_on, found.due_on, found.recorded_at.date())
    amounts = (found.net, found.vat, found.recoverable_vat, found.gross, found.paid, found.open_amount)
    return [
        *(cell(each) for each in (found.number, found.vendor.name, found.entity.name, found.reference)),
        *states,
        *(each.isoformat() if each else "" for each in days),
        *(f"{each:.2f}" for each in amounts),
        found.currency,
    ]
