"""Changes of a policy, put to approval by the policy in force: the last yes publishes the draft, after one more proof."""

from datetime import date, datetime

from django.db import transaction

from approvals.locks import lock_request, lock_version
from approvals.models import PolicyChange, PolicyVersion, Request
from approvals.rules.effective import is_past
from approvals.rules.particulars import POLICY_CHANGE
from approvals.selectors.facts import LONGEST_REASON
from approvals.selectors.policies import change_kind, changes_asked, standing_of
from approvals.services.policies import judge_draft, publish_draft, unpublish
from approvals.services.policy_lines import begins_at
from approvals.services.requests import new_number, submit_request
from approvals.subjects import SubjectKind, register
from core import clock
from core.access import may
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import User
from core.rules.rights import Right
from core.services import audit
from core.viewer import known_zone


@transaction.atomic
def ask_policy_change(*, version_id: int, actor: User, reason: str, effective_from: date | None = None) -> Request:
    """Put a draft before those who decide on changes of its policy, by the version in force.

    Approved, it holds from the start of `effective_from` on, or from the last yes where that comes later or no day is named.
    What was sent back to `actor` for the same policy goes on with this draft. Raises NotAllowed, NotFound, InvalidInput (no
    reason, or the proof found something), WrongState (no draft, no approval needed, another change is asked for), Missing.
    """
    now = clock.now()
    # A request is locked before the policy that it is about, here as in a decision.
    returned = _returned(version_id, actor)
    version = lock_version(version_id)
    _refuse_unless_administers(actor, version)
    kind = _kind(version)
    words = _checked(reason)
    begins_at(effective_from, version.policy.entity, clock.now())
    if version.state == PolicyVersion.State.DRAFT and version.planned_on != effective_from:
        version.planned_on = effective_from
        version.save(update_fields=["planned_on"])
    request = returned or _new(version, actor, kind, now)
    request.title = f"{version.policy.name}, version {version.number}"
    request.reason = words
    request.updated_at = now
    request.save()
    PolicyChange.objects.update_or_create(request=request, defaults={"draft": version})
    audit.record(actor=actor, verb="request.saved", subject=request, entity=request.entity, after={"version": version.number})
    return submit_request(request_id=request.pk, actor=actor)


def check_change(*, request: Request, now: datetime) -> None:
    """A draft is judged when it is asked for, as when it is published. Raises NotAllowed, WrongState, InvalidInput."""
    change = request.policy_change
    version = lock_version(change.draft_id)
    _refuse_unless_administers(request.requester, version)
    other = changes_asked(version.policy).exclude(pk=request.pk).first()
    if other is not None:
        said = f"{other.number} asks for a change of {version.policy.name} already."
        raise WrongState(said, remedy="Wait for its decision, or let its requester withdraw it.", code="asked_already")
    judge_draft(version)


def nothing(*, request: Request, actor: User) -> None:
    """A change of a policy holds no money."""


def publish(*, request: Request, actor: User) -> None:
    """Let the draft route from its day on, from now where that is past. Raises WrongState, InvalidInput (it no longer proves)."""
    version = lock_version(request.policy_change.draft_id)
    now = clock.now()
    if version.planned_on is not None and is_past(version.planned_on, now, known_zone(version.policy.entity.time_zone)):
        version.planned_on = None
    publish_draft(version=version, actor=actor, now=now)


def take_back(*, request: Request, actor: User) -> None:
    """Let the version before route again. Raises WrongState where a request was routed by the new one meanwhile."""
    unpublish(version=lock_version(request.policy_change.draft_id), actor=actor)


def _refuse_unless_administers(person: User, version: PolicyVersion) -> None:
    if not may(person, Right.ADMINISTER, entity=version.policy.entity):
        raise NotAllowed("You may read this policy, not change it.", remedy="Ask an administrator of the organization.")


def _kind(version: PolicyVersion) -> str:
    kind = change_kind(standing_of(version.policy))
    if not kind:
        raise WrongState(f"{version.policy.name} changes without an approval.", remedy="Publish the draft.")
    return kind


def _checked(reason: str) -> str:
    words = reason.strip()
    if not words or len(words) > LONGEST_REASON or "\x00" in words:
        short = f"Shorten this to {LONGEST_REASON:,} characters of text."
        said = short if words else "Say why it changes; whoever decides reads it."
        raise InvalidInput(said, details={"reason": said})
    return words


def _returned(version_id: int, actor: User) -> Request | None:
    """Return what was sent back to `actor` about the same policy, locked."""
    mine = Request.objects.filter(
        requester=actor, state=Request.State.RETURNED, policy_change__draft__policy__versions=version_id
    )
    found = mine.values_list("pk", flat=True).first()
    request = lock_request(found) if found is not None else None
    return request if request is not None and request.state == Request.State.RETURNED else None


def _new(version: PolicyVersion, actor: User, kind: str, now: datetime) -> Request:
    return Request(
        number=new_number(now),
        entity=version.policy.entity,
        requester=actor,
        kind=kind,
        subject_kind=POLICY_CHANGE,
        currency=version.currency,
        created_at=now,
    )


policy_change = register(
    SubjectKind(
        POLICY_CHANGE,
        "Change of a policy",
        on_submit=nothing,
        on_approve=publish,
        on_release=nothing,
        on_approve_undone=take_back,
        on_release_undone=nothing,
        before_submit=check_change,
    )
)
