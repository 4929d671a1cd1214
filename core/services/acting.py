"""Acting as somebody else: an administrator sees Purser as one of their people does, for a while, and changes nothing."""

from datetime import timedelta

from django.db import transaction

from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.locks import lock_acting
from core.models import ActingSession, User
from core.selectors.people import access_person_by_id
from core.services import audit
from core.services.notices import notify

LASTS = timedelta(minutes=30)


@transaction.atomic
def begin_acting(*, administrator: User, person_id: int, reason: str) -> ActingSession:
    """Let `administrator` see Purser as a person of theirs. The person is told; both names and the reason are recorded.

    Raises NotAllowed for another administrator and for whoever holds a role beyond the administrator's entities.
    """
    if not reason.strip():
        raise InvalidInput("Say why.", remedy="The person reads the reason.", details={"reason": "Say why."})
    row = access_person_by_id(administrator, person_id)
    if not row.may_act_as:
        raise NotAllowed(
            f"Nobody acts as {row.person.name}.", remedy="Choose an active person who holds a role and is no administrator."
        )
    now = clock.now()
    _end_running(administrator)
    acting = ActingSession.objects.create(
        administrator=administrator, person=row.person, reason=reason.strip()[:500], began_at=now, ends_at=now + LASTS
    )
    audit.record(actor=administrator, verb="acting.begun", subject=acting, after=_said(acting), at=now)
    notify(
        person=row.person,
        kind="acting",
        subject=f"{administrator.name} looks at Purser as you for up to {LASTS.seconds // 60} minutes",
        body=f"{administrator.name} sees what you see, to help you, and can change nothing. The reason: {acting.reason}",
        key=f"acting-{acting.pk}",
    )
    return acting


@transaction.atomic
def end_acting(*, acting_id: int, actor: User | None) -> ActingSession:
    """End it, once: by its administrator, or by the clock where `actor` is None. Raises NotAllowed for somebody else's."""
    acting = lock_acting(acting_id)
    if actor is not None and acting.administrator_id != actor.pk:
        raise NotAllowed("This is somebody else's session.", remedy="Its administrator stops it, or it ends by itself.")
    if acting.ended_at is not None:
        return acting
    now = clock.now()
    if actor is None and now < acting.ends_at:
        raise WrongState("It is not over yet.", remedy="Wait until it is, or let its administrator stop it.")
    _end(acting, actor)
    return acting


def end_overdue_acting() -> int:
    """End what is over although nobody stopped it; return how many."""
    overdue = ActingSession.objects.filter(ended_at__isnull=True, ends_at__lte=clock.now()).values_list("pk", flat=True)
    return len([end_acting(acting_id=pk, actor=None) for pk in overdue])


def _end_running(administrator: User) -> None:
    for pk in ActingSession.objects.filter(administrator=administrator, ended_at__isnull=True).values_list("pk", flat=True):
        _end(lock_acting(pk), administrator)


def _end(acting: ActingSession, actor: User | None) -> None:
    acting.ended_at = min(clock.now(), acting.ends_at)
    acting.save(update_fields=["ended_at"])
    audit.record(
        actor=acting.administrator, verb="acting.ended", subject=acting, after=_said(acting) | {"by_clock": actor is None}
    )


def _said(acting: ActingSession) -> dict[str, str | bool]:
    return {
        "administrator": acting.administrator.email,
        "person": acting.person.email,
        "reason": acting.reason,
        "until": acting.ends_at.isoformat(),
    }
