"""S1: everybody goes to every door, with everybody's things, by every method; an answer that shows too much is a leak.

The bugs that are planted: an address that nobody declared, a list without its scope, an act without its check, a page that reads
with the wall open.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.test.utils import override_settings

from core import clock, walls
from tests.doors import effects, oddities, planted
from tests.doors.addresses import undeclared, without_door
from tests.doors.tables import ROOMS, doors
from tests.doors.walk import Walk
from tests.doors.words import PERSONAS, Door, Persona
from tests.doors.world import World, build, quick_pdfs
from tests.factories.approvals import MONDAY
from tests.measures.harness import Outcome, Setting

ID = "S1"
NAME = "every door as everybody"
MOST_FINDINGS = 40
FEW = ("requester", "bookkeeper", "administrator")
Look = Callable[[Walk], None]


def run(setting: Setting, *, planted: bool) -> Outcome:
    """Walk: all of it, or a slice. With the bugs planted, the walk that should see each of them."""
    with setting.database("s01"), _surroundings(setting), walls.system(), transaction.atomic():
        with clock.at(MONDAY):
            world = build()
        with clock.at(MONDAY + timedelta(days=1)):
            outcome = _planted(world) if planted else _walked(world, is_slice=setting.size == "small")
        transaction.set_rollback(True)
    return outcome


def _walked(world: World, *, is_slice: bool) -> Outcome:
    walk = Walk(world, is_slice=is_slice)
    faults = [f"{name}: nobody declared it" for name in undeclared()] + [
        f"{name}: there is no such door" for name in without_door()
    ]
    table = [door for door in doors() if not door.demo]
    people = [PERSONAS[name] for name in FEW] if is_slice else list(PERSONAS.values())
    for persona in people:
        walk.visit(table, persona)
    for look in _looks(_some(table) if is_slice else table, people):
        look(walk)
    faults += walk.faults
    figures = {"doors": len(table), "persons": len(people), "knocks": walk.knocks, "wrong": len(faults)}
    return Outcome(not faults, figures | ({"findings": faults[:MOST_FINDINGS]} if faults else {}))


def _some(table: Sequence[Door]) -> list[Door]:
    """Return the doors of two rooms, which have an act of each sort."""
    kept = {door.name for room in ("approvals", "reconciliation") for door in ROOMS[room]}
    return [door for door in table if door.name in kept]


def _looks(table: Sequence[Door], people: Sequence[Persona]) -> Iterator[Look]:
    for persona in people:
        for check in (effects.check_acts, effects.check_others_things, effects.check_looks):
            yield partial(check, doors=table, persona=persona)
        for method in effects.UNSAFE:
            yield partial(Walk.visit, doors=table, persona=persona, method=method)
    for odd in (effects.check_without_token, effects.check_overrides):
        yield partial(odd, doors=table)
    for odd in (oddities.check_methods, oddities.check_ids, oddities.check_ways_out, oddities.check_hosts, oddities.check_acting):
        yield partial(odd, doors=table)


def _planted(world: World) -> Outcome:
    """Plant one bug after the other; the outcome is good only if one of them was not seen."""
    by_name = {door.name: door for door in doors()}
    seen = {
        "an address that nobody declared": planted.UNDECLARED in undeclared(planted.urlconf()),
        "a list without its scope": _is_seen(world, planted.scoping_lost(), [by_name["approvals:requests"]], "requester"),
        "an act without its check": _is_seen(world, planted.right_unchecked(), ROOMS["reconciliation"], "bookkeeper", acts=True),
        "a page with the wall open": _is_seen(world, planted.wall_open(), [by_name["core:job"]], "requester"),
    }
    return Outcome(not all(seen.values()), {"seen": sorted(name for name, it in seen.items() if it), "planted": len(seen)})


def _is_seen(world: World, bug: AbstractContextManager[None], table: Sequence[Door], name: str, *, acts: bool = False) -> bool:
    walk = Walk(world)
    with bug:
        effects.check_acts(walk, table, PERSONAS[name]) if acts else walk.visit(table, PERSONAS[name])
    return bool(walk.faults)


@contextmanager
def _surroundings(setting: Setting) -> Iterator[None]:
    """Keep files in the run's folder, hash passwords quickly, and write no log of thousands of wanted refusals."""
    folder = setting.folder / "s01"
    own = override_settings(
        MEDIA_ROOT=folder / "files",
        STATIC_ROOT=folder / "static",
        ANCHOR_DIR=folder / "anchors",
        ANCHOR_KEY_FILE=folder / "anchor_key",
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ALLOWED_HOSTS=["testserver"],
    )
    logging.disable(logging.CRITICAL)
    try:
        with own, quick_pdfs():
            yield
    finally:
        logging.disable(logging.NOTSET)
