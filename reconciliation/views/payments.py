"""The list of payments, a payment, and what it settles."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.access import needs
from core.errors import Refusal
from core.models import User
from core.rules.rights import Right
from core.views.people import person_of
from core.views.trying import may_be_tried
from reconciliation.filters import PaymentFilter
from reconciliation.forms import AllocateForm
from reconciliation.models import Payment
from reconciliation.selectors.reading import (
    READERS,
    access_allocation_by_id,
    access_payment_by_id,
    entities_for,
    may_reconcile,
)
from reconciliation.selectors.work import open_suggestions
from reconciliation.services.payments import allocate, undo_allocation

ROWS = 50


@require_safe
@needs(*READERS)
def payment_list(request: HttpRequest) -> HttpResponse:
    """List payments, the latest first."""
    rows = Payment.objects.filter(entity__in=entities_for(person_of(request)))
    chosen = PaymentFilter(request.GET, queryset=rows)
    page = Paginator(chosen.qs, ROWS).get_page(request.GET.get("page"))
    filtered = any(value for name, value in request.GET.items() if name != "page")
    return render(request, "reconciliation/payments.html", {"filter": chosen, "page": page, "filtered": filtered})


@require_safe
@needs(*READERS)
def payment(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Show a payment: what the bank says, what it settles and why, what it may settle."""
    user = person_of(request)
    return _shown(request, user, access_payment_by_id(user, payment_id))


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def allocate_payment(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Settle an invoice that a person chose."""
    user = person_of(request)
    found = access_payment_by_id(user, payment_id, Right.RECONCILE)
    form = AllocateForm(request.POST, payment=found)
    if form.is_valid():
        chosen = form.cleaned_data["invoice_number"]
        try:
            allocate(
                payment_id=found.pk,
                invoice_id=chosen.pk,
                amount=form.cleaned_data["amount"],
                actor=user,
                rule="person",
                why="Chosen by a person.",
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"The payment settles invoice {chosen.number}.")
            return redirect("reconciliation:payment", found.pk)
    return _shown(request, user, found, form=form, status=422)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def undo(request: HttpRequest, allocation_id: int) -> HttpResponse:
    """Take a payment off one invoice, and just that."""
    user = person_of(request)
    allocation = access_allocation_by_id(user, allocation_id, Right.RECONCILE)
    try:
        undo_allocation(allocation_id=allocation.pk, actor=user)
        messages.success(request, f"The payment is off invoice {allocation.invoice.number}.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("reconciliation:payment", allocation.payment_id)


def _shown(
    request: HttpRequest, user: User, found: Payment, *, form: AllocateForm | None = None, status: int = 200
) -> HttpResponse:
    found = access_payment_by_id(user, found.pk)
    may_write = may_reconcile(user, found.entity)
    is_open = found.open_amount != 0 and found.state == Payment.State.BOOKED
    context = {
        "here": reverse("reconciliation:payment", args=[found.pk]),
        "payment": found,
        "allocations": found.allocations.select_related("invoice__vendor", "made_by", "undone_by").order_by("id"),
        "suggestions": open_suggestions([found.entity]).filter(payment=found),
        "events": found.events.select_related("actor").order_by("-at", "-id"),
        "may_write": may_write,
        "form": (form or AllocateForm(payment=found)) if may_write and is_open else None,
    }
    return render(request, "reconciliation/payment.html", context, status=status)
