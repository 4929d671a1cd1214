"""PostgreSQL's own programs: which are used, and how they are handed a login.

A program must not be older than the server. To dump, the server's own major version is best: the same server can load what it
writes. To load, the newest does: psql of any version speaks to older servers.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.runtime.backups.errors import BackupError
from config.runtime.embedded import EmbeddedServerError, packaged_binaries
from config.runtime.logins import Login


@dataclass(frozen=True)
class Programs:
    """A folder of client programs, their version, and why these."""

    folder: Path
    version: str
    why: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def path(self, name: str) -> str:
        return str(self.folder / name)


def to_dump(server_version: int) -> Programs:
    """Choose the programs that dump a server of this version (as libpq numbers it: 150004). Raises BackupError."""
    major = server_version // 10_000
    found = sorted(_found("pg_dump"), key=lambda each: each.major)
    for programs in found:
        if programs.major == major:
            return _because(programs, "of the server's own major version")
    for programs in found:
        if programs.major > major:
            return _because(programs, f"the oldest here that is not older than the server ({major})")
    raise BackupError(f"No pg_dump here is as new as the server ({major}). Install postgresql-client-{major}.")


def to_load() -> Programs:
    """Choose the newest psql there is. Raises BackupError."""
    found = list(_found("psql"))
    if not found:
        raise BackupError("There is no psql here. Install postgresql-client.")
    return _because(max(found, key=lambda each: each.major), "the newest here")


def environment_for(login: Login) -> Mapping[str, str]:
    """Return what libpq's programs read: a password never stands among a process's words, where all can see it."""
    named = {
        "PGHOST": login.host,
        "PGPORT": login.port,
        "PGUSER": login.user,
        "PGPASSWORD": login.password,
        "PGDATABASE": login.dbname,
        "PGOPTIONS": login.options,
    }
    given = {name: value for name, value in named.items() if value}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "PGCLIENTENCODING": "UTF8", "PGAPPNAME": "purser", **given}


def _because(programs: Programs, why: str) -> Programs:
    return Programs(programs.folder, programs.version, why)


def _found(name: str) -> Iterator[Programs]:
    seen = set[Path]()
    for folder in _folders(name):
        if (program := folder / name).exists() and folder not in seen:
            seen.add(folder)
            if version := _version_of(program):
                yield Programs(folder, version, "")


def _folders(name: str) -> Iterator[Path]:
    # On Debian what lies on PATH is a wrapper that chooses a version by itself; the folders behind it say which they are.
    with suppress(OSError, subprocess.CalledProcessError):
        yield Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if (on_path := shutil.which(name)) and "pg_wrapper" not in str(Path(on_path).resolve()):
        yield Path(on_path).parent
    with suppress(EmbeddedServerError):
        yield packaged_binaries()


def _version_of(program: Path) -> str:
    with suppress(OSError, subprocess.CalledProcessError):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
        if found := re.search(r"\d+(\.\d+)*", said):
            return found[0]
    return ""
