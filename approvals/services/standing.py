"""Whether somebody stands before a stage that waits, and in whose place: asked before a decision, a question, a change of hands.

It is refused in one place, so that nobody is told one thing where they decide and another where they ask.
"""

from dataclasses import dataclass

from approvals.models import Request, Stage, StageMember
from approvals.rules.delegation import Link, lowest
from approvals.rules.separation import OWN_REQUEST, TWICE, in_whose_place, why_not_decide
from approvals.selectors.delegations import counted, ways_for
from approvals.selectors.facts import digest_of_request
from approvals.selectors.seats import deciders, scope_of
from core import clock
from core.errors import NotAllowed, Stale
from core.models import User
from core.rules.rights import within


@dataclass(frozen=True, slots=True)
class Stand:
    """The row of whose place somebody holds on a stage, and by which delegations; by none where it is their own."""

    member: StageMember
    way: tuple[Link, ...] = ()

    @property
    def person(self) -> int:
        """Whose place it is, by id."""
        return self.member.person_id

    @property
    def on_behalf_of(self) -> int | None:
        """Whose place it is, by id, if another's."""
        return self.member.person_id if self.way else None

    @property
    def in_place_of(self) -> User | None:
        """Whose place it is, if another's."""
        return self.member.person if self.way else None

    @property
    def delegation_id(self) -> int | None:
        """The delegation that names them."""
        return self.way[-1].id if self.way else None


def refuse_unless_asked(request: Request, stage: Stage, actor: User, *, seen: str | None = None) -> list[Stand]:
    """Refuse whoever could not decide on the stage as it stands; return where they stand, in their own place first.

    `seen` is the digest of what they saw, where their answer is bound to it. Raises NotAllowed (not theirs), Stale (not asked any
    more, changed since it was seen, or answered by them already).
    """
    decided = counted(request.decisions.filter(round=stage.round), round_number=stage.round)
    members = {member.person_id: member for member in stage.members.select_related("person").order_by("id")}
    ways = ways_for(actor, request, members, now=clock.now())
    asker = request.requester_id
    reason = why_not_decide(person=actor.pk, requester=asker, members=members, decided=decided, stands_for=ways)
    if reason and reason != TWICE:
        remedy = "Somebody else holds this stage." if reason == OWN_REQUEST else "Open your queue to see what waits for you."
        raise NotAllowed(reason, remedy=remedy, code="not_yours")
    if stage.state != Stage.State.ASSIGNED or stage.round != request.round:
        raise Stale(_what_happened(request, stage), remedy="Open the request to see how it stands now.")
    if seen is not None and (seen != request.digest or digest_of_request(request) != request.digest):
        raise Stale(
            f"{request.number} changed after you opened it; your answer was to something else.",
            remedy="Look at it again, then decide.",
        )
    if reason:
        raise Stale(reason, remedy="Nothing more is needed from you.", code="decided_already")
    places = in_whose_place(person=actor.pk, requester=asker, members=members, decided=decided, stands_for=ways)
    return [Stand(members[person], () if person == actor.pk else ways[person]) for person in places]


def _what_happened(request: Request, stage: Stage) -> str:
    if stage.round != request.round:
        return f"{request.number} was sent back and submitted again since you opened it."
    last = stage.decisions.filter(voided_at__isnull=True).select_related("person", "on_behalf_of").order_by("-id").first()
    if last is not None:
        return f"{last.who} {last.get_verdict_display()} this stage before you answered."
    if stage.state == Stage.State.WAITING:
        return f"{stage.name} is not asked yet; an earlier stage decides first."
    return f"{request.number} is {request.get_state_display()}; this stage is no longer asked."


def place_to_leave(request: Request, stage: Stage, actor: User) -> Stand:
    """Return the place that `actor` may hand over: their own; else that of somebody for whom they may decide on all of this.

    Raises as refuse_unless_asked does, and NotAllowed above the amount to which they decide there.
    """
    stands = refuse_unless_asked(request, stage, actor)
    if not stands[0].way:
        return stands[0]
    scope = scope_of(request)
    known = {user.pk: limit for user, limit in deciders(stage, scope, inactive=True).items()}
    for stand in stands:
        member = stand.member
        # Whoever was asked besides decides by any role here, without a limit of the stage's roles.
        held = member.capacity == StageMember.Capacity.ADDED or member.person_id in known
        limit = lowest([known.get(member.person_id), *(link.limit for link in stand.way)])
        if held and within(scope.amount, limit):
            return stand
    raise NotAllowed(
        f"In the place of {stands[0].member.person.name} you may not decide on all that {request.number} asks for.",
        remedy="A delegate hands on only what they may decide. Leave it to them, or reject it.",
        code="above_limit",
    )
