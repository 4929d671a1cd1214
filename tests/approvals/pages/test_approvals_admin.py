"""The admin of approvals looks and writes nothing."""

import pytest
from django.contrib import admin
from django.test import Client

from approvals.models import Attachment, Decision, Policy, PolicyVersion, Request, Round, Stage, Timer
from core.models import User
from tests.factories.approvals import submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
MODELS = (Policy, PolicyVersion, Request, Round, Stage, Decision, Timer, Attachment)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("staff@example.org", "x", name="Staff")


def test_every_model_is_shown_and_none_is_changed(client: Client, kafka: House, staff: User) -> None:
    submitted(kafka.engineer, kafka.account)
    client.force_login(staff)
    for model in MODELS:
        base = f"/admin/approvals/{model._meta.model_name}/"
        assert client.get(base).status_code == 200, model
        assert client.get(f"{base}add/").status_code == 403, model
        row = model._default_manager.first()
        if row is None:
            continue
        assert client.get(f"{base}{row.pk}/change/").status_code == 200, model
        assert client.post(f"{base}{row.pk}/change/", {}).status_code == 403, model
        assert client.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403, model
    assert all(model in admin.site._registry for model in MODELS)


def test_a_versions_document_is_readable(client: Client, kafka: House, staff: User) -> None:
    client.force_login(staff)
    html = client.get(f"/admin/approvals/policyversion/{kafka.policy.pk}/change/").content.decode()
    assert "<pre>{" in html
    assert "team_expense" in html
