"""A request as its address tells it: the same rows and words as on its page."""

from collections import defaultdict
from typing import Any

from approvals.models import Decision, Request, Stage
from approvals.views.asked import questions_of
from approvals.views.rows import row_of
from approvals.views.story import history_of, joined
from budgets.selectors.balances import thread_balance


def told_in_short(found: Request) -> dict[str, Any]:
    """Return what a list tells of a request that was read with its open stages."""
    return {"request": found, "row": row_of(found, getattr(found, "open_stages", []))}


def told(found: Request) -> dict[str, Any]:
    """Return all that its own address tells, in a fixed number of queries."""
    stages = list(found.stages.select_related("owner", "backup").order_by("round", "number"))
    decisions = list(found.decisions.select_related("person").order_by("decided_at", "id"))
    attachments = list(found.attachments.select_related("uploaded_by"))
    rounds = list(found.rounds.order_by("number"))
    questions = questions_of(found)
    return {
        "request": found,
        "row": row_of(found, [stage for stage in stages if stage.state == Stage.State.ASSIGNED]),
        "lines": lines_told(found),
        "stages": _stages(stages, decisions),
        "history": history_of(
            found,
            rounds=rounds,
            stages=stages,
            decisions=decisions,
            attachments=attachments,
            questions=questions,
            members=joined(found),
        ),
        "questions": questions,
        "attachments": attachments,
    }


def lines_told(found: Request) -> list[dict[str, Any]]:
    """Return the lines with what their threads hold."""
    lines = list(found.lines.select_related("account__budget", "account__cost_centre").order_by("number"))
    held = thread_balance([line.thread for line in lines])
    return [{"line": line, "held": held[line.thread]} for line in lines]


def _stages(stages: list[Stage], decisions: list[Decision]) -> list[dict[str, Any]]:
    said: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        said[decision.stage_id].append(decision)
    return [{"stage": stage, "decisions": said[stage.pk]} for stage in stages]
