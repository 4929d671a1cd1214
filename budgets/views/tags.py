"""Whether spend bears its tags: the month's figures, what is lacking, and setting it."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from budgets.models import Entry
from budgets.rules.months import first_of
from budgets.rules.tags import Share
from budgets.selectors.freshness import freshness_of_month
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS, access_entity_of_books
from budgets.selectors.spend_tags import last_month_of_spend
from budgets.selectors.statements import keeps_books
from budgets.selectors.tag_compliance import Compliance, Lacking, compliance_of, lacking_rows
from budgets.selectors.tags import access_spend_item_by_id, keys_held, rules_held, target_held
from budgets.services.spend_tags import apply_tag_rules, set_spend_tags
from budgets.tag_forms import ApplyForm, LackingForm, SetForm
from core import clock
from core.access import needs, whole_entities_of
from core.errors import InvalidInput, NotFound
from core.models import Entity, User
from core.rules.rights import Right
from core.rules.sheets import as_csv, cell
from core.views.people import person_of
from core.views.trying import may_be_tried

ROWS = 50
FILTERS = ("key", "cost_centre", "q")


@require_safe
@needs(*BOOKS)
def tags(request: HttpRequest) -> HttpResponse:
    """Show how much of a month's spend bears its tags (`?entity=` a code, `?month=`; else the last month with spend)."""
    user = person_of(request)
    entity = access_entity_of_books(user, request.GET.get("entity", ""))
    month = _month(entity, request.GET.get("month", ""))
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "month": month,
        "fresh": freshness_of_month(entity, month, as_of=clock.now()),
        "found": compliance_of(entity, month),
        "rules": rules_held(entity, month),
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/tags.html", context)


@require_safe
@needs(*BOOKS)
def tags_csv(request: HttpRequest) -> HttpResponse:
    """Give the figures of a month as CSV."""
    entity = access_entity_of_books(person_of(request), request.GET.get("entity", ""))
    month = _month(entity, request.GET.get("month", ""))
    return _csv(_figures(compliance_of(entity, month)), f"tags-{entity.code}-{month:%Y-%m}.csv")


@require_safe
@needs(*BOOKS)
def lacking(request: HttpRequest) -> HttpResponse:
    """List a month's spend that lacks tags, the largest first, to be set by who keeps the books."""
    user = person_of(request)
    entity = access_entity_of_books(user, request.GET.get("entity", ""))
    return _lacking(request, user, entity, _month(entity, request.GET.get("month", "")))


@require_safe
@needs(*BOOKS)
def lacking_csv(request: HttpRequest) -> HttpResponse:
    """Give a month's spend that lacks tags as CSV."""
    entity = access_entity_of_books(person_of(request), request.GET.get("entity", ""))
    month = _month(entity, request.GET.get("month", ""))
    keys = keys_held(entity, month)
    head = ["Month", "Vendor", "Service", "Resource", "Cost centre", "Category", "Source", "Amount", "Currency", "Lacks"]
    rows = [
        [
            f"{month:%Y-%m}",
            *(cell(text) for text in (each.row.vendor, each.row.service, each.row.resource, each.row.cost_centre)),
            *(cell(text) for text in (each.row.category, each.row.source)),
            f"{each.row.amount:.2f}",
            entity.currency,
            ", ".join(each.gaps),
            *(cell(each.row.tags.get(key.code, "")) for key in keys),
        ]
        for each in _asked(request, entity, month)[1]
    ]
    return _csv([head + [key.name for key in keys], *rows], f"tags-lacking-{entity.code}-{month:%Y-%m}.csv")


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def set_tags(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Set a tag on spend that was chosen. 422: something is missing; what was typed and chosen stays."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    month = _month(entity, request.POST.get("month", ""))
    form = SetForm(request.POST, keys=keys_held(entity, month))
    refs = request.POST.getlist("rows")
    if not form.is_valid():
        return _lacking(request, user, entity, month, form, refs, status=422)
    data = form.cleaned_data
    try:
        rows = set_spend_tags(
            entity=entity, month=month, refs=refs, tags={data["key"]: data["value"]}, reason=data["reason"], actor=user
        )
    except (InvalidInput, NotFound) as refusal:
        for name, sentence in (refusal.details or {"": str(refusal)}).items():
            form.add_error(name if name in form.fields else None, str(sentence))
        return _lacking(request, user, entity, month, form, refs, status=422)
    messages.success(request, _set_words(len(rows)))
    return redirect(f"{reverse('budgets:tags-lacking')}?{_query(request, entity, month)}")


def _set_words(count: int) -> str:
    return f"{count} {'tag is' if count == 1 else 'tags are'} set." if count else "They bear just that already: nothing was set."


@require_POST
@needs(Right.BUDGET)
@may_be_tried
def apply(request: HttpRequest, entity_code: str) -> HttpResponse:
    """Let the rules set what is missing on a month's spend."""
    user = person_of(request)
    entity = access_entity_of_finance(user, entity_code)
    form = ApplyForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("The month is not written so.", remedy="Write it as year and month, such as 2026-11.")
    month = form.cleaned_data["month"]
    count = apply_tag_rules(entity=entity, month=month, actor=user)
    words = f"The rules set {count:,} {'tag' if count == 1 else 'tags'}." if count else "The rules found nothing to set."
    messages.success(request, words)
    return redirect(f"{reverse('budgets:tags')}?{urlencode({'entity': entity.code, 'month': f'{month:%Y-%m}'})}")


@require_safe
@needs(*BOOKS)
def item(request: HttpRequest, item_id: int) -> HttpResponse:
    """Show what was said of an item's tags, the last first. Raises NotFound."""
    found = access_spend_item_by_id(person_of(request), item_id)
    entries = Entry.objects.filter(thread=found.thread, journal__entity=found.entity, bucket="spent")
    context = {
        "item": found,
        "entity": found.entity,
        "entries": entries.select_related("account", "account__cost_centre").order_by("pk")[:ROWS],
        "tags": list(found.tags.all()),
    }
    return render(request, "budgets/tag_item.html", context)


def _lacking(
    request: HttpRequest,
    user: User,
    entity: Entity,
    month: date,
    form: SetForm | None = None,
    chosen: Sequence[str] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    filters, found = _asked(request, entity, month)
    keys = keys_held(entity, month)
    key = request.GET.get("key", "")
    context = {
        "entity": entity,
        "entities": list(whole_entities_of(user, *BOOKS).order_by("code")),
        "month": month,
        "filters": filters,
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "fresh": freshness_of_month(entity, month, as_of=clock.now()),
        "total": sum((abs(each.row.amount) for each in found), Decimal(0)),
        "target": target_held(entity, month),
        "form": form or SetForm(keys=keys, initial={"month": f"{month:%Y-%m}", "key": key}),
        "chosen": chosen,
        "keys": keys,
        "query": _query(request, entity, month),
        "keeps": keeps_books(user, entity),
    }
    return render(request, "budgets/tags_lacking.html", context, status=status)


def _asked(request: HttpRequest, entity: Entity, month: date) -> tuple[LackingForm, list[Lacking]]:
    """Return the filters, which the address of a form carries along, and the spend that they leave."""
    said = {name: request.GET.get(name, "") for name in FILTERS}
    filters = LackingForm(said | {"month": f"{month:%Y-%m}"}, keys=keys_held(entity, month), entity=entity)
    filters.is_valid()
    data = filters.cleaned_data
    return filters, lacking_rows(
        entity, month, key=data.get("key", ""), cost_centre=data.get("cost_centre", ""), words=data.get("q", "")
    )


def _query(request: HttpRequest, entity: Entity, month: date) -> str:
    said = {name: request.GET.get(name, "") for name in FILTERS}
    return urlencode({"entity": entity.code, "month": f"{month:%Y-%m}"} | {name: text for name, text in said.items() if text})


def _month(entity: Entity, text: str) -> date:
    """Return the month that is meant: the one that is written, else the last one that has spend."""
    form = ApplyForm({"month": text})
    if form.is_valid():
        month: date = form.cleaned_data["month"]
        return first_of(month)
    return last_month_of_spend(entity)


def _figures(found: Compliance) -> Iterable[list[str]]:
    yield ["What", "Name", "Rows", "Rows that comply", "Amount", "Amount that complies", "Per cent of amount", "Target"]
    target = "" if found.target is None else f"{found.target:.2f}"
    yield _line("All mandatory tags", f"{found.month:%Y-%m}", found.whole, target)
    for each in found.keys:
        yield _line("Tag", each.key.name, each.share, target)
    for part in found.cost_centres:
        yield _line("Cost centre", part.code, part.share, target)
    for part in found.services:
        yield _line("Vendor and service", part.name, part.share, target)
    for month in found.trend:
        if month.keys and month.share.rows:
            yield _line("Month", f"{month.month:%Y-%m}", month.share, "" if month.target is None else f"{month.target:.2f}")


def _line(what: str, name: str, share: Share, target: str) -> list[str]:
    pct = "" if share.amount_pct is None else f"{share.amount_pct:.1f}"
    rows = [str(share.rows), str(share.good_rows)]
    return [what, cell(name), *rows, f"{share.amount:.2f}", f"{share.good_amount:.2f}", pct, target]


def _csv(rows: Iterable[Any], name: str) -> HttpResponse:
    response = HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
