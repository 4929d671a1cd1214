"""What needs a person, by owner and age."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.access import needs
from core.errors import Refusal
from core.rules.rights import Right
from core.views.people import person_of
from reconciliation.filters import ExceptionFilter
from reconciliation.forms import NoteForm
from reconciliation.models import ExceptionItem
from reconciliation.selectors.reading import READERS, access_exception_by_id, entities_for
from reconciliation.selectors.work import addresses_of, label_of_code
from reconciliation.services.exceptions import close_exception

ROWS = 50


@require_safe
@needs(*READERS)
def exception_list(request: HttpRequest) -> HttpResponse:
    """List exceptions, the oldest first."""
    user = person_of(request)
    rows = ExceptionItem.objects.filter(entity__in=entities_for(user)).select_related("owner", "closed_by")
    chosen = ExceptionFilter(request.GET, queryset=rows)
    page = Paginator(chosen.qs, ROWS).get_page(request.GET.get("page"))
    now, addresses = clock.now(), addresses_of(list(page))
    context = {
        "filter": chosen,
        "page": page,
        "rows": [
            {
                "item": item,
                "label": label_of_code(item.code),
                "url": addresses.get(item.pk, ""),
                "age": (item.closed_at or now) - item.opened_at,
            }
            for item in page
        ],
        "filtered": any(value for name, value in request.GET.items() if name != "page"),
        "may_write": bool(entities_for(user, Right.RECONCILE)),
    }
    return render(request, "reconciliation/exceptions.html", context)


@needs(Right.RECONCILE)
@require_POST
def close(request: HttpRequest, item_id: int) -> HttpResponse:
    """Close an exception by hand, with the reason."""
    user = person_of(request)
    item = access_exception_by_id(user, item_id, Right.RECONCILE)
    form = NoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say in a sentence why this needs nothing more. Nothing was changed.")
        return redirect("reconciliation:exceptions")
    try:
        close_exception(item_id=item.pk, actor=user, note=form.cleaned_data["note"])
        messages.success(request, "Closed, with your reason.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("reconciliation:exceptions")
