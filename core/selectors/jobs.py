"""Reading jobs."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from core.access import WHOLE, may, whole_entities_of
from core.errors import NotFound
from core.models import Job, User
from core.rules.rights import Right


def access_job_by_id(user: User | AnonymousUser, job_id: int) -> Job:
    """Return a job that `user` started, or any job of an entity that they may audit as a whole. Raises NotFound."""
    job = Job.objects.select_related("entity", "actor").filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job.", remedy="Look on the page where you started it.")
    if job.actor_id is not None and job.actor_id == user.pk:
        return job
    if job.entity is not None and may(user, Right.AUDIT, entity=job.entity, path=WHOLE):
        return job
    raise NotFound("There is no such job.", remedy="Look on the page where you started it.")


def jobs_in_reach(user: User) -> QuerySet[Job]:
    """Return the jobs that the person started, and all of the entities that they may audit as a whole, the newest first."""
    return Job.objects.filter(Q(actor=user) | Q(entity__in=whole_entities_of(user, Right.AUDIT)))


def time_left(job: Job, *, now: datetime) -> timedelta | None:
    """Estimate how long a running job will take, from its pace so far; None where nothing can be said yet."""
    if job.state != Job.State.RUNNING or not job.started_at or not 0 < job.done < job.total:
        return None
    return (now - job.started_at) * ((job.total - job.done) / job.done)
