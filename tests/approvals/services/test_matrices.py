"""Each row of both golden matrices, through submitted requests."""

from decimal import Decimal
from typing import Any

import pytest

from approvals.models import Request, Stage
from core.errors import Missing
from tests.factories.approvals import draft, everything, read_yaml, stages_of, submitted
from tests.factories.changes import asked_to_move
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
KAFKA = read_yaml("tests/golden/kafka_migration.yaml")
DISTRO = read_yaml("tests/golden/distro_nation.yaml")
CENT = Decimal("0.01")
MOVE = "budget_reallocation"


def _amounts(row: dict[str, Any]) -> list[Decimal]:
    """The last amount inside each bound of a row, and one well inside."""
    inside = [Decimal(row["over"]) + CENT] if row.get("over") else [CENT]
    if "below" in row:
        inside.append(Decimal(row["below"]) - CENT)
    if "up_to" in row:
        inside.append(Decimal(row["up_to"]))
    return inside if len(inside) > 1 else [*inside, inside[0] + 1000]


def _gap_amounts(gap: dict[str, Any]) -> list[Decimal]:
    if "from" in gap:
        return [Decimal(gap["from"]), Decimal(gap["from"]) + 1000]
    return [CENT, Decimal(gap["up_to"])]


KAFKA_CASES = [
    pytest.param(row, amount, id=f"{row['kind']}-{amount}") for row in KAFKA["approval_matrix"] for amount in _amounts(row)
]
GAPS = [
    pytest.param(gap, amount, id=f"{gap['kind']}-{amount}")
    for gap in KAFKA["approval_matrix_gaps"]
    for amount in _gap_amounts(gap)
]
DISTRO_CASES = [pytest.param(row, amount, id=f"{amount}") for row in DISTRO["approval_matrix"] for amount in _amounts(row)]


@pytest.mark.parametrize(("row", "amount"), KAFKA_CASES)
def test_a_kafka_request_goes_to_the_stages_of_its_row(kafka: House, row: dict[str, Any], amount: Decimal) -> None:
    request = _asked(kafka, row["kind"], amount)

    stages = stages_of(request)
    assert [stage.role_code for stage in stages] == row["stages"]
    assert {stage.sla for stage in stages} == {row["sla"]}
    assert [stage.owner for stage in stages] == [kafka.people[code] for code in row["stages"]]
    assert stages[0].state == Stage.State.ASSIGNED
    chosen = [step for step in request.trace if step["chosen"]]
    assert len(chosen) == 1
    assert len(request.trace) == len(read_yaml("demo/policies/kafka.yaml")["rules"])


@pytest.mark.parametrize(("gap", "amount"), GAPS)
def test_a_kafka_request_in_a_gap_is_refused_and_says_whom_to_ask(kafka: House, gap: dict[str, Any], amount: Decimal) -> None:
    kept = (
        draft(kafka.engineer, kafka.account, amount)
        if gap["kind"] == MOVE
        else draft(kafka.engineer, kafka.account, amount, kind=gap["kind"])
    )
    before = everything()

    with pytest.raises(Missing, match="Program director") as refusal:
        _asked(kafka, gap["kind"], amount) if gap["kind"] == MOVE else _submit(kept, kafka)

    assert refusal.value.code == "policy_gap"
    assert everything() == before
    kept.refresh_from_db()
    assert kept.state == Request.State.DRAFT


def _asked(kafka: House, kind: str, amount: Decimal) -> Request:
    """Ask for it on the page it is asked for on."""
    if kind != MOVE:
        return submitted(kafka.engineer, kafka.account, amount, kind=kind)
    return asked_to_move(kafka.engineer, kafka.account, kafka.budget.accounts["PRODUCT", "software"], amount)


@pytest.mark.parametrize(("row", "amount"), DISTRO_CASES)
def test_a_distro_request_goes_to_the_stages_of_its_row(distro: House, row: dict[str, Any], amount: Decimal) -> None:
    request = submitted(distro.engineer, distro.account, amount, kind="monthly_cost")

    assert [stage.role_code for stage in stages_of(request)] == row["stages"]
    assert {stage.sla for stage in stages_of(request)} == {row["sla"]}
    assert request.follow_up == row.get("then", "").replace("_", " ")


@pytest.mark.parametrize(("increase", "roles"), DISTRO["expect"]["approval_at_increase"].items())
def test_the_monthly_increase_decides_whatever_the_lines_come_to(distro: House, increase: str, roles: list[str]) -> None:
    request = submitted(distro.engineer, distro.account, "1", kind="monthly_cost", monthly_increase=increase)

    assert [stage.role_code for stage in stages_of(request)] == roles


def test_an_increase_is_never_less_than_the_dearest_month_takes(distro: House) -> None:
    request = submitted(distro.engineer, distro.account, "500.01", kind="monthly_cost", monthly_increase="10")

    assert [stage.role_code for stage in stages_of(request)] == ["executive_team"]


def test_the_trace_says_how_far_each_band_was(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "4880", kind="team_expense")

    reasons = {step["rule"]: step["reason"] for step in request.trace}
    assert "4,880.00 USD is in the band: below 5,000.00" in reasons["Team expense below 5,000"]
    assert "It is for vendor payment" in reasons["Vendor payment below 25,000"]


def _submit(request: Request, house: House) -> None:
    from approvals.services.requests import submit_request

    submit_request(request_id=request.pk, actor=house.engineer)
