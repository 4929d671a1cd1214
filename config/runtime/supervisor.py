"""Keeps processes alive: starts them, starts again what dies, and ends them in order.

Each child leads a process group of its own, so that Ctrl-C reaches the supervisor alone and a child's children end with it.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOK_EVERY = 0.5
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0
GRACE = 10.0
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to keep alive. Its output goes to `log`."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = field(default=0.0)

    def start(self) -> None:
        """Start the process; the moment counts for how long it lived."""
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                pass_fds=self.pass_fds,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  no threads run here
            )

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def plan_restart(self) -> float:
        """Note the death and return the pause before the next start, in seconds: longer each time it dies young."""
        lived = time.monotonic() - self.started
        self.failures = 1 if lived > HEALTHY_AFTER else self.failures + 1
        pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1) / 2)
        self.due = time.monotonic() + pause
        self.process = None
        return pause

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        """Ask the process to end, and after the grace make its whole group end."""
        self.ask_to_end()
        process = self.process
        if process is None:
            return
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.process = None


class Supervisor:
    """Runs children until it is told to stop. `watches` are called at each look, for what is not a child."""

    def __init__(
        self, children: Sequence[Child], *, say: Callable[[str], None], watches: Sequence[Callable[[], None]] = ()
    ) -> None:
        self.children = children
        self.watches = watches
        self.say = say
        self.stopping = threading.Event()

    def start(self) -> None:
        for child in self.children:
            child.start()

    def run(self) -> None:
        """Look after the children until `stop` is called."""
        while not self.stopping.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """Start again what has died and has paused long enough."""
        for watch in self.watches:
            watch()
        for child in self.children:
            if child.alive():
                continue
            if child.process is not None:
                code = child.process.returncode
                pause = child.plan_restart()
                self.say(f"{child.name} ended ({code}) and starts again in {pause:g} s; its words are in {child.log}.")
            elif time.monotonic() >= child.due:
                child.start()

    def stop(self, *_: object) -> None:
        """Make `run` return. Fit to be a signal handler."""
        self.stopping.set()

    def end(self) -> None:
        """End the children: all are asked at once, then each is waited for, the last started first."""
        for child in self.children:
            child.ask_to_end()
        for child in reversed(self.children):
            child.end()


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the supervisor is killed, so that nothing is left running."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
