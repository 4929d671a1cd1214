"""Links from mails, for tests."""

import re

from django.core import mail

from approvals.models import DecisionLink, Stage
from approvals.selectors.links import secret_of
from approvals.services.links import make_link
from core import clock
from core.models import User
from core.services.notices import notify

ADDRESS = re.compile(r"/decide/([0-9a-f]{64})/")


def linked(stage: Stage, person: User | None = None, *, place: User | None = None, key: str = "a mail") -> str:
    """Make a link as a mail to somebody (the stage's owner) would carry it; return its address."""
    person = User.objects.get(pk=(person or stage.owner).pk)
    entity = stage.request.entity
    notice = notify(person=person, kind="approvals.assigned", subject="It waits", key=key, entity=entity)
    assert notice is not None
    link = make_link(notice=notice, stage=stage, person=person, place=place, now=clock.now())
    assert link is not None
    return address_of(link)


def address_of(link: DecisionLink) -> str:
    return f"/decide/{secret_of(link.nonce)}/"


def mailed(person: User) -> list[str]:
    """Return the addresses of the links in the mails that reached somebody, oldest first."""
    texts = [str(message.body) for message in mail.outbox if message.to == [person.email]]
    return [found.group() for text in texts if (found := ADDRESS.search(text))]
