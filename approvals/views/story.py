"""A request's story as pages tell it: the stages of its round, and what happened, newest first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from approvals.models import (
    Comment,
    Decision,
    Emergency,
    LookBack,
    Question,
    Request,
    Round,
    Stage,
    StageMember,
)
from approvals.selectors.delegations import Asked
from approvals.selectors.stories import Story
from approvals.selectors.terms import HOLDS_NOTHING
from approvals.views.words import STAGE_STATES, state_words
from core.models import User

VERDICTS = {"approve": "Approved", "reject": "Rejected", "send_back": "Sent back"}


@dataclass(frozen=True)
class DecisionShown:
    """What one person said."""

    word: str
    person: str
    at: datetime
    comment: str


@dataclass(frozen=True)
class StageShown:
    """A stage on a timeline. `moment` is when it was decided, else when it is due; None before its turn."""

    name: str
    owner: str
    kind: str
    word: str
    sla: str
    backup: str
    now: bool
    moment: datetime | None
    escalated_at: datetime | None
    skipped: bool = False
    paused_at: datetime | None = None
    # How the due time comes about, and each time it moved.
    reckoned: list[str] = field(default_factory=list)
    asked: str = ""
    decisions: list[DecisionShown] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """A step of a timeline, in the shape of its component."""

    at: datetime | None
    text: str
    note: str = ""
    now: bool = False
    when: str = ""


@dataclass(frozen=True)
class TraceRule:
    """Why one rule matched or not, in the shape of its component."""

    matched: bool
    text: str
    why: str


@dataclass(frozen=True)
class TraceShown:
    """The rules that bear on a request, and all the others."""

    shown: list[TraceRule]
    rest: list[TraceRule]
    policy: str = ""


@dataclass(frozen=True)
class RiskShown:
    """The risk of a request, and what it is made of, the heaviest reason first."""

    score: int
    reasons: list[str]


def risk_shown(request: Request) -> RiskShown | None:
    """Return the risk with which a request was submitted last; None where it never was, or before there were scores."""
    if request.risk_score is None:
        return None
    return RiskShown(request.risk_score, [f"{reason['text']} +{reason['points']}" for reason in request.risk_reasons])


def stages_shown(
    stages: Iterable[Stage],
    decisions: Iterable[Decision],
    clocks: Mapping[int, list[str]] | None = None,
    asked: Mapping[int, Asked] | None = None,
) -> list[StageShown]:
    """Return the stages of one round in order, with what was said on each. Stages come with owner and backup.

    `asked` says who is asked in the place of owners who are away.
    """
    said: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.voided_at is None and decision.stage_id is not None:
            said[decision.stage_id].append(decision)
    reckoned, away = clocks or {}, asked or {}
    return [_stage(stage, said[stage.pk], reckoned.get(stage.pk, []), away.get(stage.pk)) for stage in stages]


def away_words(stage: Stage, asked: Asked | None) -> str:
    """Say why a stage waits, and with whom, where its owner is away or too few are there; empty where it waits as usual."""
    if stage.state != Stage.State.ASSIGNED:
        return ""
    until = f" until {asked.until.date()}" if asked and asked.until else ""
    if asked and asked.stand_in:
        return f"{stage.owner} is away{until}: {asked.stand_in} decides for them"
    if stage.covered_at:
        return f"{stage.covered_why} {stage.backup} may decide." if stage.backup and _is_covered(stage) else stage.covered_why
    return f"{stage.owner} is away{until}" if asked else ""


def _is_covered(stage: Stage) -> bool:
    return not stage.covered_why.endswith("Nobody else may decide.")


def _stage(stage: Stage, said: list[Decision], reckoned: list[str], asked: Asked | None) -> StageShown:
    kind, word = state_words(STAGE_STATES, stage.state)
    if stage.committee_version_id:
        word = f"{word}, {_votes(said)}, {stage.needed} must approve"
    elif stage.needed > 1:
        word = f"{word}, {len(said)} of {stage.needed} have decided"
    return StageShown(
        name=stage.name,
        owner=_person(stage.owner, beside=stage.name),
        kind=kind,
        word=word,
        sla=stage.sla,
        backup=stage.backup.name if stage.backup else "",
        now=stage.state == Stage.State.ASSIGNED,
        moment=stage.decided_at or stage.due_at,
        escalated_at=stage.escalated_at,
        skipped=stage.state == Stage.State.SKIPPED,
        paused_at=stage.paused_at,
        reckoned=reckoned,
        asked=away_words(stage, asked),
        decisions=[_decision(decision) for decision in said],
    )


def _votes(said: list[Decision]) -> str:
    yes = sum(decision.verdict == Decision.Verdict.APPROVE for decision in said)
    no = sum(decision.verdict == Decision.Verdict.REJECT for decision in said)
    return f"{yes} for it, {no} against"


def _person(person: User, *, beside: str) -> str:
    """Return a person's name, or nothing where the stage beside it bears the same."""
    return "" if person.name.casefold() == beside.casefold() else person.name


def _decision(decision: Decision) -> DecisionShown:
    stands = ", in the round before; it stands" if decision.stands_from_id else ""
    who = f"{decision.who}{link_words(decision)}{stands}"
    return DecisionShown(VERDICTS[decision.verdict], who, decision.decided_at, decision.comment)


def link_words(decision: Decision) -> str:
    """Say that a decision came by the link of a mail, and whether that was all that was shown; empty where it did not."""
    link = getattr(decision, "link", None)
    if link is None:
        return ""
    return ", by link from mail" if link.signed_in else ", by link from mail alone"


def history_of(story: Story) -> list[Step]:
    """Return what happened to a request, newest first."""
    request, rounds, asked = story.request, story.rounds, story.stages
    steps = [Step(request.created_at, f"Begun by {request.requester}")]
    begun = {round_.number: round_.submitted_at for round_ in rounds}
    is_holding = request.subject_kind not in HOLDS_NOTHING
    held, freed = ("The money is reserved", "The money is free again") if is_holding else ("", "")
    for round_ in rounds:
        again = f", round {round_.number}" if round_.number > 1 else ""
        steps.append(Step(round_.submitted_at, f"Submitted by {request.requester}{again}", held))
        if round_.outcome == Round.Outcome.WITHDRAWN:
            steps.append(Step(round_.ended_at, f"Withdrawn by {request.requester}", freed))
    steps += [Step(file.uploaded_at, f"{file.name} attached") for file in story.attachments]
    for stage in asked:
        steps += _steps_of(stage)
    steps += [_step_of_look_back(looked) for looked in story.look_backs]
    if request.submitted_at is not None and not any(stage.round == request.round for stage in asked):
        steps += _steps_of_emergency(request)
    steps += [_step_of_joining(member) for member in story.handed]
    for question in story.questions:
        steps += _steps_of_question(question)
    for comment in story.comments:
        steps += _steps_of_comment(comment)
    for decision in story.decisions:
        if decision.stands_from_id:
            said = f"The approval by {decision.who} in round {decision.round - 1} stands in round {decision.round}"
            steps.append(Step(begun[decision.round], said, "What is asked for now is covered by it"))
            continue
        voided = " (taken back)" if decision.voided_at else ""
        said = f"{VERDICTS[decision.verdict]} by {decision.who}{link_words(decision)}{voided}"
        steps.append(Step(decision.decided_at, said, decision.comment))
        if decision.voided_at:
            steps.append(Step(decision.voided_at, f"{decision.who} took back: {VERDICTS[decision.verdict].lower()}"))
    return _newest_first(steps)


def _steps_of(stage: Stage) -> list[Step]:
    steps = []
    if stage.assigned_at:
        who = stage.name if stage.owner.name.casefold() == stage.name.casefold() else f"{stage.owner}, {stage.name}"
        steps.append(Step(stage.assigned_at, f"Put before {who}", f"{stage.sla} to decide"))
    if stage.escalated_at:
        also = f"{stage.backup} may decide too" if stage.backup else "No backup is named"
        steps.append(Step(stage.escalated_at, f"Escalated: {stage.name}", also))
    if stage.covered_at:
        also = f"{stage.backup} may decide too. {stage.covered_why}" if stage.backup and _is_covered(stage) else stage.covered_why
        steps.append(Step(stage.covered_at, f"Asked somebody else: {stage.name}", also))
    if stage.breached_at:
        steps.append(Step(stage.breached_at, f"Deadline passed: {stage.name}"))
    return steps


def _steps_of_emergency(request: Request) -> list[Step]:
    """Only an emergency was submitted without a stage."""
    found = Emergency.objects.select_related("approver").filter(request=request).first()
    if found is None:
        return []
    said = f"Emergency: committed at once, on the word of {found.approver}"
    steps = [Step(found.declared_at, said, f"{found.criterion}. {found.words}")]
    for debt in found.debts.filter(closed_at__isnull=False).select_related("closed_by"):
        words = f"{debt.get_kind_display().capitalize()}: {debt.get_outcome_display()}, by {debt.closed_by}"
        steps.append(Step(debt.closed_at, words, debt.remark or debt.text))
    return steps


def _step_of_look_back(looked: LookBack) -> Step:
    words = "withdrew what the policy had approved" if looked.outcome == LookBack.Outcome.WITHDRAWN else "looked back: in order"
    return Step(looked.at, f"{looked.person} {words}", looked.remark)


def _step_of_joining(member: StageMember) -> Step:
    if member.capacity == StageMember.Capacity.ADDED:
        return Step(member.added_at, f"{member.by} asked for {member.person}'s decision too, {member.stage}", member.reason)
    return Step(member.added_at, f"Handed over by {member.by} to {member.person}, {member.stage}", member.reason)


def _steps_of_question(question: Question) -> list[Step]:
    steps = [Step(question.asked_at, f"{question.asked_by} asked {question.asked}", question.text)]
    if question.state == Question.State.ANSWERED:
        steps.append(Step(question.closed_at, f"Answered by {question.asked}", question.answer))
    elif question.state == Question.State.WITHDRAWN:
        steps.append(Step(question.closed_at, f"{question.asked_by} withdrew the question to {question.asked}"))
    return steps


def _steps_of_comment(comment: Comment) -> list[Step]:
    first, *rest = comment.wordings.all()
    stands = comment.withdrawn_at is None
    steps = [Step(comment.written_at, f"{comment.author} wrote a comment", first.text if stands else "")]
    steps += [Step(wording.said_at, f"{comment.author} changed a comment", wording.text if stands else "") for wording in rest]
    return steps if stands else [*steps, Step(comment.withdrawn_at, f"{comment.author} withdrew a comment")]


def _newest_first(steps: list[Step]) -> list[Step]:
    dated = [(step.at, number, step) for number, step in enumerate(steps) if step.at]
    ordered = [step for _, _, step in sorted(dated, key=lambda entry: (entry[0], entry[1]), reverse=True)]
    return [Step(step.at, step.text, step.note, now=number == 0) for number, step in enumerate(ordered)]


def trace_shown(request: Request) -> TraceShown | None:
    """Return why a request went the way it did: the rule that decided and those of its kind first, the rest behind."""
    if not request.trace:
        return None
    rules = [(step, TraceRule(bool(step["matched"]), str(step["rule"]), str(step["reason"]))) for step in request.trace]
    near = [rule for step, rule in rules if step["matched"] or "It is for" not in rule.why]
    rest = [rule for _, rule in rules if rule not in near]
    return TraceShown(near, rest, _policy_words(request))


def _policy_words(request: Request) -> str:
    version = request.policy_version
    return f"Policy “{version.policy.name}” version {version.number}." if version else ""
