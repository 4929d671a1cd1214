"""By plain SQL, as the app's own role, nobody leaves a request without an owner, nor a clock without an end.

Some walls look when the transaction ends; here they are told to look at once.
"""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import DebtTimer, Decision, Request, Stage, Timer
from approvals.services.decisions import approve_stage
from approvals.services.questions import ask_question
from approvals.services.timers import fire_due
from core import clock, walls
from tests.factories.approvals import at, draft, everything, stages_of, submitted
from tests.factories.emergencies import declared, terms
from tests.factories.undoing import board
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
OWNER, CLOCKS, IDLE = "has its owner among those", "its reminder, its escalation and its deadline", "No clock runs on a stage"
STILL, MOVES, EFFECT = "stands still", "A due time moves", "A clock that fires has its effect"
NOBODY, OVER, KEPT = "is before somebody", "of a round that is over", "Cannot"
LATER = "due_at + interval '9 years'"


def _of_stage(change: str) -> str:
    return f"UPDATE approvals_stage SET {change} WHERE id = %(stage)s"


def _of_timers(change: str, kind: str = "breach") -> str:
    return f"UPDATE approvals_timer SET {change} WHERE stage_id = %(stage)s AND kind = '{kind}'"


def _of_members(change: str) -> str:
    return f"UPDATE approvals_stagemember SET {change} WHERE stage_id = %(stage)s"


# What is tried on a stage that is asked, and in what words it is refused.
ASKED = {
    "the owner leaves": (_of_members("left_at = now()"), OWNER),
    "another owns it who is not asked": (_of_stage("owner_id = %(stranger)s"), OWNER),
    "nobody owns it": (_of_stage("owner_id = NULL"), "owner_id"),
    "the members are deleted": ("DELETE FROM approvals_stagemember WHERE stage_id = %(stage)s", KEPT),
    "whoever asked owns it": (
        "INSERT INTO approvals_stagemember (stage_id, person_id, capacity, added_at, reason)"
        " VALUES (%(stage)s, %(requester)s, 'member', now(), '');" + _of_stage("owner_id = %(requester)s"),
        OWNER,
    ),
    "the stage is skipped": (_of_stage("state = 'skipped'"), IDLE),
    "stage and clocks are ended": (
        _of_stage("state = 'skipped'")
        + "; UPDATE approvals_timer SET state = 'cancelled' WHERE stage_id = %(stage)s AND state = 'pending'",
        NOBODY,
    ),
    "the stage is deleted": ("DELETE FROM approvals_stage WHERE id = %(stage)s", KEPT),
    "the request is withdrawn alone": ("UPDATE approvals_request SET state = 'withdrawn' WHERE id = %(request)s", OVER),
    "fewer need to approve": (_of_stage("needed = 0"), KEPT),
    "another role is asked": (_of_stage("role_code = 'requester'"), KEPT),
    "questions stop it for good": (_of_stage("question_pause = '9999 weeks'"), KEPT),
    "its deadline is deleted": (
        "DELETE FROM approvals_timer WHERE stage_id = %(stage)s AND kind = 'breach'",
        KEPT,
    ),
    "its deadline is cancelled": (_of_timers("state = 'cancelled'"), CLOCKS),
    "its escalation is cancelled": (_of_timers("state = 'cancelled'", "escalate"), CLOCKS),
    "its deadline is said to have fired": (_of_timers("state = 'fired', fired_at = due_at"), EFFECT),
    "its escalation is said to have fired": (_of_timers("state = 'fired', fired_at = due_at", "escalate"), EFFECT),
    "its deadline fires early": (_of_timers("state = 'fired', fired_at = starts_at"), "timer_fires_when_due"),
    "its deadline stands still": (_of_timers("state = 'paused'"), STILL),
    "its deadline is far away": (_of_timers(f"due_at = {LATER}, explanation = 'So.'"), MOVES),
    "its deadline is never": (_of_timers("due_at = 'infinity'"), MOVES),
    "its deadline began later": (_of_timers("starts_at = starts_at + interval '1 day'"), KEPT),
    "its deadline has another span": (_of_timers("budget = '9999 weeks'"), KEPT),
    "it is due at another time": (_of_stage(f"due_at = {LATER}"), "due when its deadline says"),
    "it was assigned at another time": (_of_stage("assigned_at = now()"), CLOCKS),
    "it has no due time": (_of_stage("due_at = NULL"), "stage_assigned_has_a_clock"),
    "it stands still without a question": (_of_stage("paused_at = now()"), STILL),
    "a pause without a question": (
        "INSERT INTO approvals_pause (stage_id, began_at) VALUES (%(stage)s, now())",
        "A pause begins with its question",
    ),
    "a pause that is over": (
        "INSERT INTO approvals_pause (stage_id, began_at, ended_at) VALUES (%(stage)s, now() - interval '9 years', now())",
        "A pause begins with its question",
    ),
    "a question without an end": (
        """INSERT INTO approvals_question (stage_id, asked_by_id, asked_id, text, pauses, state, asked_at, answer)
           VALUES (%(stage)s, %(stranger)s, %(requester)s, 'Why?', true, 'open', now(), '')""",
        "has an end of its own",
    ),
}
# The same on one whose clock a question has stopped.
PAUSED = {
    "the question is deleted": ("DELETE FROM approvals_question WHERE stage_id = %(stage)s", KEPT),
    "the question is closed": (
        "UPDATE approvals_question SET state = 'ended', closed_at = now() WHERE stage_id = %(stage)s",
        STILL,
    ),
    "the question lapses alone": ("UPDATE approvals_question SET state = 'lapsed' WHERE stage_id = %(stage)s", STILL),
    "its end is deleted": ("DELETE FROM approvals_timer WHERE stage_id = %(stage)s AND kind = 'resume'", KEPT),
    "its end is cancelled": (_of_timers("state = 'cancelled'", "resume"), "has an end of its own"),
    "its end is said to have fired": (
        _of_timers("state = 'fired', fired_at = due_at", "resume"),
        "has an end of its own",
    ),
    "its end is far away": (_of_timers(f"due_at = {LATER}, explanation = 'So.'", "resume"), MOVES),
    "the pause is over alone": ("UPDATE approvals_pause SET ended_at = began_at WHERE stage_id = %(stage)s", STILL),
    "the pause is deleted": ("DELETE FROM approvals_pause WHERE stage_id = %(stage)s", KEPT),
    "the stage goes on alone": (_of_stage("paused_at = NULL"), STILL),
    "the deadline is cancelled": (_of_timers("state = 'cancelled'"), CLOCKS),
}


def tried(statements: str, values: dict[str, int]) -> None:
    """Do what nobody may, and let every wall look."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements.split(";"):
            cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def looked_at() -> None:
    """Let every wall look at what was done so far, and wait again for the end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def named(stage: Stage, kafka: House) -> dict[str, int]:
    return {
        "stage": stage.pk,
        "request": stage.request_id,
        "requester": kafka.engineer.pk,
        "stranger": kafka.people["cfo"].pk,
    }


@pytest.fixture
def stage(kafka: House) -> Iterator[Stage]:
    [found] = stages_of(submitted(kafka.engineer, kafka.account))
    looked_at()
    yield found
    looked_at()


@pytest.mark.parametrize("deed", ASKED)
def test_a_stage_that_is_asked_keeps_its_owner_and_its_clocks(deed: str, stage: Stage, kafka: House) -> None:
    statements, words = ASKED[deed]
    before = everything(), Stage.objects.filter(pk=stage.pk).values().get(), list(Timer.objects.order_by("pk").values())

    with pytest.raises(DatabaseError, match=words):
        tried(statements, named(stage, kafka))

    after = everything(), Stage.objects.filter(pk=stage.pk).values().get(), list(Timer.objects.order_by("pk").values())
    assert after == before


@pytest.mark.parametrize("deed", PAUSED)
def test_a_clock_that_a_question_stops_goes_on(deed: str, stage: Stage, kafka: House) -> None:
    ask_question(stage_id=stage.pk, actor=stage.owner, person_id=kafka.engineer.pk, text="Why now?")
    looked_at()
    statements, words = PAUSED[deed]

    with pytest.raises(DatabaseError, match=words):
        tried(statements, named(stage, kafka))


def test_what_a_session_says_that_it_sees_opens_no_wall(stage: Stage, kafka: House) -> None:
    """The walls look with the owner's rights: who claims to see nothing by then is held all the same."""
    with pytest.raises(DatabaseError, match=OWNER), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ASKED["the owner leaves"][0], named(stage, kafka))
        with walls.nothing_yet(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_whoever_leaves_leaves_it_to_somebody_who_has_not_decided(kafka: House) -> None:
    """Of three two must approve; the one who did stays alone in vain."""
    board(kafka)
    request = submitted(kafka.engineer, kafka.account, kind="scope_change")
    [stage] = stages_of(request)
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    looked_at()
    assert Stage.objects.get(pk=stage.pk).state == Stage.State.ASSIGNED

    with pytest.raises(DatabaseError, match="leaves it to somebody who may decide"):
        tried(
            "UPDATE approvals_stagemember m SET left_at = now() FROM approvals_stage s"
            " WHERE s.id = m.stage_id AND s.id = %(stage)s AND m.person_id <> s.owner_id",
            named(stage, kafka),
        )


def test_a_request_is_not_submitted_by_saying_so(kafka: House) -> None:
    kept = draft(kafka.engineer, kafka.account)
    with pytest.raises(DatabaseError, match=NOBODY):
        tried(
            "UPDATE approvals_request SET state = 'submitted', round = 1, submitted_at = now(),"
            " policy_version_id = %(version)s WHERE id = %(request)s",
            {"request": kept.pk, "version": kafka.policy.pk},
        )
    assert Request.objects.get(pk=kept.pk).state == Request.State.DRAFT


def test_a_stage_is_not_left_out_of_an_approval(kafka: House) -> None:
    """The second stage is skipped by plain SQL once the first is approved: nobody approves without it."""
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    first, second = stages_of(request)
    approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
    with pytest.raises(DatabaseError, match="once each of its stages is"):
        tried(
            _of_stage("state = 'skipped'") + "; UPDATE approvals_timer SET state = 'cancelled' WHERE stage_id = %(stage)s;"
            "UPDATE approvals_request SET state = 'approved', decided_at = now() WHERE id = %(request)s",
            named(second, kafka),
        )
    assert Decision.objects.count() == 1


def test_clocks_that_ring_pass_the_walls(stage: Stage) -> None:
    with at(2026, 3, 20, 10, 0):
        assert fire_due() == 3
        looked_at()


def test_an_emergency_owes_its_debts_and_their_clocks_stay(kafka: House) -> None:
    terms(kafka.entity, {"engineer": 5000})
    emergency = declared(draft(kafka.engineer, kafka.account, "100"), kafka.people["program_director"])
    looked_at()
    kept = ("terms", "requester", "approver", "criterion", "spoken_at", "words", "amount", "declared_at")
    other = submitted(kafka.engineer, kafka.account, "10")
    values = {"timer": DebtTimer.objects.filter(kind="breach").values_list("pk", flat=True)[0]}

    with pytest.raises(DatabaseError, match="owes its three debts"), transaction.atomic():
        type(emergency).objects.create(request=other, **{name: getattr(emergency, name) for name in kept})
        looked_at()
    for statement, words in (
        ("DELETE FROM approvals_debttimer WHERE id = %(timer)s", KEPT),
        ("UPDATE approvals_debttimer SET fired_at = due_at WHERE id = %(timer)s", EFFECT),
        ("UPDATE approvals_debttimer SET fired_at = due_at - interval '1 hour' WHERE id = %(timer)s", "fires_when_due"),
    ):
        with pytest.raises(DatabaseError, match=words):
            tried(statement, values)


def test_a_decision_by_plain_sql_leaves_no_stage_to_nobody(kafka: House) -> None:
    """It is its person's own and fits in every respect, but the stage goes on waiting, and nobody else is asked."""
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)

    with pytest.raises(DatabaseError, match="waits for somebody who may decide"), transaction.atomic():
        Decision.objects.create(
            request=request,
            round=1,
            stage=stage,
            slot=1,
            person=stage.owner,
            verdict="approve",
            digest=request.digest,
            decided_at=clock.now(),
        )
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
