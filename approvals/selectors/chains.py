"""Who will decide: a policy's stages filled with people. The same for a request that is typed and one that is submitted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from approvals.data import RequestData
from approvals.models import CommitteeVersion, PolicyVersion, ReserveTerms, Stage
from approvals.rules import sla
from approvals.rules.effective import SOON
from approvals.rules.limits import RESERVE_STEP, Held, with_stage
from approvals.rules.owners import OwnerKind, asked_of_chain, named, owner_of, words_of
from approvals.rules.particulars import POLICY_CHANGE
from approvals.rules.paths import common_path
from approvals.rules.promises import Promise, Step
from approvals.rules.risk import Risk
from approvals.rules.routing import Facts, Route, Rule, StageSpec, TraceStep, route
from approvals.rules.splits import IN_PARTS, step_of, sum_of
from approvals.selectors.clocks import clocks_of, owner_first
from approvals.selectors.delegations import deputies_of
from approvals.selectors.facts import ask_of_data
from approvals.selectors.limits import held_to_limits
from approvals.selectors.meeting_days import due_by_meeting
from approvals.selectors.owners import managers_above
from approvals.selectors.policies import kinds_of, next_of, policy_for, rules_of_version, weights_of_version
from approvals.selectors.promises import promised
from approvals.selectors.risks import Ask, risk_of
from approvals.selectors.seats import Scope, Seats, codes_below, contacts_named, seat
from approvals.selectors.splits import parts_of
from approvals.selectors.terms import ADVANCE, AMENDMENT, RESERVE_DRAW, VIREMENT
from budgets.selectors.books import in_books
from core import clock
from core.errors import InvalidInput, Missing
from core.models import Entity, User
from core.rules.worktime import Calendar

# What changes a budget, or a policy.
SPENDS_NOTHING = frozenset({ADVANCE, AMENDMENT, POLICY_CHANGE, RESERVE_DRAW, VIREMENT})


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """A stage with its people. `due_at` (UTC) supposes that each stage before it takes all of its time."""

    spec: StageSpec
    seats: Seats
    starts_at: datetime
    due_at: datetime
    explanation: str
    # When it is due where it begins at another moment, because those before it took less or more than their time.
    due_from: Callable[[datetime], datetime]

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.spec.name

    @property
    def owner(self) -> User:
        """Who is asked."""
        return self.seats.owner

    @property
    def backup(self) -> User | None:
        """Who joins at escalation."""
        return self.seats.backup

    @property
    def stand_in(self) -> User | None:
        """Who decides for the owner, who is away."""
        return self.seats.stand_in


@dataclass(frozen=True, slots=True)
class Prediction:
    """What submitting would lead to. `coming` takes the place of its policy's version before long."""

    policy_version: PolicyVersion
    rule: Rule
    stages: tuple[PlannedStage, ...]
    trace: tuple[TraceStep, ...]
    risk: Risk | None = None
    coming: PolicyVersion | None = None
    promise: Promise | None = None

    @property
    def is_automatic(self) -> bool:
        """Whether the policy itself approves, and nobody is asked."""
        return self.rule.is_automatic and not self.stages

    @property
    def due_at(self) -> datetime | None:
        """When the last decision is due (UTC); None where nobody is asked."""
        return max((stage.due_at for stage in self.stages), default=None)


def predicted_chain(*, requester: User, entity: Entity, data: RequestData) -> Prediction:
    """Say who would decide on what is typed, why, and by when. Raises InvalidInput, Missing."""
    return plan(ask_of_data(requester=requester, entity=entity, data=data), now=clock.now())


def plan(ask: Ask, *, now: datetime, version: PolicyVersion | None = None) -> Prediction:
    """Weigh and route what is asked for, and fill the stages with people. `version` is to go by, where not the nearest.

    Raises Missing where no rule applies or nobody can decide, NotAllowed above a limit that names nobody.
    """
    facts, entity, requester = ask.facts, ask.entity, ask.requester
    version = version or policy_for(entity=entity, cost_centre_paths=facts.cost_centre_paths, at=now)
    _refuse_unknown_kind(facts, version)
    _refuse_other_currency(facts, version)
    path = common_path(facts.cost_centre_paths)
    amount = in_books(facts.amount, facts.currency, entity, on=now.date())
    scope = Scope(
        entity,
        path,
        requester.pk,
        version.contact_role_code,
        amount=amount,
        kind=facts.kind,
        is_foreign=facts.currency != entity.currency,
        deputies=deputies_of(entity, now=now),
    )
    # What changes a budget spends nothing: there is nothing to weigh.
    weighs = bool(ask.lines) and kinds_of(version)[facts.kind].subject not in SPENDS_NOTHING
    risk = risk_of(ask, weights_of_version(version), now=now) if weighs else None
    parts = parts_of(ask, version, now=now)
    facts = replace(facts, risk=risk.score if risk else 0, amount=facts.amount + sum_of(parts))
    found = route(facts, rules_of_version(version))
    if parts:
        found = replace(found, trace=(step_of(ask.facts.amount, parts, facts.currency), *found.trace))
    if found.rule is None:
        raise _gap(facts, found, scope)
    held = held_to_limits(ask, version, asked_by(found.rule, scope), now=now)
    if ask.draws_by is not None:
        held = with_approver(held, ask.draws_by)
    seats = seat(held.stages, scope)
    stages = with_clocks(held.stages, seats, entity, now)
    coming = next_of(version, now=now, within=SOON)
    promise = promised(entity, steps_of(stages), begun=now)
    return Prediction(version, found.rule, tuple(stages), (*_with_limits(found, scope), *held.steps), risk, coming, promise)


def asked_by(rule: Rule, scope: Scope) -> tuple[StageSpec, ...]:
    """Return the stages of a rule that are asked: of its managers those who stand above the requester, and at least one."""
    if not any(owner_of(spec.role_code).step for spec in rule.stages):
        return rule.stages
    return asked_of_chain(rule.stages, len(managers_above(scope.entity, scope.requester_id)))


def with_approver(held: Held, terms: ReserveTerms) -> Held:
    """Let the reserve's own approver decide on a draw, whatever the policy says besides; not twice where it names them too."""
    owner = owner_of(terms.approver)
    needs = StageSpec(
        number=1,
        group=1,
        name=words_of(terms.approver).removeprefix("the ").capitalize(),
        role_code=terms.approver,
        backup_role_code="",
        quorum="committee" if owner.kind is OwnerKind.COMMITTEE else "owner",
        sla=terms.decides_within,
        escalate_after=sla.DEFAULT_ESCALATION,
        warn_after="",
        question_pause=sla.DEFAULT_QUESTION_PAUSE,
        undo_window=sla.DEFAULT_UNDO_WINDOW,
    )
    return with_stage(held, needs, RESERVE_STEP, f"Its use is approved by {named(terms.approver)}, as is stated of it.")


def _with_limits(found: Route, scope: Scope) -> tuple[TraceStep, ...]:
    """Return the trace; where people were passed over for their limit, the rule that was chosen says so."""
    assert found.rule is not None
    below = [(spec.name, codes_below(spec.role_code, scope)) for spec in found.rule.stages]
    said = dict.fromkeys(f"{'; '.join(names)}, so somebody else decides as {stage}." for stage, names in below if names)
    if not said:
        return found.trace
    return tuple(replace(step, reason=" ".join([step.reason, *said])) if step.chosen else step for step in found.trace)


def with_clocks(specs: Sequence[StageSpec], seats: Sequence[Seats], entity: Entity, now: datetime) -> list[PlannedStage]:
    """Return stages with their people and when each begins and is due, if each before takes all of its time."""
    clocks = clocks_of(entity, [person for people in seats for person in people.members])
    stages: list[PlannedStage] = []
    start, group, latest = now, 0, now
    for spec, people in zip(specs, seats, strict=True):
        if spec.group != group:
            start, group = latest, spec.group
        span = span_of(spec, people.committee, start)
        clock = clocks.of_stage(
            owner_first(people), needed=people.needed, span=span, start=start, by_committee=people.committee is not None
        )
        calendar = clocks.load(clock.calendar, around=now)
        due = sla.due_at(span, calendar, start)
        latest = max(latest, due)
        explanation = sla.explain(span, calendar, start, clock.words)
        due_from = partial(_due_from, spec, people.committee, calendar)
        stages.append(PlannedStage(spec, people, start, due, explanation, due_from))
    return stages


def steps_of(stages: Iterable[PlannedStage]) -> list[Step]:
    """Return stages as what is promised is reckoned by them."""
    return [Step(stage.name, stage.spec.group, stage.due_from) for stage in stages]


def _due_from(spec: StageSpec, committee: CommitteeVersion | None, calendar: Calendar, start: datetime) -> datetime:
    return sla.due_at(span_of(spec, committee, start), calendar, start)


def span_of(spec: StageSpec | Stage, committee: CommitteeVersion | None, start: datetime) -> sla.Span:
    """Return what a stage that begins at `start` has for its decision: until its committee's next meeting, or its own span."""
    due = due_by_meeting(committee, start) if spec.by_meeting and committee is not None else None
    return sla.until(due) if due is not None else sla.parse_span(spec.sla)


def _refuse_other_currency(facts: Facts, version: PolicyVersion) -> None:
    if facts.currency != version.currency:
        raise InvalidInput(
            f"The policy's bounds are in {version.currency}, the request is in {facts.currency}.",
            remedy=f"Choose an account kept in {version.currency}; there are no exchange rates yet.",
            code="other_currency",
            details={"currency": f"is not {version.currency}"},
        )


def _refuse_unknown_kind(facts: Facts, version: PolicyVersion) -> None:
    kinds = kinds_of(version)
    if facts.kind not in kinds:
        raise InvalidInput(
            f"The policy {version.policy.name} knows no kind “{facts.kind[:60]}”.",
            remedy=f"Choose one of: {', '.join(part.name for part in kinds.values())}.",
            code="unknown_kind",
            details={"kind": "Choose one of the kinds listed."},
        )


def _gap(facts: Facts, found: Route, scope: Scope) -> Missing:
    near = [step.reason for step in found.trace if step.rule == IN_PARTS or "the band" in step.reason]
    near = list(dict.fromkeys(near))
    return Missing(
        f"No rule says who decides on {facts.kind.replace('_', ' ')} of {facts.amount:,.2f} {facts.currency}.",
        remedy=f"Ask {contacts_named(scope)} who should decide, or ask for another amount. {' '.join(near)}".strip(),
        code="policy_gap",
        details={"kind": facts.kind, "trace": [step.reason for step in found.trace], "contact": scope.contact_role_code},
    )
