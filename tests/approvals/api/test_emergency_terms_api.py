"""The terms of emergencies through the API: read by whoever holds a role, stated anew by administrators."""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import EmergencyTerms
from core.models import User
from tests.factories.approvals import everything
from tests.factories.emergencies import terms
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def said(kafka: House, **more: Any) -> dict[str, Any]:
    limits = [{"role": "engineer", "amount": "400.00", "per": "month"}]
    return {"entity": kafka.entity.code, "criteria": ["Production outage"], "limits": limits, **more}


@pytest.fixture
def desk(api: Callable[..., Any], administrator: User) -> Any:
    return api(administrator)


def test_stated_read_and_kept_when_others_take_their_place(
    desk: Any, api: Callable[..., Any], kafka: House, administrator: User
) -> None:
    before = everything()
    tried = desk.post("emergency-terms?dry_run=true", said(kafka))
    assert (tried.status_code, tried.json()["number"], everything()) == (201, 1, before)
    first = desk.post("emergency-terms", said(kafka), idempotency_key="terms")
    assert first.status_code == 201
    row = first.json()
    assert row["limits"] == [{"role": "engineer", "amount": "400.00", "per": "month"}]
    assert (row["stated_by"], row["written_within"], row["currency"]) == (administrator.email, "24 hours", "USD")
    assert desk.post("emergency-terms", said(kafka), idempotency_key="terms")["Idempotency-Replayed"] == "true"
    second = desk.post("emergency-terms", said(kafka, criteria=["Fire"], review_within="5 business days")).json()
    assert (second["number"], second["review_within"]) == (2, "5 business days")

    engineer = api(kafka.engineer)
    rows = engineer.get(f"emergency-terms?entity={kafka.entity.code}").json()["results"]
    assert [(each["number"], each["criteria"]) for each in rows] == [(2, ["Fire"]), (1, ["Production outage"])]
    assert engineer.get(f"emergency-terms/{row['id']}").json() == row
    assert engineer.get("emergency-terms?entity=elsewhere").json()["results"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entity": "elsewhere"}, "entity"),
        ({"criteria": []}, "criteria"),
        ({"criteria": [" "]}, "criteria"),
        ({"limits": []}, "limits"),
        ({"limits": [{"role": "nobody", "amount": "1.00"}]}, "limits"),
        ({"limits": [{"role": "engineer", "amount": "0.00"}]}, "limits"),
        ({"limits": [{"role": "engineer", "amount": "1.00"}] * 2}, "limits"),
        ({"written_within": "soon"}, "written_within"),
    ],
)
def test_what_is_wrong_is_said_by_field(desk: Any, kafka: House, change: dict[str, Any], field: str) -> None:
    before = everything()
    answer = desk.post("emergency-terms", said(kafka) | change)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert everything() == before


def test_only_administrators_state_them_and_outsiders_see_none(
    api: Callable[..., Any], kafka: House, outsider: User, auditor: User
) -> None:
    kept = terms(kafka.entity, {"engineer": 100})
    for person in (kafka.engineer, auditor, outsider):
        assert api(person).post("emergency-terms", said(kafka)).status_code == 403
    assert EmergencyTerms.objects.count() == 1
    assert api(outsider).get("emergency-terms").json()["results"] == []
    assert api(outsider).get(f"emergency-terms/{kept.pk}").status_code == 404
