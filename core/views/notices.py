"""A person's notices."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from core.models import Notice
from core.services.notices import mark_read

ROWS = 50


def notice_list(request: HttpRequest) -> HttpResponse:
    """List what the person was told, the newest first; `?show=unread` only what they have not read."""
    unread_only = request.GET.get("show") == "unread"
    notices = Notice.objects.filter(person=request.user)  # type: ignore[misc]
    shown = notices.filter(read_at__isnull=True) if unread_only else notices
    page = Paginator(shown, ROWS).get_page(request.GET.get("page"))
    return render(request, "core/notices.html", {"page": page, "unread_only": unread_only})


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    mark_read(actor=request.user)  # type: ignore[arg-type]
    return redirect("core:notices")


@require_POST
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one notice as read and go to what it is about. A POST, since it changes something."""
    notice = get_object_or_404(Notice, pk=notice_id, person=request.user)
    mark_read(actor=request.user, notice_id=notice.pk)  # type: ignore[arg-type]
    ours = url_has_allowed_host_and_scheme(notice.url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(notice.url) if notice.url and ours else redirect("core:notices")
