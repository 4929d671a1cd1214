"""Readings of usage: what holds, one typed, and a CSV file whose difference is shown before it is kept."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.chargeback_forms import ReadingForm, ReadingsFileForm
from budgets.forms import ConfirmForm
from budgets.rules.csv_files import LARGEST
from budgets.rules.readings import read_csv
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books, readings_in_reach
from budgets.selectors.statements import keeps_books
from budgets.services.readings import changes_of, state_readings
from budgets.views.shown_files import ShownFile, shown_to
from core.access import needs, whole_entities_of
from core.errors import InvalidInput
from core.models import Entity, User
from core.rules.rights import Right
from core.uploads import plain_name, read_bounded
from core.views.people import person_of

ROWS, SALT = 50, "budgets.readings"


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
    shown = ShownFile(content.decode("utf-8-sig"), name, user.pk, entity.code)
    context = {
        "entity": entity,
        "name": name,
        "changes": [change for change in changes if change.is_change],
        "same": sum(not change.is_change for change in changes),
        "form": ConfirmForm(initial={"shown": shown.signed(SALT)}),
    }
    return render(request, "budgets/readings_preview.html", context)


@require_POST
@needs(Right.BUDGET)
def keep(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State the readings of a file exactly as it was shown."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    shown = shown_to(user, entity, request.POST.get("shown", ""), salt=SALT)
    rows = state_readings(entity=entity, readings=read_csv(shown.text.encode()), actor=user)
    messages.success(request, f"Readings stated: {len(rows)}.")
    return _back(entity)


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
