"""A request's story as pages tell it: the stages of its round, and what happened, newest first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from approvals.models import Attachment, Decision, Question, Request, Round, Stage, StageMember, Timer
from approvals.selectors.delegations import Asked
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


def clocks_of(stages: Iterable[Stage]) -> dict[int, list[str]]:
    """Return how the due time of each stage that waits comes about, line by line."""
    waiting = [stage for stage in stages if stage.state == Stage.State.ASSIGNED]
    deadlines = Timer.objects.filter(stage__in=waiting, kind=Timer.Kind.BREACH) if waiting else []
    return {timer.stage_id: timer.explanation.splitlines() for timer in deadlines}


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
        if decision.voided_at is None:
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
    if stage.needed > 1:
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


def _person(person: User, *, beside: str) -> str:
    """Return a person's name, or nothing where the stage beside it bears the same."""
    return "" if person.name.casefold() == beside.casefold() else person.name


def _decision(decision: Decision) -> DecisionShown:
    return DecisionShown(VERDICTS[decision.verdict], decision.who, decision.decided_at, decision.comment)


def history_of(
    request: Request,
    *,
    rounds: Iterable[Round],
    stages: Iterable[Stage],
    decisions: Iterable[Decision],
    attachments: Iterable[Attachment],
    questions: Iterable[Question] = (),
    members: Iterable[StageMember] = (),
) -> list[Step]:
    """Return what happened to a request, newest first. Stages come with owner and backup, decisions with person."""
    steps = [Step(request.created_at, f"Begun by {request.requester}")]
    for round_ in rounds:
        again = f", round {round_.number}" if round_.number > 1 else ""
        steps.append(Step(round_.submitted_at, f"Submitted by {request.requester}{again}", "The money is reserved"))
        if round_.outcome == Round.Outcome.WITHDRAWN:
            steps.append(Step(round_.ended_at, f"Withdrawn by {request.requester}", "The money is free again"))
    steps += [Step(file.uploaded_at, f"{file.name} attached") for file in attachments]
    for stage in stages:
        steps += _steps_of(stage)
    steps += [_step_of_joining(member) for member in members]
    for question in questions:
        steps += _steps_of_question(question)
    for decision in decisions:
        voided = " (undone)" if decision.voided_at else ""
        steps.append(Step(decision.decided_at, f"{VERDICTS[decision.verdict]} by {decision.who}{voided}", decision.comment))
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


def joined(request: Request) -> list[StageMember]:
    """Return who was put before a stage of a request by whoever stood there, with their stages."""
    found = StageMember.ever.filter(stage__request=request, added_by__isnull=False)
    return list(found.select_related("person", "added_by", "stage"))


def _step_of_joining(member: StageMember) -> Step:
    if member.capacity == StageMember.Capacity.ADDED:
        return Step(member.added_at, f"{member.added_by} asked for {member.person}'s decision too, {member.stage}", member.reason)
    return Step(member.added_at, f"Handed over by {member.added_by} to {member.person}, {member.stage}", member.reason)


def _steps_of_question(question: Question) -> list[Step]:
    steps = [Step(question.asked_at, f"{question.asked_by} asked {question.asked}", question.text)]
    if question.state == Question.State.ANSWERED:
        steps.append(Step(question.closed_at, f"Answered by {question.asked}", question.answer))
    elif question.state == Question.State.WITHDRAWN:
        steps.append(Step(question.closed_at, f"{question.asked_by} withdrew the question to {question.asked}"))
    return steps


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
