"""The manifest: what a backup holds, what its tables said, and the SHA-256 of every member, itself included."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from config.runtime.backups.errors import BackupError
from config.runtime.backups.tables import Sum, Sums

FORM = "purser-backup-1"
NAME = "manifest.json"
DUMP = "database.sql.gz"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file of the backup, by its path inside."""

    size: int
    sha256: str


@dataclass
class Manifest:
    """What `manifest.json` says. `files` names, of the kept files, those that rows name and that were not there any more."""

    name: str
    taken_at: str
    version: str
    server: str
    programs: str
    migrations: dict[str, list[str]]
    tables: Sums
    ledger: dict[str, Any]
    members: dict[str, Member]
    missing: list[str] = field(default_factory=list)
    has_keys: bool = False
    point_in_time: dict[str, Any] | None = None

    @property
    def size(self) -> int:
        return sum(member.size for member in self.members.values())

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    def under(self, folder: str) -> list[str]:
        """Return the names of the members in a folder of the backup, without that folder."""
        return [path.removeprefix(f"{folder}/") for path in self.members if path.startswith(f"{folder}/")]

    def content(self) -> bytes:
        """Return the bytes of the manifest's file: one form, with the SHA-256 of the same form without it."""
        said = {"form": FORM, **asdict(self), "tables": {name: list(table) for name, table in self.tables.items()}}
        return canonical({**said, "sha256": hashlib.sha256(canonical(said)).hexdigest()})


def canonical(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


def read_manifest(folder: Path) -> Manifest:
    """Return what a backup says of itself. Raises BackupError where it is none, or its manifest was changed."""
    path = folder / NAME
    if not path.is_file():
        raise BackupError(f"{folder} is not a backup: it has no {NAME}. Name the folder whose name begins with purser-.")
    content = path.read_bytes()
    try:
        said: dict[str, Any] = json.loads(content)
        form, digest = said.pop("form"), said.pop("sha256")
        if form != FORM:
            raise BackupError(f"{path} is of the form {form}, which this version of Purser does not read.")
        if (
            hashlib.sha256(canonical({"form": form, **said})).hexdigest() != digest
            or canonical({"form": form, **said, "sha256": digest}) != content
        ):
            raise BackupError(f"{path} was changed: it does not bear its own SHA-256. Take another backup's folder.")
        tables = {name: Sum(*table) for name, table in said.pop("tables").items()}
        members = {name: Member(**member) for name, member in said.pop("members").items()}
        return Manifest(tables=tables, members=members, **said)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{path} cannot be read: it was cut short or changed. Take another backup's folder.") from error


def faults_in(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Name each member that is missing, of another size or other bytes, and each file that is none. Reads all of them."""
    for name, member in sorted(manifest.members.items()):
        path = folder / name
        if not path.is_file() or path.is_symlink():
            yield f"{name} is missing"
        elif (size := path.stat().st_size) != member.size:
            yield f"{name} has {size:,} bytes instead of {member.size:,}"
        elif sha256_of(path) != member.sha256:
            yield f"{name} was changed: its SHA-256 is another"
    known = {NAME, *manifest.members}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name not in known and (path.is_symlink() or not path.is_dir()):
            yield f"{name} does not belong to the backup"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
