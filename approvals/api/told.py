"""A request as its address tells it: the same rows and words as on its page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from approvals.models import Decision, Request, RequestAttribute, Stage
from approvals.selectors.delegations import Asked, asked_of
from approvals.selectors.particulars import marks_of, stated
from approvals.selectors.stories import lines_with_held, story_of
from approvals.views.rows import row_of
from approvals.views.story import away_words, history_of
from budgets.selectors.attributes import attach_attributes
from core import clock


def all_in_short(rows: Sequence[Request]) -> list[dict[str, Any]]:
    """Return what a list tells of requests that were read with their open stages."""
    attach_attributes(RequestAttribute, rows)
    waiting = {row.pk: list(getattr(row, "open_stages", [])) for row in rows}
    asked = asked_of([stage for stages in waiting.values() for stage in stages], now=clock.now())
    return [{"request": row, "row": row_of(row, waiting[row.pk], asked)} for row in rows]


def told(found: Request) -> dict[str, Any]:
    """Return all that its own address tells, in a fixed number of queries."""
    story = story_of(found)
    attach_attributes(RequestAttribute, [found])
    by_policy = any(decision.rule_id and decision.round == found.round for decision in story.decisions)
    return {
        "request": found,
        "row": row_of(found, story.waiting, story.asked, by_policy=by_policy),
        "particulars": {name: value for name, value in stated(found).items() if value not in (None, "")},
        "marks": marks_of(found),
        "promised_at": story.promise.at if story.promise else None,
        "lines": lines_told(found),
        "stages": _stages(story.stages, story.decisions, story.asked),
        "history": history_of(story),
        "questions": story.questions,
        "attachments": story.attachments,
    }


def lines_told(found: Request) -> list[dict[str, Any]]:
    """Return the lines with what their threads hold."""
    return [{"line": line, "held": held} for line, held in lines_with_held(found)]


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
