"""The one place in core that locks."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from core.models import ActingSession, FirstAdministratorLink, Invitation, Job, OutboxEvent, SignInTally

SILENCE = timedelta(minutes=10)


def claim_next_event(*, now: datetime) -> OutboxEvent | None:
    """Lock the oldest event that is due and that nobody else holds."""
    waiting = OutboxEvent.objects.filter(handled_at__isnull=True, due_at__lte=now).order_by("due_at", "id")
    return waiting.select_for_update(skip_locked=True, no_key=True).first()


def claim_next_job(*, now: datetime) -> Job | None:
    """Lock the oldest job that waits, or whose runner fell silent, and that nobody else holds."""
    abandoned = Q(state=Job.State.RUNNING, heartbeat_at__lt=now - SILENCE)
    open_jobs = Job.objects.filter(Q(state=Job.State.QUEUED) | abandoned).order_by("id")
    return open_jobs.select_for_update(skip_locked=True, no_key=True).first()


def lock_job(job_id: int) -> Job:
    """Lock one job."""
    rows: QuerySet[Job] = Job.objects.select_for_update(no_key=True)
    return rows.get(pk=job_id)


def lock_tally(*, kind: str, key: str) -> SignInTally:
    """Lock the tally of one account or address, made if need be."""
    SignInTally.objects.bulk_create([SignInTally(kind=kind, key=key)], ignore_conflicts=True)
    return SignInTally.objects.select_for_update(no_key=True).get(kind=kind, key=key)


def lock_invitation(invitation_id: int) -> Invitation:
    """Lock one invitation."""
    return Invitation.objects.select_for_update(no_key=True).get(pk=invitation_id)


def lock_first_links() -> list[FirstAdministratorLink]:
    """Lock the links for a first administrator, in order."""
    return list(FirstAdministratorLink.objects.select_for_update(no_key=True).order_by("id"))


def lock_acting(acting_id: int) -> ActingSession:
    """Lock one session of acting as somebody else."""
    return ActingSession.objects.select_for_update(no_key=True).get(pk=acting_id)
