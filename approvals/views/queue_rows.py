"""The rows of the queue: what waits with its clock and its effect, and what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from approvals.models import Decision, RequestLine, Stage
from approvals.selectors.delegations import whose_places
from approvals.selectors.effects import NodeEffect, effects_of_lines
from approvals.selectors.particulars import about, marks_of
from approvals.selectors.terms import HOLDS_NOTHING
from approvals.views.clocks import calendar_of_stage
from approvals.views.panel import Bar, bar_of, lines_of
from approvals.views.words import REQUEST_STATES, due_words, state_words
from core import clock
from core.models import User


@dataclass(frozen=True)
class QueueRow:
    """A row. `stage` is the id that opens a panel, None where the row leads to the request's page."""

    key: int
    stage: int | None
    url: str
    number: str
    title: str
    amount: Decimal
    currency: str
    asked_by: str
    where: str
    sla: str
    current: bool = False
    due_at: datetime | None = None
    due_words: str = ""
    when: datetime | None = None
    bar: Bar | None = None
    note: str = ""
    # What its box sends: the stage, and the digest of what is shown.
    pick: str = ""
    is_picked: bool = False
    place: str = ""
    about: str = ""
    marks: tuple[str, ...] = ()


def waiting_rows(
    stages: Sequence[Stage], person: User, *, query: str, current: int | None, picked: frozenset[str] = frozenset()
) -> list[QueueRow]:
    """Return the rows of stages that wait for a person. The effects of all of them are read in one query."""
    now = clock.now()
    places = whose_places(person, stages)
    lines = [line for stage in stages for line in _holding(stage)]
    leaves = {node.account_id: node for node in effects_of_lines(lines, leaves=True)}
    rows = [(stage, _waiting(stage, leaves, now, query, current)) for stage in stages]
    return [replace(row, is_picked=row.pick in picked, place=_place(places.get(stage.pk))) for stage, row in rows]


def _place(other: User | None) -> str:
    return f"for {other.name}" if other else ""


def _waiting(stage: Stage, leaves: dict[int | None, NodeEffect], now: datetime, query: str, current: int | None) -> QueueRow:
    found = stage.request
    centres = dict.fromkeys(str(line.account.cost_centre) for line in lines_of(found))
    return QueueRow(
        key=stage.pk,
        stage=stage.pk,
        url=f"{reverse('approvals:stage', args=[stage.pk])}{query}",
        number=found.number,
        title=found.title,
        amount=found.amount,
        currency=found.currency,
        asked_by=found.requester.name,
        where=", ".join(centres),
        sla=sla_words(stage),
        current=stage.pk == current,
        due_at=None if stage.paused_at else stage.due_at,
        when=stage.paused_at,
        due_words=due_words(calendar_of_stage(stage, stage.__dict__["clock"], now=now), now=now, due_at=stage.due_at),
        bar=_tightest(stage, leaves),
        pick=f"{stage.pk}:{found.digest}",
        about=about(found),
        marks=tuple(marks_of(found)),
    )


def sla_words(stage: Stage) -> str:
    """Say how long the stage may take, or to whom it was escalated besides its owner."""
    if stage.paused_at:
        return "stands still for an answer"
    if (stage.escalated_at or stage.covered_at) and stage.backup:
        return f"also with {stage.backup}"
    return f"of {stage.sla}"


def _holding(stage: Stage) -> Sequence[RequestLine]:
    """Return the lines that hold money: those of some say only how much they are about."""
    return [] if stage.request.subject_kind in HOLDS_NOTHING else lines_of(stage.request)


def _tightest(stage: Stage, leaves: dict[int | None, NodeEffect]) -> Bar | None:
    """Return the bar of the request's budget line with the least left."""
    asked: dict[int, Decimal] = {}
    for line in _holding(stage):
        asked[line.account_id] = asked.get(line.account_id, Decimal(0)) + line.funds
    nodes = [leaves[account_id] for account_id in asked if account_id in leaves]
    if not nodes:
        return None
    node = min(nodes, key=lambda leaf: leaf.left)
    return bar_of(node, asked=asked[node.account_id or 0])


def answered_rows(decisions: Sequence[Decision]) -> list[QueueRow]:
    """Return the rows of what a person answered, leading to the requests' own pages."""
    return [_answered(decision) for decision in decisions]


def _answered(decision: Decision) -> QueueRow:
    found = decision.request
    return QueueRow(
        key=decision.pk,
        stage=None,
        url=reverse("approvals:request", args=[found.number]),
        number=found.number,
        title=found.title,
        amount=found.amount,
        currency=found.currency,
        asked_by=found.requester.name,
        where=decision.stage.name if decision.stage else "",
        sla=f"you {decision.get_verdict_display()}",
        place=_place(decision.on_behalf_of),
        when=decision.decided_at,
        note=state_words(REQUEST_STATES, found.state)[1],
        about=about(found),
        marks=tuple(marks_of(found)),
    )
