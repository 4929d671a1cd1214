"""Projections for programs."""

from collections.abc import Callable

import pytest

from budgets.models import Projection
from core.models import User
from tests.fixtures.api import Api
from tests.fixtures.budgets import SmallBudget

PART = {"name": "AWS", "base": "314.54", "category": "software", "growth_pct": "30", "reduction_pct": "20"}
BODY = {"entity": "acme", "name": "Cloud", "base_month": "2026-06", "horizon_months": 3, "buffer_pct": "15", "parts": [PART]}


def test_a_program_states_and_reads_a_projection(
    api: Callable[..., Api], controller: User, auditor: User, small_budget: SmallBudget
) -> None:
    program = api(controller)
    answer = program.post("projections", BODY, idempotency_key="one")
    assert answer.status_code == 201, answer.content
    stated = answer.json()
    assert (stated["total"], stated["recommended"], stated["number"]) == ("326.00", "370.00", 1)
    assert stated["parts"][0] | {"id": 0} == {
        "id": 0,
        "name": "AWS",
        "category": "software",
        "base": "314.54",
        "is_spend": False,
        "growth_pct": "30",
        "reduction_pct": "20",
        "grown": "408.00",
        "projected": "326.00",
    }
    assert program.post("projections", BODY, idempotency_key="one").json() == stated
    reader = api(auditor)
    assert reader.get(f"projections/{stated['id']}").json() == stated
    assert [row["id"] for row in reader.get("projections?entity=acme&horizon_months=3").json()["results"]] == [stated["id"]]
    assert reader.get("projections?horizon_months=6").json()["results"] == []
    assert reader.post("projections", BODY).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parts": [PART | {"category": "no-such"}]}, "parts.0"),
        ({"parts": []}, "parts"),
        ({"parts": [{"name": "AWS"}]}, "base-0"),
        ({"rounding": {"grown": "half up to 7"}}, "rounding"),
        ({"horizon_months": 0}, "horizon_months"),
        ({"buffer_pct": 15.5}, "buffer_pct"),
    ],
)
def test_what_is_wrong_is_named(
    api: Callable[..., Api], controller: User, small_budget: SmallBudget, change: dict[str, object], field: str
) -> None:
    answer = api(controller).post("projections", BODY | change)
    assert answer.status_code == 400, answer.content
    assert field in answer.content.decode()
    assert not Projection.objects.exists()
