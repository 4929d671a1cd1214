"""Loading a budget file: what it would do is shown first; what was shown is what is loaded."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from budgets.forms import BudgetFileForm, ConfirmForm
from budgets.rules import safe_yaml
from budgets.rules.document import parse
from budgets.selectors.periods import access_entity_of_finance
from budgets.services.budgets import load_document
from budgets.services.previews import preview_document
from core.access import needs
from core.errors import ClosedPeriod, InvalidInput, Refusal
from core.models import User
from core.rules.rights import Right
from core.shown import hand_out, refused, take_back
from core.views.people import person_of

SALT = "budgets.load"
KEEP_CLOSED = "The file would change it: state that line month by month, so that closed months keep their amounts."


@dataclass(frozen=True)
class Shown:
    """A file as it was shown to one person, for one entity, on top of one version and the bands that were stated.

    `since` is the first day of the month from which it holds, blank for all of its months.
    """

    text: str
    name: str
    person: int
    entity: str
    base: int
    band: int
    since: str = ""

    def signed(self) -> str:
        """Return it as text that nobody can change unseen."""
        said = [self.text, self.name, self.person, self.entity, self.base, self.band, self.since]
        return hand_out(said, salt=SALT)


@needs(Right.BUDGET)
@require_http_methods(["GET", "HEAD", "POST"])
def load(request: HttpRequest) -> HttpResponse:
    """Take a file and show what it would do. Nothing is kept."""
    user = person_of(request)
    form = BudgetFileForm(request.POST, request.FILES) if request.method == "POST" else BudgetFileForm()
    if not form.is_valid():
        return render(request, "budgets/load.html", {"form": form}, status=422 if form.is_bound else 200)
    file = form.cleaned_data["file"]
    try:
        return preview_page(request, user, file.read(), file.name)
    except ClosedPeriod as refusal:
        is_closed = refusal.details.get("state") == "closed"
        form.add_error("file", f"{refusal.message} {KEEP_CLOSED}" if is_closed else str(refusal))
        return render(request, "budgets/load.html", {"form": form}, status=422)
    except Refusal as refusal:
        places = refusal.details if isinstance(refusal, InvalidInput) and len(refusal.details) > 1 else {}
        form.add_error("file", "What is wrong stands above, place by place." if places else str(refusal))
        return render(request, "budgets/load.html", {"form": form, "places": places}, status=422)


def preview_page(request: HttpRequest, user: User, content: bytes, name: str, since: date | None = None) -> HttpResponse:
    """Show what a budget document would do, from a month on where one is named. Raises what reading and loading it raise."""
    document = safe_yaml.read(content)
    stated = parse(document).entity
    entity = access_entity_of_finance(user, stated.code if stated else "")
    preview = preview_document(document=document, actor=user, source_name=name, entity_code=entity.code, since=since)
    text, month = content.decode("utf-8-sig"), since.isoformat() if since else ""
    shown = Shown(text, name, user.pk, entity.code, preview.base_id, preview.band_id, month)
    form = ConfirmForm(initial={"shown": shown.signed()})
    context = {"preview": preview, "budget": preview.result.budget, "name": name, "form": form, "since": since}
    return render(request, "budgets/load_preview.html", context)


@needs(Right.BUDGET)
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Load exactly what was shown, unless the budget changed meanwhile."""
    user = person_of(request)
    shown = _unsigned(request.POST.get("shown", ""), user)
    entity = access_entity_of_finance(user, shown.entity)
    document = safe_yaml.read(shown.text.encode())
    result = load_document(
        document=document,
        actor=user,
        source_name=shown.name,
        entity_code=entity.code,
        base_id=shown.base,
        band_id=shown.band,
        since=date.fromisoformat(shown.since) if shown.since else None,
    )
    said = "waits to be signed" if result.waits else "is in force"
    messages.success(request, f"{result.budget.name}, version {result.version.number}, {said}.")
    if result.waits:
        return redirect("budgets:version", code=result.budget.code, number=result.version.number)
    return redirect("budgets:budget", code=result.budget.code)


def _unsigned(text: str, user: User) -> Shown:
    try:
        shown = Shown(*take_back(text, salt=SALT))
    except TypeError as error:
        raise refused() from error
    if shown.person != user.pk:
        raise InvalidInput("This was shown to somebody else.", remedy="Choose the file again.")
    return shown
