"""Readings of usage: what holds, one typed, and a CSV file whose difference is shown before it is kept."""

from dataclasses import dataclass

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.chargeback_forms import ReadingForm, ReadingsFileForm
from budgets.forms import ConfirmForm
from budgets.rules.readings import LARGEST, read_csv
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books, readings_in_reach
from budgets.selectors.statements import keeps_books
from budgets.services.readings import changes_of, state_readings
from core.access import needs, whole_entities_of
from core.errors import InvalidInput, Stale
from core.models import Entity, User
from core.rules.rights import Right
from core.uploads import plain_name, read_bounded
from core.views.people import person_of

ROWS, ONE_HOUR, SALT = 50, 3600, "budgets.readings"


@dataclass(frozen=True)
class ShownReadings:
    """A file as it was shown to one person, for one organization."""

    text: str
    name: str
    person: int
    entity: str

    def signed(self) -> str:
        """Return it as text that nobody can change unseen."""
        return signing.dumps([self.text, self.name, self.person, self.entity], salt=SALT, compress=True)


@require_safe
@needs(*BOOKS)
def readings(request: HttpRequest) -> HttpResponse:
    """List an organization's readings, the newest first (`?entity=` its code)."""
    user = person_of(request)
    return _shown(request, user, access_entity_of_books(user, request.GET.get("entity", "")))


@require_POST
@needs(Right.BUDGET)
def state(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State one reading. 422: something is missing."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = ReadingForm(request.POST, entity=entity)
    if not form.is_valid():
        return _shown(request, user, entity, form=form, status=422)
    rows = state_readings(entity=entity, readings=[form.cleaned_data["reading"]], actor=user)
    messages.success(request, "The reading is stated." if rows else "That is what holds already.")
    return _back(entity)


@require_POST
@needs(Right.BUDGET)
def load(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Take a file and show what it would change. Nothing is kept. 422: it cannot be read, line by line."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = ReadingsFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, user, entity, file_form=form, status=422)
    file = form.cleaned_data["file"]
    try:
        content = read_bounded(file, most=LARGEST)
        changes = changes_of(entity, read_csv(content))
    except InvalidInput as refusal:
        form.add_error("file", str(refusal))
        return _shown(request, user, entity, file_form=form, status=422)
    name = plain_name(file.name)
    shown = ShownReadings(content.decode("utf-8-sig"), name, user.pk, entity.code)
    context = {
        "entity": entity,
        "name": name,
        "changes": [change for change in changes if change.is_change],
        "same": sum(not change.is_change for change in changes),
        "form": ConfirmForm(initial={"shown": shown.signed()}),
    }
    return render(request, "budgets/readings_preview.html", context)


@require_POST
@needs(Right.BUDGET)
def keep(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State the readings of a file exactly as it was shown."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    shown = _unsigned(request.POST.get("shown", ""), user, entity)
    rows = state_readings(entity=entity, readings=read_csv(shown.text.encode()), actor=user)
    messages.success(request, f"Readings stated: {len(rows)}.")
    return _back(entity)


def _unsigned(text: str, user: User, entity: Entity) -> ShownReadings:
    try:
        shown = ShownReadings(*signing.loads(text, salt=SALT, max_age=ONE_HOUR))
    except signing.SignatureExpired as error:
        raise Stale("The file was shown more than an hour ago.", remedy="Choose it again and look once more.") from error
    except (signing.BadSignature, TypeError) as error:
        raise InvalidInput("This is not what was shown.", remedy="Choose the file again.") from error
    if shown.person != user.pk or shown.entity != entity.code:
        raise InvalidInput("This was shown to somebody else, or for another organization.", remedy="Choose the file again.")
    return shown


def _back(entity: Entity) -> HttpResponse:
    return redirect(f"{reverse('budgets:readings')}?entity={entity.code}")


def _shown(
    request: HttpRequest,
    user: User,
    entity: Entity,
    *,
    form: ReadingForm | None = None,
    file_form: ReadingsFileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "page": Paginator(readings_in_reach(user).filter(entity=entity), ROWS).get_page(request.GET.get("page")),
        "form": form or ReadingForm(entity=entity),
        "file_form": file_form or ReadingsFileForm(),
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/readings.html", context, status=status)
