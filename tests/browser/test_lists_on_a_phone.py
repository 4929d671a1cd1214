"""Lists that a phone must hold: their rows become blocks, and nothing scrolls sideways."""

from datetime import date
from typing import Any

import pytest

from budgets.models import Attribute
from budgets.services.templates import keep_template
from core.models import RetentionRun, User
from core.services import audit
from reporting.models import Pack
from tests.doors.retaining import HASH, THEN
from tests.factories.changes import planned_budget
from tests.factories.core import assign
from tests.fixtures.approvals import House


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_the_trail_templates_attributes_and_a_removal_fit(
    desk: Any, kafka: House, controller: User, size: str, scheme: str
) -> None:
    entity = kafka.budget.entity
    assign(controller, "keeper", entity, kind="administrator")
    version = planned_budget(kafka.account)
    keep_template(version=version, name="A year of the platform", about="For teams that run things.", actor=controller)
    Attribute.objects.create(entity=entity, kind="budget", code="region", name="Region", type="text", starts_on=date(2026, 1, 1))
    after = {"digest": HASH, "months": {"2026-03": "1,000.00"}, "address": "x" * 90}
    audit.record(actor=controller, verb="budget_version.in_force", subject=version, entity=entity, after=after)
    run = RetentionRun.objects.create(entity=entity, digest=HASH, listed=[], documents=1, ordered_by=controller)
    pack = Pack.objects.create(
        budget=version.budget,
        month=date(2015, 3, 1),
        issue=1,
        snapshot="{}",
        snapshot_sha256=HASH,
        figures_sha256=HASH,
        last_journal=1,
        is_final=True,
    )
    run.removed.create(
        records="packs",
        kind="reports",
        subject_id=pack.pk,
        name=f"{pack.budget.code}-2015-03-issue-1",
        size=2,
        sha256=HASH,
        dated_on=date(2015, 3, 31),
        kept_until=date(2017, 12, 31),
    )
    run.finished_at = THEN
    run.save(update_fields=["finished_at"])
    seat = desk(controller, size=size, scheme=scheme)
    for name, address in {
        "trail": "/trail/",
        "templates": "/budgets/templates/",
        "attributes": "/budgets/attributes/",
        "removal": f"/retention/removals/{run.pk}/",
        "retention": "/retention/",
    }.items():
        seat.open(address)
        seat.check(f"{name}-{size}-{scheme}")
