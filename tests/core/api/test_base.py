"""What every endpoint has from its base, tried on posting months and on notices."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings

from budgets.models import Period
from core import clock
from core.models import AuditRecord, Entity, IdempotencyKey, User
from core.services.calls import count_call
from core.services.idempotency import sweep_keys
from core.services.tokens import make_token, revoke_token
from tests.factories.budgets import open_year

PROBLEM = "application/problem+json"


@pytest.fixture
def finance(api: Callable[..., Any], controller: User, entity: Entity) -> Any:
    open_year(entity)
    return api(controller)


@pytest.fixture
def month(entity: Entity, finance: Any) -> Period:
    return Period.objects.get(entity=entity, month="2026-03-01")


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is this problem, and return it."""
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    found: dict[str, Any] = answer.json()
    assert found["code"] == code
    assert found["status"] == status
    assert found["request_id"] == answer["X-Request-ID"]
    return found


# Who calls.


def test_a_stranger_is_asked_to_sign_in(finance: Any) -> None:
    answer = Client().get("/api/v1/periods")
    problem(answer, 401, "not_signed_in")
    assert answer["WWW-Authenticate"] == 'Bearer realm="Purser"'


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic abc", "Bearer", "Bearer purser_" + "0" * 54])
def test_what_is_no_token_is_refused(finance: Any, header: str) -> None:
    problem(Client().get("/api/v1/me", headers={"Authorization": header}), 401, "bad_token")


def test_a_token_is_out_at_once_when_it_is_revoked(finance: Any, controller: User) -> None:
    assert finance.get("me").json()["email"] == controller.email
    revoke_token(token_id=finance.token.pk, actor=controller)
    problem(finance.get("me"), 401, "bad_token")


def test_a_token_ends_with_its_day_and_with_its_owner(finance: Any, controller: User) -> None:
    now = clock.now()
    _, secret = make_token(owner=controller, name="A day", scopes=["core:read"], expires_at=now + timedelta(days=1))
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
    with clock.at(now + timedelta(days=1)):
        problem(Client().get("/api/v1/me", headers=headers), 401, "bad_token")
    User.objects.filter(pk=controller.pk).update(is_active=False)
    problem(Client().get("/api/v1/me", headers=headers), 401, "bad_token")


def test_a_token_works_from_its_networks_only(finance: Any, controller: User) -> None:
    _, secret = make_token(owner=controller, name="Office", scopes=["core:read"], networks=["192.0.2.0/24"])
    headers = {"Authorization": f"Bearer {secret}"}
    problem(Client().get("/api/v1/me", headers=headers), 401, "bad_token")
    assert Client().get("/api/v1/me", headers=headers, REMOTE_ADDR="192.0.2.7").status_code == 200
    # Nobody says of themselves where they are, unless a proxy of ours does.
    told = {**headers, "X-Forwarded-For": "192.0.2.7"}
    problem(Client().get("/api/v1/me", headers=told), 401, "bad_token")
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        assert Client().get("/api/v1/me", headers=told).status_code == 200


def test_a_token_does_what_it_was_made_for(api: Callable[..., Any], controller: User, month: Period) -> None:
    reading = api(controller, scopes=["budgets:read"])
    assert reading.get(f"periods/{month.pk}").status_code == 200
    problem(reading.post(f"periods/{month.pk}/close"), 403, "scope")
    problem(reading.get("me"), 403, "scope")
    month.refresh_from_db()
    assert month.state == "open"


def test_a_session_calls_with_its_csrf_token(controller: User, month: Period) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(controller)
    assert browser.get(f"/api/v1/periods/{month.pk}").status_code == 200
    problem(browser.post(f"/api/v1/periods/{month.pk}/close"), 403, "csrf")
    month.refresh_from_db()
    assert month.state == "open"


def test_who_may_not_is_told_so_before_a_body_of_the_wrong_kind_is_read(requester: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(requester)
    browser.cookies["csrftoken"] = "t" * 32
    wrong = browser.post("/api/v1/imports", {}, content_type="application/json", headers={"X-CSRFToken": "t" * 32})
    problem(wrong, 403, "not_allowed")


def test_a_record_says_by_which_token(finance: Any, controller: User, month: Period) -> None:
    assert finance.post(f"periods/{month.pk}/close", {}).status_code == 200
    by_token = AuditRecord.objects.filter(subject_id=str(month.pk)).latest("id")
    assert (by_token.actor, by_token.by_token) == (controller, finance.token)
    browser = Client()
    browser.force_login(controller)
    reason = {"reason": "an invoice came late"}
    assert browser.post(f"/api/v1/periods/{month.pk}/reopen", reason, content_type="application/json").status_code == 200
    by_session = AuditRecord.objects.filter(subject_id=str(month.pk)).latest("id")
    assert (by_session.actor, by_session.by_token) == (controller, None)
    assert by_session.pk != by_token.pk


# What cannot be read.


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "no JSON"),
        (b'{"reason": "a", "reason": "b"}', "twice"),
        (b'{"reason": NaN}', "NaN"),
        (b'{"reason": -Infinity}', "Infinity"),
        (b'{"reason": 1e400}', "out of all bounds"),
        (b'{"reason": 1e-400}', "out of all bounds"),
        (b'{"reason": ' + b"9" * 5000 + b"}", "out of all bounds"),
        (b'{"reason": "\\u0000"}', "NUL"),
        (b'{"reason": "\\ud800"}', "surrogate"),
        (b'{"reason": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "deep"),
        (b"", ""),
        (b"[]", ""),
        (b'"text"', ""),
        (b'{"reason": "x", "more": 1}', ""),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(finance: Any, month: Period, body: bytes, words: str) -> None:
    answer = finance.post(f"periods/{month.pk}/reopen", body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == PROBLEM
    assert words in answer.json()["detail"]


def test_a_body_of_another_kind_or_size_is_refused(finance: Any, month: Period) -> None:
    form = finance.client.post(
        f"/api/v1/periods/{month.pk}/reopen", {"reason": "x"}, headers={"Authorization": f"Bearer {finance.secret}"}
    )
    problem(form, 415, "media_type")
    with override_settings(API_MAX_BODY_BYTES=100):
        problem(finance.post(f"periods/{month.pk}/reopen", {"reason": "x" * 200}), 413, "too_large")


WRONG = "colour=red state=ajar page_size=0 page_size=9999 cursor=x ordering=name month=2026-13 state= state=open&state=closed"


@pytest.mark.parametrize("query", [*WRONG.split(), "entity=%00", "dry_run=true"])
def test_a_parameter_that_is_not_known_or_does_not_fit_is_refused(finance: Any, query: str) -> None:
    answer = finance.get(f"periods?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/periods/", 404),
        ("GET", "/api/v1/periods/x", 404),
        ("GET", "/api/v1/periods/99999999999999999999", 404),
        ("GET", "/api/v1/budgets/%00", 404),
        ("GET", "/api/nothing", 404),
        ("DELETE", "/api/v1/periods", 405),
        ("OPTIONS", "/api/v1/periods", 405),
        ("TRACE", "/api/v1/periods", 405),
    ],
)
def test_what_is_not_there_is_a_problem_too(finance: Any, method: str, path: str, status: int) -> None:
    answer = finance.call(method, path)
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)


def test_an_error_of_ours_is_a_problem_without_its_story(finance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("budgets.api.master.periods_in_reach", broken)
    answer = finance.get("periods")
    problem(answer, 500, "server_error")
    assert b"secret" not in answer.content


# Keys.


def test_the_same_key_with_the_same_call_gives_the_first_answer(finance: Any, entity: Entity) -> None:
    body = {"entity": "acme", "first": "2027-01", "last": "2027-02"}
    first = finance.post("periods", body, idempotency_key="k-1")
    again = finance.post("periods", body, idempotency_key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert AuditRecord.objects.filter(verb="periods.opened").count() == 1
    assert len(first.json()["opened"]) == 2


def test_a_key_stands_for_one_call(finance: Any, month: Period, api: Callable[..., Any], controller: User) -> None:
    body = {"entity": "acme", "first": "2027-01", "last": "2027-01"}
    finance.post("periods", body, idempotency_key="k-1")
    problem(finance.post("periods", body | {"last": "2027-02"}, idempotency_key="k-1"), 422, "idempotency_key_reused")
    problem(finance.post(f"periods/{month.pk}/close", idempotency_key="k-1"), 422, "idempotency_key_reused")
    # Another token's keys are its own.
    assert api(controller).post("periods", body, idempotency_key="k-1").json()["opened"] == []
    assert Period.objects.count() == 13


def test_a_refused_call_leaves_no_key(finance: Any, month: Period) -> None:
    finance.post(f"periods/{month.pk}/close")
    problem(finance.post(f"periods/{month.pk}/close", idempotency_key="k-1"), 409, "wrong_state")
    assert not IdempotencyKey.objects.exists()
    finance.post(f"periods/{month.pk}/reopen", {"reason": "Once more"})
    assert finance.post(f"periods/{month.pk}/close", idempotency_key="k-1").status_code == 200


def test_a_key_is_kept_for_a_day(finance: Any) -> None:
    body = {"entity": "acme", "first": "2027-01", "last": "2027-01"}
    finance.post("periods", body, idempotency_key="k-1")
    with clock.at(clock.now() + timedelta(hours=24)):
        again = finance.post("periods", body, idempotency_key="k-1")
        assert "Idempotency-Replayed" not in again
        assert sweep_keys() == 0
    with clock.at(clock.now() + timedelta(hours=49)):
        assert sweep_keys() == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "one\ttwo"])
def test_a_key_is_plain(finance: Any, month: Period, key: str) -> None:
    problem(finance.post(f"periods/{month.pk}/close", idempotency_key=key), 400, "idempotency_key")


# Tags.


def test_what_one_has_is_not_sent_again(finance: Any, month: Period) -> None:
    first = finance.get(f"periods/{month.pk}")
    again = finance.call("GET", f"periods/{month.pk}", headers={"If-None-Match": f'"x", W/{first["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    finance.post(f"periods/{month.pk}/close")
    assert finance.call("GET", f"periods/{month.pk}", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_change_may_say_what_it_has_read(finance: Any, month: Period) -> None:
    tag = finance.get(f"periods/{month.pk}")["ETag"]
    assert finance.post(f"periods/{month.pk}/close", if_match=tag).status_code == 200
    problem(finance.post(f"periods/{month.pk}/reopen", {"reason": "x"}, if_match=tag), 412, "changed")
    problem(finance.post(f"periods/{month.pk}/reopen", {"reason": "x"}, if_match="unquoted"), 400, "etag")
    month.refresh_from_db()
    assert month.state == "closed"
    assert finance.post(f"periods/{month.pk}/reopen", {"reason": "x"}, if_match="*").status_code == 200


# Shares.


@override_settings(API_CALLS_A_MINUTE={"read": 2, "write": 1, "heavy": 1})
def test_a_share_is_used_up_and_begins_anew(finance: Any, api: Callable[..., Any], controller: User, month: Period) -> None:
    now = clock.now().replace(second=20)
    with clock.at(now):
        assert [finance.get("me")["RateLimit-Remaining"] for _ in range(2)] == ["1", "0"]
        answer = finance.get("me")
        problem(answer, 429, "rate_limited")
        assert (answer["Retry-After"], answer["RateLimit-Limit"], answer["RateLimit-Reset"]) == ("40", "2", "40")
        # What writes has its own share, and another token too.
        assert finance.post("notices/read-all").status_code == 200
        problem(finance.post("notices/read-all"), 429, "rate_limited")
        assert api(controller).get("me").status_code == 200
    with clock.at(now + timedelta(seconds=40)):
        assert finance.get("me").status_code == 200


def test_no_two_calls_are_counted_as_one(db: None) -> None:
    now = clock.now()
    assert [count_call(caller="token-1", kind="read", now=now) for _ in range(3)] == [1, 2, 3]
    assert count_call(caller="token-1", kind="write", now=now) == 1
    assert count_call(caller="token-1", kind="read", now=now + timedelta(minutes=1)) == 1
