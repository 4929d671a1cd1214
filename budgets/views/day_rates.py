"""The rate card: what a day of each role costs, stating it, and a CSV file whose difference is shown before it is kept."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.day_rate_forms import DayRateForm, DayRatesFileForm
from budgets.forms import ConfirmForm
from budgets.models import DayRate
from budgets.rules.csv_files import LARGEST
from budgets.rules.day_rates import COLUMNS, read_csv
from budgets.rules.months import first_of
from budgets.rules.sentences import month_name
from budgets.selectors.day_rates import card_of, day_rates_in_reach, planned_with, rates_that_hold
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books
from budgets.selectors.statements import keeps_books
from budgets.services.day_rates import changes_of, state_day_rates
from budgets.views.shown_files import ShownFile, shown_to
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput
from core.models import Entity, User
from core.rules.rights import Right
from core.rules.sheets import as_csv, cell
from core.serving import SAFETY
from core.uploads import plain_name, read_bounded
from core.views.people import person_of

ROWS, SALT = 50, "budgets.day_rates"


@require_safe
@needs(*BOOKS)
def card(request: HttpRequest) -> HttpResponse:
    """Show an organization's rate card (`?entity=` its code), and what was stated (`?role=` of one role)."""
    user = person_of(request)
    return _shown(request, user, access_entity_of_books(user, request.GET.get("entity", "")))


@require_safe
@needs(*BOOKS)
def card_csv(request: HttpRequest) -> HttpResponse:
    """Give the card out as the file that would state it: of each role every month from which a rate holds."""
    entity = access_entity_of_books(person_of(request), request.GET.get("entity", ""))
    response = HttpResponse(
        as_csv([list(COLUMNS), *map(_row, rates_that_hold(entity))]), "text/csv; charset=utf-8", headers=SAFETY
    )
    response["Content-Disposition"] = f'attachment; filename="rate-card-{entity.code}.csv"'
    return response


@require_POST
@needs(Right.BUDGET)
def state(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State one day rate. 422: something is missing."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = DayRateForm(request.POST, entity=entity, names=_names(entity))
    if not form.is_valid():
        return _shown(request, user, entity, form=form, status=422)
    rows = state_day_rates(entity=entity, rates=[form.cleaned_data["said"]], actor=user)
    messages.success(request, _told(rows[0]) if rows else "That is what holds already.")
    return _back(entity)


@require_POST
@needs(Right.BUDGET)
def load(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Take a file and show what it would change. Nothing is kept. 422: it cannot be read, line by line."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = DayRatesFileForm(request.POST, request.FILES)
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
    return render(request, "budgets/rate_card_preview.html", context)


@require_POST
@needs(Right.BUDGET)
def keep(request: HttpRequest, entity_code: str) -> HttpResponse:
    """State the rates of a file exactly as it was shown."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    shown = shown_to(user, entity, request.POST.get("shown", ""), salt=SALT)
    rows = state_day_rates(entity=entity, rates=read_csv(shown.text.encode()), actor=user)
    messages.success(request, f"Day rates stated: {len(rows)}. Budgets in force keep the amounts that they were planned at.")
    return _back(entity)


def _row(held: DayRate) -> list[str]:
    rate = f"{held.rate:.2f}" if held.rate is not None else ""
    return [held.role, cell(held.name), f"{held.starts_on:%Y-%m}", rate, held.currency, cell(held.source)]


def _told(stated: DayRate) -> str:
    since = f"From {month_name(stated.starts_on)} on"
    if stated.rate is None:
        return f"{since} {stated.name} is not on the card."
    return f"{since} a day of {stated.name} costs {stated.rate:,.2f} {stated.currency}. Budgets in force keep their amounts."


def _names(entity: Entity) -> dict[str, str]:
    return {each.role: each.name for each in rates_that_hold(entity)}


def _back(entity: Entity) -> HttpResponse:
    return redirect(f"{reverse('budgets:rate-card')}?entity={entity.code}")


def _shown(
    request: HttpRequest,
    user: User,
    entity: Entity,
    *,
    form: DayRateForm | None = None,
    file_form: DayRatesFileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    month = first_of(clock.now().date())
    roles = card_of(entity, month)
    asked = request.GET.get("role", "")
    chosen = next((each for each in roles if each.role == asked), None)
    stated = day_rates_in_reach(user).filter(entity=entity)
    names = {each.role: each.name for each in roles}
    initial = {"starts_on": f"{month:%Y-%m}", "role": chosen.role if chosen else ""}
    if chosen and chosen.now:
        initial |= {"currency": chosen.now.currency}
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "month": month,
        "roles": roles,
        "chosen": chosen,
        "page": Paginator(stated.filter(role=chosen.role) if chosen else stated, ROWS).get_page(request.GET.get("page")),
        "planned": planned_with(entity),
        "form": form or DayRateForm(entity=entity, names=names, initial=initial),
        "file_form": file_form or DayRatesFileForm(),
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/rate_card.html", context, status=status)
