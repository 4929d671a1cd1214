"""A stage changes hands, or more of them decide. Its clock runs on, its owner is never nobody, and who stood there is kept."""

from django.db import transaction

from approvals.events import StageJoined
from approvals.locks import lock_stage
from approvals.models import Request, Stage, StageMember
from approvals.selectors.people import may_be_added, may_take
from approvals.selectors.seats import seat_backup
from approvals.services.standing import place_to_leave, refuse_unless_asked
from approvals.services.turns import turn_clocks
from core import clock
from core.errors import InvalidInput
from core.models import User
from core.services import audit
from core.services.outbox import publish

LONGEST_REASON = 2_000
MOST_ADDED = 10


@transaction.atomic
def hand_over(*, stage_id: int, actor: User, person_id: int, reason: str) -> StageMember:
    """Put another person in `actor`'s place on a stage, or in the place in which they decide for somebody who is away.

    It is somebody who could decide on the stage by its policy and is free to. Raises NotAllowed (above what a delegate decides
    too: `above_limit`), Stale, InvalidInput (nobody of that kind, or no reason), NotFound.
    """
    now = clock.now()
    request, stage = lock_stage(stage_id)
    stand = place_to_leave(request, stage, actor)
    _refuse_unfit(reason)
    people = may_take(request, stage, giver=actor)
    person = _found(people, person_id, "Choose somebody who could decide on this stage and has not yet.")
    place = stand.member
    StageMember.objects.filter(pk=place.pk).update(left_at=now)
    member = StageMember.objects.create(
        stage=stage,
        person=person,
        # Whoever was asked besides is as good as any: their successor comes in their place.
        capacity=place.capacity,
        added_at=now,
        added_by=actor,
        in_place_of=stand.in_place_of,
        delegation_id=stand.delegation_id,
        reason=reason.strip(),
    )
    if stage.owner_id == place.person_id:
        stage.owner = person
    if stage.chair_id == place.person_id:
        # Whoever takes the chair's place has the vote that a committee waits for.
        stage.chair = person
    stage.request = request
    _mend_backup(stage, left=place.person, came=person)
    turn_clocks(request=request, stage=stage, came=person, now=now)
    stage.save(update_fields=["owner", "chair", "backup", "due_at"])
    _record(request, member, "handed_over")
    publish(StageJoined(stage_id=stage.pk, at=now.isoformat(), member_id=member.pk))
    return member


@transaction.atomic
def add_approver(*, stage_id: int, actor: User, person_id: int, reason: str) -> StageMember:
    """Ask for one more person's decision on a stage: it needs one more approval than before.

    Raises NotAllowed, Stale, InvalidInput (nobody who is free to, or no reason), NotFound.
    """
    now = clock.now()
    request, stage = lock_stage(stage_id)
    stand = refuse_unless_asked(request, stage, actor)[0]
    _refuse_unfit(reason)
    if StageMember.objects.filter(stage=stage, capacity=StageMember.Capacity.ADDED).count() >= MOST_ADDED:
        sentence = f"At most {MOST_ADDED} people are asked besides."
        raise InvalidInput(sentence, remedy="Send the request back instead.", details={"person": sentence})
    person = _found(may_be_added(request, actor), person_id, "Choose somebody with a role here who decides nowhere else on it.")
    member = StageMember.objects.create(
        stage=stage,
        person=person,
        capacity=StageMember.Capacity.ADDED,
        added_at=now,
        added_by=actor,
        in_place_of=stand.in_place_of,
        delegation_id=stand.delegation_id,
        reason=reason.strip(),
    )
    stage.needed += 1
    stage.request = request
    _mend_backup(stage, left=None, came=person)
    turn_clocks(request=request, stage=stage, came=person, now=now)
    stage.save(update_fields=["needed", "backup", "due_at"])
    _record(request, member, "approver_added", needed=stage.needed)
    publish(StageJoined(stage_id=stage.pk, at=now.isoformat(), member_id=member.pk))
    return member


def _mend_backup(stage: Stage, *, left: User | None, came: User) -> None:
    """Whoever decides already is no backup: before the escalation another one is sought, after it the successor is it."""
    if stage.escalated_at is not None and left is not None and stage.backup_id == left.pk:
        stage.backup = came
    elif stage.escalated_at is None and stage.backup_id == came.pk:
        stage.backup = None
        stage.backup = seat_backup(stage)


def _found(people: list[User], person_id: int, sentence: str) -> User:
    person = next((each for each in people if each.pk == person_id), None)
    if person is None:
        raise InvalidInput("That person cannot be asked.", remedy=sentence, details={"person": sentence})
    return person


def _refuse_unfit(reason: str) -> None:
    if not reason.strip():
        sentence = "Say why in a sentence; it is kept with the request."
        raise InvalidInput(sentence, details={"reason": sentence})
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        sentence = f"Shorten this to {LONGEST_REASON:,} characters of text."
        raise InvalidInput(sentence, details={"reason": sentence})


def _record(request: Request, member: StageMember, what: str, **more: object) -> None:
    after = {"person": member.person_id, "reason": member.reason[:500], **more}
    if member.in_place_of_id is not None:
        after |= {"in_place_of": member.in_place_of_id, "delegation": member.delegation_id}
    audit.record(actor=member.added_by, verb=f"stage.{what}", subject=member.stage, entity=request.entity, after=after)
