"""The demo's own pages."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.errors import NotFound
from demo.models import Mail

ROWS = 50


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """Show the messages that a real installation would have sent, the newest first; `?to=` narrows by address."""
    if not settings.DEMO:
        raise NotFound("There is no such page.")
    to = request.GET.get("to", "").strip()
    messages = Mail.objects.filter(recipients__icontains=to) if to else Mail.objects.all()
    page = Paginator(messages, ROWS).get_page(request.GET.get("page"))
    return render(request, "demo/mail.html", {"page": page, "to": to})
