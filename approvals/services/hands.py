"""A stage changes hands, or more of them decide. Its clock runs on, its owner is never nobody, and who stood there is kept."""

from django.db import transaction

from approvals.events import StageJoined
from approvals.locks import lock_stage
from approvals.models import Request, Stage, StageMember
from approvals.selectors.chains import seat_backup
from approvals.selectors.people import may_be_added, may_take
from approvals.services.standing import refuse_unless_asked
from core import clock
from core.errors import InvalidInput, NotAllowed
from core.models import User
from core.services import audit
from core.services.outbox import publish

LONGEST_REASON = 2_000
MOST_ADDED = 10


@transaction.atomic
def hand_over(*, stage_id: int, actor: User, person_id: int, reason: str) -> StageMember:
    """Put another person in `actor`'s place on a stage: somebody who could decide on it by its policy and is free to.

    Raises NotAllowed, Stale, InvalidInput (nobody of that kind, or no reason), NotFound.
    """
    now = clock.now()
    request, stage = lock_stage(stage_id)
    refuse_unless_asked(request, stage, actor)
    _refuse_unfit(reason)
    person = _found(may_take(request, stage), person_id, "Choose somebody who could decide on this stage and has not yet.")
    place = StageMember.objects.filter(stage=stage, person=actor).first()
    if place is None:
        said = "You decide here for somebody who is away; their place is not yours to hand over."
        raise NotAllowed(said, remedy="Decide, ask, or leave it to them.", code="not_yours")
    StageMember.objects.filter(pk=place.pk).update(left_at=now)
    member = StageMember.objects.create(
        stage=stage,
        person=person,
        # Whoever was asked besides is as good as any: their successor comes in their place.
        capacity=place.capacity,
        added_at=now,
        added_by=actor,
        reason=reason.strip(),
    )
    if stage.owner_id == actor.pk:
        stage.owner = person
    stage.request = request
    _mend_backup(stage, left=actor, came=person)
    stage.save(update_fields=["owner", "backup"])
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
    refuse_unless_asked(request, stage, actor)
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
        reason=reason.strip(),
    )
    stage.needed += 1
    stage.request = request
    _mend_backup(stage, left=None, came=person)
    stage.save(update_fields=["needed", "backup"])
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
    audit.record(actor=member.added_by, verb=f"stage.{what}", subject=member.stage, entity=request.entity, after=after)
