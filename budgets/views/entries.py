"""Entries and journals of the ledger."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from budgets.filters import EntryFilter
from budgets.selectors.budgets import access_budget_by_code
from budgets.selectors.entries import access_journal, bucket_totals, entries_hidden, entries_in_reach, links_of
from budgets.sources import source_of
from budgets.views.budgets import READERS
from core.access import needs
from core.views.people import person_of

ROWS = 50


@needs(*READERS)
def entries(request: HttpRequest, code: str) -> HttpResponse:
    """List a budget's entries, the newest first, with what they add up to."""
    user = person_of(request)
    budget = access_budget_by_code(user, code)
    in_reach = entries_in_reach(user).filter(account__budget=budget)
    chosen = EntryFilter(request.GET or None, queryset=in_reach, budget=budget)
    page = Paginator(chosen.qs, ROWS).get_page(request.GET.get("page"))
    context = {
        "budget": budget,
        "filter": chosen,
        "filtered": any(value for name, value in request.GET.items() if name != "page"),
        "page": page,
        "totals": bucket_totals(chosen.qs),
        "last_page": not page.has_next(),
    }
    return render(request, "budgets/entries.html", context)


@needs(*READERS)
def journal(request: HttpRequest, journal_id: int) -> HttpResponse:
    """Show a journal: what it moved, who caused it, what it came from, and its place in the chain."""
    user = person_of(request)
    found = access_journal(user, journal_id)
    moved = entries_in_reach(user).filter(journal=found).select_related("account__budget").order_by("number")
    page = Paginator(moved, ROWS).get_page(request.GET.get("page"))
    context = {
        "journal": found,
        "page": page,
        "budget": page[0].account.budget,
        "hidden": entries_hidden(user, found),
        "links": links_of(found, {entry.account_id for entry in page}),
        "source": source_of(found.source_type, found.source_id),
        "reversal": getattr(found, "reversed_by", None),
    }
    return render(request, "budgets/journal.html", context)
