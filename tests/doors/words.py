"""The words in which a table says who is let in where. See docs/doors.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Answer(StrEnum):
    """What a person gets at a door."""

    ALLOWED = "allowed"  # 2xx, or 3xx to somewhere else than the sign-in
    REFUSED = "refused"  # 403, with a page that names the remedy
    HIDDEN = "hidden"  # 404, the same as for what does not exist
    SIGN_IN = "sign-in"  # sent to the sign-in
    WRONG = "wrong"  # let in, and told that it cannot be done now or so: 400, 409, 422


class Part(StrEnum):
    """Whose an object is, as the personas with a part of an organization see it."""

    OWN = "own"  # of the cost centre that they hold a role over
    NEAR = "near"  # of another cost centre of the same organization
    FAR = "far"  # of another organization, at cost centres with the same paths
    SHARED = "shared"  # of the whole organization, with lines at both cost centres
    MISSING = "missing"  # nobody's: there is no such thing


@dataclass(frozen=True)
class Persona:
    """A kind of person: the rights that they hold, stated here and not asked of the product, and how far these reach."""

    name: str
    rights: frozenset[str] = frozenset()
    whole: bool = False
    is_staff: bool = False
    is_superuser: bool = False
    signs_in: bool = True
    # Which marked things may reach their eyes somewhere: see docs/doors.md.
    sees: frozenset[str] = frozenset()


REQUEST, DECIDE, RECONCILE, BUDGET, REPORT, AUDIT, ADMINISTER = (
    "request",
    "decide",
    "reconcile",
    "budget",
    "report",
    "audit",
    "administer",
)
ASKS = frozenset({REQUEST, DECIDE, REPORT})
KEEPS_BOOKS = frozenset({REQUEST, DECIDE, RECONCILE, BUDGET, REPORT, AUDIT})
IN_PART, WHOLE = frozenset({"own"}), frozenset({"own", "near", "colleagues"})

PERSONAS = {
    persona.name: persona
    for persona in (
        Persona("stranger", signs_in=False),
        Persona("roleless"),
        Persona("requester", ASKS, sees=IN_PART | {"draft"}),
        Persona("approver", ASKS, sees=IN_PART),
        Persona("bookkeeper", KEEPS_BOOKS, sees=IN_PART),
        Persona("finance", KEEPS_BOOKS, whole=True, sees=WHOLE | {"books"}),
        Persona("executive", frozenset({DECIDE, REPORT}), whole=True, sees=WHOLE),
        Persona("auditor", frozenset({REPORT, AUDIT}), whole=True, is_staff=True, sees=WHOLE | {"books"}),
        Persona("administrator", frozenset({ADMINISTER, AUDIT, REPORT}), whole=True, is_staff=True, sees=WHOLE | {"books"}),
        Persona("superuser", is_staff=True, is_superuser=True, sees=WHOLE | {"books", "far", "draft"}),
    )
}

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Rule = Callable[[Persona, Part], Answer]


@dataclass(frozen=True)
class Access:
    """A rule, and where single personas get something else: one answer, or one for each part that is named."""

    rule: Rule
    but: Mapping[str, Answer | Mapping[Part, Answer]] = field(default_factory=dict)

    def answer(self, persona: Persona, part: Part) -> Answer:
        stated = self.but.get(persona.name)
        if isinstance(stated, Answer):
            return stated
        if stated is not None and part in stated:
            return stated[part]
        return self.rule(persona, part)


def public(answer: Answer = Answer.ALLOWED, **but: Any) -> Access:
    """Open to everybody, signed in or not."""
    return Access(lambda persona, part: answer, but)


def signed_in(answer: Answer = Answer.ALLOWED, **but: Any) -> Access:
    """Open to everybody who is signed in; what they find there is their own."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        return Answer.HIDDEN if part == Part.MISSING else answer

    return Access(rule, but)


def own_only(*owners: str, others: Answer = Answer.HIDDEN, **but: Any) -> Access:
    """Open to the `owners` alone, and to them for what is theirs."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        return Answer.ALLOWED if persona.name in owners and part == Part.OWN else others

    return Access(rule, but)


def reads(
    *rights: str,
    without: Answer = Answer.REFUSED,
    whole: bool = False,
    shared: Answer = Answer.ALLOWED,
    allowed: Answer = Answer.ALLOWED,
    **but: Any,
) -> Access:
    """Open to those with one of `rights`, as far as it reaches; beyond that hidden.

    `without` is what those get who have none of them anywhere. `whole`: a part is not enough, since the thing belongs to the
    organization. `shared` is what those with a part get for a thing that is theirs in part.
    """

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if not persona.rights.intersection(rights):
            return without
        if part in {Part.FAR, Part.MISSING} or (whole and not persona.whole):
            return Answer.HIDDEN
        if persona.whole or part == Part.OWN:
            return allowed
        return shared if part == Part.SHARED else Answer.HIDDEN

    return Access(rule, but)


def views(*rights: str, without: Answer = Answer.REFUSED) -> Access:
    """Open to those with one of `rights` in the organization: who reaches over a part of it is shown that part."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if not persona.rights.intersection(rights):
            return without
        return Answer.HIDDEN if part in {Part.FAR, Part.MISSING} else Answer.ALLOWED

    return Access(rule)


def may(*rights: str, **more: Any) -> Access:
    """Say the same of an act as `reads` says of a page."""
    return reads(*rights, **more)


Things = Mapping[str, Any]
Body = Callable[[Things], dict[str, Any]]


@dataclass(frozen=True)
class Door:
    """A row: one address, what it takes, who may look (`get`) and who may act (`post`).

    `at` says which thing of the world each part of the address names; after a `=` stands what it always is. `body` makes what a
    form would send, of the things of a part; `names` are those of its fields that name things, so that others' things are tried
    there too. `changes` are tables of which an allowed act changes at least one; empty where it changes nothing. `query` names
    what the address's query names.
    """

    name: str
    get: Access | None = None
    post: Access | None = None
    put: Access | None = None
    patch: Access | None = None
    delete: Access | None = None
    at: Mapping[str, str] = field(default_factory=dict)
    body: Body = lambda things: {}
    names: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    query: str = ""
    demo: bool = False
    # Answered for machines, before what every page passes through.
    bare: bool = False
    # The personas whose allowed act has something to change; all who may act, where nobody is named.
    changed_by: tuple[str, ...] = ()
    # What may be seen here besides what a person may see everywhere: "everything", or parts' names.
    shows: str = ""

    @property
    def is_api(self) -> bool:
        return self.name.startswith(("api:", "plain:", "schema", "~api/"))

    @property
    def is_admin(self) -> bool:
        return self.name.startswith(("admin:", "~admin/"))

    @property
    def methods(self) -> frozenset[str]:
        declared = {method for method in METHODS if getattr(self, method.lower()) is not None}
        return frozenset(declared | ({"HEAD"} if self.get else set()))

    def access(self, method: str) -> Access | None:
        """Return who is let in by a method, None where it is not declared."""
        name = "get" if method == "HEAD" else method.lower()
        found: Access | None = getattr(self, name, None) if method in self.methods else None
        return found


def page(name: str, get: Access, **more: Any) -> Door:
    """A page to look at."""
    at = {key: more.pop(key) for key in list(more) if key not in Door.__dataclass_fields__}
    return Door(name, get=get, at=at, **more)


def act(name: str, post: Access, **more: Any) -> Door:
    """Something to do: POST alone."""
    at = {key: more.pop(key) for key in list(more) if key not in Door.__dataclass_fields__}
    return Door(name, post=post, at=at, **more)


def form(name: str, access: Access, **more: Any) -> Door:
    """A page with a form that is sent to the same address. `post` where acting is not allowed to just those who may look."""
    at = {key: more.pop(key) for key in list(more) if key not in Door.__dataclass_fields__}
    return Door(name, get=access, post=more.pop("post", access), at=at, **more)
