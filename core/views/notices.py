"""A person's notices."""

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from core.models import Notice
from core.services.notices import mark_read

ROWS = 50


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """List what the person was told, one row for each thing it is about; `?show=unread` only what they have not read."""
    unread_only = request.GET.get("show") == "unread"
    notices = Notice.objects.filter(person=request.user)  # type: ignore[misc]
    shown = notices.filter(read_at__isnull=True) if unread_only else notices
    page = Paginator(_latest(shown), ROWS).get_page(request.GET.get("page"))
    return render(request, "core/notices.html", {"page": page, "rows": _with_earlier(page, shown), "unread_only": unread_only})


def _latest(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Keep the newest notice of each thing; one that leads nowhere stands alone."""
    newest = notices.exclude(url="").order_by("url", "-id").distinct("url").values("pk")
    return notices.filter(Q(url="") | Q(pk__in=newest))


def _with_earlier(page: Page[Notice], notices: QuerySet[Notice]) -> list[tuple[Notice, int]]:
    """Return each notice of the page with how many earlier ones are about the same thing."""
    urls = {notice.url for notice in page if notice.url}
    told = dict(notices.filter(url__in=urls).order_by().values_list("url").annotate(Count("pk")))
    return [(notice, told.get(notice.url, 1) - 1) for notice in page]


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    mark_read(actor=request.user)  # type: ignore[arg-type]
    return redirect("core:notices")


@require_POST
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark a notice, and what was told before about the same, as read and go there. A POST, since it changes something."""
    notice = get_object_or_404(Notice, pk=notice_id, person=request.user)
    mark_read(actor=request.user, notice_id=notice.pk)  # type: ignore[arg-type]
    ours = url_has_allowed_host_and_scheme(notice.url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(notice.url) if notice.url and ours else redirect("core:notices")
