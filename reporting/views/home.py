"""The first page: what waits for the person who opens it, and where to go on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from approvals.selectors.queue import in_order, queue_of
from core.access import rights_of
from core.models import User
from core.rules.rights import Right
from core.templatetags.figures import due_in, money, plural
from core.views.people import person_of
from reconciliation.selectors.work import addresses_of
from reporting.rules.rag import TONES, WORDS
from reporting.rules.wording import listed, month_name
from reporting.selectors import home as selectors
from reporting.selectors.overview import Standing, overview_of
from reporting.selectors.packs import visible_packs
from reporting.views.reports import today_for

MOST = selectors.MOST


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a block: where it leads, one figure or one status, one note."""

    text: str
    url: str
    figure: str = ""
    tone: str = ""
    word: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """What waits of one kind, with the way to all of it. `waiting` counts what asks for an act."""

    title: str
    url: str
    link: str
    items: Sequence[Item]
    empty: str
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """The page: its finding, its blocks."""

    title: str
    lead: str
    blocks: Sequence[Block]
    may_request: bool


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person, by what their roles let them do."""
    user = person_of(request)
    rights = rights_of(user)
    blocks = [block(user) for right, block in BLOCKS if right in rights]
    waiting = [block.waiting for block in blocks if block.waiting]
    verb = "waits" if len(waiting) == 1 and waiting[0].startswith("1 ") else "wait"
    title = f"{listed(waiting)} {verb} for you" if waiting else "Nothing waits for you"
    lead = "" if blocks else "You hold no role yet. An administrator gives you one; then your work stands here."
    return render(request, "reporting/home.html", {"home": Home(title, lead, blocks, Right.REQUEST in rights)})


def _queue(user: User) -> Block:
    stages = queue_of(user)
    count = stages.count()
    items = [
        Item(
            f"{stage.request.title}",
            reverse("approvals:stage", args=[stage.pk]),
            f"{money(stage.request.amount)} {stage.request.currency}",
            note=f"{stage.request.number}, {stage.name}. {due_in(stage.due_at)}.",
        )
        for stage in in_order(list(stages.values_list("pk", flat=True)[:MOST]))
    ]
    empty = "Your queue is empty. Requests that need your decision stand here, the next due first."
    return Block(
        "To decide",
        reverse("approvals:queue"),
        "The queue",
        items,
        empty,
        plural(count, "decision,decisions") if count else "",
    )


def _requests(user: User) -> Block:
    items = [
        Item(
            each.title or "Without a title yet",
            reverse("approvals:request", args=[each.number]),
            f"{money(each.amount)} {each.currency}",
            note=f"{each.number}, {each.get_state_display()}.",
        )
        for each in selectors.my_requests(user)[:MOST]
    ]
    returned = sum(1 for each in selectors.my_requests(user)[:MOST] if each.state == "returned")
    waiting = plural(returned, "returned request,returned requests") if returned else ""
    empty = "You have no open request. A new one shows what is left while you type."
    return Block("My requests", reverse("approvals:requests"), "All requests", items, empty, waiting)


def _books(user: User) -> Block:
    exceptions = selectors.open_exceptions(user)
    counts = (
        (exceptions.count(), "exception is open,exceptions are open", "reconciliation:exceptions"),
        (selectors.rows_in_quarantine(user), "imported row in quarantine,imported rows in quarantine", "reconciliation:imports"),
        (selectors.open_suggestions(user), "match to confirm,matches to confirm", "reconciliation:suggestions"),
    )
    items = [Item(plural(count, words), reverse(name)) for count, words, name in counts if count]
    addresses = addresses_of(list(exceptions[:MOST]))
    items += [
        Item(
            each.sentence,
            addresses.get(each.pk) or reverse("reconciliation:exceptions"),
            f"{money(each.amount)} {each.currency}" if each.amount else "",
            note=each.remedy,
        )
        for each in exceptions[:MOST]
    ]
    items += _months(user)
    waiting = plural(counts[0][0], "exception,exceptions") if counts[0][0] else ""
    return Block(
        "The books",
        reverse("reconciliation:home"),
        "Reconciliation",
        items,
        "Nothing is open. Imports, exceptions and months to close stand here.",
        waiting,
    )


def _months(user: User) -> Iterable[Item]:
    this_month = today_for(user).replace(day=1)
    for entity, code, oldest, count in selectors.months_to_close(user, before=this_month):
        text = f"{month_name(oldest)} of {entity} is open" if count == 1 else f"{count} months of {entity} are open"
        note = "Its figures are preliminary until it is closed." if count == 1 else f"The oldest is {month_name(oldest)}."
        yield Item(text, f"{reverse('budgets:periods')}?entity={code}", note=note)


def _reports(user: User) -> Block:
    standings = overview_of(user, today=today_for(user))
    items = [
        Item(
            each.budget.name,
            reverse("reporting:summary", args=[each.budget.code]),
            tone=TONES[each.status],
            word=WORDS[each.status],
            note=_spent(each),
        )
        for each in standings[:MOST]
    ]
    items += [
        Item(
            f"Pack of {pack.budget.name}, {month_name(pack.month)}{f', issue {pack.issue}' if pack.issue > 1 else ''}",
            reverse("reporting:pack", args=[pack.pk]),
            "Final" if pack.is_final else "Preliminary",
        )
        for pack in visible_packs(user)[:3]
    ]
    return Block("Budgets and packs", reverse("reporting:list"), "Reports", items, "No budget is within your reach yet.")


def _spent(each: Standing) -> str:
    spent, plan = money(each.figures.actual_to_date), money(each.figures.plan_to_date)
    return f"To {month_name(each.month)}: {spent} of {plan} {each.budget.currency} planned"


BLOCKS: tuple[tuple[Right, Callable[[User], Block]], ...] = (
    (Right.DECIDE, _queue),
    (Right.REQUEST, _requests),
    (Right.RECONCILE, _books),
    (Right.REPORT, _reports),
)
