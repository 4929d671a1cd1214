"""R5: every service fails once at each thing that it sends to the database; the state is before or after, never between."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from hashlib import sha256
from inspect import unwrap
from itertools import count
from typing import Any
from unittest import mock

from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.test.utils import override_settings

from budgets.services.cost_centres import add_cost_centre
from core import clock
from reporting import pdf
from tests.measures.harness import Outcome, Setting
from tests.trust.arena import Arena, Files
from tests.trust.scenarios import registry
from tests.trust.scenarios.ground import MONDAY, Ground, lay
from tests.trust.scenarios.imports import SOURCES
from tests.trust.scenarios.registry import Scenario
from tests.trust.trials import Tally, Trial

ID = "R5"
NAME = "every service fails at each of its statements"
BEFORE, AFTER = False, True
KILLS = 4
MOST_FINDINGS = 20
PDF = b"%PDF-1.7"


def run(setting: Setting, *, planted: bool) -> Outcome:
    """Try the scenarios of this size. The planted bug is a service without its transaction."""
    scenarios = _planted() if planted else _of_size(setting)
    ways = setting.pick(small=(AFTER,), full=(BEFORE, AFTER))
    kills = setting.pick(small=0, full=KILLS)
    tally = _tried(setting, scenarios, ways=ways, kills=kills)
    unseen = [] if planted or setting.size == "small" else _unseen(tally)
    figures = {
        "scenarios": tally.scenarios,
        "statements": tally.statements,
        "attempts": tally.attempts,
        "wrong": len(tally.findings),
        "steps_never_gone_through": len(unseen),
    }
    found = Counter(finding.partition(": ")[0] for finding in tally.findings)
    told = {"by_scenario": dict(found), "findings": (tally.findings + unseen)[:MOST_FINDINGS]} if tally.findings or unseen else {}
    return Outcome(not tally.findings and not unseen, figures | told)


def _tried(setting: Setting, scenarios: list[Scenario], *, ways: tuple[bool, ...], kills: int) -> Tally:
    tally = Tally()
    with setting.database("r05") as login, _surroundings(setting):
        with clock.at(MONDAY):
            ground = lay()
        connection.close()
        with setting.server.to(login.dbname).connect() as admin:
            arena = Arena(admin, Files(setting.folder / "r05"))
            for scenario in scenarios:
                _try(arena, scenario, ground, tally, ways=ways, kills=kills)
    return tally


def _of_size(setting: Setting) -> list[Scenario]:
    scenarios = registry.load()
    return setting.pick(small=[each for each in scenarios if each.small], full=scenarios)


def _planted() -> list[Scenario]:
    """Return a scenario of a service whose `transaction.atomic` is taken away."""
    build = next(each.build for each in registry.load() if each.service is add_cost_centre)
    return [Scenario("add_cost_centre without its transaction", unwrap(add_cost_centre), build)]


def _try(arena: Arena, scenario: Scenario, ground: Ground, tally: Tally, *, ways: tuple[bool, ...], kills: int) -> None:
    def build() -> dict[str, Any]:
        with clock.at(MONDAY):
            return scenario.build(deepcopy(ground))

    with arena.world(build, scenario.notes) as arguments:
        Trial(scenario, arena, arguments, tally).run(ways=ways, kills=kills)


def _unseen(tally: Tally) -> list[str]:
    """Return the services that are declared as a step of others and were not gone through."""
    services = registry.public_services()
    return [
        f"{name}: declared as a step of {', '.join(within)}, which did not go through it"
        for name, within in sorted(registry.STEPS.items())
        if name in services and unwrap(services[name]).__code__ not in tally.went_through
    ]


def _next_session_key(session: SessionBase) -> str:
    return next(key for number in count(1) if not session.exists(key := f"{number:032}"))


@contextmanager
def _surroundings(setting: Setting) -> Iterator[None]:
    """Keep files where the arena puts them back, hash passwords quickly, and write no log of thousands of wanted failures."""
    folder = setting.folder / "r05"
    own = override_settings(
        MEDIA_ROOT=folder / "files",
        SOURCE_FILES=str(SOURCES.parent),
        ANCHOR_DIR=folder / "anchors",
        ANCHOR_KEY_FILE=folder / "anchor_key",
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    )
    logging.disable(logging.CRITICAL)
    # A key drawn at random would be another one in each run that does the same.
    drawn = mock.patch.object(SessionBase, "_get_new_session_key", _next_session_key)
    try:
        # How a page is drawn sends nothing to the database, and takes seconds.
        with own, drawn, mock.patch.object(pdf, "render", return_value=pdf.Made(PDF, sha256(PDF).hexdigest(), 1, "R5")):
            yield
    finally:
        logging.disable(logging.NOTSET)
