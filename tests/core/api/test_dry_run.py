"""A dry run says what would be, and leaves every table and file as it was."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from budgets.models import Period
from core.models import Entity, User
from core.services.notices import notify
from core.storage import files_undone
from tests.factories.budgets import open_year
from tests.fixtures.budgets import SmallBudget
from tests.trust.state import State, differences, tables_of

PLAN = settings.BASE_DIR / "tests" / "budgets" / "pages" / "plan.yaml"


@pytest.fixture
def digest(db: None) -> Callable[[], Any]:
    """Give what every table says; what is counted of calls, and when a token was last used, is no effect of one."""
    connection.ensure_connection()
    raw = connection.connection
    state = State.of(tables_of(raw), {"core_callcount": (), "core_apitoken": ("last_used_at",)})
    return lambda: state.digest(connection.connection)


def test_every_table_is_as_before(api: Callable[..., Any], controller: User, entity: Entity, digest: Callable[[], Any]) -> None:
    open_year(entity)
    finance = api(controller)
    before = digest()
    body = {"entity": "acme", "first": "2027-01", "last": "2027-02"}
    answer = finance.post("periods?dry_run=true", body, idempotency_key="k-1")
    assert answer.status_code == 201
    assert answer["Purser-Dry-Run"] == "true"
    assert [row["month"] for row in answer.json()["opened"]] == ["2027-01", "2027-02"]
    assert differences(before, digest()) == []
    # The same call in earnest does what was told.
    real = finance.post("periods", body, idempotency_key="k-1")
    assert "Purser-Dry-Run" not in real
    assert {"budgets_period", "core_auditrecord", "core_idempotencykey"} <= set(differences(before, digest()))


def test_a_dry_run_refuses_what_the_call_would(api: Callable[..., Any], controller: User, entity: Entity) -> None:
    finance = api(controller)
    answer = finance.post("periods?dry_run=true", {"entity": "nowhere", "first": "2027-01", "last": "2027-02"})
    assert answer.status_code == 404
    assert finance.post("periods?dry_run=perhaps", {}).status_code == 400


def test_a_file_that_is_kept_to_see_is_gone() -> None:
    with files_undone():
        name = default_storage.save("tests/seen.txt", ContentFile(b"seen"))
        assert default_storage.exists(name)
    assert not default_storage.exists(name)
    kept = default_storage.save("tests/kept.txt", ContentFile(b"kept"))
    assert default_storage.exists(kept)
    assert str(settings.MEDIA_ROOT) in default_storage.path(kept)
    default_storage.delete(kept)


CONTROL = {"entity": "acme", "budget": "SMALL", "mode": "stop", "window": "quarter", "category": "software"}
RATE = {"entity": "acme", "currency": "EUR", "valid_on": "2026-01-01", "rate": "1.08", "source": "Bank"}


WRITES = ["POST controls", "PUT controls", "DELETE controls", "POST rates", "close", "POST budgets", "read-all"]


@pytest.mark.parametrize("write", WRITES)
def test_no_write_leaves_anything(
    api: Callable[..., Any], controller: User, small_budget: SmallBudget, digest: Callable[[], Any], write: str
) -> None:
    finance = api(controller)
    month = Period.objects.get(entity=small_budget.entity, month="2026-03-01")
    made = finance.post("controls", CONTROL | {"mode": "warn", "window": "month", "category": "people"})
    assert made.status_code == 201, made.content
    stated, tag = f"controls/{made.json()['id']}", made["ETag"]
    notify(person=controller, kind="test", subject="Look", key="look")
    document = json.loads(json.dumps(yaml.safe_load(PLAN.read_text()), default=str))
    calls: dict[str, Callable[[], Any]] = {
        "POST controls": lambda: finance.post("controls?dry_run=true", CONTROL),
        "PUT controls": lambda: finance.put(f"{stated}?dry_run=true", {"mode": "stop"}, if_match=tag),
        "DELETE controls": lambda: finance.delete(f"{stated}?dry_run=true", if_match=tag),
        "POST rates": lambda: finance.post("rates?dry_run=true", RATE),
        "close": lambda: finance.post(f"periods/{month.pk}/close?dry_run=true"),
        "POST budgets": lambda: finance.post("budgets?dry_run=true", document),
        "read-all": lambda: finance.post("notices/read-all?dry_run=true"),
    }
    before = digest()
    answer = calls[write]()
    assert answer.status_code in {200, 201, 204}, answer.content
    assert answer["Purser-Dry-Run"] == "true"
    assert "ETag" not in answer
    assert differences(before, digest()) == []
