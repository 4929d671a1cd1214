"""The first administrator: made by a one-time link, while nobody has signed in who could invite one."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from core import clock
from core.errors import NotFound, WrongState
from core.locks import lock_first_links
from core.models import FirstAdministratorLink, User
from core.services import audit, people
from core.services.invitations import hash_of

# Made with a random password by earlier versions. Where nobody ever signed in as them, nobody will.
FORMERLY = "administrator@purser.localhost"
GONE = "This link was used or replaced, or it lapsed."
AGAIN = "On the server, run `manage.py first_administrator` for a new one."


def administrator_is_there() -> bool:
    """Say whether somebody who administers everything has signed in."""
    return User.objects.filter(is_superuser=True, is_active=True, last_login__isnull=False).exists()


@transaction.atomic
def make_first_link() -> str:
    """Return the secret part of a new link; the ones before it are void. Raises WrongState once one has signed in."""
    links = lock_first_links()
    if administrator_is_there():
        raise WrongState("An administrator has signed in already.", remedy="They invite others on the page People.")
    now = clock.now()
    FirstAdministratorLink.objects.filter(pk__in=[link.pk for link in links], used_at__isnull=True).update(expires_at=now)
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=settings.FIRST_ADMINISTRATOR_HOURS)
    link = FirstAdministratorLink.objects.create(token_hash=hash_of(token), made_at=now, expires_at=expires_at)
    audit.record(actor=None, verb="first_administrator.link_made", subject=link)
    return token


def first_link_of(token: str) -> FirstAdministratorLink:
    """Return the link that holds. Raises NotFound."""
    rows = FirstAdministratorLink.objects.filter(token_hash=hash_of(token), used_at__isnull=True, expires_at__gt=clock.now())
    if (link := rows.first()) is None or administrator_is_there():
        raise NotFound(GONE, remedy=AGAIN)
    return link


@transaction.atomic
def use_first_link(*, token: str, name: str, email: str, password: str) -> User:
    """Make the first administrator, once."""
    lock_first_links()
    link = first_link_of(token)
    person = people.add_person(email=email, name=name, password=password, actor=None, is_staff=True, is_superuser=True)
    link.used_at, link.person = clock.now(), person
    link.save(update_fields=["used_at", "person"])
    User.objects.filter(email=FORMERLY, last_login__isnull=True).exclude(pk=person.pk).update(is_active=False)
    audit.record(actor=person, verb="first_administrator.made", subject=link, after={"person": person.email})
    transaction.on_commit(lambda: settings.FIRST_ADMINISTRATOR_FILE.unlink(missing_ok=True))
    return person
