"""S4: programs that look through mail open links by the thousand and change nothing; of many who answer by one link, one counts.

The bugs that are planted: looking decides; and use is not looked at, with the locks and triggers that would hold it gone.
"""

import logging
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings

from approvals.models import Decision, DecisionLink, Stage
from approvals.rules.links import Bond, holds
from approvals.selectors import links as links_read
from approvals.selectors.links import secret_of
from approvals.services import links
from approvals.services.requests import submit_request
from approvals.views import by_link
from core.models import User
from tests.factories.links import linked
from tests.measures.harness import Outcome, Setting
from tests.trust.scenarios.ground import Ground, lay
from tests.trust.state import Digest, State, differences, tables_of

ID = "S4"
NAME = "Links of mails: visits of scanners, and many answers at once"
SEED = 404
VISITORS = 4
AT_ONCE = 50
# What counts visits is no state of anybody's affairs.
UNCOUNTED: dict[str, Sequence[str]] = {"core_callcount": (), "core_cache": ()}
AGENTS = ("", "Mozilla/5.0 (compatible; SafeLinks)", "Barracuda Sentinel", "curl/8", "Slackbot-LinkExpanding 1.0")
ODD: tuple[dict[str, str], ...] = (
    {},
    {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"},
    {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"},
    {"HX-Request": "true", "HX-Trigger": "decide"},
    {"Range": "bytes=0-10", "If-None-Match": "*"},
    {"Origin": "null", "Referer": "https://mail.example.org/"},
    {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "0"},
    {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json"},
    {"Authorization": "Bearer purser_none", "Cookie": "sessionid=none; csrftoken=none"},
)


@dataclass(frozen=True)
class Letter:
    """A link as a mail carried it, and what would be sent from its page."""

    address: str
    body: dict[str, str]


def run(setting: Setting, *, planted: bool) -> Outcome:
    visits, races = setting.pick(small=120, full=10_000), setting.pick(small=1, full=20)
    limits = override_settings(LINK_ALONE_UP_TO={"acme": Decimal(50)}, LINK_MISSES_A_MINUTE=1_000_000)
    with setting.database("s04") as login, limits, quietly():
        ground = lay()
        with setting.server.to(login.dbname).connect() as admin:
            with ExitStack() as bugs:
                if planted:
                    bugs.enter_context(looking_decides())
                seen = _visits(ground, admin, visits)
            with ExitStack() as bugs:
                if planted:
                    bugs.enter_context(use_is_not_looked_at())
                    with setting.owner(login).connect() as owner:
                        owner.execute("ALTER TABLE approvals_decisionlink DISABLE TRIGGER USER")
                raced = [_race(ground) for _ in range(races)]
                again = _again(ground)
    wrong = {
        "changes": seen.pop("changes"),
        "faults": seen.pop("faults"),
        "not_one_decision": sum(decisions != 1 for decisions, _ in raced),
        "other_answers": sum(others for _, others in raced),
        "decided_again": again,
    }
    figures = {**wrong, **seen, "races": races, "answers_a_race": AT_ONCE}
    if planted:
        return Outcome(not (wrong["changes"] and wrong["other_answers"] and wrong["decided_again"]), figures)
    return Outcome(not any(wrong.values()), figures)


def _letter(ground: Ground, net: str) -> Letter:
    stage = ground.stage_of(ground.submitted(net))
    address = linked(stage, key=f"mail about {stage.pk}")
    return Letter(address, {"verdict": "approve", "digest": stage.request.digest, "comment": ""})


def _visits(ground: Ground, admin: psycopg.Connection[Any], visits: int) -> dict[str, int]:
    """Let scanners open links that need a sign-in, links that do not, one that was used, and some that never were."""
    letters = [_letter(ground, net) for net in ("40", "60", "41", "61")]
    spent = _letter(ground, "42")
    _send(spent, Client())
    letters += [spent, *(replace(spent, address=f"/decide/{number:064x}/") for number in range(2))]
    state = State.of(tables_of(admin), UNCOUNTED)
    before = state.digest(admin) | _sessions(admin)
    chance = random.Random(SEED)
    jobs = [(chance.choice(letters), chance.randrange(1 << 30)) for _ in range(visits)]
    with ThreadPoolExecutor(VISITORS) as pool:
        statuses = sum(pool.map(_visit_many, [jobs[number::VISITORS] for number in range(VISITORS)]), Counter[int]())
    after = state.digest(admin) | _sessions(admin)
    faults = sum(number for status, number in statuses.items() if status not in (200, 404, 405))
    shown = {f"answered_{status}": number for status, number in sorted(statuses.items())}
    return {"changes": len(differences(before, after)), "faults": faults, "visits": visits, **shown}


def _sessions(admin: psycopg.Connection[Any]) -> Digest:
    row = admin.execute("SELECT count(*) FROM django_session").fetchone()
    assert row is not None
    return {"django_session": (int(row[0]), 0)}


def _visit_many(jobs: list[tuple[Letter, int]]) -> Counter[int]:
    try:
        return Counter(_visit(letter, random.Random(seed)) for letter, seed in jobs)
    finally:
        connection.close()


def _visit(letter: Letter, chance: random.Random) -> int:
    """Open a link as a scanner might; return what it was answered."""
    client = Client(raise_request_exception=False)
    headers = dict(chance.choice(ODD)) | {"User-Agent": chance.choice(AGENTS)}
    query = letter.body if chance.random() < 0.5 else {}
    method = chance.choice((client.get, client.get, client.get, client.head, client.head, client.options))
    if method == client.options:
        return int(client.options(letter.address, headers=headers).status_code)
    return int(method(letter.address, query, headers=headers).status_code)


def _send(letter: Letter, client: Client, *, address: str = "192.0.2.1") -> int:
    return int(client.post(letter.address, letter.body, REMOTE_ADDR=address).status_code)


def _race(ground: Ground) -> tuple[int, int]:
    """Send one link's answer many times from one barrier; return how many decisions there are, and odd answers."""
    letter = _letter(ground, "45")
    barrier, statuses = threading.Barrier(AT_ONCE), list[int]()

    def answer(number: int) -> None:
        client = Client(raise_request_exception=False)
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            statuses.append(_send(letter, client, address=f"198.51.100.{number}"))
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    request = DecisionLink.objects.latest("pk").stage.request
    odd = [status for status in statuses if status != 404]
    return Decision.objects.filter(request=request).count(), abs(len(odd) - 1) + (AT_ONCE - len(statuses))


def _again(ground: Ground) -> int:
    """Send a request back by a link and ask again; return how many decisions the same link then makes besides."""
    stage = ground.stage_of(ground.submitted("46"))
    address = linked(stage, key="to be sent back")
    person = User.objects.get(pk=stage.owner_id)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    client.post(address, {"verdict": "send_back", "digest": stage.request.digest, "comment": "Name the vendor."})
    assert Decision.objects.filter(stage=stage).count() == 1, "The link sends it back."
    submit_request(request_id=stage.request_id, actor=ground.requester)
    asked = Stage.objects.get(request=stage.request, state=Stage.State.ASSIGNED).request
    client.post(address, {"verdict": "approve", "digest": asked.digest, "comment": ""})
    return Decision.objects.filter(request=asked).count() - 1


@contextmanager
def quietly() -> Iterator[None]:
    """Let nothing be logged: thousands of visits are what is counted here."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def looking_decides() -> Iterator[None]:
    """Plant the bug: whoever opens a link that is proof enough has approved."""
    shown = by_link._page

    def page(request: HttpRequest, visit: by_link.Visit, **more: Any) -> HttpResponse:
        answer = shown(request, visit, **more)
        if request.method == "GET" and visit.may_decide:
            digest = visit.lead.stage.request.digest
            links.decide_by_link(
                secret=secret_of(visit.lead.link.nonce), actor=visit.person, signed_in=False, verdict="approve", digest=digest
            )
        return answer

    with patch.object(by_link, "_page", page):
        yield


@contextmanager
def use_is_not_looked_at() -> Iterator[None]:
    """Plant the bug: a link is not locked, and holds whatever it was used for."""

    def unlocked(link_id: int) -> DecisionLink:
        return DecisionLink.objects.select_related("person", "member", "stage__request__entity").get(pk=link_id)

    def still(bond: Bond, **more: Any) -> bool:
        return holds(replace(bond, is_ended=False), **more)

    met = threading.Barrier(AT_ONCE)

    def together(request_id: int) -> None:
        """Let all who answer at once have looked before any goes on."""
        with_others = threading.current_thread() is not threading.main_thread()
        if with_others:
            met.wait(timeout=60)

    bugs = (
        patch.object(links, "lock_link", unlocked),
        patch.object(links, "lock_request", together),
        patch.object(links_read, "holds", still),
    )
    with ExitStack() as planted:
        for bug in bugs:
            planted.enter_context(bug)
        yield
