"""Tokens: what is kept of them, when their use is noted, and that nobody waits for that."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from core.errors import InvalidInput, NotFound
from core.models import ApiToken, AuditRecord, IdempotencyKey, User
from core.services.tokens import make_token, note_use, revoke_token
from tests.fixtures.api import Api


def test_the_secret_is_nowhere(controller: User) -> None:
    token, secret = make_token(owner=controller, name="Export", scopes=["budgets:read"])
    kept = str(list(ApiToken.objects.values())) + str(list(AuditRecord.objects.values()))
    assert secret not in kept
    assert secret[15:] not in kept
    assert token.prefix in kept


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["budgets:own"]}, "scopes"),
        ({"networks": ["999.0.0.0/8"]}, "networks"),
        ({"expires_at": clock.now() - timedelta(days=1)}, "expires_at"),
        ({"expires_at": clock.now() + timedelta(days=4000)}, "expires_at"),
    ],
)
def test_a_token_that_cannot_be_is_not_made(controller: User, change: dict[str, object], field: str) -> None:
    stated: dict[str, object] = {"owner": controller, "name": "Export", "scopes": ["core:read"]}
    with pytest.raises(InvalidInput) as refused:
        make_token(**(stated | change))  # type: ignore[arg-type]  # what is wrong is the point
    assert field in refused.value.details
    assert not ApiToken.objects.exists()


def test_use_is_noted_once_a_minute(controller: User) -> None:
    now = clock.now()
    token, _ = make_token(owner=controller, name="Export", scopes=["core:read"])
    with clock.at(now):
        note_use(token=token)
    token.refresh_from_db()
    assert token.last_used_at == now
    with clock.at(now + timedelta(seconds=59)), CaptureQueriesContext(connection) as asked:
        note_use(token=token)
    assert len(asked) == 0
    with clock.at(now + timedelta(seconds=60)):
        note_use(token=token)
    token.refresh_from_db()
    assert token.last_used_at == now + timedelta(seconds=60)


def test_somebody_elses_token_is_not_revoked(controller: User, requester: User) -> None:
    token, _ = make_token(owner=controller, name="Export", scopes=["core:read"])
    with pytest.raises(NotFound):
        revoke_token(token_id=token.pk, actor=requester)
    token.refresh_from_db()
    assert token.revoked_at is None
    assert not AuditRecord.objects.filter(verb="token.revoked").exists()


def test_a_call_that_answers_nothing_is_answered_alike_again(controller: User, small_budget: object) -> None:
    program = Api(controller)
    body = {"entity": "acme", "budget": "SMALL", "cost_centre": "PLATFORM", "mode": "warn", "window": "month"}
    made = program.post("controls", body)
    gone = [program.delete(f"controls/{made.json()['id']}", if_match=made["ETag"], idempotency_key="k-1") for _ in range(2)]
    assert [(answer.status_code, answer.content, "Content-Type" in answer) for answer in gone] == [(204, b"", False)] * 2
    assert gone[1]["Idempotency-Replayed"] == "true"
    assert IdempotencyKey.objects.count() == 1
    assert Client().get("/api/v1/me").status_code == 401
