"""The one place in approvals that locks. A request's row is the lock of its rounds, stages, decisions and timers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from approvals.models import Delegation, Policy, PolicyVersion, Question, Request, Stage, Timer
from core.errors import NotFound


def lock_request(request_id: int) -> Request:
    """Lock one request. Raises NotFound."""
    rows = Request.objects.select_for_update(no_key=True, of=("self",)).select_related("entity__calendar", "requester", "vendor")
    request = rows.filter(pk=request_id).first()
    if request is None:
        raise NotFound("There is no such request.", remedy="Go back to the list of requests.")
    return request


def lock_form(form_key: UUID) -> Request | None:
    """Let one saving of a form run at a time, and return the request that the form was kept as before, locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"request-form:{form_key}"])
    found = Request.objects.filter(form_key=form_key).values_list("pk", flat=True).first()
    return lock_request(found) if found is not None else None


def lock_stage(stage_id: int) -> tuple[Request, Stage]:
    """Lock the request of a stage, then read the stage as it stands under that lock. Raises NotFound."""
    request_id = Stage.objects.filter(pk=stage_id).values_list("request_id", flat=True).first()
    if request_id is None:
        raise NotFound("There is no such stage.", remedy="Go back to your queue.")
    request = lock_request(request_id)
    return request, Stage.objects.select_for_update(no_key=True).get(pk=stage_id)


def lock_question(question_id: int) -> tuple[Request, Stage, Question]:
    """Lock the request and the stage of a question, then read the question under that lock. Raises NotFound."""
    stage_id = Question.objects.filter(pk=question_id).values_list("stage_id", flat=True).first()
    if stage_id is None:
        raise NotFound("There is no such question.", remedy="Open the request to see how it stands.")
    request, stage = lock_stage(stage_id)
    return request, stage, Question.objects.select_related("asked", "asked_by").get(pk=question_id)


def lock_policy(policy_id: int) -> Policy:
    """Lock a policy, so that its versions are numbered and published one at a time."""
    return Policy.objects.select_for_update(no_key=True).get(pk=policy_id)


def lock_version(version_id: int) -> PolicyVersion:
    """Lock the policy of a version, then read the version as it stands under that lock. Raises NotFound."""
    policy_id = PolicyVersion.objects.filter(pk=version_id).values_list("policy_id", flat=True).first()
    if policy_id is None:
        raise NotFound("There is no such version of a policy.", remedy="Go back to the list of policies.")
    lock_policy(policy_id)
    return PolicyVersion.objects.select_related("policy__entity", "policy__cost_centre").get(pk=version_id)


def lock_delegations(entity_id: int) -> None:
    """Let one statement about who decides for whom be made in an organization at a time: circles are looked for among all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"delegations:{entity_id}"])


def lock_delegation(delegation_id: int) -> Delegation:
    """Lock one delegation. Raises NotFound."""
    row = Delegation.objects.select_for_update(no_key=True).filter(pk=delegation_id).first()
    if row is None:
        raise NotFound("There is no such delegation.", remedy="Go back to the list of delegations.")
    return row


def claim_begun_delegations(*, now: datetime, limit: int) -> Sequence[Delegation]:
    """Lock delegations whose time has come and whose delegates do not know yet, past those that somebody else holds."""
    begun = Delegation.objects.filter(announced_at__isnull=True, starts_at__lte=now, ends_at__gt=now).order_by("id")
    return list(begun.select_for_update(skip_locked=True, no_key=True)[:limit])


def next_request_number(year: int) -> int:
    """Take the next number of a year; the counter's row stays locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO approvals_requestcounter AS counter (year, last) VALUES (%s, 1)"
            " ON CONFLICT (year) DO UPDATE SET last = counter.last + 1 RETURNING last",
            [year],
        )
        return int(cursor.fetchone()[0])


def claim_due_timers(*, now: datetime, limit: int) -> Sequence[Timer]:
    """Lock timers that are due together with their requests, and pass over those that somebody else holds.

    It never waits: a request in a decider's hands is left for the next round, so that no order of locks can deadlock.
    """
    ready = Q(not_before__isnull=True) | Q(not_before__lte=now)
    due = Timer.objects.filter(ready, state=Timer.State.PENDING, due_at__lte=now).order_by("due_at", "id")
    return _claim(due, limit)


def claim_outdated_timers(*, limit: int) -> Sequence[Timer]:
    """Lock running timers whose calendar has changed since their due time was reckoned."""
    outdated = Timer.objects.filter(state=Timer.State.PENDING).exclude(calendar_version=F("calendar__version"))
    return _claim(outdated.order_by("id"), limit)


def _claim(timers: QuerySet[Timer], limit: int) -> Sequence[Timer]:
    locked = timers.select_for_update(skip_locked=True, no_key=True, of=("self", "stage__request"))
    related = ("stage__request__entity", "stage__request__requester", "calendar", "question")
    return list(locked.select_related(*related)[:limit])
