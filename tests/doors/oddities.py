"""What nobody would ask for in good faith: other methods, ids that are none, other hosts, ways that lead elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from core.services.acting import begin_acting
from tests.doors.asking import Knock, Visitor
from tests.doors.effects import UNSAFE
from tests.doors.walk import Case, Walk, address, parts_of, path_of
from tests.doors.words import PERSONAS, Answer, Door, Part, Persona

MADE_UP = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "KNOCK")
ELSEWHERE = ("https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)")
NUMBERS = ("0", "99999999999999999999999999", "9223372036854775808")
TEXTS = ("x" * 5000, "\x00", "..", "../../etc/passwd", "%2e%2e%2f", "'\"><b>", "-1", "1e9")


def _who_may(door: Door) -> Persona:
    """Return the person who is let in the furthest at a door, so that no lack of a right hides what is behind."""
    for persona in PERSONAS.values():
        for method in door.methods:
            access = door.access(method)
            if persona.signs_in and access is not None and access.answer(persona, Part.OWN) in {Answer.ALLOWED, Answer.WRONG}:
                return persona
    return PERSONAS["superuser"]


def check_methods(walk: Walk, doors: Sequence[Door]) -> None:
    """Try every method, and one that is none, at every door: what is not declared answers 405."""
    for door in doors:
        persona = _who_may(door)
        part = parts_of(door, walk.world)[0]
        for method in MADE_UP:
            # OPTIONS of an endpoint only says which methods it has.
            if method in door.methods or (door.is_api and method == "OPTIONS"):
                continue
            knock = Knock(method, path_of(door, walk.things(part, persona), part))
            got = walk.visitor(persona).knock(knock)
            walk.knocks += 1
            if got.status not in {405, 404} or (got.status == 404 and part == Part.OWN and not _is_nowhere(door)):
                walk.faults.append(f"{method} {door.name} as {persona.name}: not declared, got {got.status}")


def _is_nowhere(door: Door) -> bool:
    """Say whether there is nothing behind an address for anybody, so that no method tells of anything."""
    return all(
        access is None or access.answer(PERSONAS["superuser"], Part.OWN) == Answer.HIDDEN
        for access in (door.access(method) for method in door.methods)
    )


def check_ids(walk: Walk, doors: Sequence[Door]) -> None:
    """Put what is no id where an address has one: never a fault of ours, never something of somebody's."""
    for door in doors:
        persona = _who_may(door)
        things = walk.things(Part.OWN, persona)
        for name, key in door.at.items():
            if key.startswith("=") or key not in things:
                continue
            rest = {other: things[each] for other, each in door.at.items() if other != name and each in things}
            if len(rest) == len(door.at) - 1:
                marker = "123454321" if isinstance(things[key], int) else "WHERE-IT-STANDS"
                path = address(door.name, {**rest, name: marker})
                _try(walk, door, persona, path, marker)


def _try(walk: Walk, door: Door, persona: Persona, path: str, marker: str) -> None:
    for odd in (*NUMBERS, *TEXTS):
        for method in door.methods - {"HEAD"}:
            knock = Knock(method, path.replace(marker, quote(odd, safe="")))
            walk.knocks += 1
            got = walk.visitor(persona).knock(knock)
            if got.status >= 500 or (got.answer == Answer.ALLOWED and not _leads_in_admin(door)):
                walk.faults.append(f"{method} {door.name} with {odd[:30]!r}: got {got.status} {got.error}")


def _leads_in_admin(door: Door) -> bool:
    return door.is_admin


def check_ways_out(walk: Walk, doors: Sequence[Door]) -> None:
    """Ask every door to lead elsewhere."""
    for door in doors:
        persona = _who_may(door)
        part = parts_of(door, walk.world)[0]
        path = path_of(door, walk.things(part, persona), part)
        for place in ELSEWHERE:
            for method in door.methods - {"HEAD"}:
                aside = {"next": place} if method != "GET" else {}
                joint = "&" if "?" in path else "?"
                knock = Knock(method, f"{path}{joint}next={quote(place)}", aside, headers={"Referer": place})
                walk.knocks += 1
                got = walk.visitor(persona).knock(knock)
                if "evil.example" in got.location.split("?")[0] or f'href="{place}' in got.text or f'action="{place}' in got.text:
                    walk.faults.append(f"{method} {door.name}: leads to {place}")


def check_hosts(walk: Walk, doors: Sequence[Door]) -> None:
    """Call every door by another host's name."""
    for door in doors:
        part = parts_of(door, walk.world)[0]
        knock = Knock("GET", path_of(door, walk.things(part, PERSONAS["stranger"]), part), headers={"Host": "evil.example"})
        got = walk.visitor(PERSONAS["stranger"]).knock(knock)
        if got.status != 400 and not door.bare:
            walk.faults.append(f"GET {door.name} by another host's name: got {got.status}")


def check_acting(walk: Walk, doors: Sequence[Door]) -> None:
    """Act as the requester: nothing can be changed, whatever the requester may change."""
    people = walk.world.people
    visitor = Visitor(people["administrator"], walk.handler)
    begun = begin_acting(administrator=people["administrator"], person_id=people["requester"].pk, reason="They asked for help.")
    visitor.act_as(begun.pk)
    for case in _acts_of_requester(walk, doors):
        walk.knocks += 1
        got = visitor.knock(case.knock)
        if got.status not in {403, 405}:
            walk.faults.append(f"{case} while the administrator acts as them: got {got.status}")


def _acts_of_requester(walk: Walk, doors: Sequence[Door]) -> list[Case]:
    ending = {"core:act-stop", "core:sign-out", "account_logout", "admin:logout"}
    inside = [door for door in doors if door.name not in ending and not door.bare]
    cases = [case for method in UNSAFE for case in walk.cases(inside, PERSONAS["requester"], method=method)]
    return [replace(case, wanted=Answer.REFUSED) for case in cases if case.part == Part.OWN]
