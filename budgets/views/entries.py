"""Entries and journals of the ledger."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from budgets.filters import EntryFilter
from budgets.models import FundsAccount, Journal
from budgets.rules.words import KINDS, STATES, passed_as
from budgets.selectors.accounts import accounts_in_reach
from budgets.selectors.budgets import READING, access_budget_by_code
from budgets.selectors.entries import access_journal, bucket_totals, entries_hidden, entries_in_reach, links_of, settling
from budgets.selectors.journal_states import Hold, JournalState, journal_state
from budgets.selectors.orders import is_closing, names_of_orders, open_threads
from budgets.selectors.overview import freshness_of
from budgets.selectors.statements import keeps_books
from budgets.sources import source_of
from budgets.views.budgets import READERS
from budgets.views.orders import CloseOpenedForm
from core import clock
from core.access import may, needs
from core.models import User
from core.rules.rights import Right
from core.views.people import person_of

ROWS = 50


@dataclass(frozen=True)
class HeldRow:
    """What a journal holds at an account within the reader's reach."""

    account: FundsAccount
    hold: Hold


@require_safe
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
        "is_foreign": budget.currency != budget.entity.currency,
        "fresh": freshness_of(budget, now=clock.now()),
        "may_recode": may(user, Right.BUDGET, entity=budget.entity),
    }
    return render(request, "budgets/entries.html", context)


@require_safe
@needs(*READERS)
def journal(request: HttpRequest, journal_id: int) -> HttpResponse:
    """Show a journal: what it moved, who caused it, what it came from, and its place in the chain."""
    user = person_of(request)
    found = access_journal(user, journal_id)
    moved = entries_in_reach(user).filter(journal=found).select_related("account__budget").order_by("number")
    page = Paginator(moved, ROWS).get_page(request.GET.get("page"))
    state = journal_state(found)
    holds = _held_rows(user, state)
    context = {
        "journal": found,
        "what": KINDS.get(found.kind, ""),
        "state": state.state,
        "state_words": STATES[state.state],
        "left": any(row.hold.left for row in holds),
        "holds": holds[:ROWS],
        "more_holds": len(holds[ROWS:]),
        "settling": settling(user, found),
        "passed": passed_as(is_fact=found.is_fact, is_override=found.is_override),
        "is_foreign": any(entry.account.currency != found.entity.currency for entry in page),
        "page": page,
        "may_move": may(user, Right.REQUEST, entity=found.entity),
        "budget": page[0].account.budget,
        "hidden": entries_hidden(user, found),
        "links": links_of(found, {entry.account_id for entry in page}),
        "source": source_of(found.source_type, found.source_id),
        "reversal": getattr(found, "reversed_by", None),
        **_of_orders(user, found, state),
    }
    return render(request, "budgets/journal.html", context)


def _of_orders(user: User, found: Journal, state: JournalState) -> dict[str, Any]:
    """Return the form that closes an order which this journal opened, and whether one that it closed may hold its money again."""
    if not keeps_books(user, found.entity):
        return {}
    closed = found.settles if is_closing(found) and getattr(found, "reversed_by", None) is None else None
    threads = open_threads(state) if found.kind == Journal.Kind.OPENING else []
    form = CloseOpenedForm(orders=names_of_orders(found, threads)) if threads else None
    return {"close_form": form, "may_hold_again": closed is not None and closed.kind == Journal.Kind.OPENING}


def _held_rows(user: User, state: JournalState) -> list[HeldRow]:
    accounts = accounts_in_reach(user, *READING).in_bulk({hold.account_id for hold in state.holds})
    return [HeldRow(accounts[hold.account_id], hold) for hold in state.holds if hold.account_id in accounts]
