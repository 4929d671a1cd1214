"""The one place in approvals that locks. A request's row is the lock of its rounds, stages, decisions and timers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from approvals.models import (
    Comment,
    Committee,
    Contract,
    Debt,
    DebtTimer,
    Decision,
    DecisionLink,
    Delegation,
    DrawReport,
    EmergencyTerms,
    Meeting,
    PeopleGroup,
    Policy,
    PolicyVersion,
    Question,
    Request,
    Reserve,
    Stage,
    Timer,
)
from core.errors import NotFound
from core.models import Entity

# Columns of a request that no clock looks at: of hundreds at a time, reading them took a fifth of a sweep.
UNREAD_BY_CLOCKS = (
    *("title", "reason", "trace", "tags", "digest", "form_key", "follow_up", "needed_by", "reopened", "copied_from"),
    *("vendor", "card", "under_contract", "is_emergency", "risk_score", "risk_reasons"),
    *("created_at", "updated_at", "submitted_at", "decided_at"),
)


def lock_request(request_id: int) -> Request:
    """Lock one request. Raises NotFound."""
    rows = Request.objects.select_for_update(no_key=True, of=("self",)).select_related("entity__calendar", "requester", "vendor")
    request = rows.filter(pk=request_id).first()
    if request is None:
        raise NotFound("There is no such request.", remedy="Go back to the list of requests.")
    return request


def lock_contract(contract_id: int) -> None:
    """Let what is called off a contract be added up for one request at a time, and its approval stand meanwhile."""
    Contract.objects.select_for_update(no_key=True).get(pk=contract_id)


def lock_reserve(reserve_id: int) -> Reserve:
    """Return a reserve, locked: one draw at a time is held against what it has left. Raises NotFound."""
    rows = Reserve.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "entity", "account__cost_centre", "account__entity"
    )
    reserve = rows.filter(pk=reserve_id).first()
    if reserve is None:
        raise NotFound("There is no such reserve.", remedy="Choose one from the list of reserves.")
    return reserve


def lock_draw_report(request_id: int) -> DrawReport:
    """Return the report that a draw owes, locked with its request. Raises NotFound."""
    lock_request(request_id)
    related = ("draw__request__entity", "draw__reserve", "draw__terms", "draw__taker")
    rows = DrawReport.objects.select_for_update(no_key=True, of=("self",)).select_related(*related)
    report = rows.filter(draw__request=request_id).first()
    if report is None:
        raise NotFound("No report is owed for that.", remedy="A report is owed for a draw once it is approved.")
    return report


def claim_overdue_reports(*, now: datetime, limit: int) -> Sequence[DrawReport]:
    """Lock reports that were not written by their time and of which nobody was told, past those that somebody else holds."""
    waits = Q(not_before__isnull=True) | Q(not_before__lte=now)
    due = DrawReport.objects.filter(waits, written_at__isnull=True, told_at__isnull=True, due_at__lte=now).order_by("due_at")
    rows = due.select_related("draw__request__entity").select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(rows[:limit])


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


def lock_decision(decision_id: int) -> tuple[Request, Stage, Decision]:
    """Lock the request and the stage of a decision, then read the decision under that lock. Raises NotFound."""
    stage_id = Decision.objects.filter(pk=decision_id).values_list("stage_id", flat=True).first()
    if stage_id is None:
        raise NotFound("There is no such decision.", remedy="Open the request to see how it stands.")
    request, stage = lock_stage(stage_id)
    return request, stage, Decision.objects.select_related("person", "on_behalf_of").get(pk=decision_id)


def lock_comment(comment_id: int) -> Comment:
    """Lock one comment, and read it with its request and author. Raises NotFound."""
    rows = Comment.objects.select_for_update(no_key=True, of=("self",)).select_related("request__entity", "author")
    comment = rows.filter(pk=comment_id).first()
    if comment is None:
        raise NotFound("There is no such comment.", remedy="Open the request to see what was written.")
    return comment


def lock_link(link_id: int) -> DecisionLink:
    """Lock one link of a mail, whose request the caller has locked before."""
    related = ("person", "member", "stage__request__entity")
    return DecisionLink.objects.select_for_update(no_key=True, of=("self",)).select_related(*related).get(pk=link_id)


def lock_question(question_id: int) -> tuple[Request, Stage, Question]:
    """Lock the request and the stage of a question, then read the question under that lock. Raises NotFound."""
    stage_id = Question.objects.filter(pk=question_id).values_list("stage_id", flat=True).first()
    if stage_id is None:
        raise NotFound("There is no such question.", remedy="Open the request to see how it stands.")
    request, stage = lock_stage(stage_id)
    return request, stage, Question.objects.select_related("asked", "asked_by").get(pk=question_id)


def hold_policies(entity_id: int) -> None:
    """Let no policy of an organization change between a request's look at them and its end. Many hold them side by side."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [f"policies:{entity_id}"])


def lock_policies(entity_id: int) -> None:
    """Let the policies of an organization change one at a time, and while nothing is being routed by them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"policies:{entity_id}"])


def lock_policy(policy_id: int) -> Policy:
    """Lock a policy, so that its versions are numbered and published one at a time. The clock is read after it, not before."""
    lock_policies(Policy.objects.values_list("entity_id", flat=True).get(pk=policy_id))
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


def lock_managers(entity_id: int) -> None:
    """Let one statement about who stands above whom be made in an organization at a time: circles are looked for among all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"managers:{entity_id}"])


def lock_committee(entity: Entity, code: str) -> Committee:
    """Lock a committee, made if need be, so that its versions are numbered one at a time."""
    Committee.objects.get_or_create(entity=entity, code=code)
    return Committee.objects.select_for_update(no_key=True, of=("self",)).select_related("entity").get(entity=entity, code=code)


def lock_committee_by_id(committee_id: int) -> Committee:
    """Lock a committee, so that its meetings are numbered one at a time."""
    rows = Committee.objects.select_for_update(no_key=True, of=("self",)).select_related("entity__calendar")
    return rows.get(pk=committee_id)


def lock_meeting(meeting_id: int) -> Meeting:
    """Lock the committee of a meeting, then read the meeting under that lock. Raises NotFound."""
    committee_id = Meeting.objects.filter(pk=meeting_id).values_list("committee_id", flat=True).first()
    if committee_id is None:
        raise NotFound("There is no such meeting.", remedy="Start from the committee's page.")
    lock_committee_by_id(committee_id)
    related = ("committee__entity__calendar", "version", "opened_by")
    return Meeting.objects.select_for_update(no_key=True, of=("self",)).select_related(*related).get(pk=meeting_id)


def claim_meetings_to_remind_of(*, now: datetime, limit: int) -> Sequence[Meeting]:
    """Lock planned meetings whose people are to be told of them, past those that somebody else holds."""
    near = Meeting.objects.filter(state=Meeting.State.PLANNED, reminded_at__isnull=True, reminds_at__lte=now)
    return list(near.order_by("reminds_at", "id").select_for_update(skip_locked=True, no_key=True)[:limit])


def claim_passed_meetings(*, before: datetime, limit: int) -> Sequence[Meeting]:
    """Lock planned meetings that should have begun before a moment, past those that somebody else holds."""
    passed = Meeting.objects.filter(state=Meeting.State.PLANNED, starts_at__lt=before).select_related("committee__entity")
    return list(passed.order_by("id").select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit])


def lock_group(group_id: int) -> PeopleGroup:
    """Lock a group of people. Raises NotFound."""
    rows = PeopleGroup.objects.select_related("entity").select_for_update(no_key=True, of=("self",))
    found = rows.filter(pk=group_id).first()
    if found is None:
        raise NotFound("There is no such group.", remedy="Go back to the list.")
    return found


def lock_group_of(entity: Entity, code: str, name: str) -> tuple[PeopleGroup, bool]:
    """Lock the group with a code, made if need be; say whether it was."""
    group, is_new = PeopleGroup.objects.get_or_create(entity=entity, code=code, defaults={"name": name})
    return lock_group(group.pk), is_new


def lock_overruns(entity_id: int) -> None:
    """Let one posting's overruns of an organization be looked at at a time: what is answered for is added up before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"overruns:{entity_id}"])


def lock_asking(entity_id: int, person_id: int) -> None:
    """Let a person submit one request of an organization at a time: what they asked for today is added up before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"asking:{entity_id}:{person_id}"])


def lock_views(person_id: int) -> None:
    """Let a person keep one view of a list at a time: those that there are, are counted before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"views:{person_id}"])


def lock_emergencies(person_id: int) -> None:
    """Let a person declare one emergency at a time: debts and the month's sum are looked at before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"emergencies:{person_id}"])


def lock_terms(entity_id: int) -> int:
    """Let an organization's terms of emergencies be stated one at a time; return the number of the last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"emergency-terms:{entity_id}"])
    return EmergencyTerms.objects.filter(entity_id=entity_id).order_by("-number").values_list("number", flat=True).first() or 0


def lock_debt(debt_id: int) -> Debt:
    """Lock the request of an emergency, then one of its debts. Raises NotFound."""
    request_id = Debt.objects.filter(pk=debt_id).values_list("emergency__request_id", flat=True).first()
    if request_id is None:
        raise NotFound("There is no such debt.", remedy="Go back to the list of emergencies.")
    lock_request(request_id)
    related = ("emergency__request__entity", "emergency__requester", "emergency__approver", "owner")
    return Debt.objects.select_for_update(no_key=True, of=("self",)).select_related(*related).get(pk=debt_id)


def claim_due_debt_timers(*, now: datetime, limit: int) -> Sequence[DebtTimer]:
    """Lock clocks that are due on debts that are still owed, past those that somebody else holds."""
    ready = Q(not_before__isnull=True) | Q(not_before__lte=now)
    due = DebtTimer.objects.filter(ready, fired_at__isnull=True, due_at__lte=now, debt__closed_at__isnull=True)
    locked = due.order_by("due_at", "id").select_for_update(skip_locked=True, no_key=True, of=("self", "debt"))
    return list(locked.select_related("debt__emergency__request__entity")[:limit])


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


def held_timer(timer_id: int) -> Timer:
    """Read a timer anew that was claimed in this transaction, as it is claimed."""
    return _claim(Timer.objects.filter(pk=timer_id), 1)[0]


def _claim(timers: QuerySet[Timer], limit: int) -> Sequence[Timer]:
    locked = timers.select_for_update(skip_locked=True, no_key=True, of=("self", "stage__request"))
    # What was asked, in words and as it was routed, is of no use to a clock.
    unread = [f"stage__request__{name}" for name in UNREAD_BY_CLOCKS]
    # Few organizations and calendars for many clocks: each is read once.
    shared = ("stage__request__entity", "calendar", "whose", "question")
    return list(locked.select_related("stage__request").defer(*unread).prefetch_related(*shared)[:limit])
