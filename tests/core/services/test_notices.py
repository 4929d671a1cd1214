"""Notices: once on the page, and in the mailbox after the commit."""

import pytest
from django.core import mail
from django.db import OperationalError, transaction

from core.models import AuditRecord, Entity, Notice, User
from core.services import audit, outbox
from core.services.notices import mark_read, notify, settle

pytestmark = pytest.mark.django_db


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


def test_an_audit_row_is_never_changed(requester: User, entity: Entity) -> None:
    row = audit.record(actor=requester, verb="tests.did", subject=entity, entity=entity, after={"name": "Acme"})
    for change in (lambda: AuditRecord.objects.update(verb="tests.did_not"), lambda: AuditRecord.objects.all().delete()):
        with pytest.raises(Exception, match=r"append_only|permission denied|Cannot"), transaction.atomic():
            change()
    row.refresh_from_db()
    assert row.verb == "tests.did"
