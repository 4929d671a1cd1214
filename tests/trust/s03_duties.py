"""S3: random sequences of all that is done to requests, by every door and by force; duties stay apart through all of them.

The bugs that are planted, each by itself, in the services and in the walls of the database behind them: nobody is held to be the
one who asked; nobody is held to have decided before; nobody is held to have approved what they settle; an approval stands
whatever comes again; whoever sent something back is taken to have approved it; what was decided stays in somebody's
queue. Each must be seen. So must every way in which plain SQL takes owners away and stops clocks, once the walls before it are
down.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from django.test.utils import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from approvals.models import Stage
from approvals.rules import separation
from approvals.selectors import carrying, seats
from approvals.selectors.carrying import Standing
from approvals.selectors.seats import Scope
from approvals.services import standing
from approvals.services.decisions import approve_stage, send_back
from approvals.services.requests import submit_request
from config.runtime.logins import Login
from core import clock
from reconciliation.services import commitments, payments
from tests.factories.approvals import stages_of, submitted
from tests.measures.harness import Outcome, Setting
from tests.models.duties.force import CLOCKS, OWNERS, WALLS
from tests.models.duties.house import House, lay
from tests.models.duties.machine import MIXTURE, Broken, DutiesMachine, begin, force, play
from tests.models.duties.promises import broken as broken_promises

ID = "S3"
NAME = "Duties kept apart through random sequences"
# How long a planted bug is looked for before it counts as unseen.
TRIES, LONGEST_TRY = 12, 100
# Where a sequence that meets it is known to lie; should deeds change, those after it are tried.
FIRST_TRY = {"settled_what_they_approved": 13, "stands_on_other_ground": 11}
SEARCH = settings(
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MANY = 1_000_000
LIMITS: dict[str, Any] = {
    "LINK_MISSES_A_MINUTE": MANY,
    "API_CALLS_A_MINUTE": dict.fromkeys(("read", "write", "heavy"), MANY),
}


def _nobody_asked(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return a rule that takes nobody for the one who asked."""

    def forgetful(**facts: Any) -> Any:
        return rule(**{**facts, "requester": 0})

    return forgetful


def _nobody_decided(*_: Any, **__: Any) -> set[int]:
    return set()


def _covered(*_: Any, **__: Any) -> str:
    """Let every approval cover whatever comes again."""
    return ""


def _sender_stands(rule: Callable[..., Standing | None]) -> Callable[..., Standing | None]:
    """Return a rule by which the stage that sent it back stands as those do that approved it."""

    def forgetful(stage: Stage, *facts: Any) -> Standing | None:
        return Standing(stage, ()) if stage.state == Stage.State.RETURNED else rule(stage, *facts)

    return forgetful


def _let_pass(*_: Any) -> None:
    """Refuse nothing."""


# Which promise each breaks, how the services are made to forget it, and which walls of which tables are taken down.
BUGS: dict[str, tuple[tuple[tuple[Any, str, Any], ...], tuple[str, ...]]] = {
    "decided_their_own": (
        (
            (standing, "why_not_decide", _nobody_asked(separation.why_not_decide)),
            (standing, "in_whose_place", _nobody_asked(separation.in_whose_place)),
            (Scope, "barred", property(lambda scope: scope.decided)),
        ),
        ("decides_once", "stage_has_owner_and_clocks"),
    ),
    "decided_twice": (
        ((standing, "counted", _nobody_decided), (seats, "counted", _nobody_decided)),
        ("decides_once", "decision_once_per_person_and_round", "decision_once_on_behalf_of_a_person"),
    ),
    "settled_what_they_approved": (
        (
            (payments, "refuse_settling_ones_own_approval", _let_pass),
            (commitments, "refuse_answer_to_its_settler", _let_pass),
        ),
        ("approver_settles_not",),
    ),
    "stands_on_other_ground": (((carrying, "why_not_covered", _covered),), ("stands_on_covered_ground",)),
    "sender_was_not_asked_again": (
        ((carrying, "_standing", _sender_stands(carrying._standing)),),
        ("stands_on_covered_ground", "ends_standing", "sender_is_asked_again"),
    ),
    "in_another_queue": ((), ("keep_open_places",)),
}


def _come_again(house: House) -> None:
    """Let one of two who decide side by side approve and the other send it back, and what comes again be approved by the last."""
    with clock.at(house.now):
        request = submitted(house.people["manager"], house.accounts[0], "100", kind="contract")
        one, other, _ = stages_of(request)
        approve_stage(stage_id=one.pk, actor=one.owner, digest=request.digest)
        send_back(stage_id=other.pk, actor=other.owner, digest=request.digest, comment="Not yet.")
        again = submit_request(request_id=request.pk, actor=request.requester)
        waiting = [stage for stage in stages_of(again) if stage.state == Stage.State.ASSIGNED]
        for stage in waiting:
            approve_stage(stage_id=stage.pk, actor=stage.owner, digest=again.digest)


def _decide(house: House) -> None:
    """Let somebody ask and somebody else decide, before whom it waits no more."""
    with clock.at(house.now):
        request = submitted(house.people["manager"], house.accounts[0], "100", kind="contract")
        first = stages_of(request)[0]
        approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)


# What is looked for by the way on which it lies, and not by chance: a sending back and a coming again are rare deeds.
DIRECTED: dict[str, Callable[[House], None]] = {
    "sender_was_not_asked_again": _come_again,
    "in_another_queue": _decide,
}


# Each way by plain SQL, the deed that it belongs to, and the promise that it breaks.
FORCED = {
    **{way: ("force_out_the_owner", "without_an_owner") for way in OWNERS if way != "nobody is named"},
    **dict.fromkeys(CLOCKS, ("force_a_clock", "without_an_end")),
}


def run(setting: Setting, *, planted: bool) -> Outcome:
    with override_settings(**LIMITS), quietly():
        return _seen(setting) if planted else _kept(setting)


def _kept(setting: Setting) -> Outcome:
    sequences, deeds = setting.pick(small=(1, 80), full=(20, 600))
    answers, wrong = Counter[str](), []
    for seed in range(sequences):
        # Each has a time of its own, and so a database of its own.
        with setting.database(f"s03_{seed}") as _:
            came, broken = _played(seed, deeds)
        answers += came
        wrong += [broken] if broken else []
    with setting.database("s03_search") as _:
        searched, broken = _searched(*setting.pick(small=(2, 12), full=(150, 40)))
    wrong += [broken] if broken else []
    done = {name: sum(count for answer, count in answers.items() if answer.split(" ")[0] == name) for name in MIXTURE}
    figures = {
        "deeds": answers.total(),
        "accepted": sum(count for answer, count in answers.items() if " " not in answer),
        "forced_and_refused": sum(count for answer, count in answers.items() if " database: " in answer),
        "searched": searched.total(),
        "broken": len(wrong),
        "first": next(iter(wrong), ""),
    }
    in_vain = setting.size == "full" and not (all(done.values()) and answers["settle"] and answers["decide"])
    return Outcome(not wrong and not in_vain, figures)


def _seen(setting: Setting) -> Outcome:
    """Let each bug be looked for by itself; only if each is seen, and as what it is, has the measure failed as it must."""
    unseen, figures = [], {}
    for number, (promise, (services, walls)) in enumerate(BUGS.items()):
        with setting.database(f"s03_{number}") as login, ExitStack() as bugs:
            _take_down(setting.owner(login), walls)
            for place, name, forgetful in services:
                bugs.enter_context(patch.object(place, name, forgetful))
            broken = _led(DIRECTED[promise]) if promise in DIRECTED else _sought(promise)
        figures[promise] = broken
        if promise not in broken:
            unseen.append(promise)
    with setting.database("s03_forced") as login:
        _take_down(setting.owner(login), WALLS)
        house = lay("forced")
        begin(house)
        for way, (deed, promise) in FORCED.items():
            figures[way] = force(house, way, deed)
            if promise not in figures[way]:
                unseen.append(way)
    return Outcome(bool(unseen), figures)


def _sought(promise: str) -> str:
    """Try sequence after sequence; return what the first that breaks the promise says, blank where none does."""
    seeds = range(begun := FIRST_TRY.get(promise, 0), begun + TRIES)
    return next((said for seed in seeds if (said := _played(seed, LONGEST_TRY, promise)[1])), "")


def _led(way: Callable[[House], None]) -> str:
    house = lay("led")
    way(house)
    return str(found) if (found := broken_promises()) else ""


def _played(seed: int, deeds: int, promise: str = "") -> tuple[Counter[str], str]:
    """Play a sequence in a house of its own; return what came of the deeds, and which promise was broken, if any."""
    house = lay(f"house{seed}")
    begin(house)
    answers = Counter[str]()
    try:
        play(house, seed, deeds, answers, promise=promise)
    except Broken as broken:
        return answers, f"seed {seed}: {broken}"[:600]
    return answers, ""


def _searched(examples: int, steps: int) -> tuple[Counter[str], str]:
    """Search for counter-examples, always the same ones."""
    house = lay("searched")
    begin(house)
    DutiesMachine.start, DutiesMachine.answers, DutiesMachine.promise = house, Counter(), ""
    how = settings(SEARCH, max_examples=examples, stateful_step_count=steps)
    try:
        run_state_machine_as_test(DutiesMachine, settings=how)
    except Broken as broken:
        return DutiesMachine.answers, f"search: {broken}"[:600]
    return DutiesMachine.answers, ""


def _take_down(owner: Login, walls: Sequence[str]) -> None:
    """Take triggers, constraints and unique indexes away by their names. Raises an error where one is not there to be taken."""
    with owner.connect() as database:
        for wall in walls:
            triggers = database.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
                " WHERE tgname = %(wall)s OR tgname LIKE 'pgtrigger_' || %(wall)s || '_%%'",
                {"wall": wall},
            ).fetchall()
            for table, trigger in triggers:
                database.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
            held = database.execute(
                "SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = %s AND contype = 'c'", [wall]
            ).fetchall()
            for (table,) in held:
                database.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{wall}"')
            if not triggers and not held:
                database.execute(f'DROP INDEX "{wall}"')


@contextmanager
def quietly() -> Iterator[None]:
    """Let nothing be logged: refusals by the thousand are what is counted here."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
