"""A notice comes into a bundle at the moment at which it is closed: first lost without the lock, then mailed with it."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from core import clock
from core.models import Notice, OutboxEvent, User
from core.services import notices, outbox
from core.services.notices import notify

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def remind(person: User, number: int) -> Notice | None:
    return notify(person=person, kind="tests", subject=f"Reminder {number}", key=f"stage:{number}", bundle="reminders")


@pytest.mark.parametrize("locked", [False, True])
def test_no_notice_is_lost_between_two_bundles(approver: User, monkeypatch: pytest.MonkeyPatch, locked: bool) -> None:
    """The first bundle is closed and not yet committed: whoever does not wait takes it for open, and begins no other."""
    if not locked:
        monkeypatch.setattr(notices, "lock_bundle", lambda person_id: None)
    with clock.at(NOW):
        remind(approver, 1)
    closed = threading.Barrier(2)

    def come() -> None:
        connection.ensure_connection()
        closed.wait(timeout=20)
        with clock.at(NOW + timedelta(minutes=15)):
            remind(approver, 2)
        connection.close()

    other = threading.Thread(target=come)
    other.start()
    with transaction.atomic(), clock.at(NOW + timedelta(minutes=15)):
        notices.close_bundle(notices.BundleBegun(person_id=approver.pk, bundle="reminders"))
        OutboxEvent.objects.filter(topic=notices.BundleBegun.topic).update(handled_at=NOW)
        closed.wait(timeout=20)
        other.join(timeout=2)
        assert other.is_alive() is locked
    other.join(timeout=20)
    with clock.at(NOW + timedelta(hours=1)):
        outbox.drain()

    assert sorted(message.subject for message in mail.outbox) == ["Reminder 1", *(["Reminder 2"] if locked else [])]
