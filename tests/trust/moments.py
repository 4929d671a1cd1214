"""R11's moments between backups: what the database said while nobody wrote, and coming back to it in a cluster of its own."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from config.runtime import archive
from config.runtime.backups import moments
from config.runtime.backups.checking import check_ledger_in, is_whole
from config.runtime.backups.moments import Until
from config.runtime.backups.places import Place
from config.runtime.backups.tables import Sums, current_sums, differences
from config.runtime.backups.taking import Taken
from config.runtime.embedded import EmbeddedServer
from tests.fixtures.backups import place_of
from tests.running import until as wait_until


@dataclass(frozen=True)
class Between:
    """A moment after a backup, by its time or by a name, and what every table said then."""

    after: Taken
    until: str
    sums: Sums


def look(place: Place, after: Taken, number: int) -> Between:
    """Take down what every table says. Nobody writes meanwhile; every other moment is given a name."""
    sums = current_sums(place.admin)
    with place.admin.connect() as server:
        if number % 2:
            server.execute("SELECT pg_create_restore_point(%s)", [f"r11-{number}"])
            return Between(after, f"r11-{number}", sums)
        row = server.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        return Between(after, row[0].isoformat(), sums)


def archive_all(place: Place) -> None:
    """Let everything that was written be in the archive."""
    with place.admin.connect() as server:
        row = server.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        last = row[0] if row else ""

        def is_there() -> bool:
            told = server.execute("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver").fetchone()
            return bool(told and told[0][:24] >= last)

        if not wait_until(is_there):
            raise TimeoutError("The server does not archive what it wrote.")


def faults_of(source: Place, between: Between, kept: Path, var: Path) -> list[str]:
    """Come back to a moment in an empty place, and return what is not as it was."""
    var.mkdir()
    assert source.server is not None
    server = EmbeddedServer(source.server.home.with_name(f"tests-{var.name}-{os.getpid()}"))
    manifest, folder = between.after.manifest, between.after.folder
    wal = moments.wal_of(kept, manifest)
    try:
        moments.bring_to(server, folder, manifest, Until(between.until), wal, [], _silent)
        server.start()
        login = server.admin.to(source.admin.dbname)
        place = place_of(login, var, files=var / "files", anchors=var / "anchors", anchor_key=source.anchor_key)
        faults = differences(between.sums, current_sums(place.admin))
        faults += moments.put_back_files(replace(place, server=server), folder, manifest, kept)
        said = check_ledger_in(place)
        return faults + ([] if is_whole(said) else [f"ledger: {where}" for where in said["where"]])
    finally:
        server.remove()


def archiving_server(home: Path) -> EmbeddedServer:
    """Return a server that archives below its own home, where it can write."""
    return EmbeddedServer(home, archive=archive.Archive(home / "archive"))


def _silent(line: str) -> None:
    """Take progress that nobody watches."""
