"""What else is asked for at Meridian Logistics: a contract and what is called off it, people, a trip in advance and one after
the fact.

Their moments and amounts are drawn from nothing, so that the rest of the year stays as it was.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from approvals.models import Request, Stage
from approvals.services.attachments import attach
from approvals.services.decisions import approve_stage
from approvals.services.requests import save_draft, submit_request
from core.models import User
from demo.story.desks import AskingDesk
from demo.story.wants import DATA_TOOLS, PRODUCT_CONTRACTORS, PRODUCT_TRAVEL, Want

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
CATALOGUE = Want(
    kind="contract",
    title="Data catalogue for a year",
    line=DATA_TOOLS,
    net=Decimal(110),
    vendor="Ledgerly Analytics",
    reason="The monthly price falls by a third; notice is three months.",
)
CONNECTORS = Want(
    kind="vendor_payment",
    title="Connectors for the catalogue",
    line=DATA_TOOLS,
    net=Decimal(45),
    reason="The warehouse and the order system, at the contract's prices.",
)
TESTER = Want(
    kind="resource_change",
    title="A tester for the checkout",
    line=PRODUCT_CONTRACTORS,
    net=Decimal(350),
    vendor="Two Rivers Contracting",
    reason="The load tests before the peak have nobody.",
)
VISIT = Want(
    kind="travel",
    title="Visit to the Lisbon warehouse",
    line=PRODUCT_TRAVEL,
    net=Decimal(240),
    reason="The scanners there go over to the new topics next week.",
)
OUTAGE = replace(VISIT, title="To the Porto depot, at once", net=Decimal(190), reason="Their scanners stood still on Monday.")


def plan(desk: AskingDesk, people: dict[str, User]) -> None:
    """Plan what is asked for in the last days before the present."""
    who, ends = people["second-manager"], desk.story.ends

    def at(days: int, want: Want, said: dict[str, Any], *, decided: bool) -> None:
        desk.story.at(ends - timedelta(days=days), lambda: _ask(desk, who, want, said, decided=decided))

    today = ends.date()
    at(6, CATALOGUE, _term(today - timedelta(days=5), Decimal(1320), notice=90), decided=True)
    desk.story.at(ends - timedelta(days=4), lambda: _call_off(desk, who))
    at(3, OUTAGE, _trip("Porto", today - timedelta(days=4), days=1) | {"after_the_fact": True}, decided=True)
    role = {"role": "Load tester", "heads": 1, "from_on": today, "until_on": None, "monthly_cost": "350"}
    at(2, TESTER, role, decided=False)
    at(1, VISIT, _trip("Lisbon", today + timedelta(days=9), days=2), decided=False)


def _term(begins: date, value: Decimal, *, notice: int) -> dict[str, Any]:
    return {"from_on": begins, "until_on": begins + timedelta(days=364), "notice_days": notice, "total_value": str(value)}


def _trip(where: str, begins: date, *, days: int) -> dict[str, Any]:
    return {
        "traveller": "The product lead",
        "destination": where,
        "from_on": begins,
        "until_on": begins + timedelta(days=days),
    }


def _ask(desk: AskingDesk, who: User, want: Want, said: dict[str, Any], *, decided: bool) -> None:
    data = replace(desk.data(want, want.net), particulars=said)
    request = save_draft(actor=who, entity=desk.entity, data=data)
    if want.kind == "contract":
        attach(request_id=request.pk, actor=who, name="contract.pdf", content=PDF)
    submit_request(request_id=request.pk, actor=who)
    if decided:
        desk.story.after(2, lambda: _decide(request.pk))


def _call_off(desk: AskingDesk, who: User) -> None:
    """Ask for money under the contract, once it stands."""
    contract = Request.objects.get(title=CATALOGUE.title, state=Request.State.APPROVED)
    data = replace(desk.data(CONNECTORS, CONNECTORS.net), contract=contract.number)
    request = save_draft(actor=who, entity=desk.entity, data=data)
    submit_request(request_id=request.pk, actor=who)
    desk.story.after(2, lambda: _decide(request.pk))


def _decide(request_id: int) -> None:
    """Everybody who is asked says yes."""
    for stage in Stage.objects.filter(request=request_id, state=Stage.State.ASSIGNED).select_related("owner").order_by("number"):
        approve_stage(stage_id=stage.pk, actor=stage.owner, digest=Request.objects.get(pk=request_id).digest)
