"""The world that the API's description is tried on, the programs that call there, and what they know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from budgets.models import Control, Entry, EstimateBand, ExchangeRate, Journal, Mode, Period, Projection, Window
from budgets.services.controls import Node, Terms, set_control
from budgets.services.projections import PartData, ProjectionData, state_projection
from budgets.services.rates import state_rate
from core import clock
from core.models import Job, Notice, User
from core.rules.tokens import SCOPES
from core.services.jobs import start_job
from core.services.notices import notify
from core.services.tokens import make_token
from tests.factories.core import EntityFactory, UserFactory, assign
from tests.trust import contract_rooms as rooms
from tests.trust.scenarios.ground import MONDAY, Ground, lay

PERSONAS = ("requester", "approver", "finance", "executive", "auditor", "administrator", "outsider")


@dataclass(frozen=True)
class World:
    """Programs by persona, and values that name something here, by the name of the parameter or field that takes them."""

    secrets: Mapping[str, str]
    known: Mapping[str, list[Any]]
    numbers: Mapping[str, list[Any]]


def make_world() -> World:
    """Make an organization with money that moved, and a token for each persona."""
    with clock.at(MONDAY):
        ground = lay()
        _happen(ground)
    people = _people(ground)
    secrets = {name: make_token(owner=person, name=name, scopes=SCOPES)[1] for name, person in people.items()}
    return World(secrets, _known(ground) | rooms.known(ground), _numbers(ground) | rooms.numbers())


def _happen(ground: Ground) -> None:
    ground.approved()
    ground.submitted("120.50")
    state_rate(
        entity=ground.entity,
        currency="EUR",
        valid_on=date(2026, 1, 1),
        rate=Decimal("1.0842"),
        source="Bank",
        actor=ground.finance,
    )
    data = ProjectionData("Cloud", date(2026, 1, 1), 3, Decimal(15), [PartData("AWS", Decimal("314.54"), None, Decimal(30))])
    state_projection(entity=ground.entity, data=data, actor=ground.finance)
    terms = Terms(Mode.WARN, Window.QUARTER, Decimal("0.1"), Decimal("100000.00"))
    set_control(entity=ground.entity, node=Node(cost_centre=ground.centres["ENG"]), terms=terms, actor=ground.finance)
    start_job(
        kind="board-pack",
        title="A pack",
        args={"budget_id": ground.budget.pk, "month": "2026-03-01"},
        actor=ground.finance,
        entity=ground.entity,
    )
    for number, person in enumerate(ground.people.values()):
        notify(person=person, kind="test", subject="Look", key=f"look-{number}", entity=ground.entity, url="/requests/1/")
    rooms.happen(ground)


def _people(ground: Ground) -> dict[str, User]:
    made = {kind: UserFactory.create(email=f"{kind}@example.org", name=kind.capitalize()) for kind in PERSONAS[4:]}
    for kind in ("auditor", "administrator"):
        assign(made[kind], kind, ground.entity, kind=kind)
    assign(made["outsider"], "finance", EntityFactory.create(code="elsewhere", name="Elsewhere"), kind="finance")
    return {
        "requester": ground.requester,
        "approver": ground.approver,
        "finance": ground.finance,
        "executive": ground.people["executive"],
        **made,
    }


def _known(ground: Ground) -> dict[str, list[Any]]:
    """Return what the names in bodies, queries and addresses may stand for."""
    return {
        "entity": ["acme"],
        "code": ["SMALL", "acme"],
        "budget": ["SMALL"],
        "cost_centre": ["ENG", "PLATFORM"],
        "category": ["software", "people"],
        "account": [ground.account.pk],
        "journal": list(Journal.objects.values_list("pk", flat=True)[:3]),
        # Those by which a budget was opened, others, and statements of its bands.
        "budgets.id": [
            *Journal.objects.order_by("pk").values_list("pk", flat=True)[:3],
            *EstimateBand.objects.values_list("pk", flat=True),
        ],
        "currency": ["EUR", "USD"],
        "number": [1],
        "month": ["2026-03"],
        "through": ["2026-06"],
        "first": ["2026-11", "2027-01"],
        "last": ["2027-03"],
        "as_of": ["2026-03-02T10:00:00Z"],
        "rate": ["1.0842"],
        "valid_on": ["2026-02-01"],
        "mode": ["stop", "warn"],
        "own_limit": ["250000.00"],
    }


def _numbers(ground: Ground) -> dict[str, list[Any]]:
    """Return the numbers that there are, by the list they are in."""
    entity = ground.entity
    return {
        "cost-centres": [centre.pk for centre in ground.centres.values()],
        "categories": [category.pk for category in ground.categories.values()],
        "vendors": [ground.vendor.pk],
        "periods": list(Period.objects.filter(entity=entity).values_list("pk", flat=True)[:3]),
        "rates": list(ExchangeRate.objects.values_list("pk", flat=True)),
        "projections": list(Projection.objects.values_list("pk", flat=True)),
        "accounts": [ground.account.pk, ground.other.pk],
        "entries": list(Entry.objects.order_by("-pk").values_list("pk", flat=True)[:3]),
        "journals": list(Journal.objects.order_by("-pk").values_list("pk", flat=True)[:3]),
        "controls": [*Control.objects.exclude(origin="version").values_list("pk", flat=True), Control.objects.earliest("pk").pk],
        "notices": list(Notice.objects.values_list("pk", flat=True)),
        "jobs": list(Job.objects.values_list("pk", flat=True)),
    }
