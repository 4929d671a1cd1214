"""E-mail in a demo: nothing leaves the machine, every message lands on a page."""

from collections.abc import Sequence

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from demo.models import Mail


class PageBackend(BaseEmailBackend):
    """Keep messages as rows; `demo:mail` shows them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep each message and return how many there were."""
        kept = Mail.objects.bulk_create([_row(message) for message in email_messages])
        return len(kept)


def _row(message: EmailMessage) -> Mail:
    return Mail(
        sender=message.from_email[:300],
        recipients=", ".join(message.recipients())[:2000],
        subject=" ".join(str(message.subject).split())[:300],
        body=str(message.body),
        message_id=str(message.extra_headers.get("Message-ID", ""))[:200],
    )
