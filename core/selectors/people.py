"""People as an administrator sees them: those whose every role lies in entities that the administrator administers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from core import clock
from core.access import rights_of, whole_entities_of
from core.errors import NotAllowed, NotFound
from core.models import Entity, Invitation, Role, RoleAssignment, SignInTally, User, WorkCalendar
from core.rules.lockout import Tally, is_locked
from core.rules.rights import Right
from core.selectors.calendars import calendars_seen
from core.services.lockout import FIELDS, key_of

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass
class PersonRow:
    """A person, what they hold, whether they have a second factor, and until when their account is shut."""

    person: User
    roles: list[str] = field(default_factory=list)
    has_factor: bool = False
    locked_until: datetime | None = None
    may_act_as: bool = False


def administers_all(user: User | AnonymousUser) -> bool:
    """Say whether `user` administers every entity, those that are not there yet too."""
    return isinstance(user, User) and user.is_active and user.is_superuser


def is_administrator(user: User | AnonymousUser) -> bool:
    """Say whether `user` sets things up anywhere."""
    return administers_all(user) or Right.ADMINISTER in rights_of(user)


def administered_entities(user: User) -> list[Entity]:
    """Return the entities that `user` administers as a whole."""
    if administers_all(user):
        return list(Entity.objects.all())
    return list(whole_entities_of(user, Right.ADMINISTER))


def people_of(administrator: User, *, only: int | None = None) -> list[PersonRow]:
    """Return the people whom `administrator` looks after, by name; with `only`, at most that one."""
    theirs = {entity.pk for entity in administered_entities(administrator)}
    people = User.objects.order_by("name", "pk").exclude(email__endswith=".invalid")
    held_roles = RoleAssignment.objects.select_related("role", "entity", "cost_centre").order_by("pk")
    if only is not None:
        people, held_roles = people.filter(pk=only), held_roles.filter(user_id=only)
    rows = {person.pk: PersonRow(person) for person in people}
    elsewhere: set[int] = set()
    administrators: set[int] = set()
    for held in held_roles:
        elsewhere |= {held.user_id} if held.entity_id not in theirs else set()
        administrators |= {held.user_id} if held.role.kind == Role.Kind.ADMINISTRATOR else set()
        if held.user_id in rows:
            rows[held.user_id].roles.append(f"{held.role} of {held.cost_centre or held.entity}")
    shown = [row for row in rows.values() if administers_all(administrator) or (row.roles and row.person.pk not in elsewhere)]
    _add_doors(shown)
    for row in shown:
        other = row.person.pk != administrator.pk and row.person.pk not in administrators
        row.may_act_as = other and row.person.is_active and not row.person.is_superuser and bool(row.roles)
    return shown


def _add_doors(rows: Iterable[PersonRow]) -> None:
    """Add to each person whether they have a second factor, and whether their account is shut."""
    factors = set(Authenticator.objects.filter(type__in=FACTORS).values_list("user_id", flat=True))
    now = clock.now()
    shut = {row.key: row for row in SignInTally.objects.filter(kind="account", locked_until__gt=now)}
    for row in rows:
        row.has_factor = row.person.pk in factors
        tally = shut.get(key_of(row.person.email))
        if tally and is_locked(Tally(**{name: getattr(tally, name) for name in FIELDS}), now=now):
            row.locked_until = tally.locked_until


def access_person_by_id(administrator: User, person_id: int) -> PersonRow:
    """Return a person whom `administrator` looks after. Raises NotAllowed or NotFound."""
    if not is_administrator(administrator):
        raise NotAllowed("Only an administrator looks after people.", remedy="Ask an administrator.")
    for row in people_of(administrator, only=person_id):
        return row
    raise NotFound("There is no such person, or none whom you look after.", remedy="Choose one from the list of people.")


def calendars_to_give(administrator: User) -> QuerySet[WorkCalendar]:
    """Return the calendars that `administrator` may let people work by: their organizations', and those of no organization."""
    people = User.objects.filter(pk__in=[row.person.pk for row in people_of(administrator)])
    return calendars_seen(administered_entities(administrator), people).order_by("name", "code")


def open_invitations(administrator: User) -> list[Invitation]:
    """Return the invitations that were neither accepted nor withdrawn, those that lapsed too, newest first."""
    theirs = {entity.pk for entity in administered_entities(administrator)}
    waiting = Invitation.objects.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)
    rows = waiting.select_related("invited_by").prefetch_related("roles__role", "roles__entity", "roles__cost_centre")
    everywhere = administers_all(administrator)
    return [one for one in rows if everywhere or {role.entity_id for role in one.roles.all()} <= theirs]


def access_invitation_by_id(administrator: User, invitation_id: int) -> Invitation:
    """Return an open invitation into entities that `administrator` administers. Raises NotAllowed or NotFound."""
    if not is_administrator(administrator):
        raise NotAllowed("Only an administrator invites people.", remedy="Ask an administrator.")
    for one in open_invitations(administrator):
        if one.pk == invitation_id:
            return one
    raise NotFound("There is no such open invitation.", remedy="It may have been accepted or withdrawn; look at the list.")


def has_second_factor(user: User) -> bool:
    """Say whether `user` has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def needs_second_factor(user: User) -> bool:
    """Say whether `user` holds a role for which the organization requires a second factor, and has none."""
    return must_have_second_factor(user) and not has_second_factor(user)


def must_have_second_factor(user: User) -> bool:
    """Say whether `user` holds a role for which the organization requires a second factor."""
    if not settings.REQUIRE_MFA:
        return False
    held = set(RoleAssignment.objects.filter(user=user).values_list("role__kind", flat=True))
    if user.is_superuser:
        held.add(Role.Kind.ADMINISTRATOR)
    return bool(held & settings.REQUIRE_MFA)
