"""R10: the app's login cannot change a row of the ledger, and what a superuser changes is found by verify_ledger.py.

The bugs that are planted: the app may update balances, and the verifier is run without the anchors.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test.utils import override_settings

from budgets.models import Anchor, Entry, Journal, Link
from budgets.selectors.anchors import anchor_file
from budgets.services.dumps import write_dump
from config.runtime.logins import Login
from tests.measures.harness import Outcome, Setting
from tests.trust.tampering.attempts import POSTINGS, SPENT, WAYS, try_posting, try_way
from tests.trust.tampering.books import SEED, Books, open_books
from tests.trust.tampering.changes import Change, tamper
from tests.trust.tampering.login import app_login, digest

ID = "R10"
NAME = "nobody changes a ledger row unseen"
VERIFIER = Path(settings.BASE_DIR) / "verify_ledger.py"


def run(setting: Setting, *, planted: bool) -> Outcome:
    """Try every way as the app's login; then change many places as a superuser and let the verifier find them."""
    changes = setting.pick(small=120, full=1000)
    folder = setting.folder / f"r10-{planted}"
    with (
        override_settings(ANCHOR_DIR=folder / "anchors", ANCHOR_KEY_FILE=folder / "anchor_key"),
        setting.database("r10") as login,
    ):
        books = open_books(accounts=changes + changes // 4, rounds=setting.pick(small=6, full=8))
        tried, succeeded = _attempts(setting, login, books, may_update=planted)
        whole = _verify(folder, anchored=True)
        done = _tamper(setting, login, changes)
        found = _verify(folder, anchored=not planted)
        alone = _verify(folder, anchored=False)
    figures = {
        "ways_tried": tried,
        "ways_that_changed_something": succeeded,
        **_counted(books, whole),
        **_found(done, found, alone),
    }
    passed = not succeeded and tried >= 40 and whole["whole"] and not figures["missed"] and not figures["named_besides"]
    return Outcome(passed and figures["consistent_in_themselves"] == figures["recomputed"], figures)


def _attempts(setting: Setting, login: Login, books: Books, *, may_update: bool) -> tuple[int, list[str]]:
    """Try each way, and return how many there are and which of them changed something."""
    admin = setting.server.to(login.dbname)
    with app_login(setting, login) as app, admin.connect() as watching:
        if may_update:
            watching.execute(f'GRANT UPDATE ON budgets_balance TO "{app.user}"'.encode())
        names, before = _names(books, app), digest(watching, app.user)
        succeeded = [name for name, way in POSTINGS.items() if try_posting(app, way, names)]
        for name, statements in WAYS.items():
            try_way(app, statements, names)
            after = digest(watching, app.user)
            succeeded += [name] if after != before else []
            before = after
    return len(WAYS) + len(POSTINGS), succeeded


def _names(books: Books, app: Login) -> dict[str, Any]:
    account = books.accounts[0].pk
    entry = Entry.objects.filter(account=account, bucket="spent").order_by("id")[0]
    names = {"a": account, "e": entry.pk, "j": entry.journal_id, "key": entry.journal.key, "entity": books.entity.pk}
    spent = SPENT.format(a=account)
    return {**names, "me": app.user, "db": app.dbname, "owner": settings.DATABASE_OWNER_ROLE, "me_oid": 10, "spent": spent}


def _tamper(setting: Setting, login: Login, changes: int) -> list[Change]:
    last = json.loads(anchor_file(Anchor.objects.latest("number").number).read_bytes())
    anchored = {row[0]: int(row[1]) for row in last["accounts"]}
    with setting.server.to(login.dbname).connect() as admin:
        return tamper(admin, count=changes, anchored=anchored, seed=SEED)


def _verify(folder: Path, *, anchored: bool) -> dict[str, Any]:
    """Dump the ledger and verify the dump as an auditor would: isolated from the project, in a process of its own."""
    dump = write_dump(path=folder / "dump.jsonl.gz").path
    held_against = ["--anchors", str(folder / "anchors"), "--key", str(folder / "anchor_key")] if anchored else []
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(dump), "--json", *held_against],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath},
    )
    verdict: dict[str, Any] = json.loads(done.stdout)
    if "error" in verdict or (done.returncode == 0) != verdict["whole"]:
        raise RuntimeError(f"The verifier ended with {done.returncode}: {done.stdout[:2000]}{done.stderr[:2000]}")
    return verdict


def _counted(books: Books, whole: dict[str, Any]) -> dict[str, Any]:
    counts = {"journals": Journal.objects.count, "links": Link.objects.count, "entries": Entry.objects.count}
    return {
        "accounts": len(books.accounts),
        **{name: whole[name] for name in counts},
        "anchors": whole["anchors"],
        "whole_before": whole["whole"],
    }


def _found(done: list[Change], found: dict[str, Any], alone: dict[str, Any]) -> dict[str, Any]:
    named, without = (_accounts_named(verdict) for verdict in (found, alone))
    recomputed = [change for change in done if change.is_consistent]
    changed = {account for change in done for account in (change.account, change.other) if account}
    return {
        "changes": len(done),
        "kinds": len({change.kind for change in done}),
        "recomputed": len(recomputed),
        "found": sum(change.account in named for change in done),
        "missed": dict(Counter(change.kind for change in done if change.account not in named)),
        "named_besides": len(named - changed),
        # A change that the verifier sees without an anchor was not made consistent in itself: then it proves little.
        "consistent_in_themselves": sum(change.account not in without for change in recomputed),
        "found_without_anchors": sum(change.account in without for change in done),
    }


def _accounts_named(verdict: dict[str, Any]) -> set[str]:
    return {place["account"] for place in verdict["places"] if "account" in place}
