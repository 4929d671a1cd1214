"""Notices: once on the page, and in the mailbox after the commit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError, transaction

from core import clock
from core.models import AuditRecord, Entity, Notice, User
from core.services import audit, outbox
from core.services.notices import mark_read, notify, settle

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def tell(person: User, subject: str = "A stage waits for you") -> Notice | None:
    return notify(person=person, kind="tests", subject=subject, key="stage:1", url="/queue/1/")


def test_told_once_and_mailed_once(approver: User) -> None:
    first = tell(approver)
    assert first is not None
    assert tell(approver) is None
    outbox.drain()
    outbox.drain()
    assert Notice.objects.count() == 1
    assert [message.to for message in mail.outbox] == [[approver.email]]
    assert "/queue/1/" in mail.outbox[0].body
    first.refresh_from_db()
    assert first.mailed_at is not None


def test_a_notice_whose_mail_cannot_be_announced_is_not_written(approver: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(event: object) -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(outbox, "publish", fail)
    with pytest.raises(OperationalError):
        tell(approver)
    monkeypatch.undo()
    assert Notice.objects.count() == 0
    assert tell(approver) is not None


def test_a_subject_with_a_line_break_is_no_header(approver: User) -> None:
    tell(approver, "Paid\r\nBcc: outsider@example.org")
    outbox.drain()
    assert mail.outbox[0].subject == "Paid Bcc: outsider@example.org"
    assert mail.outbox[0].recipients() == [approver.email]


def test_a_person_reads_only_their_own(approver: User, requester: User) -> None:
    notice = tell(approver)
    assert notice is not None
    assert mark_read(actor=requester, notice_id=notice.pk) == 0
    assert mark_read(actor=approver) == 1


def told_twice(person: User) -> Notice:
    for key in ("stage:1:assigned", "stage:1:breached"):
        last = notify(person=person, kind="tests", subject="A stage waits", key=key, url="/queue/1/", level=Notice.Level.ACT)
    assert last is not None
    return last


def test_reading_the_newest_reads_what_was_told_before_about_the_same(approver: User) -> None:
    last = told_twice(approver)
    notify(person=approver, kind="tests", subject="Another waits", key="stage:2", url="/queue/2/")
    assert mark_read(actor=approver, notice_id=last.pk) == 2
    assert Notice.objects.filter(read_at__isnull=True).get().url == "/queue/2/"


def test_what_is_no_longer_wanted_asks_nobody(approver: User, requester: User) -> None:
    told_twice(approver)
    assert settle(people=[requester.pk], urls=["/queue/1/"]) == 0
    assert settle(people=[approver.pk], urls=["/queue/1/"]) == 2


def remind(person: User, number: int, bundle: str = "reminders") -> Notice | None:
    subject, url = f"REQ-{number} still waits", f"/queue/{number}/"
    return notify(person=person, kind="tests", subject=subject, key=f"stage:{number}:warned", url=url, bundle=bundle)


def test_what_comes_together_is_mailed_in_one(approver: User, requester: User) -> None:
    with clock.at(NOW):
        for person, number in ((approver, 1), (approver, 2), (requester, 3), (approver, 4)):
            remind(person, number)
        outbox.drain()
    assert (Notice.objects.count(), mail.outbox) == (4, [])
    mark_read(actor=approver, notice_id=Notice.objects.get(key="stage:2:warned").pk)

    with clock.at(NOW + timedelta(minutes=15)):
        outbox.drain()

    several, one = sorted(mail.outbox, key=lambda message: message.subject)
    assert (several.to, several.subject) == ([approver.email], "2 reminders")
    assert [word in several.body for word in ("REQ-1 still", "/queue/1/", "REQ-2", "REQ-4 still", "/queue/4/")] == [
        *(True, True, False, True, True)
    ]
    assert (one.to, one.subject) == ([requester.email], "REQ-3 still waits")
    assert Notice.objects.filter(mailed_at__isnull=False).count() == 3


def test_a_bundle_that_is_closed_takes_nothing_more(approver: User) -> None:
    with clock.at(NOW):
        remind(approver, 1)
    with clock.at(NOW + timedelta(minutes=16)):
        outbox.drain()
        remind(approver, 2)
        outbox.drain()
        assert len(mail.outbox) == 1
    with clock.at(NOW + timedelta(minutes=31)):
        outbox.drain()
    assert [message.subject for message in mail.outbox] == ["REQ-1 still waits", "REQ-2 still waits"]


def test_where_all_was_answered_meanwhile_no_mail_goes(approver: User) -> None:
    with clock.at(NOW):
        remind(approver, 1)
        mark_read(actor=approver)
    with clock.at(NOW + timedelta(hours=1)):
        outbox.drain()
    assert mail.outbox == []


def test_a_house_may_have_each_reminder_by_itself(approver: User, settings: Any) -> None:
    settings.REMINDER_MINUTES = 0
    remind(approver, 1)
    remind(approver, 2)
    outbox.drain()
    assert len(mail.outbox) == 2


def test_an_audit_row_is_never_changed(requester: User, entity: Entity) -> None:
    row = audit.record(actor=requester, verb="tests.did", subject=entity, entity=entity, after={"name": "Acme"})
    for change in (lambda: AuditRecord.objects.update(verb="tests.did_not"), lambda: AuditRecord.objects.all().delete()):
        with pytest.raises(Exception, match=r"append_only|permission denied|Cannot"), transaction.atomic():
            change()
    row.refresh_from_db()
    assert row.verb == "tests.did"
