"""Comments on the request's page and in the panel."""

import pytest
from django.test import Client

from approvals.models import Comment, Request
from core.models import User
from tests.factories.approvals import draft, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def request_(kafka: House) -> Request:
    return submitted(kafka.engineer, kafka.account)


def test_written_changed_and_withdrawn_on_the_page(client: Client, kafka: House, request_: Request, director: User) -> None:
    address = f"/requests/{request_.number}/"
    client.force_login(kafka.engineer)
    assert "with it are Program director" in client.get(address).content.decode()
    blank = client.post(f"{address}comments/", {"comment-text": " "})
    assert (blank.status_code, "Write what you have to say." in blank.content.decode()) == (422, True)
    wrong = client.post(f"{address}comments/", {"comment-text": "Hello <i>@Nemo</i>"})
    html = wrong.content.decode()
    assert (wrong.status_code, "names nobody who sees" in html, "Hello &lt;i&gt;@Nemo" in html) == (422, True, True)

    html = client.post(f"{address}comments/", {"comment-text": "Is <b>Tuesday</b> fine?\nOr not."}, follow=True).content.decode()
    comment = Comment.objects.get()
    assert f'id="comment-{comment.pk}"' in html
    assert "Is &lt;b&gt;Tuesday&lt;/b&gt; fine?<br>Or not." in html
    assert "Engineer wrote a comment" in html
    client.post(f"{address}comments/{comment.pk}/edit/", {f"c{comment.pk}-text": "Is Friday fine?"})

    client.force_login(director)
    panel = client.get(f"/queue/{stages_of(request_)[0].pk}/").content.decode()
    assert "Is Friday fine?" in panel
    assert "What it said before" in panel
    assert "Change or withdraw it" not in client.get(address).content.decode()
    for act in ("edit", "withdraw"):
        refused = client.post(f"{address}comments/{comment.pk}/{act}/", {f"c{comment.pk}-text": "Mine."})
        assert (refused.status_code, "Engineer wrote this." in refused.content.decode()) == (403, True)

    client.force_login(kafka.engineer)
    html = client.post(f"{address}comments/{comment.pk}/withdraw/", follow=True).content.decode()
    assert "Your comment is withdrawn." in html
    assert "Friday" not in html
    assert "Engineer withdrew a comment" in html
    again = client.post(f"{address}comments/{comment.pk}/edit/", {f"c{comment.pk}-text": "Back."})
    assert again.status_code == 409


def test_nobody_else_reads_or_writes(client: Client, kafka: House, request_: Request, outsider: User) -> None:
    client.force_login(outsider)
    assert client.post(f"/requests/{request_.number}/comments/", {"comment-text": "Hello"}).status_code == 404
    client.force_login(kafka.engineer)
    assert client.post(f"/requests/{request_.number}/comments/9/withdraw/").status_code == 404
    kept = draft(kafka.engineer, kafka.account)
    assert "Write a comment" not in client.get(f"/requests/{kept.number}/").content.decode()
    refused = client.post(f"/requests/{kept.number}/comments/", {"comment-text": "Hello"})
    assert (refused.status_code, "Nobody else sees a draft." in refused.content.decode()) == (409, True)
