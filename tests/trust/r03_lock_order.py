"""R3: many clients post over random lines and the stops above them, in random order, and none ever waits in a ring."""

import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import Error, connection, transaction

from budgets.rules.postings import Posting
from budgets.services.ledger import post
from config.runtime.logins import Login
from core.errors import NoFunds
from core.models import Entity
from tests.measures.harness import Outcome, Setting
from tests.measures.workers import at_once
from tests.trust import ground
from tests.trust.ground import Ground

ID = "R3"
NAME = "16 clients over 3 to 20 random lines and their parents"
CLIENTS = 16
FEWEST, MOST = 3, 20
GIVEN_BACK = 0.35
DEADLOCK = "40P01"
IN_ORDER = re.compile(r"ORDER BY id\s+FOR NO KEY UPDATE")
AS_GIVEN = "ORDER BY array_position(ARRAY(SELECT g.account_id FROM unnest(p_lines) g), id) FOR NO KEY UPDATE"


@dataclass(frozen=True)
class Client:
    ground: Ground
    number: int
    transactions: int
    # With the bug planted the first deadlock has shown enough: each costs everyone the server's deadlock_timeout.
    ends_at_deadlock: bool


def work(client: Client) -> Counter[str]:
    """Post one journal after another over random lines; now and then give one back. Returns how each ended."""
    chance, held = random.Random(client.number), list[list[Posting]]()
    counted: Counter[str] = Counter()
    for number in range(client.transactions):
        gives_back = bool(held) and chance.random() < GIVEN_BACK
        postings = opposite(held.pop(), chance) if gives_back else some_postings(client.ground, chance)
        ended = attempt(client, f"r3-{client.number}-{number}", "release" if gives_back else "reserve", postings)
        counted[ended] += 1
        if ended == "posted" and not gives_back:
            held.append(postings)
        if ended == DEADLOCK and client.ends_at_deadlock:
            break
    return counted


def some_postings(laid: Ground, chance: random.Random) -> list[Posting]:
    accounts = chance.sample(laid.accounts, chance.randint(FEWEST, MOST))
    return [
        Posting(account, date(2026, chance.randint(1, 12), 1), "reserved", Decimal(chance.randint(1, 4000)) / 100)
        for account in accounts
    ]


def opposite(postings: list[Posting], chance: random.Random) -> list[Posting]:
    turned = [Posting(entry.account_id, entry.month, entry.bucket, -entry.amount) for entry in postings]
    return chance.sample(turned, len(turned))


def attempt(client: Client, key: str, kind: str, postings: list[Posting]) -> str:
    """Return `posted`, `refused`, or the SQLSTATE of what the server says else."""
    try:
        with transaction.atomic():
            entity = Entity(pk=client.ground.entity_id)
            post(key=key, kind=kind, entity=entity, postings=postings, actor=None, source=("test", key))
    except NoFunds:
        return "refused"
    except Error as error:
        return getattr(error.__cause__, "sqlstate", None) or "lost"
    return "posted"


def run(setting: Setting, *, planted: bool) -> Outcome:
    transactions = setting.pick(small=800, full=10_000) // CLIENTS
    with setting.database("r03") as login:
        laid = ground.lay(centres=8, categories=5, monthly=Decimal(200), window="ytd", stops_on_centres=True)
        if planted:
            lock_as_given(setting.owner(login))
        log, begun = log_of(setting), time.monotonic()
        read = len(log.read_bytes()) if log else 0
        told = at_once(work, [Client(laid, number, transactions, planted) for number in range(CLIENTS)], login=login)
        seconds = time.monotonic() - begun
        counted = sum(told, Counter[str]())
        server = {"server_counts": deadlocks_counted(setting.server.to(login.dbname))}
        if log:
            server["in_log"] = log.read_bytes()[read:].count(b"deadlock detected")
        return judged(counted, server, seconds)


def judged(counted: Counter[str], server: dict[str, int], seconds: float) -> Outcome:
    others = {state: number for state, number in counted.items() if state not in ("posted", "refused", DEADLOCK)}
    faults = ground.faults_of_ledger()
    wrong = [counted[DEADLOCK], *server.values(), *others.values(), *faults.values()]
    figures = {
        "deadlocks": counted[DEADLOCK],
        **server,
        "other_errors": others,
        **faults,
        "posted": counted["posted"],
        "refused": counted["refused"],
        "per_s": round(counted.total() / seconds),
    }
    return Outcome(not any(wrong) and counted["posted"] > 0 and counted["refused"] > 0, figures)


def log_of(setting: Setting) -> Path | None:
    return setting.embedded.log if setting.embedded else None


def deadlocks_counted(server: Login) -> int:
    """Return what the server itself has counted in this database. Its clients are gone, so their counts have arrived."""
    connection.close()
    with server.connect() as admin:
        row = admin.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


def lock_as_given(owner: Login) -> None:
    """Plant the bug: accounts are locked in the order in which a journal names them."""
    with owner.connect() as database:
        row = database.execute("SELECT pg_get_functiondef('budgets_lock_accounts'::regproc)").fetchone()
        assert row is not None
        text, changed = IN_ORDER.subn(AS_GIVEN, row[0])
        if changed != 1:
            raise ValueError("budgets_lock_accounts no longer locks as this bug expects; plant another.")
        database.execute(text)
