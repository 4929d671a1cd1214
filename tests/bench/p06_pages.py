"""P6: the pages that are open all day, with a long past and much that waits, against their own templates on what is known.

The goal is that of the queue, a request's page and a category of a budget. The panel beside the queue says what each request does
to every limit above it, and the list counts what is in somebody's scope: what that costs is told for information, but none may
slow down with the past.

The peer is an address that renders the same template with the context that the page had: the framework's own ceiling, with
session, sign-in and all that stands around a page. Both take turns; the ratio is the median of pairs. One approver has 500
requests waiting and has decided a tenth of all that was ever decided; the rest waits for others.
"""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.shortcuts import render
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from approvals.models import Request
from approvals.views import listing, page, queue
from config.runtime.logins import Login
from core.models import User
from reporting.views import reports
from tests.bench import lines as world
from tests.bench import literal_urls
from tests.bench.copies import copy, unguarded
from tests.bench.years import FIRST, LAST, fill
from tests.factories.approvals import approve_all, line, submitted
from tests.factories.core import UserFactory, assign
from tests.measures.harness import Figure, Setting
from tests.trust.s03_duties import quietly

ID = "P6"
NAME = "Queue, panel, list, request and category, with a long past"
WAITING, OTHERS = 500, 199
ROUNDS = 15
MOST_QUERIES = 10
LITERAL = "/literal/"
QUEUE, REQUEST, CATEGORY = "approver's queue", "request page", "category view"
HELD = (QUEUE, REQUEST, CATEGORY)


@dataclass(frozen=True)
class Place:
    """A page: its address, whose it is, the module of its view, and whether it comes as a part of a page that is there."""

    name: str
    address: str
    person: User
    view: Any
    is_part: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What htmx says of itself."""
        return {"HX-Request": "true"} if self.is_part else {}


@dataclass(frozen=True)
class Seen:
    """What a page came to: how long it took and its peer (ms, in pairs), and how many statements it sent."""

    pairs: list[tuple[float, float]]
    queries: int

    @property
    def ratio(self) -> float:
        return median(ours / peer for ours, peer in self.pairs)


def run(setting: Setting) -> list[Figure]:
    less, more = setting.pick(small=((1_000, 1_000), (10_000, 1_000)), full=((10_000, 1_000), (1_000_000, 100_000)))
    before, after = _seen(setting, *less), _seen(setting, *more)
    return [figure for name in after for figure in _figures(name, before[name], after[name], more[0])]


def _figures(name: str, before: Seen, after: Seen, past: int) -> list[Figure]:
    took, peer = (median(times) for times in zip(*after.pairs, strict=True))
    # Minutes lie between the two; what else the machine does falls on page and peer alike; the peer reads nothing of the past.
    growth = after.ratio / before.ratio
    told, twice, once = (name, "<= 2", "<= 1") if name in HELD else (f"for information: {name}", ">= 0", ">= 0")
    return [
        Figure(ID, f"{told}, against its template on what is known", took, peer, after.ratio, "ms", past, twice),
        Figure(ID, f"{told}: statements", after.queries, MOST_QUERIES, after.queries / MOST_QUERIES, "", past, once),
        Figure(
            ID, f"{name}: the first line, against a hundredth of the past", after.ratio, before.ratio, growth, "", past, "<= 1.2"
        ),
    ]


def _seen(setting: Setting, past: int, waiting: int) -> dict[str, Seen]:
    addresses = override_settings(ROOT_URLCONF="tests.bench.literal_urls")
    with setting.database(f"p06_{past}") as login, addresses, quietly():
        return {place.name: _measured(place) for place in _places(setting.owner(login), past, waiting)}


def _measured(place: Place) -> Seen:
    client = Client()
    client.force_login(place.person)
    _took(client, place.address, place.headers)
    with CaptureQueriesContext(connection) as sent:
        _took(client, place.address, place.headers)
        # Before the next request forgets them.
        queries = len(connection.queries) - sent.initial_queries
    _keep(client, place)
    return Seen([_pair(client, place, number) for number in range(ROUNDS)], queries)


def _pair(client: Client, place: Place, number: int) -> tuple[float, float]:
    """Return how long the page took and its peer; every other pair begins with the peer."""
    sides = (LITERAL, place.address) if number % 2 else (place.address, LITERAL)
    took = {address: _took(client, address, place.headers) for address in sides}
    return took[place.address], took[LITERAL]


def _keep(client: Client, place: Place) -> None:
    """Keep the template and the context of a page, with all that the template itself read."""

    def keep(request: Any, template: str, context: dict[str, Any], **more: Any) -> Any:
        literal_urls.KEPT.update(template=template, context=context)
        return render(request, template, context, **more)

    with patch.object(place.view, "render", keep):
        _took(client, place.address, place.headers)


def _took(client: Client, address: str, headers: dict[str, str]) -> float:
    begun = time.perf_counter()
    answer = client.get(address, headers=headers)
    took = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise AssertionError(f"{address}: {answer.status_code}")
    return took


def _places(owner: Login, past: int, waiting: int) -> list[Place]:
    house = world.make_house(first=FIRST, last=LAST)
    world.give_policy(house)
    budget = world.make_budget(house, "LONG", first=FIRST, last=LAST)
    fill(owner, entity_id=house.entity.pk, entries=max(past, 20_000))
    approver = User.objects.get(email="program-director@bench.example.org")
    others = UserFactory.create_batch(OTHERS)
    for person in others:
        assign(person, "program_director", house.entity)
    account = budget.accounts.order_by("pk")[0]
    ended = approve_all(submitted(house.person, account, lines=[line(account, "100", month=LAST)]))
    asked = submitted(house.person, account, lines=[line(account, "100", month=LAST)])
    _copy(owner, ended, asked, past, waiting, [approver.pk, *(person.pk for person in others)])
    finance = UserFactory.create(name="Controller")
    assign(finance, "controller", house.entity, kind="finance")
    category = account.category.code
    return [
        Place(QUEUE, "/queue/", approver, queue),
        Place("the queue with a request's panel", f"/queue/{asked.stages.get().pk}/", approver, queue),
        Place("a request's panel, in place", f"/queue/{asked.stages.get().pk}/", approver, queue, is_part=True),
        Place("requests in scope", "/requests/?whose=scope", approver, listing),
        Place(REQUEST, f"/requests/{asked.number}/", house.person, page),
        Place(CATEGORY, f"/reports/{budget.code}/category/{category}/", finance, reports),
    ]


def _copy(owner: Login, ended: Request, asked: Request, past: int, waiting: int, people: list[int]) -> None:
    """Copy a request that is over and one that waits, with all that belongs to them, by numbers far from any that is there.

    Of what is over the first of the people decided a tenth, and has 500 of what waits; the others share the rest.
    """
    first = 1_000_000_000
    over, open_ = range(first, first + past), range(first + past, first + past + waiting)
    others = f"(%(people)s::bigint[])[2 + n %% {OTHERS}]"
    mine = "(%(people)s::bigint[])[1]"
    tables = ("request", "requestline", "round", "stage", "stagemember", "openplace", "decision", "timer")
    with owner.connect() as database, unguarded(database, *(f"approvals_{table}" for table in tables)):
        for pattern, numbers, whose in (
            (ended, over, f"CASE WHEN n %% 10 = 0 THEN {mine} ELSE {others} END"),
            (asked, open_, f"CASE WHEN n < {open_[0] + WAITING} THEN {mine} ELSE {others} END"),
        ):
            _copy_one(database, pattern, numbers, whose, people)


def _copy_one(database: Any, pattern: Request, numbers: range, whose: str, people: list[int]) -> None:
    given = {"people": people}
    ago = f"make_interval(secs => {numbers[-1]} - n)"
    stage = pattern.stages.get()
    of_request, of_stage = {"id": "n", "request_id": "n"}, {"id": "n", "stage_id": "n"}
    moments = {"assigned_at": f"p.assigned_at - {ago}", "due_at": f"p.due_at - {ago}"}
    asked = {
        "id": "n",
        "number": "'R-' || n",
        "title": "p.title || ' ' || n",
        "form_key": "NULL",
        "submitted_at": f"p.submitted_at - {ago}",
    }
    copy(database, "approvals_request", pattern.pk, numbers, asked)
    copy(database, "approvals_requestline", pattern.lines.get().pk, numbers, of_request)
    copy(database, "approvals_round", pattern.rounds.get().pk, numbers, of_request)
    copy(database, "approvals_stage", stage.pk, numbers, {**of_request, **moments, "owner_id": whose}, given)
    copy(database, "approvals_stagemember", stage.members.get().pk, numbers, {**of_stage, "person_id": whose}, given)
    for place in stage.open_places.all():
        copy(database, "approvals_openplace", place.pk, numbers, {**of_stage, "person_id": whose}, given)
    for number, timer in enumerate(stage.timers.order_by("pk")):
        clock = {name: f"p.{name} - {ago}" for name in ("starts_at", "due_at")}
        copy(database, "approvals_timer", timer.pk, numbers, {"id": f"n * 3 + {number}", "stage_id": "n", **clock})
    for decision in stage.decisions.all():
        said = {"decided_at": f"p.decided_at - interval '1 day' - {ago}", "undo_until": "NULL"}
        copy(database, "approvals_decision", decision.pk, numbers, {**of_request, **of_stage, **said, "person_id": whose}, given)
