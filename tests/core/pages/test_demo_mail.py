"""The demo's mail."""

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client, override_settings

from core.models import User
from demo.models import Mail

BACKEND = "demo.mail.PageBackend"


@pytest.fixture
def sent(db: None) -> None:
    message = EmailMessage(
        "REQ-2026-0001 waits",
        "See http://127.0.0.1:8000/queue/ <b>",
        "purser@localhost",
        ["a@example.org"],
        headers={"Message-ID": "<1@x>"},
    )
    assert get_connection(BACKEND).send_messages([message]) == 1


@pytest.mark.urls("tests.core.pages.demo_urls")
@override_settings(DEMO=True)
def test_what_would_have_been_sent_is_read_on_a_page(client: Client, controller: User, sent: None) -> None:
    assert Mail.objects.get().message_id == "<1@x>"
    client.force_login(controller)
    html = client.get("/demo/mail/?to=a@example").content.decode()
    assert "REQ-2026-0001 waits" in html
    assert 'href="http://127.0.0.1:8000/queue/"' in html
    assert "&lt;b&gt;" in html
    assert "No mail yet." in client.get("/demo/mail/?to=other").content.decode()


@pytest.mark.urls("tests.core.pages.demo_urls")
def test_outside_a_demo_there_is_no_such_page(client: Client, controller: User, sent: None) -> None:
    client.force_login(controller)
    assert client.get("/demo/mail/").status_code == 404


@pytest.mark.urls("tests.core.pages.demo_urls")
@override_settings(DEMO=True)
def test_a_stranger_reads_no_mail(client: Client, sent: None) -> None:
    assert client.get("/demo/mail/").status_code == 302
