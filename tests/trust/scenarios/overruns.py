"""The scenario of a limit that facts went over: what follows a posting, and what its request does."""

from __future__ import annotations

from typing import Any

from approvals.services import overruns, requests
from approvals.services.policies import load_policy
from tests.factories.budgets import move
from tests.trust.scenarios.ground import MARCH, POLICY, Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

only_reads(overruns.check)
steps_of(overruns.attend_overruns, steps=[overruns.ask, overruns.let_stand, overruns.leave, overruns.reopen])
steps_of(requests.submit_request, steps=[requests.put_before])
steps_of(requests.withdraw_request, steps=[requests.take_back])


@scenario(overruns.attend_overruns)
def _attend(ground: Ground) -> dict[str, Any]:
    """Spend of a line that is more than its year may hold, which nobody has looked at."""
    kinds = {**POLICY["kinds"], "overrun": {"name": "Overrun", "subject": "overrun"}}
    rules = [*POLICY["rules"], {"kind": "overrun", "stages": ["executive"], "sla": "1 business day"}]
    load_policy(document=POLICY | {"kinds": kinds, "rules": rules}, entity=ground.entity, actor=None)
    return {"journal_id": move(ground.other, "spent", "12500", month=MARCH, is_fact=True).id}
