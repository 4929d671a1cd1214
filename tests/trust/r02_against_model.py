"""R2: random histories, each answer and each stand held against a model in plain Python that adds up every entry anew.

Beside long histories of what people mostly do, a search for counter-examples tries short ones of anything at all, and another one
changes a budget's plan in every way there is, held against what the versions themselves say.
"""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from config.runtime.logins import Login
from tests.measures.harness import Outcome, Setting
from tests.measures.workers import at_once
from tests.models.acts import begin
from tests.models.amending import AmendingMachine
from tests.models.amending import begin as begin_amending
from tests.models.both import Both, Differs
from tests.models.history import History, Numbers
from tests.models.machine import MONTHS, LedgerMachine
from tests.models.world import World, make_world
from tests.trust import ground

ID = "R2"
NAME = "Random histories against a model"
PROCESSES = 2
# Without making what was found smaller: that is for the suite's own search.
SEARCH = settings(
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# The year to date as it is looked up, and as the bug has it: in its own month alone.
EVERY_LATER = "generate_series(p_month::timestamp, v_year + interval '11 months', interval '1 month')"
ITS_OWN = "generate_series(p_month::timestamp, p_month::timestamp, interval '1 month')"


@dataclass(frozen=True)
class Part:
    """A history to be played: where, by which seed, and how long."""

    world: World
    seed: int
    operations: int


@dataclass(frozen=True)
class Played:
    """What a history came to. `difference` is blank where the two were the same all through."""

    answers: Counter[str]
    looked_back: int
    seconds: float
    difference: str


def play(part: Part) -> Played:
    history = History(part.world, part.seed)
    difference, looked_back, begun = "", 0, time.monotonic()
    try:
        history.play(part.operations)
        looked_back = history.look_back()
    except Differs as differs:
        difference = f"seed {part.seed}, after {history.answers.total()}: {differs}"[:600]
    return Played(history.answers, looked_back, time.monotonic() - begun, difference)


def play_all(parts: list[Part]) -> list[Played]:
    return [play(part) for part in parts]


def run(setting: Setting, *, planted: bool) -> Outcome:
    histories, operations = setting.pick(small=(4, 250), full=(40, 1250))
    with setting.database("r02_search") as login:
        if planted:
            check_its_own_month(setting.owner(login))
        searched = search(*setting.pick(small=(5, 40), full=(250, 40)))
    with setting.database("r02") as login:
        if planted:
            check_its_own_month(setting.owner(login))
        parts = [Part(make_world(), seed, operations) for seed in range(histories)]
        shares = [parts[number::PROCESSES] for number in range(PROCESSES)]
        played = at_once(play_all, shares, login=login, processes=PROCESSES)
        faults = ground.faults_of_ledger()
    with setting.database("r02_amending"):
        amended = search_amending(*setting.pick(small=(5, 20), full=(200, 30)))
    return judged([searched, *(each for share in played for each in share)], faults, amended)


def search(examples: int, steps: int) -> Played:
    """Search for counter-examples, always the same ones."""
    world, begun, difference = make_world(), time.monotonic(), ""
    both = Both(world, world.model())
    begin(both, MONTHS, Numbers(1))
    LedgerMachine.start, LedgerMachine.answers = both, Counter()
    try:
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(SEARCH, max_examples=examples, stateful_step_count=steps),
        )
    except AssertionError as differs:
        difference = f"search: {differs}"[:600]
    return Played(LedgerMachine.answers, 0, time.monotonic() - begun, difference)


def search_amending(examples: int, steps: int) -> Played:
    """Search for an order of loading, amending, moving, putting back and undoing after which the books say something else."""
    AmendingMachine.start, AmendingMachine.answers = begin_amending(), Counter()
    begun, difference = time.monotonic(), ""
    try:
        run_state_machine_as_test(
            AmendingMachine,
            settings=settings(SEARCH, max_examples=examples, stateful_step_count=steps),
        )
    except AssertionError as differs:
        difference = f"amending: {differs}"[:600]
    return Played(AmendingMachine.answers, 0, time.monotonic() - begun, difference)


def judged(played: list[Played], faults: dict[str, int], amended: Played) -> Outcome:
    answers = sum((each.answers for each in played), Counter[str]())
    differences = [each.difference for each in (*played, amended) if each.difference]
    refused = {code: count for code, count in sorted(answers.items()) if code}
    figures: dict[str, Any] = {
        "operations": answers.total(),
        "accepted": answers[""],
        "refused": refused,
        "differences": len(differences),
        "first_difference": next(iter(differences), ""),
        "looked_back": sum(each.looked_back for each in played),
        "amending": dict(sorted(amended.answers.items())),
        **faults,
        "operations_per_s_each": round(answers.total() / sum(each.seconds for each in played)),
    }
    in_vain = not (answers[""] and answers["no_funds"] and answers["settled"] and amended.answers["approve amendment"])
    return Outcome(not differences and not any(faults.values()) and not in_vain, figures)


def check_its_own_month(owner: Login) -> None:
    """Plant the bug: a year to date is checked in the month that is posted to, and not in the later ones that it uses up."""
    with owner.connect() as database:
        row = database.execute("SELECT pg_get_functiondef('budgets_windows'::regproc)").fetchone()
        assert row is not None
        if row[0].count(EVERY_LATER) != 1:
            raise ValueError("budgets_windows no longer looks months up as this bug expects; plant another.")
        database.execute(row[0].replace(EVERY_LATER, ITS_OWN))
