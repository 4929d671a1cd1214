"""The supervisor starts again what dies, more slowly each time, and leaves nothing behind."""

import os
import sys
from pathlib import Path

from config.runtime.supervisor import LONGEST_PAUSE, Child, Supervisor
from tests.running import until

SAYS_ITS_ID = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')"
WITH_A_CHILD = (
    "import os, subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(600)"
)


def child_of(folder: Path, program: str) -> Child:
    command = [sys.executable, "-c", program, str(folder / "trace")]
    return Child("The child", command, folder / "log", dict(os.environ))


def runs(pid: int) -> bool:
    """Say whether the process is alive; one that has ended and is not yet collected is not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_what_dies_is_started_again_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor([child_of(tmp_path, SAYS_ITS_ID)], say=said.append)
    supervisor.start()

    def started_twice() -> bool:
        supervisor.look()
        trace = tmp_path / "trace"
        return trace.exists() and len(set(trace.read_text().split())) >= 2

    assert until(started_twice)
    assert said[0].startswith("The child ended (0) and starts again in 0.5 s")
    supervisor.end()


def test_the_pause_grows_with_each_early_death_up_to_a_limit(tmp_path: Path) -> None:
    child = child_of(tmp_path, "")
    child.start()
    child.end()
    pauses = [child.plan_restart() for _ in range(9)]
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE


def test_ending_ends_the_childs_children_too(tmp_path: Path) -> None:
    child = child_of(tmp_path, WITH_A_CHILD)
    supervisor = Supervisor([child], say=lambda _: None)
    supervisor.start()
    trace = tmp_path / "trace"
    assert until(lambda: trace.exists() and trace.read_text().isdigit())
    grandchild = int(trace.read_text())
    supervisor.end()
    assert child.process is None
    assert until(lambda: not runs(grandchild))
