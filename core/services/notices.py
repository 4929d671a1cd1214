"""Notices: on a person's page at once, by e-mail after the commit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import Q

from core import clock
from core.events import Event
from core.models import Entity, Notice, User
from core.services import outbox


@dataclass(frozen=True)
class NoticeWritten(Event):
    """A notice stands on somebody's page and should reach their mailbox."""

    topic: ClassVar[str] = "core.notice_written"
    notice_id: int


@dataclass(frozen=True, slots=True)
class MailWay:
    """Where the mail of a notice leads, and what it says of that way."""

    path: str
    remark: str


# A room above may have mails lead another way than the notice's own, which stands on a page.
_ways: list[Callable[[Notice], MailWay | None]] = []


def way_by(find: Callable[[Notice], MailWay | None]) -> None:
    """Ask `find` for the way of each notice that is mailed."""
    if find not in _ways:
        _ways.append(find)


@transaction.atomic
def notify(
    *,
    person: User,
    kind: str,
    subject: str,
    key: str,
    entity: Entity | None = None,
    body: str = "",
    url: str = "",
    level: str = Notice.Level.INFO,
) -> Notice | None:
    """Tell `person` something once per `key`; return None where they were told already."""
    try:
        with transaction.atomic():
            notice = Notice.objects.create(
                person=person,
                kind=kind,
                subject=subject[:200],
                key=key,
                entity=entity,
                body=body,
                url=url,
                level=level,
                created_at=clock.now(),
            )
    except IntegrityError:
        return None
    outbox.publish(NoticeWritten(notice_id=notice.pk))
    return notice


def mail_notice(event: NoticeWritten) -> None:
    """Send a notice by e-mail. Sent at least once: a mailbox may see the same Message-ID twice, never miss it."""
    notice = Notice.objects.select_related("person").get(pk=event.notice_id)
    way = next((way for find in _ways if (way := find(notice))), MailWay(notice.url, ""))
    link = f"{settings.BASE_URL}{way.path}" if way.path else ""
    text = "\n\n".join(part for part in (notice.body or notice.subject, link, way.remark) if part)
    message_id = f"<notice-{notice.pk}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2] or 'purser'}>"
    EmailMessage(
        subject=" ".join(notice.subject.split()), body=text, to=[notice.person.email], headers={"Message-ID": message_id}
    ).send()
    Notice.objects.filter(pk=notice.pk).update(mailed_at=clock.now())


@transaction.atomic
def mark_read(*, actor: User, notice_id: int | None = None) -> int:
    """Mark one notice of `actor` and the earlier ones about the same thing, or all, as read; return how many were not."""
    unread = Notice.objects.filter(person=actor, read_at__isnull=True)
    if notice_id is not None:
        about = Notice.objects.filter(pk=notice_id, person=actor).exclude(url="").values("url")
        unread = unread.filter(Q(pk=notice_id) | Q(url__in=about, pk__lt=notice_id))
    return unread.update(read_at=clock.now())


@transaction.atomic
def settle(*, people: Iterable[int], urls: Iterable[str]) -> int:
    """Mark as read what asked `people` (their ids) for an answer at `urls` that is no longer wanted; return how many."""
    asked = Notice.objects.filter(person__in=people, url__in=urls, level=Notice.Level.ACT, read_at__isnull=True)
    return asked.update(read_at=clock.now())
