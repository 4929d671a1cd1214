"""Notices: on a person's page at once, by e-mail after the commit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from core import clock
from core.events import Event
from core.locks import lock_bundle
from core.models import Entity, Notice, User
from core.services import outbox


@dataclass(frozen=True)
class NoticeWritten(Event):
    """A notice stands on somebody's page and should reach their mailbox."""

    topic: ClassVar[str] = "core.notice_written"
    notice_id: int


@dataclass(frozen=True)
class BundleBegun(Event):
    """The first of some notices that one mail is to tell."""

    topic: ClassVar[str] = "core.bundle_begun"
    person_id: int
    bundle: str


@dataclass(frozen=True)
class BundleClosed(Event):
    """What came into a bundle; the next notice begins another."""

    topic: ClassVar[str] = "core.bundle_closed"
    notice_ids: list[int]


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
    bundle: str = "",
) -> Notice | None:
    """Tell `person` something once per `key`; return None where they were told already.

    It stands on their page at once. With a `bundle`, what a mail of several calls them, it is mailed with whatever else comes
    into that bundle of theirs within REMINDER_MINUTES.
    """
    is_gathered = bool(bundle) and settings.REMINDER_MINUTES > 0
    if is_gathered:
        lock_bundle(person.pk)
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
                bundle=bundle if is_gathered else "",
                created_at=clock.now(),
            )
    except IntegrityError:
        return None
    if not is_gathered:
        outbox.publish(NoticeWritten(notice_id=notice.pk))
    elif not _to_gather(person.pk, bundle).exclude(pk=notice.pk).exists():
        ripe = notice.created_at + timedelta(minutes=settings.REMINDER_MINUTES)
        outbox.publish(BundleBegun(person_id=person.pk, bundle=bundle), not_before=ripe)
    return notice


def close_bundle(event: BundleBegun) -> None:
    """End a bundle; what it holds is mailed after the commit, so that no mail server is waited for with the bundle held."""
    lock_bundle(event.person_id)
    found = _to_gather(event.person_id, event.bundle)
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    found.update(gathered_at=clock.now())
    if ids:
        outbox.publish(BundleClosed(notice_ids=ids))


def mail_notice(event: NoticeWritten) -> None:
    """Send a notice by e-mail. Sent at least once: a mailbox may see the same Message-ID twice, never miss it."""
    _mail([Notice.objects.select_related("person").get(pk=event.notice_id)])


def mail_bundle(event: BundleClosed) -> None:
    """Send several notices in one mail, but for those that were read or settled meanwhile; where none is left, send nothing."""
    unread = Notice.objects.select_related("person").filter(pk__in=event.notice_ids, read_at__isnull=True)
    if left := list(unread.order_by("pk")):
        _mail(left)


def _mail(notices: Sequence[Notice]) -> None:
    first, *more = notices
    ways = [next((way for find in _ways if (way := find(notice))), MailWay(notice.url, "")) for notice in notices]
    parts = [_told(notice, way, alone=not more) for notice, way in zip(notices, ways, strict=True)]
    remarks = dict.fromkeys(way.remark for way in ways if way.remark)
    count = f"-{len(notices)}" if more else ""
    message_id = f"<notice-{first.pk}{count}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2] or 'purser'}>"
    subject = f"{len(notices)} {first.bundle}" if more else first.subject
    EmailMessage(
        subject=" ".join(subject.split()),
        body="\n\n".join([*parts, *remarks]),
        to=[first.person.email],
        headers={"Message-ID": message_id},
    ).send()
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(mailed_at=clock.now())


def _told(notice: Notice, way: MailWay, *, alone: bool) -> str:
    link = f"{settings.BASE_URL}{way.path}" if way.path else ""
    said = [notice.body or notice.subject] if alone else [notice.subject, notice.body]
    return ("\n\n" if alone else "\n").join(part for part in (*said, link) if part)


def _to_gather(person_id: int, bundle: str) -> QuerySet[Notice]:
    return Notice.objects.filter(person_id=person_id, bundle=bundle, gathered_at__isnull=True)


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
