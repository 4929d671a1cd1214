"""The one place in core that locks."""

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Q, QuerySet

from core.models import (
    ActingSession,
    ApiToken,
    DiscardedFile,
    Entity,
    FirstAdministratorLink,
    Invitation,
    Job,
    OutboxEvent,
    RetentionHold,
    RetentionRun,
    Role,
    RoleAssignment,
    SignInTally,
    User,
)
from core.selectors.factors import seeds

# Held exclusively while a backup reads files, and shared while one is removed. Backups take it on a connection of their own.
FILES_STAY = "hashtext('purser: files stay')"
BUNDLES = "hashtext('purser: bundles of notices')"
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


def lock_bundle(person_id: int) -> None:
    """Hold the bundles of one person's notices to the transaction's end: none is closed while a notice comes into it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({BUNDLES}, %s)", [person_id])


def lock_invitation(invitation_id: int) -> Invitation:
    """Lock one invitation."""
    return Invitation.objects.select_for_update(no_key=True).get(pk=invitation_id)


def lock_administrators(entity: Entity) -> list[RoleAssignment]:
    """Lock the assignments by which people administer the whole of an entity, in order."""
    rows = RoleAssignment.objects.filter(entity=entity, cost_centre=None, role__kind=Role.Kind.ADMINISTRATOR)
    return list(rows.select_for_update(of=("self",), no_key=True).select_related("user").order_by("id"))


def lock_person(person_id: int) -> None:
    """Let what is stated of a person be stated one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=person_id)


def lock_first_links() -> list[FirstAdministratorLink]:
    """Lock the links for a first administrator, in order."""
    return list(FirstAdministratorLink.objects.select_for_update(no_key=True).order_by("id"))


def lock_acting(acting_id: int) -> ActingSession:
    """Lock one session of acting as somebody else."""
    return ActingSession.objects.select_for_update(no_key=True).get(pk=acting_id)


# Keys are locked by two numbers, which PostgreSQL keeps apart from locks by one; budgets' keys have another first number.
CALLS = 8201
THINGS = 8202
# Also in core/migrations/sql/0014_retention.sql.
RETENTION = 8203


def try_key(key: str) -> bool:
    """Hold the key of a call until the transaction ends; say whether nobody else does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [CALLS, key])
        return bool(cursor.fetchone()[0])


def lock_thing(name: str) -> None:
    """Let whoever changes the same thing through the API wait until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [THINGS, name])


def lock_token(token_id: int) -> ApiToken | None:
    """Return a token, locked, or None where there is none."""
    return ApiToken.objects.select_for_update(of=("self",), no_key=True).select_related("owner").filter(pk=token_id).first()


def claim_unused_token(token_id: int, *, since: datetime) -> bool:
    """Lock a token whose use was not noted since a moment; say whether there is such a one that nobody else holds."""
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=since)
    return ApiToken.objects.select_for_update(skip_locked=True, no_key=True).filter(stale, pk=token_id).first() is not None


def may_remove_files() -> bool:
    """Say whether no backup is reading files now; none begins to before the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock_shared({FILES_STAY})")
        return bool(cursor.fetchone()[0])


def lock_seeds() -> list[Authenticator]:
    """Lock the second factors that keep a secret."""
    return list(seeds().select_for_update(no_key=True))


def claim_discarded_files(*, limit: int) -> list[DiscardedFile]:
    """Lock the oldest discarded files that nobody else holds."""
    return list(DiscardedFile.objects.order_by("id").select_for_update(skip_locked=True)[:limit])


def lock_retention(entity_id: int) -> None:
    """Let what concerns the retention of an organization's records happen one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [RETENTION, entity_id])


def lock_retention_hold(hold_id: int) -> RetentionHold:
    """Lock one hold."""
    return RetentionHold.objects.select_for_update(of=("self",), no_key=True).select_related("entity").get(pk=hold_id)


def lock_retention_run(run_id: int) -> RetentionRun:
    """Lock one removal."""
    related = ("entity", "ordered_by")
    return RetentionRun.objects.select_for_update(of=("self",), no_key=True).select_related(*related).get(pk=run_id)
