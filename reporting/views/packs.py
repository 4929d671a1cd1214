"""Packs: the list, one as a page, its PDF, and the order to issue one."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.access import may
from core.errors import Missing, NotAllowed
from core.rules.rights import Right
from core.selectors.retention import refuse_if_removed
from core.views.people import person_of
from reporting.forms import IssueForm, month_asked
from reporting.pdf import INSTALL, is_ready
from reporting.rendering import pack_view
from reporting.selectors.access import access_report_budget
from reporting.selectors.packs import access_pack_by_id, visible_packs
from reporting.services.issuing import start_pack

PER_PAGE = 50


@require_safe
def pack_list(request: HttpRequest) -> HttpResponse:
    """The packs of every budget that the person may see, the newest first."""
    page = Paginator(visible_packs(person_of(request)), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "reporting/packs.html", {"page": page})


@require_safe
def pack(request: HttpRequest, pack_id: int) -> HttpResponse:
    """A pack as a page, from its snapshot. 410: its retention period is over."""
    found = access_pack_by_id(person_of(request), pack_id)
    refuse_if_removed("packs", found.pk)
    view = pack_view(found)
    newer = visible_packs(person_of(request)).filter(budget=found.budget, month=found.month, issue__gt=found.issue).first()
    context = {
        "pack_row": found,
        "pack": view,
        "report": view.report,
        "base_url": "",
        "newer": newer,
        "pdf_ready": is_ready(),
        "install": INSTALL,
    }
    return render(request, "reporting/pack/page.html", context)


@require_safe
def pack_pdf(request: HttpRequest, pack_id: int) -> HttpResponse:
    """The pack's PDF, the bytes that were issued."""
    found = access_pack_by_id(person_of(request), pack_id)
    refuse_if_removed("packs", found.pk)
    file = getattr(found, "file", None)
    if file is None:
        raise Missing(
            "The PDF of this pack has not been made yet.", remedy="Issue the pack again: the same figures keep their issue."
        )
    response = HttpResponse(bytes(file.content), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{file.name}"'
    response["ETag"] = f'"{file.sha256}"'
    return response


@require_POST
def issue(request: HttpRequest, code: str) -> HttpResponse:
    """Queue the issue of a month's pack, and show how far it is."""
    budget = access_report_budget(person_of(request), code)
    if not (
        may(person_of(request), Right.RECONCILE, entity=budget.entity)
        or may(person_of(request), Right.BUDGET, entity=budget.entity)
    ):
        raise NotAllowed("Your role does not issue packs.", remedy="Ask finance for it; packs that were issued are in the list.")
    form = IssueForm(request.POST)
    form.is_valid()
    month = month_asked(form.cleaned_data.get("month", "")) or budget.ends_on
    job = start_pack(budget=budget, month=month, actor=person_of(request), note=form.cleaned_data.get("note", ""))
    return redirect("core:job", job.pk)
