"""A request as its address tells it: the same rows and words as on its page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from approvals.models import Decision, Request, Stage
from approvals.selectors.comments import comments_of
from approvals.selectors.delegations import Asked, asked_of
from approvals.selectors.particulars import marks_of, stated
from approvals.views.asked import questions_of
from approvals.views.rows import row_of
from approvals.views.story import SPOKEN, away_words, history_of, joined, looked_back
from budgets.selectors.balances import thread_balance
from core import clock


def all_in_short(rows: Sequence[Request]) -> list[dict[str, Any]]:
    """Return what a list tells of requests that were read with their open stages."""
    waiting = {row.pk: list(getattr(row, "open_stages", [])) for row in rows}
    asked = asked_of([stage for stages in waiting.values() for stage in stages], now=clock.now())
    return [{"request": row, "row": row_of(row, waiting[row.pk], asked)} for row in rows]


def told(found: Request) -> dict[str, Any]:
    """Return all that its own address tells, in a fixed number of queries."""
    stages = list(found.stages.select_related("owner", "backup", "request__entity").order_by("round", "number"))
    waiting = [stage for stage in stages if stage.state == Stage.State.ASSIGNED]
    asked = asked_of(waiting, now=clock.now())
    decisions = list(found.decisions.select_related(*SPOKEN).order_by("decided_at", "id"))
    attachments = list(found.attachments.select_related("uploaded_by"))
    rounds = list(found.rounds.order_by("number"))
    questions = questions_of(found)
    by_policy = any(decision.rule_id and decision.round == found.round for decision in decisions)
    return {
        "request": found,
        "row": row_of(found, waiting, asked, by_policy=by_policy),
        "particulars": {name: value for name, value in stated(found).items() if value not in (None, "")},
        "marks": marks_of(found),
        "lines": lines_told(found),
        "stages": _stages(stages, decisions, asked),
        "history": history_of(
            found,
            rounds=rounds,
            stages=stages,
            decisions=decisions,
            attachments=attachments,
            questions=questions,
            members=joined(found),
            comments=comments_of(found),
            look_backs=looked_back(found) if any(decision.rule_id for decision in decisions) else [],
        ),
        "questions": questions,
        "attachments": attachments,
    }


def lines_told(found: Request) -> list[dict[str, Any]]:
    """Return the lines with what their threads hold."""
    lines = list(found.lines.select_related("account__budget", "account__cost_centre").order_by("number"))
    held = thread_balance([line.thread for line in lines])
    return [{"line": line, "held": held[line.thread]} for line in lines]


def _stages(stages: list[Stage], decisions: list[Decision], asked: Mapping[int, Asked]) -> list[dict[str, Any]]:
    said: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.stage_id is not None:
            said[decision.stage_id].append(decision)
    return [
        {
            "stage": stage,
            "decisions": said[stage.pk],
            "stand_in": asked[stage.pk].stand_in if stage.pk in asked else None,
            "away": away_words(stage, asked.get(stage.pk)),
        }
        for stage in stages
    ]
