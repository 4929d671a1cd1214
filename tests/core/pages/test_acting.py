"""Acting as somebody else: read-only, for a while, told, recorded, and never as an administrator or beyond one's entities."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from core import clock
from core.models import ActingSession, AuditRecord, Entity, Notice, RoleAssignment, User
from core.services import audit
from core.services.acting import end_overdue_acting
from core.tasks import end_acting
from tests.factories.core import EntityFactory, UserFactory, assign

# Answered before any session is read, and taking no unsafe method from anybody; and the way out.
NOT_ASKED = ("/-/", "/metrics", "/people/act-as/stop/")


@pytest.fixture
def desk(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def begin(desk: Client, person: User, reason: str = "They see no budget.") -> int:
    return desk.post(f"/people/{person.pk}/act-as/", {"reason": reason}).status_code


def seen_as(desk: Client) -> str:
    return str(desk.get("/notices/").context["shell"].person.email)


def test_the_administrator_sees_as_the_person_under_a_banner_and_stops(
    desk: Client, requester: User, administrator: User
) -> None:
    assert begin(desk, requester) == 302
    page = desk.get("/notices/")
    assert page.context["request"].user == requester
    text = page.content.decode()
    assert "you see Purser as" in text
    assert "looks at Purser as you" in text
    assert "Sign out" not in text
    assert desk.post("/people/act-as/stop/").status_code == 302
    assert seen_as(desk) == administrator.email
    records = AuditRecord.objects.filter(verb__startswith="acting.").order_by("pk")
    assert [row.verb for row in records] == ["acting.begun", "acting.ended"]
    for row in records:
        assert row.actor == administrator
        assert row.after is not None
        assert (row.after["administrator"], row.after["person"]) == (administrator.email, requester.email)
        assert row.after["reason"] == "They see no budget."
    assert Notice.objects.filter(person=requester, kind="acting").count() == 1


def _paths(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    found = []
    for each in patterns:
        route = prefix + str(each.pattern)
        found += _paths(each.url_patterns, route) if isinstance(each, URLResolver) else [route]
    return found


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_every_unsafe_method_at_every_address_is_refused_and_nothing_moves(desk: Client, requester: User, method: str) -> None:
    begin(desk, requester)
    paths = {"/" + path.replace("<int:", "<").split("<")[0].lstrip("^") for path in _paths(get_resolver().url_patterns)}
    before = (AuditRecord.objects.count(), User.objects.count(), desk.session.session_key)
    for path in sorted(
        {one for one in paths if not one.startswith(NOT_ASKED)}
        | {"/api/v1/anything/", "/sign-out/", "/appearance/", "/notices/read/"}
    ):
        answer = getattr(desk, method)(path)
        assert answer.status_code == 403, path
        assert "Nothing can be changed while you act as" in answer.content.decode(), path
    assert (AuditRecord.objects.count(), User.objects.count(), desk.session.session_key) == before
    problem = desk.post("/api/v1/anything/")
    assert problem["Content-Type"] == "application/problem+json"
    assert problem.json()["code"] == "acting"


@pytest.mark.parametrize("path", ["/account/", "/account/second-factor/", "/account/sessions/", "/people/", "/admin/"])
def test_what_is_the_persons_own_stays_closed(desk: Client, requester: User, path: str) -> None:
    begin(desk, requester)
    assert desk.get(path).status_code == 403


def test_records_within_the_time_carry_who_really_acted(
    desk: Client, requester: User, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(desk, requester)

    def recording(request: object) -> dict[str, object]:
        audit.record(actor=requester, verb="looked", subject=requester)
        return {}

    monkeypatch.setattr("core.context.nav_of", lambda request, user: recording(request) and [])
    desk.get("/notices/")
    row = AuditRecord.objects.get(verb="looked")
    assert (row.actor, row.acted_by) == (requester, administrator)
    desk.post("/people/act-as/stop/")
    desk.get("/notices/")
    assert AuditRecord.objects.filter(verb="looked", acted_by=None).count() == 1


def test_it_ends_by_itself_for_the_browser_and_for_the_record(desk: Client, requester: User, administrator: User) -> None:
    begin(desk, requester)
    with clock.at(clock.now() + timedelta(minutes=29)):
        assert seen_as(desk) == requester.email
        assert end_overdue_acting() == 0
    with clock.at(clock.now() + timedelta(minutes=31)):
        assert end_acting() == 1
        assert seen_as(desk) == administrator.email
    acting = ActingSession.objects.get()
    assert acting.ended_at == acting.ends_at
    assert AuditRecord.objects.filter(verb="acting.ended", after__by_clock=True).count() == 1


def test_it_ends_when_the_administrator_looks_after_them_no_more(
    desk: Client, entity: Entity, requester: User, administrator: User
) -> None:
    assign(UserFactory.create(), "administrator", entity, kind="administrator")
    begin(desk, requester)
    RoleAssignment.objects.filter(user=administrator).delete()
    assert seen_as(desk) == administrator.email
    assert ActingSession.objects.get().ended_at is not None


@pytest.mark.parametrize("who", ["administrator", "superuser", "themselves", "inactive", "beyond", "without a role"])
def test_nobody_acts_as_these(desk: Client, entity: Entity, administrator: User, who: str) -> None:
    person = (
        administrator if who == "themselves" else UserFactory.create(is_superuser=who == "superuser", is_active=who != "inactive")
    )
    if who not in {"themselves", "without a role"}:
        assign(person, "requester", entity, kind="requester")
    if who == "administrator":
        assign(person, "administrator", entity, kind="administrator")
    if who == "beyond":
        assign(person, "requester", EntityFactory.create(code="other"), kind="requester")
    assert begin(desk, person) in {403, 404}
    assert not ActingSession.objects.exists()
    assert seen_as(desk) == administrator.email


def test_only_administrators_act_and_only_with_a_reason(requester: User, approver: User, desk: Client) -> None:
    client = Client()
    client.force_login(approver)
    assert begin(client, requester) == 403
    assert begin(desk, requester, reason=" ") == 422
    assert not ActingSession.objects.exists()


def test_a_session_of_acting_serves_nobody_else(desk: Client, requester: User, outsider: User) -> None:
    begin(desk, requester)
    client = Client()
    client.force_login(outsider)
    session = client.session
    session["acting"] = ActingSession.objects.get().pk
    session.save()
    assert seen_as(client) == outsider.email
