"""What an organization keeps behind the doors: a template, a period, a hold, and a removal with what it took."""

from datetime import UTC, date, datetime
from typing import Any

from budgets.models import BudgetVersion
from budgets.services.templates import keep_template
from core.models import RetentionRun
from core.services.retention import place_hold, state_period
from reporting.models import Pack
from tests.doors.house import House

HASH = "ab" * 32
THEN = datetime(2026, 3, 1, tzinfo=UTC)


def retain(house: House) -> dict[str, Any]:
    """Let something be withheld, and something be removed before that; return the things by their names."""
    whose = f"{house.word} ".lstrip()
    by: dict[str, Any] = {"entity": house.entity, "actor": house.finance}
    state_period(kind="planning", years=6, reason=f"{whose}rules.", **by)
    run = RetentionRun.objects.create(entity=house.entity, digest=HASH, listed=[], documents=1, ordered_by=house.finance)
    pack = Pack.objects.create(
        budget=house.entity.budgets.earliest("pk"), month=date(2015, 3, 1), issue=1, snapshot="{}", snapshot_sha256=HASH,
        figures_sha256=HASH, last_journal=1, is_final=True,
    )  # fmt: skip
    run.removed.create(
        records="packs", kind="reports", subject_id=pack.pk, name=f"{pack.budget.code}-2015-03-issue-1", size=2, sha256=HASH,
        dated_on=date(2015, 3, 31), kept_until=date(2017, 12, 31),
    )  # fmt: skip
    run.finished_at = THEN
    run.save(update_fields=["finished_at"])
    version = BudgetVersion.objects.filter(budget__entity=house.entity, state="in_force").earliest("pk")
    template = keep_template(version=version, name=f"{whose}plan", about=f"{whose}years", actor=house.finance)
    return {"template": template.pk, "hold": place_hold(kind="", reason=f"{whose}audit.", **by).pk, "removal": run.pk}
