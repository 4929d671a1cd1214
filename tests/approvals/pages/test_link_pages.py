"""The page behind a mail's link: looked at by programs and people, decided on by a form."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals.models import DecisionLink, Stage
from core.models import User
from tests.factories.approvals import everything, stages_of, submitted
from tests.factories.core import UserFactory
from tests.factories.links import linked
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
NOWHERE = f"/decide/{'0' * 64}/"


@pytest.fixture
def stage(kafka: House) -> Stage:
    return stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure", reason="The old ones end."))[0]


def _answer(stage: Stage, verdict: str = "approve", comment: str = "") -> dict[str, Any]:
    return {"verdict": verdict, "digest": stage.request.digest, "comment": comment}


def _bare(html: str) -> str:
    """Return a page without what differs each time."""
    return "".join(part for part in html.split('"') if len(part) != 64)


def test_looking_changes_nothing_and_says_little_to_a_stranger(client: Client, stage: Stage) -> None:
    address = linked(stage)
    before = everything() | {"used": DecisionLink.objects.filter(used_at__isnull=False).count()}
    for way in (client.get, client.head):
        reply = way(address, headers={"Sec-Purpose": "prefetch", "User-Agent": "SafeLinks"})
        assert reply.status_code == 200
        assert (reply["Referrer-Policy"], "no-store" in reply["Cache-Control"]) == ("same-origin", True)
    html = client.get(address).content.decode()
    assert stage.request.number in html
    assert "The old ones end." not in html
    assert 'name="verdict"' not in html
    assert f"/sign-in/?next={address}" in html
    assert client.options(address).status_code == 405
    assert everything() | {"used": 0} == before


def test_a_person_signs_in_looks_and_decides(client: Client, stage: Stage) -> None:
    address = linked(stage)
    client.force_login(stage.owner)
    html = client.get(address).content.decode()
    assert "The old ones end." in html
    missing = client.post(address, _answer(stage, "reject"))
    assert (missing.status_code, "Say why it is rejected." in missing.content.decode()) == (422, True)
    reply = client.post(address, _answer(stage, comment="Fine."), follow=True)
    assert "is approved by you" in reply.content.decode()
    page = client.get(f"/requests/{stage.request.number}/").content.decode()
    assert f"Approved by {stage.owner}, by link from mail" in page
    assert client.get(address).status_code == 404


def test_what_ended_and_what_is_anothers_look_like_what_never_was(client: Client, stage: Stage) -> None:
    used, other = linked(stage), linked(stage, key="another mail")
    client.force_login(stage.owner)
    client.post(used, _answer(stage), follow=True)
    known = client.get(NOWHERE)
    assert known.status_code == 404
    for address in (used, other):
        for reply in (client.get(address), client.post(address, _answer(stage))):
            assert reply.status_code == 404
            assert _bare(reply.content.decode()) == _bare(known.content.decode()).replace(NOWHERE, address)
    client.force_login(UserFactory.create())
    for address in (used, other, NOWHERE):
        assert client.get(address).status_code == 404


def test_a_link_is_nothing_to_somebody_else_who_signed_in(client: Client, stage: Stage, kafka: House) -> None:
    address = linked(stage)
    client.force_login(kafka.engineer)
    assert client.get(address).status_code == client.post(address, _answer(stage)).status_code == 404
    assert not DecisionLink.objects.filter(used_at__isnull=False).exists()


def test_the_link_alone_decides_little_where_the_organization_says_so(stage: Stage, settings: Any) -> None:
    settings.LINK_ALONE_UP_TO = {"acme": Decimal(2000)}
    address, client = linked(stage), Client(enforce_csrf_checks=True)
    html = client.get(address).content.decode()
    assert "by this link alone" in html
    assert client.post(address, _answer(stage)).status_code == 403
    token = client.cookies["csrftoken"].value
    reply = client.post(address, _answer(stage) | {"csrfmiddlewaretoken": token})
    assert "Your answer counts" in reply.content.decode()
    client.force_login(User.objects.get(pk=stage.owner_id))
    page = client.get(f"/requests/{stage.request.number}/").content.decode()
    assert "by link from mail alone" in page


def test_a_form_sent_without_signing_in_decides_nothing(client: Client, stage: Stage) -> None:
    address, before = linked(stage), everything()
    reply = client.post(address, _answer(stage))
    assert (reply.status_code, "Sign in to decide on this." in reply.content.decode()) == (403, True)
    assert everything() == before


def test_what_changed_meanwhile_is_shown_and_not_decided(client: Client, stage: Stage) -> None:
    address = linked(stage)
    client.force_login(stage.owner)
    reply = client.post(address, _answer(stage) | {"digest": "other"})
    assert (reply.status_code, "changed after you opened it" in reply.content.decode()) == (409, True)


def test_who_tries_many_is_asked_to_wait(client: Client, stage: Stage, settings: Any) -> None:
    settings.LINK_MISSES_A_MINUTE = 3
    address = linked(stage)
    assert [client.get(NOWHERE).status_code for _ in range(4)] == [404, 404, 404, 429]
    assert client.get(address).status_code == 429
    assert client.get(address, REMOTE_ADDR="192.0.2.7").status_code == 200
