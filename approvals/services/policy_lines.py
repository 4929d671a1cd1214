"""The line of a policy's published versions: each begins where the one before ends. The callers hold the policy's lock."""

from datetime import date, datetime
from typing import Any

from approvals.models import PolicyVersion
from approvals.rules.document import PolicyDocument
from approvals.rules.effective import FURTHEST_YEARS, TooFar, begins, is_past
from approvals.selectors.proofs import fault_sentences, proved
from budgets.models import CostCentre
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.services import audit
from core.viewer import known_zone


def begins_at(day: date | None, entity: Entity, now: datetime) -> datetime:
    """Return the moment from which a version holds that is published now for a day of the organization's zone.

    Raises InvalidInput (`effective_from`) for a day that is past, or too far away.
    """
    zone = known_zone(entity.time_zone)
    if day is not None and is_past(day, now, zone):
        raise _no_day(f"{day.day} {day:%B %Y} is past.", "Name today or a later day; leave it out to let it hold at once.")
    try:
        return begins(day, now, zone)
    except TooFar as error:
        raise _no_day(f"That is more than {FURTHEST_YEARS} years away.", "Name a nearer day.") from error


def put_in_line(version: PolicyVersion, *, now: datetime, actor: User | None) -> None:
    """Publish a draft for its day. What was scheduled for that day or later is withdrawn, and whoever is before it ends there."""
    entity = version.policy.entity
    starts = begins_at(version.planned_on, entity, now)
    _take_up_scope(version, at_once=starts == now)
    before = _last_before(version, starts, now=now, actor=actor)
    if before is not None:
        # A row ends before the next begins: one of a policy at a time is the last in line.
        before.retire(followed_by=_beginning(version, starts))
        before.save(update_fields=["state", "effective_to", "followed_by"])
    version.publish(now=now, begins=starts)
    version.save(update_fields=["state", "published_at", "planned_on", "effective_from"])


def take_out_of_line(
    version: PolicyVersion, *, now: datetime, actor: User | None, replaced_by: PolicyVersion | None = None
) -> None:
    """Make the last in line a draft again, before its day."""
    before = {"version": version.number} | days_of(version)
    version.withdrawn_at = now
    standing = back_to_draft(version)
    after: dict[str, Any] = {"version": standing.number if standing else None}
    after |= {"replaced_by": replaced_by.number} if replaced_by else {}
    entity = version.policy.entity
    audit.record(actor=actor, verb="policy.withdrawn", subject=version, entity=entity, before=before, after=after)


def back_to_draft(version: PolicyVersion) -> PolicyVersion | None:
    """Make the last in line a draft again, and return the one before it, which is the last now."""
    before: PolicyVersion | None = PolicyVersion.objects.filter(followed_by=version).first()
    version.unpublish()
    version.save(update_fields=["state", "published_at", "effective_from", "withdrawn_at"])
    if before is not None:
        before.restore()
        before.save(update_fields=["state", "effective_to", "followed_by"])
        _take_up_scope(before, at_once=True)
    return before


def refuse_unproved(document: PolicyDocument, entity: Entity) -> None:
    """Refuse to publish what leaves amounts without an owner, asks two ways, or has rules that nothing reaches."""
    faults = fault_sentences(proved(document, entity))
    if faults:
        raise InvalidInput(
            f"The proof found {len(faults)} {'thing' if len(faults) == 1 else 'things'} in this policy to be settled first.",
            remedy="Mend each, or accept a gap by its name under accepted_gaps.",
            code="unproved",
            details=faults,
        )


def days_of(version: PolicyVersion) -> dict[str, str]:
    """Return from when on a version holds, for the record; nothing of a draft, or where it holds since it was published."""
    begins = version.effective_from
    return {"effective_from": begins.isoformat()} if begins is not None and begins != version.published_at else {}


def published_words(version: PolicyVersion) -> str:
    """Say how far a version is, for a refusal."""
    return "published" if version.standing == PolicyVersion.Standing.PUBLISHED else version.standing_words


def _last_before(version: PolicyVersion, starts: datetime, *, now: datetime, actor: User | None) -> PolicyVersion | None:
    """Withdraw what is scheduled for the moment or later, the last first; return the last in line that is left."""
    last: PolicyVersion | None = version.policy.versions.filter(state=PolicyVersion.State.PUBLISHED).first()
    begins = last.effective_from if last is not None else None
    if last is None or begins is None or begins <= now or begins < starts:
        return last
    take_out_of_line(last, now=now, actor=actor, replaced_by=version)
    return _last_before(version, starts, now=now, actor=actor)


def _beginning(version: PolicyVersion, starts: datetime) -> PolicyVersion:
    version.effective_from = starts
    return version


def _take_up_scope(version: PolicyVersion, *, at_once: bool) -> None:
    """Let the policy be called and cover what its document says. What it covers changes at once only: it has one scope."""
    policy, document = version.policy, PolicyDocument.model_validate(version.document)
    scope = CostCentre.objects.filter(entity=policy.entity, code=document.cost_centre).first() if document.cost_centre else None
    if policy.cost_centre != scope and not at_once:
        raise WrongState(
            f"This version is for {scope or policy.entity}, the policy now for {policy.cost_centre or policy.entity}.",
            remedy="Publish it without a day, on the day itself; or keep the part that the policy is for.",
            code="other_scope",
        )
    if policy.name != document.name or policy.cost_centre != scope:
        policy.name, policy.cost_centre = document.name, scope
        policy.save(update_fields=["name", "cost_centre"])


def _no_day(said: str, remedy: str) -> InvalidInput:
    return InvalidInput(said, remedy=remedy, code="no_such_day", details={"effective_from": f"{said} {remedy}"})
