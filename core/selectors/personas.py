"""The people of the demo, by role, with a sentence on what each can do."""

from dataclasses import dataclass, field

from core.errors import NotFound
from core.models import Role, RoleAssignment, User

# One sentence for each kind of role; the first kind in this order that a person holds describes them.
SENTENCES: dict[str, str] = {
    Role.Kind.ADMINISTRATOR: "Sets up people, roles, calendars and policies; reads the reports.",
    Role.Kind.FINANCE: "Loads budgets and files, matches invoices and payments, closes months, issues the pack.",
    Role.Kind.AUDITOR: "Reads everything and changes nothing.",
    Role.Kind.EXECUTIVE: "Reads the one-page report and decides on what is large.",
    Role.Kind.APPROVER: "Decides on requests in a queue, each with a clock.",
    Role.Kind.REQUESTER: "Asks for money, and sees what is left and who will decide.",
}


@dataclass
class Persona:
    """A person of the demo: whom one may become, and what for."""

    user: User
    entities: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    @property
    def sentence(self) -> str:
        """What this person can do."""
        return next((text for kind, text in SENTENCES.items() if kind in self.kinds), "Opens the admin and nothing else.")


def _active_people() -> dict[int, User]:
    return {user.pk: user for user in User.objects.filter(is_active=True).order_by("name")}


def personas() -> list[Persona]:
    """Return everybody active who holds a role, by entity and name; only a demo asks."""
    people = _active_people()
    found: dict[int, Persona] = {}
    rows = (
        RoleAssignment.objects.filter(user_id__in=people)
        .select_related("role", "entity")
        .order_by("entity__name", "user__name", "pk")
    )
    for row in rows:
        persona = found.setdefault(row.user_id, Persona(people[row.user_id]))
        persona.kinds.add(row.role.kind)
        if row.entity.name not in persona.entities:
            persona.entities.append(row.entity.name)
    return list(found.values())


def demo_person(key: str) -> User:
    """Return the person whose number is `key`, if the switcher offers them. Raises NotFound."""
    for persona in personas():
        if str(persona.user.pk) == key:
            return persona.user
    raise NotFound("The demo has no such role.", remedy="Choose one from the list.")
