"""Everything an approver needs to decide on one request, in one panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from approvals.models import Attachment, Request, RequestLine, Stage
from approvals.rules.particulars import POLICY_CHANGE
from approvals.rules.tags import tags_text
from approvals.selectors.advances import MonthSide, months_of_request
from approvals.selectors.amendments import comparison_of
from approvals.selectors.delegations import whose_places
from approvals.selectors.effects import NodeEffect, effects_of_lines
from approvals.selectors.moves import Side, sides_of_request
from approvals.selectors.overrides import effects_overridden
from approvals.selectors.particulars import marks_of, words_of
from approvals.selectors.people import may_be_asked
from approvals.selectors.policy_pages import change_shown
from approvals.selectors.stories import lines_in_order, story_of
from approvals.selectors.terms import HOLDS_NOTHING, terms_in_words
from approvals.views.asked import QuestionShown, questions_shown
from approvals.views.call_offs import contract_words
from approvals.views.clocks import calendar_of_stage
from approvals.views.discussion import CommentShown, comment_shown
from approvals.views.page import kind_words
from approvals.views.since import Since, since_decided
from approvals.views.story import (
    RiskShown,
    StageShown,
    Step,
    TraceShown,
    history_of,
    risk_shown,
    stages_shown,
    trace_shown,
)
from approvals.views.words import due_words
from budgets.selectors.balances import Effect
from budgets.selectors.comparing import Comparison
from core import clock
from core.models import User


@dataclass(frozen=True)
class EffectRow:
    """A row of the table of effects. Amounts in the request's currency."""

    name: str
    note: str
    is_stop: bool
    allotted: Decimal
    reserved: Decimal
    committed: Decimal
    spent: Decimal
    after: Decimal


@dataclass(frozen=True)
class Bar:
    """A node's bar: what is spent, committed, reserved by others, and what this takes."""

    name: str
    cap: Decimal
    wanted: Decimal
    spent: Decimal
    committed: Decimal
    reserved: Decimal
    after: Decimal

    @property
    def short(self) -> Decimal:
        """By how much it is not enough."""
        return max(-self.after, Decimal(0))

    @property
    def label(self) -> str:
        """What the bar shows, in words."""
        parts = f"spent {self.spent:,.2f}, committed {self.committed:,.2f}, this request {self.wanted:,.2f}"
        return f"{self.name}: {parts}, {self.after:,.2f} left of {self.cap:,.2f}"


@dataclass(frozen=True)
class PanelLine:
    """A line of the request."""

    description: str
    account_words: str
    month: date
    amount: Decimal


@dataclass
class Panel:
    """The panel of one stage."""

    request: Request
    stage: Stage
    digest: str
    due_words: str
    backup: str
    is_open: bool
    facts: list[tuple[str, str]]
    lines: list[PanelLine]
    effects: list[EffectRow]
    sides: tuple[Side, Side] | None
    months: list[MonthSide]
    comparison: Comparison | None
    beyond: list[Effect]
    bar: Bar | None
    window: str
    trace: TraceShown | None
    risk: RiskShown | None
    stages: list[StageShown]
    history: list[Step]
    attachments: Sequence[Attachment]
    warnings: list[str]
    marks: list[str]
    # What a change of a policy comes to; nothing for what spends money.
    change: dict[str, Any] | None
    since: Since
    why_not: str
    place: User | None
    decide_url: str
    ask_url: str
    questions: list[QuestionShown]
    comments: list[CommentShown]
    # Whom the person may put a question to; nobody where they cannot decide.
    askable: list[tuple[int, str]]

    @property
    def may_decide(self) -> bool:
        """Whether this person may answer now."""
        return not self.why_not


def panel_for(stage: Stage, person: User, *, query: str) -> Panel:
    """Return the panel of a stage as this person sees it. `query` is the address's filters, kept in every link."""
    now = clock.now()
    found = stage.request
    lines, story = lines_in_order(found), story_of(found)
    is_holding = found.state == Request.State.SUBMITTED and found.subject_kind not in HOLDS_NOTHING
    nodes = effects_of_lines(lines) if is_holding else []
    reason = story.why_not(stage, person)
    return Panel(
        request=found,
        stage=stage,
        digest=found.digest,
        due_words=due_words(calendar_of_stage(stage, story.clock_of(stage), now=now), now=now, due_at=stage.due_at),
        backup="" if stage.escalated_at or stage.covered_at or not stage.backup else stage.backup.name,
        is_open=stage.state == Stage.State.ASSIGNED,
        facts=facts_of(found, lines),
        lines=[PanelLine(line.description, account_words(line), line.month, line.funds) for line in lines],
        effects=[effect_row(node) for node in nodes],
        sides=sides_of_request(found),
        months=months_of_request(found),
        comparison=comparison_of(found),
        beyond=effects_overridden(found),
        bar=tightest_bar(nodes),
        window=window_words(nodes),
        trace=trace_shown(found),
        risk=risk_shown(found),
        stages=stages_shown(story.of_round(stage.round), story.decisions, story.clocks, story.asked),
        history=history_of(story),
        attachments=story.attachments,
        warnings=warnings_of(nodes),
        marks=marks_of(found),
        change=change_shown(found) if found.subject_kind == POLICY_CHANGE else None,
        since=since_decided(person, story, number=stage.round),
        why_not=reason,
        place=whose_places(person, [stage]).get(stage.pk),
        decide_url=f"{reverse('approvals:decide', args=[stage.pk])}{query}",
        ask_url=reverse("approvals:ask", args=[stage.pk]),
        questions=questions_shown(found, story.questions, person),
        comments=[comment_shown(found, comment, person) for comment in story.comments],
        askable=[] if reason else askable(found, person),
    )


def askable(found: Request, person: User) -> list[tuple[int, str]]:
    """Return whom this person may ask, the requester first."""
    people = sorted(may_be_asked(found, person), key=lambda other: other.pk != found.requester_id)
    return [(other.pk, f"{other.name}, who asks for it" if other.pk == found.requester_id else other.name) for other in people]


def lines_of(found: Request) -> list[RequestLine]:
    """Return the lines in order, from what was read with the request."""
    read: list[RequestLine] | None = found.__dict__.get("lines_read")
    return read if read is not None else sorted(found.lines.all(), key=lambda line: line.number)


def account_words(line: RequestLine) -> str:
    """Name a line's budget line, its budget and its cost centre."""
    return f"{line.account.name}, {line.account.budget.name} · {line.account.cost_centre}"


def facts_of(found: Request, lines: Sequence[RequestLine]) -> list[tuple[str, str]]:
    """Return what stands at the top of the panel."""
    centres = dict.fromkeys(str(line.account.cost_centre) for line in lines)
    if found.subject_kind == POLICY_CHANGE:
        return [("Asked by", found.requester.name), ("Kind", kind_words(found)), *words_of(found)]
    needed = f"{found.needed_by:%a} {found.needed_by.day} {found.needed_by:%b %Y}" if found.needed_by else "no date given"
    return [
        ("Asked by", found.requester.name),
        ("Vendor", found.vendor.name if found.vendor else "none named"),
        ("Cost centre", ", ".join(centres)),
        ("Kind", kind_words(found)),
        ("Needed by", needed),
        *terms_in_words(found).items(),
        *words_of(found),
        *([("Paid by", str(found.card))] if found.card else []),
        *contract_words(found),
        *([("Tags", tags_text(found.tags))] if found.tags else []),
        *([("Emergency", "yes, it cannot wait for the usual way")] if found.is_emergency else []),
    ]


def effect_row(node: NodeEffect) -> EffectRow:
    """Return a node as a row of the table."""
    sums = node.figures
    note = "" if node.account_id else node.mode
    return EffectRow(node.name, note, not node.account_id, sums.allotted, sums.reserved, sums.committed, sums.spent, node.left)


def bar_of(node: NodeEffect, *, asked: Decimal | None = None) -> Bar:
    """Return a node as a bar; `asked` where only one of several requests is to be shown."""
    taken = node.asked if asked is None else asked
    others = max(node.figures.reserved - taken, Decimal(0))
    return Bar(node.name, node.cap, taken, node.figures.spent, node.figures.committed, others, node.left)


def tightest_bar(nodes: list[NodeEffect]) -> Bar | None:
    """Return the bar of the node with the least left, for its size."""
    return bar_of(min(nodes, key=lambda node: node.left / max(node.cap, Decimal(1)))) if nodes else None


def window_words(nodes: list[NodeEffect]) -> str:
    """Say over which months the figures run."""
    spans = list(dict.fromkeys(node.when for node in nodes))
    return spans[0] if len(spans) == 1 else "each over its own window" if spans else ""


def warnings_of(nodes: list[NodeEffect]) -> list[str]:
    """Return what an approver should know about the money before deciding."""
    return [f"{node.name} is {-node.left:,.2f} over {node.when}, this request included." for node in nodes if node.left < 0]
