"""The demo's organizations: the golden facts hold in them, in whatever month they are founded."""

from datetime import date
from decimal import Decimal

import pytest
import yaml

from budgets.models import Budget, Finding, Projection
from core.models import RoleAssignment, User
from demo.founding import found, moved

pytestmark = pytest.mark.django_db


def golden(name: str) -> dict[str, object]:
    with open(f"tests/golden/{name}.yaml") as file:
        return dict(yaml.safe_load(file))


@pytest.mark.parametrize("present", [date(2026, 11, 21), date(2027, 2, 3)])
def test_the_last_of_the_twelve_months_is_the_present_one(present: date) -> None:
    found(present=present)
    assert {budget.ends_on for budget in Budget.objects.all()} == {present.replace(day=1)}
    over = golden("kafka_migration")["expect"]["over_allocation"]  # type: ignore[index]
    assert Finding.objects.get(version__budget__code="KAFKA").amount == Decimal(over)


def test_everybody_is_called_by_their_role_and_none_can_sign_in_with_a_password() -> None:
    found(present=date(2026, 11, 21))
    titles = {"Second project manager", "Finance", "Chief financial officer", "Auditor"}
    assert titles <= {user.name for user in User.objects.all()}
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert RoleAssignment.objects.filter(role__code="auditor").count() == 3


def test_months_in_a_file_are_moved_and_other_text_is_not() -> None:
    document = {"starts_on": "2025-12", "due": date(2026, 1, 31), "name": "2026-budget", "amount": "2025"}
    assert moved(document, 2) == {"starts_on": "2026-02", "due": date(2026, 3, 28), "name": "2026-budget", "amount": "2025"}


def test_the_three_horizons_are_those_of_the_source() -> None:
    found(present=date(2026, 11, 21))
    recommended = dict(Projection.objects.values_list("horizon_months", "recommended"))
    assert recommended == golden("distro_nation")["expect"]["recommended"]  # type: ignore[index]
