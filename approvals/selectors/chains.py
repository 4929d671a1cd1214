"""Who will decide: a policy's stages filled with people. The same for a request that is typed and one that is submitted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from approvals.data import RequestData
from approvals.models import PolicyVersion, Request, Stage
from approvals.rules import sla
from approvals.rules.delegation import Deputies, Matter
from approvals.rules.paths import common_path
from approvals.rules.routing import Facts, Route, Rule, StageSpec, TraceStep, route
from approvals.rules.separation import fill_places
from approvals.selectors.delegations import counted, deputies_of
from approvals.selectors.facts import facts_of_data
from approvals.selectors.policies import kinds_of, policy_for, rules_of_version
from budgets.selectors.books import in_books
from core import clock
from core.access import holders_of, limits_of
from core.errors import InvalidInput, Missing
from core.models import Entity, User
from core.rules.rights import widest, within
from core.rules.worktime import Calendar
from core.selectors.calendars import calendar_of


@dataclass(frozen=True, slots=True)
class Seats:
    """A stage's people."""

    owner: User
    backup: User | None
    members: tuple[User, ...]
    needed: int
    # Who decides for the owner, who is away; None where the owner is there, or nobody does.
    stand_in: User | None = None
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """A stage with its people. `due_at` (UTC) supposes that each stage before it takes all of its time."""

    spec: StageSpec
    seats: Seats
    starts_at: datetime
    due_at: datetime
    explanation: str

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
    """What submitting would lead to."""

    policy_version: PolicyVersion
    rule: Rule
    stages: tuple[PlannedStage, ...]
    trace: tuple[TraceStep, ...]

    @property
    def due_at(self) -> datetime:
        """When the last decision is due (UTC)."""
        return max(stage.due_at for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where people are looked for, and who is out of the question.

    `amount` is what is decided on, in the entity's currency, which a person's own limit may be below; None is no amount.
    `kind` and `deputies` say who stands in for people who are away; without deputies everybody is there.
    """

    entity: Entity
    path: str
    requester_id: int
    contact_role_code: str
    decided: frozenset[int] = frozenset()
    amount: Decimal | None = None
    kind: str = ""
    is_foreign: bool = False
    deputies: Deputies = field(default_factory=Deputies)
    known: dict[str, dict[User, Decimal | None]] = field(default_factory=dict, compare=False)

    @property
    def barred(self) -> frozenset[int]:
        """People who may not decide: the requester, and whoever decided in this round, or had somebody decide for them."""
        return self.decided | {self.requester_id}

    @property
    def matter(self) -> Matter:
        """What is decided on, as delegations are held against it."""
        return Matter(self.kind, self.path, self.amount, self.is_foreign)

    def asked(self, person: User) -> int | None:
        """Return who is asked in a person's place: mostly they themselves; None where nobody is."""
        if not self.deputies:
            return None if person.pk in self.barred else person.pk
        return self.deputies.stand_in(person.pk, self.matter, barred=self.barred)


def predicted_chain(*, requester: User, entity: Entity, data: RequestData) -> Prediction:
    """Say who would decide on what is typed, why, and by when. Raises InvalidInput, Missing."""
    facts = facts_of_data(requester=requester, entity=entity, data=data)
    return plan(facts=facts, entity=entity, requester=requester, now=clock.now())


def plan(*, facts: Facts, entity: Entity, requester: User, now: datetime) -> Prediction:
    """Route `facts` and fill the stages with people. Raises Missing where no rule applies or nobody can decide."""
    version = policy_for(entity=entity, cost_centre_paths=facts.cost_centre_paths)
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
    found = route(facts, rules_of_version(version))
    if found.rule is None:
        raise _gap(facts, found, scope)
    seats = seat(found.rule.stages, scope)
    stages = _with_clocks(found.rule.stages, seats, calendar_of(entity, around=now), now)
    return Prediction(version, found.rule, tuple(stages), _with_limits(found, scope))


def seat(specs: Sequence[StageSpec], scope: Scope) -> list[Seats]:
    """Give each stage an owner, nobody twice and never the requester. Raises Missing with whom to ask.

    Where somebody is away, their place is counted as that of whoever stands in for them. Somebody for whom nobody does is asked
    only where there is nobody else.
    """
    pools = [_pool(spec, scope) for spec in specs]
    holders = [_holders(spec.role_code, scope) for spec in specs]
    needed = [_needed(spec, len(_eligible(pool, scope))) for spec, pool in zip(specs, holders, strict=True)]
    places = [(index, pools[index]) for index in range(len(specs)) for _ in range(needed[index])]
    seated = [_candidates(pool, scope) for pool in pools]
    filled = fill_places([list(seated[index]) for index, _ in places], barred=scope.barred)
    for (index, _), person in zip(places, filled, strict=True):
        if person is None:
            raise _nobody(specs[index], scope)
    owners = {index: seated[index][person] for (index, _), person in reversed(list(zip(places, filled, strict=True))) if person}
    return [_seats(spec, owners, index, holders[index], needed[index], scope) for index, spec in enumerate(specs)]


def scope_of(request: Request) -> Scope:
    """Return where people are looked for in a request's present round, and who is out of the question there."""
    assert request.policy_version is not None
    paths = list(request.lines.values_list("account__cost_centre__path", flat=True))
    decided = counted(request.decisions.filter(round=request.round), round_number=request.round)
    role = request.policy_version.contact_role_code
    now = clock.now()
    amount = in_books(request.amount, request.currency, request.entity, on=now.date())
    return Scope(
        request.entity,
        common_path(paths),
        request.requester_id,
        role,
        frozenset(decided),
        amount,
        kind=request.kind,
        is_foreign=request.currency != request.entity.currency,
        deputies=deputies_of(request.entity, now=now),
    )


def deciders(stage: Stage, scope: Scope, *, inactive: bool = False) -> dict[User, Decimal | None]:
    """Return who holds a role by which this stage is decided, and the amount up to which each may.

    With `inactive`, people whose account is shut too: a delegate decides by what they hold until it ends or is taken away.
    """
    roles = [stage.role_code, stage.backup_role_code, scope.contact_role_code]
    found: dict[User, list[Decimal | None]] = {}
    for code in dict.fromkeys(code for code in roles if code):
        held = limits_of(code, entity=scope.entity, path=scope.path, inactive=True) if inactive else _limits(code, scope)
        for user, limit in held.items():
            found.setdefault(user, []).append(limit)
    return {user: widest(limits) for user, limits in found.items()}


def spec_of(stage: Stage) -> StageSpec:
    """Return what a running stage asks for, in the shape of its template."""
    return StageSpec(
        number=stage.number,
        group=stage.group,
        name=stage.name,
        role_code=stage.role_code,
        backup_role_code=stage.backup_role_code,
        quorum=stage.quorum,
        sla=stage.sla,
        escalate_after=stage.escalate_after,
        warn_after=stage.warn_after,
        question_pause=stage.question_pause,
    )


def seat_backup(stage: Stage, scope: Scope | None = None, *, newly: bool = False) -> User | None:
    """Return who steps in at escalation: the backup that was named, or another where that one no longer can or is away.

    With `newly`, somebody who may not decide on the stage yet.
    """
    scope = scope or scope_of(stage.request)
    named = stage.backup
    is_there = named is not None and named.is_active and scope.asked(named) is not None
    members = set(stage.members.values_list("person_id", flat=True))
    if named is None or not is_there or (newly and named.pk in members):
        return _backup(spec_of(stage), scope, members, elsewhere=())
    if within(scope.amount, deciders(stage, scope).get(named)):
        return named
    return _backup(spec_of(stage), scope, members, elsewhere=())


def people_to_ask(*, entity: Entity, path: str, role_code: str) -> list[User]:
    """Return whom a refusal sends the requester to."""
    return holders_of(role_code, entity=entity, path=path)


def _pool(spec: StageSpec, scope: Scope) -> list[User]:
    """Who may own the stage, in order: the role's holders, then (for one owner) those of the backup role."""
    pool = _holders(spec.role_code, scope)
    if spec.quorum in {"owner", "any"} and spec.backup_role_code:
        pool = pool + [user for user in _holders(spec.backup_role_code, scope) if user not in pool]
    return pool


def _holders(role_code: str, scope: Scope) -> list[User]:
    """Return a role's holders who may decide on the amount."""
    return [user for user, limit in _limits(role_code, scope).items() if within(scope.amount, limit)]


def _limits(role_code: str, scope: Scope) -> dict[User, Decimal | None]:
    """Look a role's holders and their limits up once, however many stages ask for them."""
    if role_code not in scope.known:
        scope.known[role_code] = limits_of(role_code, entity=scope.entity, path=scope.path)
    return scope.known[role_code]


def _below(role_code: str, scope: Scope) -> list[str]:
    """Say of each holder whose limit is below the amount how far it goes."""
    currency = scope.entity.currency
    return [
        f"{user.name} decides up to {limit:,.2f} {currency}"
        for user, limit in _limits(role_code, scope).items()
        if limit is not None and not within(scope.amount, limit)
    ]


def _with_limits(found: Route, scope: Scope) -> tuple[TraceStep, ...]:
    """Return the trace; where people were passed over for their limit, the rule that was chosen says so."""
    assert found.rule is not None
    below = [(spec.name, _below(spec.role_code, scope)) for spec in found.rule.stages]
    said = dict.fromkeys(f"{'; '.join(names)}, so somebody else decides as {stage}." for stage, names in below if names)
    if not said:
        return found.trace
    return tuple(replace(step, reason=" ".join([step.reason, *said])) if step.chosen else step for step in found.trace)


def _eligible(pool: Sequence[User], scope: Scope) -> list[User]:
    return [user for user in pool if user.pk not in scope.barred]


def _needed(spec: StageSpec, holders: int) -> int:
    if spec.quorum == "all":
        return max(holders, 1)
    return int(spec.quorum) if spec.quorum.isdigit() else 1


def _candidates(pool: Sequence[User], scope: Scope) -> dict[int, User]:
    """Return whom each of the pool would have asked, in order, and in whose place; who is away without anybody comes last."""
    found: dict[int, User] = {}
    for user in pool:
        asked = scope.asked(user)
        if asked is not None and (asked not in found or asked == user.pk):
            found[asked] = user
    for user in pool:
        if user.pk not in scope.barred and user not in found.values():
            found.setdefault(user.pk, user)
    return found


def _seats(spec: StageSpec, owners: dict[int, User], index: int, holders: list[User], needed: int, scope: Scope) -> Seats:
    owner = owners[index]
    members = (owner,) if spec.quorum == "owner" else _members(owner, _eligible(holders, scope))
    elsewhere = {user.pk for other, user in owners.items() if other != index}
    backup = _backup(spec, scope, {user.pk for user in members}, elsewhere)
    return Seats(owner, backup, members, needed, _stand_in(owner, scope), scope.asked(owner) != owner.pk)


def _stand_in(owner: User, scope: Scope) -> User | None:
    asked = scope.asked(owner)
    return None if asked in {None, owner.pk} else User.objects.get(pk=asked)


def _members(owner: User, eligible: Sequence[User]) -> tuple[User, ...]:
    return (owner, *(user for user in eligible if user.pk != owner.pk))


def _backup(spec: StageSpec, scope: Scope, members: Collection[int], elsewhere: Collection[int]) -> User | None:
    """The first who may step in; who owns another stage of the round, or is away, only where there is nobody else."""
    roles = [code for code in (spec.backup_role_code, spec.role_code, scope.contact_role_code) if code]
    able = [user for code in roles for user in _eligible(_holders(code, scope), scope) if user.pk not in members]
    there = [user for user in able if scope.asked(user) is not None] or able
    return next((user for user in there if user.pk not in elsewhere), there[0] if there else None)


def _with_clocks(specs: Sequence[StageSpec], seats: Sequence[Seats], calendar: Calendar, now: datetime) -> list[PlannedStage]:
    stages: list[PlannedStage] = []
    start, group, latest = now, 0, now
    for spec, people in zip(specs, seats, strict=True):
        if spec.group != group:
            start, group = latest, spec.group
        span = sla.parse_span(spec.sla)
        due = sla.due_at(span, calendar, start)
        latest = max(latest, due)
        explanation = sla.explain(span, calendar, start)
        stages.append(PlannedStage(spec, people, start, due, explanation))
    return stages


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
    near = [step.reason for step in found.trace if "the band" in step.reason]
    return Missing(
        f"No rule says who decides on {facts.kind.replace('_', ' ')} of {facts.amount:,.2f} {facts.currency}.",
        remedy=f"Ask {_named(scope)} who should decide, or ask for another amount. {' '.join(near)}".strip(),
        code="policy_gap",
        details={"kind": facts.kind, "trace": [step.reason for step in found.trace], "contact": scope.contact_role_code},
    )


def _nobody(spec: StageSpec, scope: Scope) -> Missing:
    below = [*_below(spec.role_code, scope), *(_below(spec.backup_role_code, scope) if spec.backup_role_code else [])]
    limits = f" {'; '.join(dict.fromkeys(below))}." if below else ""
    return Missing(
        f"Nobody can decide as {spec.name}: no one else holds the role here, and nobody decides on their own request or twice."
        f"{limits}",
        remedy=f"Ask {_named(scope)} to name somebody.",
        code="no_owner",
        details={"role": spec.role_code, "path": scope.path, "contact": scope.contact_role_code},
    )


def _named(scope: Scope) -> str:
    role = scope.contact_role_code.replace("_", " ").replace("-", " ")
    people = people_to_ask(entity=scope.entity, path=scope.path, role_code=scope.contact_role_code)
    names = ", ".join(user.name for user in people[:3])
    return f"the {role} ({names})" if names else f"the {role}"
