"""API tokens: made and shown once, listed, revoked. Only in a browser: no token makes another."""

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import Refusal
from core.models import ApiToken, User
from core.posted import posted
from core.selectors.tokens import tokens_of, tokens_overseen
from core.services.tokens import make_token, revoke_token
from core.token_forms import TokenForm
from core.views.people import person_of


def _can_show_who_they_are(request: HttpRequest) -> bool:
    """Say whether the person has a password or a factor here; whoever comes by their organization's provider may have neither."""
    return bool(get_adapter().get_reauthentication_methods(request.user))


@reauthentication_required(allow_get=True, enabled=_can_show_who_they_are)  # type: ignore[untyped-decorator]
@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """List one's tokens, and those of the people whom one administers; a POST makes one and shows its secret, this once.

    Who left a browser open has not left it to make keys: whoever has not shown a password or factor in the last minutes is asked
    for it first, and what they wrote goes on from there.
    """
    person = person_of(request)
    form = TokenForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return _page(request, person, form, status=422 if form.is_bound else 200)
    try:
        token, secret = make_token(owner=person, **form.wanted())
    except Refusal as refusal:
        form.add_error(refusal.code if refusal.code in form.fields else None, str(refusal))
        return _page(request, person, form, status=422)
    return _page(request, person, TokenForm(), made=token, secret=secret)


@require_POST
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token. The next call with it is refused."""
    token = revoke_token(token_id=token_id, actor=person_of(request))
    messages.success(request, f"The token “{token.name}” is revoked: it is refused from now on.")
    return redirect("core:tokens")


def _page(
    request: HttpRequest, person: User, form: TokenForm, *, made: ApiToken | None = None, secret: str = "", status: int = 200
) -> HttpResponse:
    own = list(tokens_of(person))
    context = {
        "form": form,
        "working": [token for token in own if token.revoked_at is None],
        "revoked": [token for token in own if token.revoked_at is not None][:20],
        "others": tokens_overseen(person),
        "made": made,
        "secret": secret,
    }
    return render(request, "core/tokens.html", context, status=status)
