"""Letting one scenario's service fail at everything that it sends, and judging what it leaves behind."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from django.db import Error, connection, transaction

from core import clock
from tests.trust.arena import Arena
from tests.trust.injector import COMMIT, Fault, Sent, watching
from tests.trust.scenarios.ground import MONDAY
from tests.trust.scenarios.registry import Scenario
from tests.trust.state import Digest, differences


@dataclass
class Tally:
    """What came of the attempts. `findings` are the states between, and whatever else is wrong, in words."""

    scenarios: int = 0
    statements: int = 0
    attempts: int = 0
    findings: list[str] = field(default_factory=list)
    went_through: set[CodeType] = field(default_factory=set)


class Trial:
    """One scenario on its arena."""

    def __init__(self, scenario: Scenario, arena: Arena, arguments: dict[str, Any], tally: Tally) -> None:
        self.scenario, self.arena, self.arguments, self.tally = scenario, arena, arguments, tally
        self.ends: list[Digest] = []
        self.loose_end: Digest = {}

    def run(self, *, ways: tuple[bool, ...], kills: int) -> None:
        """Fail at each thing sent in each of the `ways` (False: before, True: after), and by `kills` ended backends."""
        texts = self._unharmed()
        self.tally.scenarios += 1
        self.tally.statements += len(texts)
        for number in range(1, len(texts) + 1):
            for after in ways:
                self._attempt(Fault(number, after))
        step = max(1, len(texts) // kills) if kills else len(texts) + 1
        for number in range(len(texts), 0, -step):
            self._attempt(Fault(number, kill=self.arena.kill))

    def _unharmed(self) -> list[str]:
        """Call the service without a fault: learn what it sends, and each state that it makes durable."""
        loose = bool(self.scenario.steps)
        self.ends = [self.arena.digest(loose=loose)]
        with watching(durable=self._keep_rung if loose else None) as sent, _going_through(self.tally.went_through):
            self._call()
        self.ends.append(self.arena.digest(loose=loose))
        if not loose and self.ends[1] == self.arena.before and COMMIT in sent.texts:
            self.tally.findings.append(f"{self.scenario.name}: the unharmed call changes nothing; its scenario shows nothing")
        return sent.texts

    def _keep_rung(self) -> None:
        rung = self.arena.digest(loose=True)
        if rung != self.ends[-1]:
            self.ends.append(rung)

    def _call(self) -> Any:
        with clock.at(MONDAY):
            return self._same_again(deepcopy(self.arguments))

    def _same_again(self, arguments: dict[str, Any]) -> Any:
        with suppress(*([self.scenario.refusal] if self.scenario.refusal else [])):
            return self.scenario.service(**arguments)
        return None

    def _attempt(self, fault: Fault) -> None:
        self.arena.put_back()
        self.tally.attempts += 1
        error: Exception | None = None
        is_told = False
        with watching(fault) as sent:
            try:
                answer = self._call()
                is_told = self.scenario.tells is not None and self.scenario.tells(answer)
            except Exception as raised:
                error = raised
        if fault.kill or not connection.is_usable():
            connection.close()
        if sent.fired:
            self._judge(fault, sent, error, is_told=is_told)
        else:
            self._find(fault, sent, "the fault did not come about: another run sends something else")
        # With an error live the cursors that were open when it was raised; they are closed now, not within the next attempt.
        error = None
        gc.collect(1)

    def _judge(self, fault: Fault, sent: Sent, error: Exception | None, *, is_told: bool) -> None:
        if error is not None and not isinstance(error, Error):
            self._find(fault, sent, f"it died of {type(error).__name__}: {error}")
        if missing := self.arena.missing_files():
            self._find(fault, sent, f"rows without their files: {', '.join(missing)}")
        state = self.arena.digest(loose=bool(self.scenario.steps))
        self.arena.is_untouched = not self.scenario.steps and state == self.arena.before
        if state not in self.ends:
            tables = differences(state, self.ends[0])
            self._find(fault, sent, f"a state between, by {', '.join(tables)}")
        elif error is None and not is_told and state != self.ends[-1] and not self.scenario.notes:
            self._find(fault, sent, "it says that all went well, and it did not")
        elif self.scenario.steps:
            self._go_on(fault, sent)
        elif state == self.ends[0] and self.ends[0] != self.ends[-1]:
            self._repeat(fault, sent)

    def _repeat(self, fault: Fault, sent: Sent) -> None:
        """The same call again comes to the same end; in a transaction that is rolled back, so that the world can stay."""
        self.arena.kept.put_back_sequences()
        try:
            with transaction.atomic():
                self._call()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                state = self.arena.state.digest(connection.connection)
                transaction.set_rollback(True)
        except Exception as raised:
            self._find(fault, sent, f"stuck: the same call again raises {type(raised).__name__}: {raised}")
            return
        if state != self.ends[-1]:
            tables = ", ".join(differences(state, self.ends[-1]))
            self._find(fault, sent, f"the same call again comes to another end, by {tables}")

    def _go_on(self, fault: Fault, sent: Sent) -> None:
        """What goes in several transactions goes on where it was cut off, and comes to the same end."""
        try:
            with clock.at(MONDAY):
                (self.scenario.again or self._same_again)(deepcopy(self.arguments))
        except Exception as raised:
            self._find(fault, sent, f"stuck: going on raises {type(raised).__name__}: {raised}")
            return
        if tables := differences(self.arena.digest(loose=True), self.ends[-1]):
            self._find(fault, sent, f"going on comes to another end, by {', '.join(tables)}")

    def _find(self, fault: Fault, sent: Sent, what: str) -> None:
        text = sent.texts[fault.number - 1] if fault.number <= len(sent.texts) else "nothing"
        self.tally.findings.append(f"{self.scenario.name}: {what}; number {fault.number} {fault}: {text}")


@contextmanager
def _going_through(codes: set[CodeType]) -> Iterator[None]:
    """Note the functions that are called in the block."""

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
