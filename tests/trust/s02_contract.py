"""S2: the API against its own description, by generated calls of every persona, good and bad."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from unittest import mock

import hypothesis
import schemathesis
import uritemplate
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client, override_settings
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from config.wsgi import application
from core.api.description import described
from core.api.fields import MonthField
from tests.measures.harness import Outcome, Setting
from tests.trust.contract import PERSONAS, World, make_world

ID, NAME = "S2", "Every persona's generated calls are answered as the API's description says"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OVERWRITING = frozenset({"PUT", "PATCH", "DELETE"})
MOST_FINDINGS = 20
UNBOUNDED = {"read": 10**9, "write": 10**9, "heavy": 10**9}
QUIET = hypothesis.settings(deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@dataclass
class Tally:
    """What the calls came to: answers by status, and what broke the description, in words."""

    statuses: Counter[int] = field(default_factory=Counter)
    server_errors: int = 0
    breaks: int = 0
    findings: list[str] = field(default_factory=list)

    def find(self, case: Any, persona: str, failure: Exception) -> None:
        """Count a break, and keep the first ones in words."""
        is_ours = "server error" in str(failure).lower()
        self.server_errors += is_ours
        self.breaks += not is_ours
        if len(self.findings) < MOST_FINDINGS:
            said = " ".join(str(failure).split())[:400]
            self.findings.append(f"{persona}: {case.method} {case.path}: {type(failure).__name__}: {said}")


def run(setting: Setting, *, planted: bool) -> Outcome:
    """Generate calls of every operation, and send each as every persona. Planted: months are written unlike their description."""
    cases = setting.pick(small=45, full=10_000)
    tally = Tally()
    with setting.database("s02"), _surroundings(), _unlike_described() if planted else nullcontext():
        world = make_world()
        operations = list(_operations())
        for number, operation in enumerate(operations):
            _try(operation, ceil(cases / len(operations)), Callers(world, tally), seed=number)
        connection.close()
    calls = sum(tally.statuses.values())
    figures = {
        "operations": len(operations),
        "cases_a_persona": calls // len(PERSONAS),
        "calls": calls,
        "server_errors": tally.server_errors,
        "contract_breaks": tally.breaks,
        "answers": {str(status): count for status, count in sorted(tally.statuses.items())},
    }
    told = {"findings": tally.findings} if tally.findings else {}
    return Outcome(not tally.server_errors and not tally.breaks, figures | told)


def _operations() -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(described())
    schema.app = application
    for found in schema.get_all_operations():
        yield found.ok()  # type: ignore[union-attr]  # a description that cannot be read fails before this


def _try(operation: Any, share: int, callers: Callers, *, seed: int) -> None:
    """Send a plain call, where there is one, and generated ones: half fit the description, half do not."""
    if operation.method.upper() == "GET":
        callers.send(_plain(operation, callers.world), random.Random(seed))
    strategy = st.one_of(*(operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)))

    @hypothesis.seed(seed)
    @hypothesis.settings(QUIET, max_examples=share)
    @given(case=strategy, chance=st.randoms(use_true_random=False))
    def go(case: Any, chance: random.Random) -> None:
        _aim(case, callers.world, chance)
        callers.send(case, chance)

    go()


def _plain(operation: Any, world: World) -> Any:
    """Return a call that names something there, and asks for nothing else."""
    case = operation.Case()
    for name in uritemplate.variables(operation.path):
        case.path_parameters[name] = _known(world, operation.path, name)[0]
    return case


def _known(world: World, path: str, name: str) -> list[Any]:
    """Return the values that a name in an address may stand for."""
    thing = path.split("/")[3]
    if f"{thing}.{name}" in world.known:
        return world.known[f"{thing}.{name}"]
    if name == "code":
        return ["acme"] if thing == "entities" else ["SMALL"]
    return world.numbers[thing] if name == "id" else world.known[name]


def _aim(case: Any, world: World, chance: random.Random) -> None:
    """Let most calls name things that are there: made-up names alone would meet nothing but 404 and 401."""
    case.cookies = {}
    case.headers.pop("Authorization", None)
    for name in case.path_parameters:
        if chance.random() < 0.8:
            case.path_parameters[name] = chance.choice(_known(world, case.path, name))
    for part in (case.query, case.body):
        for name in part if isinstance(part, dict) else ():
            if name in world.known and chance.random() < 0.8:
                part[name] = chance.choice(world.known[name])


@dataclass
class Callers:
    """The programs of all personas. What a call changes is undone after it, so that each meets the same world."""

    world: World
    tally: Tally

    def send(self, case: Any, chance: random.Random) -> None:
        """Call as each persona, and hold the answer against the description."""
        reads_first = chance.random() < 0.8
        for persona, secret in self.world.secrets.items():
            with transaction.atomic():
                self._send(case, persona, {"Authorization": f"Bearer {secret}"}, reads_first=reads_first)
                # What would only be found at the commit.
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)

    def _send(self, case: Any, persona: str, headers: dict[str, str], *, reads_first: bool) -> None:
        match = _tag_of(case, headers) if reads_first and case.method in OVERWRITING else ""
        try:
            response = case.call(headers=headers | ({"If-Match": match} if match else {}))
            self.tally.statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, Failure) as failure:
            for each in getattr(failure, "exceptions", [failure]):
                self.tally.find(case, persona, each)


def _tag_of(case: Any, headers: dict[str, str]) -> str:
    """Return the tag of what a call would overwrite, blank where its caller sees no such thing."""
    address = case.path.format(**case.path_parameters)
    return str(Client().get(address, headers=headers).headers.get("ETag", ""))


@contextmanager
def _surroundings() -> Iterator[None]:
    """Write no log of wanted refusals, refuse no call for their number, and let a request's end leave the connection open."""
    kept_open = mock.patch.object(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", return_value=None)
    logging.disable(logging.CRITICAL)
    try:
        with override_settings(API_CALLS_A_MINUTE=UNBOUNDED), kept_open:
            yield
    finally:
        logging.disable(logging.NOTSET)


def _unlike_described() -> Any:
    """Write a month as its first day."""
    return mock.patch.object(MonthField, "to_representation", lambda field, value: value.isoformat())
