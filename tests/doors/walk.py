"""Going to every door as everybody, and saying what is not as declared."""

import html
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.test.client import ClientHandler
from django.urls import reverse

from tests.doors.asking import Got, Knock, Visitor, query
from tests.doors.rules import RULES, leaks, unsaid
from tests.doors.words import PERSONAS, Access, Answer, Door, Part, Persona, Things
from tests.doors.world import NOWHERE, World

NO_ONE = 999_999_999
# Links to the same address with another query; what is looked at by these persons even in a slice, since there is most to hide.
TURNS = re.compile(r'href="([^"#]*\?[^"#]*)"')
MOST_TURNS = 12
IN_PART = ("requester", "bookkeeper")
# What differs between two answers that say the same.
PASSING = re.compile(
    r'nonce-[^\'"]+|nonce="[^"]*"|csrfmiddlewaretoken"? value="[^"]*"|"x-request-id": "[^"]*"'
    r'|"content-length": "\d+"|\b[a-z0-9]{64}\b|[0-9a-f]{16,}',
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Case:
    """One person at one door with one thing, and what is declared for it."""

    door: Door
    persona: Persona
    part: Part
    knock: Knock
    wanted: Answer

    def __str__(self) -> str:
        return f"{self.knock.method} {self.door.name} [{self.part}] as {self.persona.name}"


@dataclass
class Walk:
    """A walk through the doors of a world. What is wrong is kept in `faults`.

    A slice goes to each door with the things of one part; to those of the admin, which are alike, goes one person in four.
    """

    world: World
    is_slice: bool = False
    faults: list[str] = field(default_factory=list)
    knocks: int = 0
    handler: ClientHandler = field(default_factory=lambda: ClientHandler(enforce_csrf_checks=True))
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    def visitor(self, persona: Persona) -> Visitor:
        if persona.name not in self._visitors:
            self._visitors[persona.name] = Visitor(self.world.people.get(persona.name), self.handler)
        return self._visitors[persona.name]

    def things(self, part: Part, persona: Persona) -> Things:
        me = self.world.people.get(persona.name)
        return {**self.world.things(part), "_me": me.pk if me else 0}

    def cases(self, doors: Sequence[Door], persona: Persona, *, method: str) -> Iterator[Case]:
        """Yield what is asked of each door by one person: once with the things of each part that has them."""
        for door in doors:
            access = door.access(method)
            if access is None:
                continue
            for part in self.parts(door, persona):
                yield self.case(door, persona, part, method, access)

    def parts(self, door: Door, persona: Persona) -> list[Part]:
        """Return the parts with whose things a person goes to a door: in a slice one of them, another for another person."""
        found = parts_of(door, self.world)
        if not self.is_slice:
            return found
        turn = zlib.crc32(f"{door.name}{persona.name}".encode())
        return [] if door.is_admin and turn % 4 else [found[turn // 4 % len(found)]]

    def case(self, door: Door, persona: Persona, part: Part, method: str, access: Access) -> Case:
        things = self.things(part, persona)
        body = door.body({**self.things(Part.OWN, persona), **things}) if method not in {"GET", "HEAD"} else {}
        return Case(
            door,
            persona,
            part,
            Knock(method, path_of(door, things, part), body),
            access.answer(persona, part),
        )

    def ask(self, case: Case) -> Got:
        """Knock, and hold the answer against what is declared and against what every answer must keep to."""
        self.knocks += 1
        got = self.visitor(case.persona).knock(case.knock)
        if got.answer != case.wanted:
            said = f" ({got.error})" if got.error else f" to {got.location}" if got.location else ""
            self.faults.append(f"{case}: {case.wanted} is declared, got {got.answer}, {got.status}{said}")
        self._listen(case, got)
        return got

    def listen(self, case: Case) -> None:
        """Knock, whatever the answer is, and look for what may not be in it."""
        self.knocks += 1
        self._listen(case, self.visitor(case.persona).knock(case.knock))

    def _listen(self, case: Case, got: Got) -> None:
        self.faults += [f"{case}: shows {mark}" for mark in leaks(case.door, case.persona, case.knock, got)]
        self.faults += [f"{case}: {fault}" for rule in RULES if (fault := rule(case.door, case.persona, got))]

    def _turn_over(self, case: Case, got: Got) -> None:
        """Look at what else the same address shows: its tabs, its filters, its further pages, as it offers them itself."""
        if self.is_slice and case.persona.name not in IN_PART:
            return
        here = case.knock.path.split("?")[0]
        offered = [html.unescape(link) for link in TURNS.findall(got.text)]
        turns = sorted({link if link.startswith("/") else here + link for link in offered} - {case.knock.path})
        for turn in [link for link in turns if link.split("?")[0] == here][:MOST_TURNS]:
            self.listen(replace(case, knock=Knock("GET", turn)))

    def visit(self, doors: Sequence[Door], persona: Persona, *, method: str = "GET") -> None:
        """Ask at each door for each part; what is hidden must be like what is not there."""
        hidden: dict[str, dict[Part, str]] = {}
        for case in self.cases(doors, persona, method=method):
            got = self.ask(case)
            if method == "GET" and got.answer == Answer.ALLOWED:
                self._turn_over(case, got)
            if got.answer == Answer.HIDDEN:
                hidden.setdefault(case.door.name, {})[case.part] = alike(got.text, case.knock)
        for name, texts in hidden.items():
            missing = texts.get(Part.MISSING)
            for part, text in texts.items():
                if missing is not None and text != missing:
                    self.faults.append(f"{method} {name} [{part}] as {persona.name}: hidden, and unlike what is not there")


def alike(text: str, knock: Knock) -> str:
    """Return what an answer says without what differs from one request to the next."""
    return PASSING.sub("…", unsaid(text, knock))


def parts_of(door: Door, world: World) -> list[Part]:
    """Return the parts that have what a door's address names; a door that names nothing is gone through once."""
    named = [each for each in (*door.at.values(), door.query) if each and not each.startswith("=")]
    if not named:
        return [Part.OWN]
    seen: dict[tuple[Any, ...], Part] = {}
    for part in Part:
        things = world.things(part)
        if part != Part.MISSING and all(name in things for name in named):
            # Two parts may share a thing, as they do their organization: it is the first one's.
            seen.setdefault(tuple(things[name] for name in named), part)
    return [*seen.values(), Part.MISSING]


def path_of(door: Door, things: Things, part: Part) -> str:
    """Return a door's address with the things of a part."""
    kwargs = {name: _thing(things, key, part) for name, key in door.at.items()}
    ends = query(**{door.query: _thing(things, door.query, part)}) if door.query else ""
    return address(door.name, kwargs) + ends


def _thing(things: Things, key: str, part: Part) -> Any:
    if key.startswith("="):
        return key[1:]
    return things.get(key, NOWHERE.get(key, NO_ONE)) if part == Part.MISSING else things[key]


def address(name: str, kwargs: dict[str, Any]) -> str:
    """Reverse a name; fill in the route of what has none."""
    if not name.startswith("~"):
        return reverse(name, kwargs=kwargs)
    path = name[1:].replace("(?P<url>.*)$", str(kwargs.get("url", "")))
    for key, value in kwargs.items():
        path = re.sub(rf"<(\w+:)?{key}>", str(value), path)
    return f"/{path}"


def personas() -> list[Persona]:
    return list(PERSONAS.values())
