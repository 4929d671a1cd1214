"""Scenarios of reporting: packs."""

from typing import Any

from core.jobs import JobContext
from core.models import Job
from reporting.services import issuing, packs
from tests.factories.budgets import move
from tests.trust.scenarios.ground import MARCH, Ground
from tests.trust.scenarios.registry import only_reads, scenario

only_reads(packs.comparable)


def _pack(ground: Ground) -> dict[str, Any]:
    move(ground.account, "spent", "1500", month=MARCH, is_fact=True)
    return {"budget": ground.budget, "month": MARCH, "actor": ground.finance}


@scenario(packs.freeze_pack)
def _freeze_pack(ground: Ground) -> dict[str, Any]:
    return _pack(ground)


@scenario(packs.render_pack)
def _render_pack(ground: Ground) -> dict[str, Any]:
    return {"pack": packs.freeze_pack(**_pack(ground)), "actor": ground.finance}


@scenario(issuing.start_pack)
def _start_pack(ground: Ground) -> dict[str, Any]:
    return _pack(ground)


@scenario(issuing.issue_pack, steps="the figures are frozen in one transaction, and the file is made and kept in another")
def _issue_pack(ground: Ground) -> dict[str, Any]:
    issuing.start_pack(**_pack(ground))
    return {"context": JobContext(Job.objects.get()), "budget_id": ground.budget.pk, "month": MARCH}
