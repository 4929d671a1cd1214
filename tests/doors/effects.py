"""What acts change: those of who may, what is declared; those of everybody else, nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.db import connection, transaction

from core import walls
from tests.doors.asking import Knock
from tests.doors.walk import Case, Walk, parts_of
from tests.doors.words import METHODS, PERSONAS, Access, Answer, Door, Part, Persona
from tests.trust.state import TABLES, Digest, State, differences

UNSAFE = tuple(method for method in METHODS if method != "GET")
# When somebody was last seen, how often they tried, and who looked as whom, is noted whatever they ask for.
NOTED = {
    "django_session",
    "django_migrations",
    "usersessions_usersession",
    "purser_cache",
    "core_signintally",
    "core_idempotencykey",
    "core_callcount",
    "core_auditrecord",
    # Who looks at their addresses for the first time gets the one that they sign in by among them.
    "account_emailaddress",
}
OVERRIDES = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "POST", "X-Method-Override": "POST"}


class Effects:
    """Looks at every table before and after."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        # A session that began within what is put back would be gone for the next knock.
        for persona in PERSONAS.values():
            walk.visitor(persona)
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            tables = [row[0] for row in cursor.fetchall() if row[0] not in NOTED and "cache" not in row[0]]
        self.state = State.whole(tables)
        self.base = self._digest()

    def _digest(self) -> Digest:
        with walls.system(), connection.cursor() as cursor:
            cursor.execute(self.state.exact)
            return {table: (count, hashed) for table, count, hashed in cursor.fetchall()}

    def of(self, knocks: Callable[[], None]) -> list[str]:
        """Return the tables that are different after the knocks, and put everything back."""
        with _put_back():
            knocks()
            return differences(self.base, self._digest())

    def check_nothing(self, cases: Sequence[Case]) -> None:
        """Let cases that may change nothing run one after the other; where something did change, find out which did it."""
        if not cases or not (changed := self.of(lambda: self._knock(cases))):
            return
        if len(cases) == 1:
            self.walk.faults.append(f"{cases[0]}: changes {', '.join(changed)}")
            return
        half = len(cases) // 2
        self.check_nothing(cases[:half])
        self.check_nothing(cases[half:])

    def check_change(self, case: Case) -> None:
        """Let an act that is allowed run: it must change one of the tables that are declared."""
        changed = self.of(lambda: self._knock([case]))
        if not set(changed) & set(case.door.changes):
            self.walk.faults.append(f"{case}: allowed, and changes {', '.join(changed) or 'nothing'}, not {case.door.changes}")

    def _knock(self, cases: Sequence[Case]) -> None:
        for case in cases:
            self.walk.knocks += 1
            self.walk.visitor(case.persona).knock(case.knock, keep=True)


@contextmanager
def _put_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def acts_of(walk: Walk, doors: Sequence[Door], persona: Persona) -> list[Case]:
    """Return everything that a person might try to change."""
    return [case for method in UNSAFE for case in walk.cases(doors, persona, method=method)]


def check_acts(walk: Walk, doors: Sequence[Door], persona: Persona) -> None:
    """Let a person try every act: what is not allowed changes nothing, what is allowed changes what it says."""
    effects = Effects(walk)
    acts = acts_of(walk, doors, persona)
    effects.check_nothing([case for case in acts if case.wanted != Answer.ALLOWED])
    for case in acts:
        if case.wanted == Answer.ALLOWED and case.door.changes and persona.name in (case.door.changed_by or (persona.name,)):
            effects.check_change(case)


def check_others_things(walk: Walk, doors: Sequence[Door], persona: Persona) -> None:
    """Let a person name others' things in what they send about their own: it changes nothing, and shows nothing."""
    cases = [case for door in doors for case in _others_things(walk, door, persona)]
    Effects(walk).check_nothing(cases)
    for case in cases:
        walk.listen(case)


def _others_things(walk: Walk, door: Door, persona: Persona) -> Iterator[Case]:
    for method in UNSAFE:
        access = door.access(method)
        if access is None or not door.names or Part.OWN not in parts_of(door, walk.world):
            continue
        own = walk.case(door, persona, Part.OWN, method, access)
        for part in (Part.NEAR, Part.FAR):
            theirs = {**walk.things(Part.OWN, persona), **walk.things(part, persona)}
            if own.wanted == Answer.ALLOWED and not (part == Part.NEAR and persona.whole):
                named = {name: door.body(theirs)[name] for name in door.names}
                if named != {name: own.knock.body[name] for name in door.names}:
                    yield replace(own, part=part, knock=replace(own.knock, body={**own.knock.body, **named}), wanted=Answer.WRONG)


def check_without_token(walk: Walk, doors: Sequence[Door]) -> None:
    """Let who may act act without the form's token: refused, and nothing is changed."""
    cases = [replace(case, knock=replace(case.knock, with_token=False)) for case in _by_who_may(walk, doors)]
    Effects(walk).check_nothing(cases)
    for case in cases:
        got = walk.visitor(case.persona).knock(case.knock)
        if got.status not in {403, 405}:
            walk.faults.append(f"{case} without a token: got {got.status}")


def check_overrides(walk: Walk, doors: Sequence[Door]) -> None:
    """Let a look claim to be an act by a header: it stays a look."""
    cases = _by_who_may(walk, doors)
    Effects(walk).check_nothing(
        [replace(case, knock=Knock("GET", f"{case.knock.path}?_method=POST", headers=OVERRIDES)) for case in cases]
    )


def _by_who_may(walk: Walk, doors: Sequence[Door]) -> list[Case]:
    """Return each act once, by the first person who may do it."""
    found = []
    for door in doors:
        for method in UNSAFE:
            access = door.access(method)
            case = _first(walk, door, method, access) if access else None
            if case is not None:
                found.append(case)
    return found


def _first(walk: Walk, door: Door, method: str, access: Access) -> Case | None:
    for persona in PERSONAS.values():
        if persona.signs_in and access.answer(persona, Part.OWN) == Answer.ALLOWED and Part.OWN in parts_of(door, walk.world):
            return walk.case(door, persona, Part.OWN, method, access)
    return None


def check_looks(walk: Walk, doors: Sequence[Door], persona: Persona) -> None:
    """Let a person look at everything: looking changes nothing."""
    Effects(walk).check_nothing(list(walk.cases(doors, persona, method="GET")))
