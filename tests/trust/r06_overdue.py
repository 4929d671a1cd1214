"""R6: overdue timers by the thousand, workers that are killed in the middle of them, and each escalates exactly once."""

import random
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from django.db import Error, connection, transaction
from django.test.utils import override_settings

from approvals.events import StageEscalated
from approvals.locks import claim_due_timers
from approvals.models import Stage, StageMember, Timer
from approvals.services import timers
from config.runtime.logins import Login
from core import clock
from core.models import AuditRecord, Notice, OutboxEvent
from core.services import outbox
from tests.measures.harness import Outcome, Setting
from tests.measures.workers import Crew
from tests.running import until
from tests.trust import overdue

ID = "R6"
NAME = "overdue timers, workers killed"
WORKERS = 4
# One event is told to two people; the rest of the telling is measured elsewhere and would only take its time here.
FIRED_AT_ONCE, TOLD_AT_ONCE = 50, 5
PAUSE = 0.02


@dataclass(frozen=True)
class Worker:
    """A worker, and whether the bug is planted in it."""

    number: int
    end: Path
    planted: bool


def work(worker: Worker) -> int:
    """Sweep as the scheduled task does, again and again, and tell people of some of it. Returns how many had their effect."""
    sweep = _sweep_in_two_steps if worker.planted else _sweep
    done = 0
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
        while not worker.end.exists():
            try:
                done += sweep()
                outbox.drain(limit=TOLD_AT_ONCE)
            except Error:
                # This session was ended.
                connection.close()
                threading.Event().wait(PAUSE)
    return done


def _sweep() -> int:
    return timers.fire_due(limit=FIRED_AT_ONCE)


def _sweep_in_two_steps() -> int:
    """The planted bug: effects are committed before it is noted that they were had."""
    with transaction.atomic():
        claimed = claim_due_timers(now=clock.now(), limit=FIRED_AT_ONCE)
        told = timers.EFFECTS[Timer.Kind.ESCALATE](claimed, clock.now())
        outbox.publish_all(told.values())
    # Long enough for another worker to come by, however busy the machine is.
    threading.Event().wait(10 * PAUSE)
    with transaction.atomic():
        Timer.objects.filter(pk__in=[timer.pk for timer in claimed], state=Timer.State.PENDING).update(
            state=Timer.State.FIRED, fired_at=clock.now()
        )
    return len(claimed)


def run(setting: Setting, *, planted: bool) -> Outcome:
    many = 400 if planted else setting.pick(small=600, full=100_000)
    kills = 2 if planted else setting.pick(small=6, full=40)
    with setting.database("r06") as login:
        overdue.lay(many)
        folder = setting.folder / f"r06-{'planted' if planted else 'real'}"
        folder.mkdir()
        killed = _swept(setting, login, folder / "end", many=many, kills=kills, planted=planted)
        faults = judged()
        figures = {"timers": many, "workers": WORKERS, **killed, **faults}
    return Outcome(not any(faults.values()), figures)


def _swept(setting: Setting, login: Login, end: Path, *, many: int, kills: int, planted: bool) -> dict[str, int]:
    """Let the workers sweep all there is, while by turns one of them is killed and one loses its session."""
    chance, done = random.Random(kills), Counter[str]()
    workers = [Worker(number, end, planted) for number in range(WORKERS)]
    crews = [_begun(worker, login) for worker in workers]
    try:
        for number in range(kills):
            left = many - many * (number + 1) // (kills + 1)
            _wait_until_left(left)
            if number % 2:
                done["sessions_ended"] += _end_session(setting, login)
                continue
            done["workers_killed"] += 1
            place = chance.randrange(WORKERS)
            crews[place].end()
            crews[place] = _begun(workers[place], login)
        _wait_until_left(0)
        end.touch()
        for crew in crews:
            crew.results()
    finally:
        for crew in crews:
            crew.end()
    return dict(done)


def _begun(worker: Worker, login: Login) -> Crew:
    crew = Crew(work, [worker], login=login, processes=1)
    crew.start()
    return crew


def _wait_until_left(left: int) -> None:
    if not until(lambda: Timer.objects.filter(state=Timer.State.PENDING).count() <= left):
        raise TimeoutError("The workers do not get on.")


def _end_session(setting: Setting, login: Login) -> int:
    """End one session in the middle of whatever it does, but not our own. Returns how many there were to end: 1 or 0."""
    with setting.server.to("postgres").connect() as admin, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        asked = """
        SELECT pg_terminate_backend(pid) FROM (
            SELECT pid FROM pg_stat_activity
            WHERE datname = %s AND pid <> %s AND state IS DISTINCT FROM 'idle' ORDER BY random() LIMIT 1) x
        """
        return len(admin.execute(asked, [login.dbname, cursor.fetchone()[0]]).fetchall())


def judged() -> dict[str, int]:
    """Return how many timers did not have their effect exactly once, by what shows it. All are 0 where all is well."""
    connection.close()
    stages = set(Timer.objects.filter(kind=Timer.Kind.ESCALATE).exclude(state="cancelled").values_list("stage_id", flat=True))
    fired = set(Timer.objects.filter(kind=Timer.Kind.ESCALATE, state=Timer.State.FIRED).values_list("stage_id", flat=True))
    events = OutboxEvent.objects.filter(topic=StageEscalated.topic)
    announced = Counter(payload["stage_id"] for payload in events.values_list("payload", flat=True))
    audited = Counter(map(int, AuditRecord.objects.filter(verb="stage.escalated").values_list("subject_id", flat=True)))
    backups = Counter(StageMember.objects.filter(capacity="backup").values_list("stage_id", flat=True))
    # The owner and the backup.
    to_be_told = 2 * events.filter(handled_at__isnull=False).count()
    return {
        "not_fired": len(stages - fired),
        "announced_otherwise_than_once": _otherwise_than_once(announced, stages),
        "audited_otherwise_than_once": _otherwise_than_once(audited, stages),
        "backups_otherwise_than_one": _otherwise_than_once(backups, stages),
        "without_their_moment": Stage.objects.filter(pk__in=fired, escalated_at__isnull=True).count(),
        "told_otherwise_than_once": abs(Notice.objects.filter(kind="approvals.escalated").count() - to_be_told),
    }


def _otherwise_than_once(found: Counter[int], wanted: set[int]) -> int:
    return sum(found[stage] != 1 for stage in wanted) + len(found.keys() - wanted)
