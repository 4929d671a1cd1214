"""R11: backups are taken under load, and an empty place comes back from each to the last bit, its files with it.

Clients post, attach files and take them away meanwhile. On the embedded server one comes back to moments between backups as well.
The bugs that are planted: the dump stands outside the snapshot in which the tables are hashed, files may be removed while they
are copied, and files are not copied to the archive.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import connection, transaction
from django.test.utils import override_settings

from approvals.services.attachments import attach, detach
from approvals.services.requests import save_draft
from budgets.models import FundsAccount
from budgets.services.anchors import take_anchor
from config.runtime.backups import taking
from config.runtime.backups.checking import check_ledger_in, is_whole
from config.runtime.backups.loading import compare, load_database, load_files
from config.runtime.backups.manifest import faults_in
from config.runtime.backups.places import Place
from config.runtime.backups.restoring import give_rights
from config.runtime.backups.taking import Taken, take_backup
from config.runtime.embedded import EmbeddedServer
from config.runtime.logins import Login
from core.models import User
from core.services.files import remove_discarded_files
from tests import database
from tests.factories.approvals import asked
from tests.factories.core import UserFactory, assign
from tests.fixtures.backups import place_of
from tests.measures.harness import Outcome, Setting, own_server
from tests.measures.workers import Crew
from tests.running import until
from tests.trust import ground, moments
from tests.trust.ground import Ground
from tests.trust.moments import Between

ID, NAME = "R11", "an empty place comes back from each backup taken under load"
CLIENTS = 4
# So much is acknowledged between one backup and the next, and so much goes on before files are copied.
BETWEEN, MEANWHILE = 60, 12
FILES_KEPT = 3


@dataclass(frozen=True)
class Client:
    """A client, the draft that it puts files to, and its notebook of what was acknowledged."""

    ground: Ground
    number: int
    person: int
    files: str
    folder: Path
    archive: Path | None = None

    @property
    def notebook(self) -> Path:
        return self.folder / f"notebook-{self.number}"


def work(client: Client) -> int:
    """Post, attach files and take them away until the end is called. Returns how many things were done."""
    with override_settings(MEDIA_ROOT=client.files, ARCHIVE_DIR=client.archive):
        person, chance, done = User.objects.get(pk=client.person), Random(client.number), 0
        draft = _draft(client, person)
        kept: list[int] = []
        while not (client.folder / "end").exists():
            if (client.folder / "pause").exists():
                _wait(client)
                continue
            key = f"r11-{client.number}-{done}"
            _post(client, chance, key)
            content = b"%PDF-1.7\n" + chance.randbytes(chance.randint(100, 60_000))
            kept.append(attach(request_id=draft, actor=person, name=f"{key}.pdf", content=content).pk)
            if len(kept) > FILES_KEPT:
                detach(request_id=draft, attachment_id=kept.pop(0), actor=person)
            _note(client, key)
            done += 1
        return done


def _draft(client: Client, person: User) -> int:
    account = FundsAccount.objects.select_related("entity").get(pk=client.ground.accounts[client.number])
    return save_draft(actor=person, entity=account.entity, data=asked(account)).pk


def _post(client: Client, chance: Random, key: str) -> None:
    with transaction.atomic():
        amount = Decimal(chance.randint(1, 9999)) / 100
        ground.reserve(client.ground, chance.choice(client.ground.accounts), amount, key=key)


def _note(client: Client, key: str) -> None:
    with client.notebook.open("ab", buffering=0) as book:
        book.write(f"{key}\n".encode())


def _wait(client: Client) -> None:
    """Say that nothing is under way here, and wait until work goes on."""
    waits = client.folder / f"waits-{client.number}"
    waits.touch()
    until(lambda: not (client.folder / "pause").exists())
    waits.unlink()


class Load:
    """Clients under way on one place."""

    def __init__(self, login: Login, laid: Ground, place: Place, folder: Path, archive: Path | None) -> None:
        self.folder = folder
        people = [_requester(laid) for _ in range(CLIENTS)]
        self.clients = [Client(laid, number, person, str(place.files), folder, archive) for number, person in enumerate(people)]
        connection.close()
        self.crew = Crew(work, self.clients, login=login, processes=CLIENTS)
        self.crew.start()

    def acknowledged(self) -> set[str]:
        return {key for client in self.clients if client.notebook.exists() for key in client.notebook.read_text().split()}

    def go_on(self, number: int) -> None:
        """Wait until so much more is acknowledged."""
        wanted = len(self.acknowledged()) + number
        if not until(lambda: len(self.acknowledged()) >= wanted):
            raise TimeoutError("The clients do not get on.")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let nothing be under way in this block."""
        pause = self.folder / "pause"
        pause.touch()
        if not until(lambda: len(list(self.folder.glob("waits-*"))) == CLIENTS):
            raise TimeoutError("The clients do not pause.")
        yield
        pause.unlink()

    def finish(self) -> int:
        (self.folder / "end").touch()
        return int(sum(self.crew.results()))


def _requester(laid: Ground) -> int:
    entity = FundsAccount.objects.select_related("entity").get(pk=laid.accounts[0]).entity
    person = UserFactory.create()
    assign(person, "requester", entity, kind="requester")
    return int(person.pk)


@dataclass(frozen=True)
class Moment:
    """A backup, and what was acknowledged before it began: that must be in it."""

    taken: Taken
    acknowledged: frozenset[str]


def run(setting: Setting, *, planted: bool) -> Outcome:
    backups = 2 if planted else setting.pick(small=2, full=20)
    with ExitStack() as stack:
        server = stack.enter_context(_archiving()) if setting.embedded else None
        setting = setting.on(server) if server else setting
        archive = server.archive.folder if server and server.archive else None
        folder = setting.folder / f"r11-{planted}"
        folder.mkdir()
        kept = {"MEDIA_ROOT": folder / "files", "ANCHOR_DIR": folder / "anchors", "ANCHOR_KEY_FILE": folder / "anchor_key"}
        stack.enter_context(override_settings(**kept, ARCHIVE_DIR=archive))
        login = stack.enter_context(setting.database("r11"))
        place = replace(_place(setting, login, folder), server=server)
        laid = ground.lay(centres=4, categories=4, monthly=Decimal(10_000_000))
        load = Load(login, laid, place, folder, None if planted else archive)
        stack.callback(load.crew.end)
        taken, looked = _under_load(load, place, folder, _bugs(backups, planted))
        done = load.finish()
        return _judged(setting, place, taken, looked, done, planted=planted)


@contextmanager
def _archiving() -> Iterator[EmbeddedServer]:
    server = own_server("r11", moments.archiving_server)
    try:
        yield server
    finally:
        server.remove()


def _under_load(load: "Load", place: Place, folder: Path, bugs: list["Bug | None"]) -> tuple[list[Moment], list[Between]]:
    """Take the backups, and on a server with an archive look at a moment after each."""
    taken, looked = list[Moment](), list[Between]()
    for number, bug in enumerate(bugs):
        taken.append(_back_up(load, place, folder, bug))
        if place.server is not None:
            load.go_on(BETWEEN)
            with load.paused():
                looked.append(moments.look(place, taken[-1].taken, number))
    return taken, looked


def _judged(setting: Setting, place: Place, taken: list[Moment], looked: list[Between], done: int, *, planted: bool) -> Outcome:
    remove_discarded_files()
    connection.close()
    faults = [_faults_of(setting, place, moment, place.var / f"place-{number}") for number, moment in enumerate(taken)]
    if place.server is not None and place.server.archive is not None:
        moments.archive_all(place)
        kept = place.server.archive.folder
        faults += [
            moments.faults_of(place, between, kept, place.var / f"moment-{number}") for number, between in enumerate(looked)
        ]
    # With bugs planted, each of them must be seen: only then has this failed as it should.
    passed = not all(faults) if planted else not any(faults)
    return Outcome(passed and done >= BETWEEN * len(taken), {**_figures(taken, faults, done), "moments": len(looked)})


Bug = Callable[[ExitStack], Any]


def _bugs(backups: int, planted: bool) -> list[Bug | None]:
    return [_dump_apart, _let_files_go] if planted else [None] * backups


def _dump_apart(stack: ExitStack) -> None:
    """Plant: the dump is of its own moment."""
    plain = taking.dump_command
    apart = lambda *given: [word for word in plain(*given) if not word.startswith("--snapshot")]  # noqa: E731
    stack.enter_context(mock.patch.object(taking, "dump_command", apart))


def _let_files_go(stack: ExitStack) -> None:
    """Plant: files are removed while they are copied."""
    stack.enter_context(mock.patch.object(taking, "LOCK", "SELECT 1"))


def _back_up(load: Load, place: Place, folder: Path, bug: Bug | None) -> Moment:
    load.go_on(BETWEEN)
    take_anchor()
    connection.close()
    before = frozenset(load.acknowledged())
    dump, copy = taking._dump, taking._copy_files

    def after_more(step: Callable[..., Any]) -> Callable[..., Any]:
        # Work goes on between the snapshot and what follows it: also on a machine that is quick.
        def later(*given: Any) -> Any:
            load.go_on(MEANWHILE)
            return step(*given)

        return later

    with ExitStack() as stack:
        if bug:
            bug(stack)
        stack.enter_context(mock.patch.object(taking, "_dump", after_more(dump)))
        stack.enter_context(mock.patch.object(taking, "_copy_files", after_more(copy)))
        return Moment(take_backup(place=place, into=folder / "backups"), before)


def _faults_of(setting: Setting, source: Place, moment: Moment, var: Path) -> list[str]:
    """Restore one backup into an empty place, and return what is not as it was."""
    var.mkdir()
    faults = list(faults_in(moment.taken.folder, moment.taken.manifest)) + moment.taken.manifest.missing
    with _empty_database(setting, f"r11_{os.getpid()}_{var.name}") as login:
        place = place_of(login, var, files=var / "files", anchors=var / "anchors", anchor_key=source.anchor_key)
        load_database(place, moment.taken.folder)
        load_files(place, moment.taken.folder, moment.taken.manifest)
        faults += compare(place, moment.taken.manifest)
        faults += _lost(place, moment)
        give_rights(place)
        said = check_ledger_in(place)
        return faults + ([] if is_whole(said) else [f"ledger: {where}" for where in said["where"]])


def _lost(place: Place, moment: Moment) -> list[str]:
    """Return what was acknowledged before the backup began and is not in it."""
    with place.admin.connect() as restored:
        there = {key for (key,) in restored.execute("SELECT key FROM budgets_journal")}
    return [f"{key} is lost" for key in sorted(moment.acknowledged - there)]


def _figures(moments: list[Moment], faults: list[list[str]], done: int) -> dict[str, Any]:
    manifests = [moment.taken.manifest for moment in moments]
    return {
        "backups": len(moments),
        "tables": sum(len(manifest.tables) for manifest in manifests),
        "rows": sum(manifest.rows for manifest in manifests),
        "files": sum(len(manifest.under("files")) for manifest in manifests),
        "megabytes": sum(manifest.size for manifest in manifests) / 1e6,
        "done_meanwhile": done,
        "faults": sum(map(len, faults)),
        "first_faults": "; ".join(found[0] for found in faults if found)[:300],
    }


def _place(setting: Setting, login: Login, folder: Path) -> Place:
    admin = setting.server.to(login.dbname)
    return place_of(
        admin,
        folder,
        files=Path(settings.MEDIA_ROOT),
        anchors=Path(settings.ANCHOR_DIR),
        anchor_key=Path(settings.ANCHOR_KEY_FILE),
    )


@contextmanager
def _empty_database(setting: Setting, name: str) -> Iterator[Login]:
    owner = setting.server.as_role(settings.DATABASE_OWNER_ROLE).to("postgres")
    database.drop(setting.server, name)
    with owner.connect() as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    try:
        yield setting.server.to(name)
    finally:
        database.drop(setting.server, name)
