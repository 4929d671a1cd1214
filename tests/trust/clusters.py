"""PostgreSQL servers of a measure's own, to be killed."""

import os
import random
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.runtime.embedded import EmbeddedServer, free_port
from config.runtime.logins import Login
from tests.measures.harness import Setting, own_server
from tests.running import until


class InstalledServer(EmbeddedServer):
    """A cluster of a PostgreSQL that is installed here, with the binaries in `programs`."""

    locale = ("--locale=C",)
    programs = Path()

    def lay_out(self) -> None:
        super().lay_out()
        self.bin = self.programs


@contextmanager
def own_cluster(setting: Setting) -> Iterator[EmbeddedServer]:
    """Start a server to be killed, of the major version of the one that DATABASE_URL names, else the embedded one."""
    kind = EmbeddedServer if setting.embedded else _installed(setting.server)
    server = own_server("killed", lambda home: _at_steady_port(kind(home)))
    try:
        yield server
    finally:
        server.remove()


def _at_steady_port(server: EmbeddedServer) -> EmbeddedServer:
    """Choose a port below those given to outgoing lines: a client that tries again must not take the dead server's port."""
    server.home.mkdir(parents=True, exist_ok=True)
    (server.home / "port").write_text(str(free_port(random.randint(20_000, 30_000))))
    return server


def _installed(login: Login) -> type[EmbeddedServer]:
    with login.to("postgres").connect() as database:
        major = database.info.server_version // 10_000
    for folder in (_configured(), Path(f"/usr/lib/postgresql/{major}/bin")):
        if folder and (folder / "initdb").exists() and _major_of(folder) == major:
            return type("InstalledServer", (InstalledServer,), {"programs": folder})
    # The server is elsewhere: its binaries are not here, and ours show the same.
    return EmbeddedServer


def _configured() -> Path | None:
    try:
        return Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
    except (OSError, subprocess.CalledProcessError):
        return None


def _major_of(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0


def kill_outright(server: EmbeddedServer) -> int:
    """Kill the server's process and all its children with a signal that none can catch. Returns how many there were."""
    postmaster = int((server.data / "postmaster.pid").read_text().partition("\n")[0])
    # Held still first, so that it makes no child that is not in our list.
    os.kill(postmaster, signal.SIGSTOP)
    doomed = [postmaster, *_children_of(postmaster)]
    for pid in doomed:
        _send(pid, signal.SIGKILL)
    if not until(lambda: not any(_send(pid, 0) for pid in doomed)):
        raise TimeoutError("Killed processes of the server are still there.")
    return len(doomed)


def _children_of(parent: int) -> list[int]:
    said = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in said.splitlines()]
    return [pid for pid, of in pairs if of == parent]


def _send(pid: int, number: int) -> bool:
    """Send a process a signal, 0 for none at all. Says whether there is such a process, be it dead and not yet taken note of."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
