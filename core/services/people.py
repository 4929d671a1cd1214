"""People, and the roles that there are."""

from dataclasses import dataclass
from typing import ClassVar

from allauth.account.models import EmailAddress
from django.db import transaction

from core.errors import InvalidInput
from core.events import Event
from core.models import Role, User
from core.services import assignments, audit, master_data, outbox
from core.services.sessions import end_sessions


@dataclass(frozen=True)
class PersonShut(Event):
    """A person's account was shut; what would still act in their name should not."""

    topic: ClassVar[str] = "core.person_shut"
    person_id: int


@transaction.atomic
def add_person(
    *,
    email: str,
    name: str,
    actor: User | None,
    title: str = "",
    password: str | None = None,
    is_staff: bool = False,
    is_superuser: bool = False,
) -> User:
    """Add a person. Without a password nobody signs in as them by one. Raises InvalidInput where the address is taken."""
    if User.objects.filter(email__iexact=email).exists():
        raise InvalidInput(f"{email} is taken.", remedy="Choose another address.", details={"email": "This address is taken."})
    person = User.objects.create_user(email, password, name=name, title=title, is_staff=is_staff, is_superuser=is_superuser)
    _keep_address(person)
    audit.record(actor=actor, verb="person.added", subject=person, after={"email": email, "name": name})
    return person


@transaction.atomic
def change_person(*, person: User, actor: User) -> None:
    """Save what an administrator changed about a person. Whoever is made inactive is signed out everywhere, at once.

    Raises WrongState where an entity would be left without an administrator.
    """
    before = User.objects.get(pk=person.pk)
    if before.is_active and not person.is_active:
        assignments.refuse_last_administrator(person)
    master_data.save_recorded(subject=person, actor=actor)
    if person.email != before.email:
        _keep_address(person)
    if before.is_active and not person.is_active:
        end_sessions(person=person, actor=actor)
        outbox.publish(PersonShut(person_id=person.pk))


def _keep_address(person: User) -> None:
    """Keep the one address that a person signs in with, and gets a new password at. Whoever states it here vouches for it."""
    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=person.email.lower(), verified=True, primary=True)


@transaction.atomic
def ensure_role(*, code: str, name: str, kind: str, actor: User | None) -> Role:
    """Return the role with `code`, added if need be."""
    role, is_new = Role.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})
    if is_new:
        audit.record(actor=actor, verb="role.added", subject=role, after={"code": code, "kind": kind})
    return role
