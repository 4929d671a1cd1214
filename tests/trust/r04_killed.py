"""R4: the server, its clients and their sessions are killed under load, and what was acknowledged is there afterwards."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.db import Error, connection, transaction

from budgets.models import Entry, Journal
from config.runtime.embedded import EmbeddedServer
from config.runtime.logins import Login
from tests.measures.harness import Outcome, Setting
from tests.measures.workers import Crew
from tests.running import until
from tests.trust import ground
from tests.trust.clusters import kill_outright, own_cluster
from tests.trust.ground import Ground

ID = "R4"
NAME = "Server, clients and sessions killed under load"
CLIENTS, THREADS = 4, 2
# So many postings are acknowledged between one kill and the next.
BETWEEN = 40
PAUSE = 0.02


@dataclass(frozen=True)
class Client:
    """A client and its notebook: what it sent, and what was acknowledged. The file outlives the client."""

    ground: Ground
    number: int
    notebook: Path
    end: Path


@dataclass(frozen=True)
class Noted:
    """What notebooks say, all together: the account and amount of each key sent, and the keys acknowledged."""

    sent: dict[str, tuple[int, Decimal]]
    acknowledged: dict[str, int]
    repeats: int


def work(client: Client) -> None:
    """Post until the end is called; after a kill, go on with the key that was not acknowledged."""
    noted = read([client.notebook])
    number = len(noted.sent)
    for key in noted.sent.keys() - noted.acknowledged.keys():
        insist(client, key, *noted.sent[key])
    while not client.end.exists():
        key, number = f"r4-{client.number}-{number}", number + 1
        chance = random.Random(key)
        account, amount = chance.choice(client.ground.accounts), Decimal(chance.randint(1, 9999)) / 100
        note(client, f"sent {key} {account} {amount}")
        insist(client, key, account, amount)


def insist(client: Client, key: str, account: int, amount: Decimal) -> None:
    """Send one posting again and again until it is acknowledged, and note that."""
    while True:
        try:
            with transaction.atomic():
                journal, repeat = ground.reserve(client.ground, account, amount, key=key)
        except Error:
            # The server, or this session of it, is gone.
            connection.close()
            threading.Event().wait(PAUSE)
        else:
            note(client, f"done {key} {journal} {int(repeat)}")
            return


def note(client: Client, line: str) -> None:
    """Write a line at once: what a process has handed to the system outlives the process."""
    with client.notebook.open("ab", buffering=0) as book:
        book.write(f"{line}\n".encode())


def read(books: list[Path]) -> Noted:
    sent, acknowledged, repeats = dict[str, tuple[int, Decimal]](), dict[str, int](), 0
    for book in books:
        for line in book.read_text().splitlines() if book.exists() else ():
            match line.split():
                case ["sent", key, account, amount]:
                    sent[key] = (int(account), Decimal(amount))
                case ["done", key, journal, repeat]:
                    acknowledged[key] = int(journal)
                    repeats += int(repeat)
    return Noted(sent, acknowledged, repeats)


class Load:
    """Client processes under way, which can be killed and come back, and the server beneath them."""

    def __init__(self, server: EmbeddedServer, login: Login, laid: Ground, folder: Path, seed: int) -> None:
        self.server, self.login, self.chance = server, login, random.Random(seed)
        self.end = folder / "end"
        self.clients = [Client(laid, number, folder / f"notebook-{number}", self.end) for number in range(CLIENTS * THREADS)]
        self.crews = [self._crew(number) for number in range(CLIENTS)]
        for crew in self.crews:
            crew.start()
        self.ended: Counter[str] = Counter()

    @property
    def books(self) -> list[Path]:
        return [client.notebook for client in self.clients]

    def _crew(self, number: int) -> Crew:
        return Crew(work, self.clients[number * THREADS : (number + 1) * THREADS], login=self.login, processes=1)

    def go_on(self) -> None:
        """Wait until so many more postings are acknowledged."""
        wanted = self._acknowledged() + BETWEEN
        if not until(lambda: self._acknowledged() >= wanted):
            raise TimeoutError("The clients do not get on.")

    def _acknowledged(self) -> int:
        return sum(book.read_bytes().count(b"done ") for book in self.books if book.exists())

    def kill_server(self) -> None:
        port = self.server.port
        self.ended["server_processes"] += kill_outright(self.server)
        self.server.start()
        if self.server.port != port:
            raise RuntimeError("The server came back at another port.")

    def kill_client(self) -> None:
        number = self.chance.randrange(CLIENTS)
        self.crews[number].end()
        self.crews[number] = self._crew(number)
        self.crews[number].start()

    def kill_session(self) -> None:
        """Let the server end clients' sessions, in the middle of whatever they do."""
        with self.server.admin.connect() as admin:
            asked = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND state IS DISTINCT FROM 'idle'"
            pids = [row[0] for row in admin.execute(asked, [self.login.dbname])]
            # Half of those at work, and one where only one is.
            for pid in pids[: (len(pids) + 1) // 2]:
                self.ended["sessions"] += 1
                admin.execute("SELECT pg_terminate_backend(%s)", [pid])

    def finish(self) -> None:
        self.end.touch()
        for crew in self.crews:
            crew.results()

    def stop(self) -> None:
        for crew in self.crews:
            crew.end()


def run(setting: Setting, *, planted: bool) -> Outcome:
    kills = 4 if planted else setting.pick(small=12, full=200)
    with ExitStack() as stack:
        server = stack.enter_context(own_cluster(setting))
        login = stack.enter_context(setting.on(server).database("r04"))
        folder = setting.folder / f"r04-{'planted' if planted else 'real'}"
        folder.mkdir()
        laid = ground.lay(centres=4, categories=4, monthly=Decimal(10_000_000))
        connection.close()
        if planted:
            acknowledge_too_early(server.admin)
        load = Load(server, login, laid, folder, seed=kills)
        stack.callback(load.stop)
        # What the planted bug loses, it loses when the server is killed.
        done = kill_in_turn(load, ["server"] if planted else ["server", "client", "session"], kills)
        return judged(load, done)


def kill_in_turn(load: Load, names: list[str], kills: int) -> Counter[str]:
    """Kill what `names` says by turns, in a random order."""
    acts: dict[str, Callable[[], None]] = {"server": load.kill_server, "client": load.kill_client, "session": load.kill_session}
    order = [names[number % len(names)] for number in range(kills)]
    load.chance.shuffle(order)
    for name in order:
        load.go_on()
        acts[name]()
    load.go_on()
    load.finish()
    return Counter(order)


def judged(load: Load, kills: Counter[str]) -> Outcome:
    connection.close()
    noted = read(load.books)
    there = {journal.key: journal.pk for journal in Journal.objects.filter(kind="reserve")}
    entries = Counter[str]()
    wrong_amounts = 0
    for key, account, amount in Entry.objects.filter(journal__kind="reserve").values_list("journal__key", "account_id", "amount"):
        entries[key] += 1
        wrong_amounts += noted.sent.get(key) != (account, amount)
    faults = {
        "lost": sum(there.get(key) != journal for key, journal in noted.acknowledged.items()),
        "phantoms": len(there.keys() - noted.sent.keys()) + wrong_amounts,
        "double": Journal.objects.filter(kind="reserve").count() - len(there) + sum(number > 1 for number in entries.values()),
        "unanswered": len(noted.sent.keys() - noted.acknowledged.keys()),
        **ground.faults_of_ledger(),
    }
    figures = faults | {f"kills_of_{name}": number for name, number in sorted(kills.items())}
    figures |= {f"{name}_ended": number for name, number in load.ended.items()}
    figures |= {"acknowledged": len(noted.acknowledged), "found_done_when_asked_again": noted.repeats}
    return Outcome(not any(faults.values()) and len(noted.acknowledged) > BETWEEN * kills.total(), figures)


def acknowledge_too_early(admin: Login) -> None:
    """Plant the bug: a commit is acknowledged before it is written, and written late."""
    with admin.connect() as server:
        for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'"):
            server.execute(f"ALTER SYSTEM SET {setting}")
        server.execute("SELECT pg_reload_conf()")
