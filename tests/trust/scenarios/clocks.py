"""How R5 goes through the clocks of stages, and what is added up of how long they ran."""

from datetime import timedelta
from typing import Any

from approvals.models import Timer
from approvals.services import decisions, promises, questions, timers
from core import clock
from core.services import audit, outbox
from tests.trust.scenarios.approvals import question
from tests.trust.scenarios.ground import MONDAY, Ground
from tests.trust.scenarios.registry import scenario, steps_of

steps_of(timers.fire_due, steps=[questions.lapse_question, audit.record_all, outbox.publish_all])
TIMERS = {"approvals_timer": ("attempts", "not_before")}


def _fire_later(arguments: dict[str, Any]) -> None:
    """A timer that failed is pushed forward, and fires when its time has come again."""
    with clock.at(MONDAY + timedelta(hours=2)):
        timers.fire_due(**arguments)


@scenario(promises.reckon_paces)
def _reckon_paces(ground: Ground) -> dict[str, Any]:
    request = ground.submitted()
    stage = ground.stage_of(request)
    decisions.approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    return {}


@scenario(
    timers.fire_due,
    label="a question unanswered",
    steps="timers fire in batches, each timer for itself",
    notes=TIMERS,
    again=_fire_later,
)
def _fire_lapse(ground: Ground) -> dict[str, Any]:
    with clock.at(MONDAY - timedelta(days=8)):
        questions.ask_question(**question(ground))
    return {}


@scenario(timers.fire_due, steps="timers fire in batches, each timer for itself", notes=TIMERS, again=_fire_later)
def _fire_due(ground: Ground) -> dict[str, Any]:
    """A stage that was assigned two weeks ago: its escalation is due. Of several timers, each would fail for itself."""
    with clock.at(MONDAY - timedelta(days=14)):
        ground.submitted()
    Timer.objects.exclude(kind=Timer.Kind.ESCALATE).update(not_before=MONDAY + timedelta(days=30))
    return {}
