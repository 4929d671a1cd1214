"""The doctor: every look in turn, each within its time, so that what is ill cannot keep the rest from being told."""

import threading
from collections.abc import Iterator

from config.operations.looking import database, machine, work
from config.operations.looking.ground import Ground, Look, connect, plain
from config.operations.parts import Part, bad
from core import clock

LOOKS: tuple[Look, ...] = (*database.LOOKS, *work.LOOKS, *machine.LOOKS)


def examine() -> list[Part]:
    """Return what each look found. Nothing is changed, and nothing is waited for longer than its look may take."""
    connection, failure = connect()
    ground = Ground(now=clock.now(), database=connection, failure=failure)
    try:
        return [part for look in LOOKS for part in _looked(look, ground)]
    finally:
        if connection is not None:
            connection.close()


def is_well(parts: list[Part]) -> bool:
    """Say whether nothing is bad."""
    return all(part.ok for part in parts)


def _looked(look: Look, ground: Ground) -> Iterator[Part]:
    """Return what a look found, and for each part that it answers for and says nothing of, why."""
    found: list[Part] = []
    if look.needs_database and ground.database is None:
        why, fix = "Not looked at: the database does not answer.", "See the check database first."
    else:
        found, why = _within(look, ground)
        fix = "Run manage.py doctor again; if it stays, see the log."
    yield from found
    for name in look.parts:
        if name not in {part.id for part in found} and why:
            yield bad(name, why, fix)


def _within(look: Look, ground: Ground) -> tuple[list[Part], str]:
    """Look in a thread of its own, which nobody waits for once its time is over."""
    found: list[Part] = []
    failures: list[str] = []

    def run() -> None:
        try:
            found.extend(look.look(ground))
        except Exception as error:  # noqa: BLE001  a look that fails is a finding, and the others go on
            failures.append(plain(error))

    thread = threading.Thread(target=run, name=f"doctor-{look.parts[0]}", daemon=True)
    thread.start()
    thread.join(look.within)
    if thread.is_alive():
        _give_up_database(look, ground)
        return list(found), f"It took longer than {look.within:g} s."
    return found, f"It could not be looked at: {failures[0]}" if failures else ""


def _give_up_database(look: Look, ground: Ground) -> None:
    """Leave the connection to the thread that hangs on it; what comes after gets a new one."""
    if look.needs_database:
        ground.database, ground.failure = connect()
