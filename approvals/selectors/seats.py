"""Who sits where: people found for a stage, with those who stand in for them, and up to what amount each may decide."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from approvals.models import CommitteeVersion, Request, Stage
from approvals.rules.delegation import Deputies, Matter
from approvals.rules.owners import OwnerKind, owner_of
from approvals.rules.routing import StageSpec
from approvals.rules.separation import fill_places
from approvals.selectors.committees import chair_of, in_force
from approvals.selectors.delegations import counted, deputies_of
from approvals.selectors.owners import holders_at
from approvals.selectors.particulars import weight_of
from approvals.selectors.places import path_of
from budgets.selectors.books import in_books
from core import clock
from core.access import holders_of
from core.errors import Missing
from core.models import Entity, User
from core.rules.rights import widest, within

# Who holds a role, by its code, and up to what amount each.
Holders = dict[str, dict[User, Decimal | None]]


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
    # The committee that decides, and who of it must have voted.
    committee: CommitteeVersion | None = None
    chair: User | None = None


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
    known: Holders = field(default_factory=dict, compare=False)
    committees: dict[str, CommitteeVersion | None] = field(default_factory=dict, compare=False)

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


def seat(specs: Sequence[StageSpec], scope: Scope) -> list[Seats]:
    """Give each stage an owner, nobody twice and never the requester. Raises Missing with whom to ask.

    Where somebody is away, their place is counted as that of whoever stands in for them. Somebody for whom nobody does is asked
    only where there is nobody else.
    """
    pools = [_pool(spec, scope) for spec in specs]
    holders = [_holders(spec.role_code, scope) for spec in specs]
    needed = [_needed(spec, len(_eligible(pool, scope)), scope) for spec, pool in zip(specs, holders, strict=True)]
    places = [(index, pools[index]) for index in range(len(specs)) for _ in range(needed[index])]
    seated = [_candidates(pool, scope) for pool in pools]
    filled = fill_places([list(seated[index]) for index, _ in places], barred=scope.barred)
    for (index, _), person in zip(places, filled, strict=True):
        if person is None:
            raise _nobody(specs[index], scope)
    taken: dict[int, list[User]] = {}
    for (index, _), person in zip(places, filled, strict=True):
        taken.setdefault(index, []).append(seated[index][person or 0])
    return [_seats(spec, taken, index, holders[index], needed[index], scope) for index, spec in enumerate(specs)]


def scope_of(
    request: Request,
    *,
    path: str | None = None,
    decided: Collection[int] | None = None,
    deputies: Deputies | None = None,
    known: Holders | None = None,
) -> Scope:
    """Return where people are looked for in a request's present round, and who is out of the question there.

    Whoever looks at many requests says what it has read for all of them together, and `known`, in which is kept who holds a role
    at that place.
    """
    assert request.policy_version is not None
    if decided is None:
        decided = counted(request.decisions.filter(round=request.round), round_number=request.round)
    role = request.policy_version.contact_role_code
    now = clock.now()
    amount = in_books(weight_of(request), request.currency, request.entity, on=now.date())
    return Scope(
        request.entity,
        path_of(request) if path is None else path,
        request.requester_id,
        role,
        frozenset(decided),
        amount,
        kind=request.kind,
        is_foreign=request.currency != request.entity.currency,
        deputies=deputies_of(request.entity, now=now) if deputies is None else deputies,
        known={} if known is None else known,
    )


def deciders(stage: Stage, scope: Scope, *, inactive: bool = False) -> dict[User, Decimal | None]:
    """Return who holds a role by which this stage is decided, and the amount up to which each may.

    With `inactive`, people whose account is shut too: a delegate decides by what they hold until it ends or is taken away.
    """
    found: dict[User, list[Decimal | None]] = {}
    for word in dict.fromkeys(word for word in (stage.role_code, stage.backup_role_code, scope.contact_role_code) if word):
        for user, limit in _limits_on(stage, word, scope, inactive=inactive).items():
            found.setdefault(user, []).append(limit)
    return {user: widest(limits) for user, limits in found.items()}


def _limits_on(stage: Stage, word: str, scope: Scope, *, inactive: bool) -> dict[User, Decimal | None]:
    """Return an owner's people and their limits. A committee is as it was when the stage was put before it."""
    committee = stage.committee_version if word == stage.role_code else None
    if committee is None and not inactive:
        return _limits(word, scope)
    return holders_at(
        word,
        entity=scope.entity,
        path=scope.path,
        requester_id=scope.requester_id,
        inactive=inactive,
        committee=committee,
    )


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
        undo_window=stage.undo_window,
        by_meeting=stage.by_meeting,
    )


def seat_backup(
    stage: Stage, scope: Scope | None = None, *, newly: bool = False, members: Collection[int] | None = None
) -> User | None:
    """Return who steps in at escalation: the backup that was named, or another where that one no longer can or is away.

    With `newly`, somebody who may not decide on the stage yet.
    """
    scope = scope or scope_of(stage.request)
    named = stage.backup
    is_there = named is not None and named.is_active and scope.asked(named) is not None
    if members is None:
        members = set(stage.members.values_list("person_id", flat=True))
    # Whoever sits since a committee was asked has no part in what it was asked then.
    scope.known[stage.role_code] = _limits_on(stage, stage.role_code, scope, inactive=False)
    if named is None or not is_there or (newly and named.pk in members):
        return _backup(spec_of(stage), scope, members, elsewhere=())
    if within(scope.amount, deciders(stage, scope).get(named)):
        return named
    return _backup(spec_of(stage), scope, members, elsewhere=())


def people_to_ask(*, entity: Entity, path: str, role_code: str) -> list[User]:
    """Return whom a refusal sends the requester to."""
    return holders_of(role_code, entity=entity, path=path)


def _pool(spec: StageSpec, scope: Scope) -> list[User]:
    """Who may own the stage, in order: those it names, then (for one owner, or a committee's quorum) those of the backup role.

    Where a person, a group, a manager or a committee is named and no backup, those whom the policy names as its contact follow.
    """
    pool = _holders(spec.role_code, scope)
    if spec.quorum not in {"owner", "any", "committee"}:
        return pool
    is_role = owner_of(spec.role_code).kind is OwnerKind.ROLE
    code = spec.backup_role_code or ("" if is_role else scope.contact_role_code)
    return pool + [user for user in _holders(code, scope) if user not in pool] if code else pool


def _holders(role_code: str, scope: Scope) -> list[User]:
    """Return those of an owner, mostly a role's holders, who may decide on the amount."""
    return [user for user, limit in _limits(role_code, scope).items() if within(scope.amount, limit)]


def _limits(role_code: str, scope: Scope) -> dict[User, Decimal | None]:
    """Look an owner's people and their limits up once, however many stages ask for them."""
    if role_code not in scope.known:
        scope.known[role_code] = holders_at(
            role_code,
            entity=scope.entity,
            path=scope.path,
            requester_id=scope.requester_id,
            committee=_committee(role_code, scope),
        )
    return scope.known[role_code]


def _committee(word: str, scope: Scope) -> CommitteeVersion | None:
    """Return the committee that an owner is, as it stands now; None for another owner, or a committee that is not there."""
    owner = owner_of(word)
    if owner.kind is not OwnerKind.COMMITTEE:
        return None
    if owner.code not in scope.committees:
        scope.committees[owner.code] = in_force(scope.entity, owner.code)
    return scope.committees[owner.code]


def codes_below(role_code: str, scope: Scope) -> list[str]:
    """Say of each holder whose limit is below the amount how far it goes."""
    currency = scope.entity.currency
    return [
        f"{user.name} decides up to {limit:,.2f} {currency}"
        for user, limit in _limits(role_code, scope).items()
        if limit is not None and not within(scope.amount, limit)
    ]


def _eligible(pool: Sequence[User], scope: Scope) -> list[User]:
    return [user for user in pool if user.pk not in scope.barred]


def _needed(spec: StageSpec, holders: int, scope: Scope) -> int:
    committee = _committee(spec.role_code, scope)
    if committee is not None:
        return committee.quorum
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


def _seats(spec: StageSpec, taken: dict[int, list[User]], index: int, holders: list[User], needed: int, scope: Scope) -> Seats:
    owner = taken[index][0]
    members = (owner,) if spec.quorum == "owner" else _members(owner, _eligible(holders, scope))
    committee = _committee(spec.role_code, scope)
    if committee is not None:
        # Where too few of a committee may vote on this, the backup's people fill its quorum.
        members += tuple(user for user in taken[index] if user not in members)
    elsewhere = {users[0].pk for other, users in taken.items() if other != index}
    backup = _backup(spec, scope, {user.pk for user in members}, elsewhere)
    is_away = scope.asked(owner) != owner.pk
    return Seats(owner, backup, members, needed, _stand_in(owner, scope), is_away, committee, _voting_chair(committee, members))


def _voting_chair(committee: CommitteeVersion | None, members: Collection[User]) -> User | None:
    """Return who must have voted before a committee approves: its chair, where it says so and the chair may vote on this."""
    if committee is None or not committee.chair_votes:
        return None
    chair = chair_of(committee)
    return chair if chair in members else None


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


def _nobody(spec: StageSpec, scope: Scope) -> Missing:
    below = [*codes_below(spec.role_code, scope), *(codes_below(spec.backup_role_code, scope) if spec.backup_role_code else [])]
    limits = f" {'; '.join(dict.fromkeys(below))}." if below else ""
    why = _why_nobody(spec, scope)
    return Missing(
        f"Nobody can decide as {spec.name}: {why}, and nobody decides on their own request or twice.{limits}",
        remedy=f"Ask {contacts_named(scope)} to name somebody.",
        code="no_owner",
        details={"role": spec.role_code, "path": scope.path, "contact": scope.contact_role_code},
    )


def _why_nobody(spec: StageSpec, scope: Scope) -> str:
    owner = owner_of(spec.role_code)
    match owner.kind:
        case OwnerKind.ROLE:
            return "no one else holds the role here"
        case OwnerKind.PERSON:
            return f"{owner.code} is not here, or holds no role that decides here, and there is no one for them"
        case OwnerKind.MANAGER:
            return "no manager above the requester holds a role that decides here, and there is no one for them"
        case OwnerKind.GROUP:
            return f"no one else of the group {owner.code} holds a role that decides here"
        case OwnerKind.COMMITTEE:
            committee = _committee(spec.role_code, scope)
            return f"too few of {committee.name} may" if committee else f"there is no committee {owner.code} here yet"


def contacts_named(scope: Scope) -> str:
    """Name the people of the policy's contact role, for a sentence that says whom to ask."""
    role = scope.contact_role_code.replace("_", " ").replace("-", " ")
    people = people_to_ask(entity=scope.entity, path=scope.path, role_code=scope.contact_role_code)
    names = ", ".join(user.name for user in people[:3])
    return f"the {role} ({names})" if names else f"the {role}"
