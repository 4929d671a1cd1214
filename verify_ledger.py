#!/usr/bin/env python3
"""Verify a dump of the funds ledger, on any machine: the standard library of Python 3.11 is all it needs.

    python verify_ledger.py DUMP [--anchors FOLDER_OR_FILE …] [--key FILE] [--json]

DUMP is what `manage.py dump_ledger` wrote. docs/verify.md describes it, the anchors, and what is shown and what is not.
It is read as a stream: memory grows with the accounts and their anchored links, not with the entries.
Exit codes: 0 whole, 1 something differs (each place is named), 2 wrong use, or a file that cannot be read.
"""

import argparse
import gzip
import hashlib
import hmac
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

DUMP_FORM, ANCHOR_FORM, RESTORE_FORM = "purser-ledger-1", "purser-anchor-1", "purser-restore-1"
LONGEST_LINE = 64 * 1024 * 1024
LARGEST_ANCHOR = 1024 * 1024 * 1024
MOST_NAMED = 100_000
BINS = 1 << 16
MOST_BINS_AGAIN = 4096
AMOUNT = re.compile(r"-?\d{1,20}(\.\d{1,12})?")
HELD = ("reserved", "committed", "spent")
BUCKETS = ("allotted", *HELD, "paid")
SUMS = (*BUCKETS, "pooled_allotted", "pooled_held")
COUNTED = ("accounts", "links", "journals", "entries", "balances")
FIRST_FORM = (
    "id", "key", "digest", "kind", "entity", "actor", "source_type", "source_id", "reverses", "is_fact", "memo", "correlation",
    "recorded_at",
)  # fmt: skip
DIGESTED = ("kind", "entity", "source_type", "source_id", "reverses", "is_fact", "memo")
SECOND_FORM = (*FIRST_FORM[:9], "settles", "is_fact", "is_override", *FIRST_FORM[10:])
WITHOUT_ANCHOR = (
    "No anchor was given: this can only show that the chains are consistent in themselves. "
    "Whoever can rewrite the whole database can also compute them anew."
)
Row = dict[str, Any]


class UnreadableError(Exception):
    """A file is not what it is taken for. The message is a sentence that says which and where."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place that differs: as far as it has them, its account, link, journal and anchor, and what is wrong there."""

    what: str
    account: str = ""
    link: str = ""
    journal: str = ""
    anchor: str = ""

    def __str__(self) -> str:
        named = [f"{name} {getattr(self, name)}" for name in ("anchor", "account", "link", "journal") if getattr(self, name)]
        return f"{', '.join(named) or 'dump'}: {self.what}"


# Reading ---------------------------------------------------------------------------------------------------------------


def rows_of(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the dump's lines with their numbers. Raises UnreadableError."""
    number = 0
    try:
        with path.open("rb") as raw:
            stream: Any = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == b"\x1f\x8b" else raw
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                yield number, _row(line, number)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(f"{path} cannot be read after line {number}: {error}.") from error


def _row(line: bytes, number: int) -> Row:
    if len(line) > LONGEST_LINE:
        raise UnreadableError(f"Line {number} is longer than {LONGEST_LINE:,} bytes.")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"Line {number} is not JSON.") from error
    if not isinstance(row, dict):
        raise UnreadableError(f"Line {number} is not a JSON object.")
    return row


def number_of(text: Any) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 20):
        raise ValueError(f"{text!r:.40} is no number")
    return int(text)


def amount_of(text: Any) -> Decimal | None:
    """Return the exact amount, or None where the text is none (PostgreSQL knows NaN)."""
    return Decimal(text) if isinstance(text, str) and AMOUNT.fullmatch(text) else None


# What is hashed --------------------------------------------------------------------------------------------------------


def text_of(parts: list[Any]) -> bytes:
    """Return an array as PostgreSQL prints jsonb, in UTF-8."""
    return json.dumps(parts, ensure_ascii=False).encode()


def link_text(account: Row, seq: str, journal: Row, entries: list[list[Any]]) -> bytes:
    """Return the text that a link hashes after the hash of the link before it (docs/verify.md, "The chain")."""
    if journal["form"] == "1":
        head = ["v1", account["id"], seq, *(journal[name] for name in FIRST_FORM)]
        return text_of([*head, [entry[:6] for entry in entries] or None])
    head = ["v2", account["id"], seq, account["node"], *(journal[name] for name in SECOND_FORM)]
    return text_of([*head, [entry[:8] for entry in entries] or None])


def digest_text(journal: Row, entries: list[list[Any]]) -> bytes:
    """Return the text of a journal's digest: all its entries, whichever accounts they are in."""
    names = DIGESTED if journal["form"] == "1" else (*DIGESTED[:5], "settles", "is_fact", "is_override", "memo")
    return text_of([*(journal[name] for name in names), [[entry[0], *entry[2:7]] for entry in entries]])


# Anchors ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Anchored:
    """What the anchors say of one account: its hashes by the link's number, with the anchor's, and who it is."""

    node: list[str]
    number: str
    hashes: dict[int, tuple[str, str]] = field(default_factory=dict)


class Restores:
    """The accepted restores given. One counts only if the key is given and has signed it; else it is shown and gives up nothing.

    A restore that counts is an anchor of its own, and lets the anchors taken between its backup and its acceptance hold the
    ledger only as far as the restored chains reached.
    """

    def __init__(self, paths: list[Path], key: bytes | None) -> None:
        self.found: list[Place] = []
        self.notes: list[str] = []
        self.accepted: list[Row] = []
        for path in paths:
            said, digest = _restore_in(path)
            if all(digest != other["digest"] for other in self.accepted):
                self._take({**said, "digest": digest}, key, signed=key is not None and is_signed(said, key))

    def _take(self, said: Row, key: bytes | None, *, signed: bool) -> None:
        number, what = str(said["number"]), f"Restore {said['number']} from {said['backup']}"
        said_by = f"accepted {said['accepted_at']} by {said['by']}" + (f": {said['reason']}" if said["reason"] else "")
        if signed:
            self.accepted.append(said)
            self.notes.append(
                f"ACCEPTED: {what}, {said_by}. Anchors after {said['anchor']} and before that moment hold only as far as it "
                f"reached. Ask whether you know of it; its SHA-256 is {said['digest']}."
            )
        elif key is None:
            self.notes.append(f"NOT COUNTED: {what}, {said_by}. Without the key nobody can say that it was signed here.")
        else:
            self.found.append(
                Place("its signature is not one that this key makes: it gives up nothing", anchor=f"restore {number}")
            )

    def over(self, anchor: Row) -> list[Row]:
        """Return the restores that give an anchor up beyond what they reached."""
        return [one for one in self.accepted if _between(anchor, anchor["taken_at"], one, one["anchor"])]

    def over_restore(self, other: Row) -> list[Row]:
        return [one for one in self.accepted if _between(other, other["accepted_at"], one, one["restores"])]


def _between(said: Row, moment: str, restore: Row, last: str) -> bool:
    return number_of(said["number"]) > number_of(last) and moment < str(restore["accepted_at"])


def still_held(accounts: list[list[Any]], restores: list[Row]) -> list[list[Any]]:
    """Return, of the heads that an anchor saw, those that it still holds the ledger to where these restores give it up."""
    held = accounts
    for restore in restores:
        reached = {row[0]: number_of(row[1]) for row in restore["accounts"]}
        held = [row for row in held if row[0] in reached and number_of(row[1]) <= reached[row[0]]]
    return held


class Anchors:
    """The anchors given, each checked by itself and against the one before, and what they say of each account."""

    def __init__(self, paths: list[Path], key: bytes | None) -> None:
        self.key = key
        files = list(anchor_files(paths))
        self.restores = Restores([path for path in files if _form_of(path) == RESTORE_FORM], key)
        self.found: list[Place] = list(self.restores.found)
        self.accounts: dict[int, Anchored] = {}
        self.count = 0
        self.first, self.last = "", dict[str, Any]()
        self._digests: dict[int, set[str]] = {}
        # One is held in memory at a time: each is read twice, the first time for its number alone.
        for path in sorted((path for path in files if _form_of(path) != RESTORE_FORM), key=_place_of):
            self._take(*_anchor_in(path))
        for said in self.restores.accepted:
            for account, seq, head, *node in still_held(said["accounts"], self.restores.over_restore(said)):
                self._remember(number_of(account), number_of(seq), head, node, f"restore {said['number']}")

    def _take(self, anchor: Row, digest: str) -> None:
        number, place = str(anchor["number"]), number_of(anchor["number"])
        if digest in self._digests.get(place, ()):
            return  # the same file, given twice
        given_up_by = self.restores.over(anchor)
        if self.key is not None and not hmac.compare_digest(signature_of(anchor, self.key), str(anchor["signature"])):
            self.found.append(Place("its signature is not one that this key makes", anchor=number))
        if self.last and place - 1 not in self._digests and place not in self._digests:
            self.found.append(Place(f"the one before it here is {self.last['number']}: those between are missing", anchor=number))
        elif place - 1 in self._digests and anchor["before"] not in self._digests[place - 1]:
            self.found.append(Place(f"it does not follow the anchor {place - 1} given here", anchor=number))
        elif place in self._digests and not (given_up_by or self._fork_is_known(place)):
            self.found.append(Place("there are two of this number, and no accepted restore says why", anchor=number))
        for account, seq, head, *node in still_held(anchor["accounts"], given_up_by):
            self._remember(number_of(account), number_of(seq), head, node, number)
        self.first = self.first or number
        self._digests.setdefault(place, set()).add(digest)
        self.count, self.last = self.count + 1, {**anchor, "accounts": [], "given_up": bool(given_up_by)}

    def _fork_is_known(self, place: int) -> bool:
        """Say whether a restore was accepted whose backup knew no anchor of this number: then there may be two."""
        return any(number_of(said["anchor"]) < place for said in self.restores.accepted)

    def _remember(self, account: int, seq: int, head: str, node: list[str], number: str) -> None:
        known = self.accounts.setdefault(account, Anchored(node, number))
        if known.node != node:
            self.found.append(
                Place(f"it says {node} of the account, anchor {known.number} {known.node}", str(account), anchor=number)
            )
        if seq and known.hashes.setdefault(seq, (head, number))[0] != head:
            self.found.append(Place("an earlier anchor has another hash for the link", str(account), str(seq), anchor=number))


def anchor_files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise UnreadableError(f"{path} is not there.")
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise UnreadableError(f"{path} holds no anchor.")
        yield from inside


def _anchor_in(path: Path) -> tuple[Row, str]:
    try:
        if path.stat().st_size > LARGEST_ANCHOR:
            raise UnreadableError(f"{path} is larger than an anchor can be.")
        content = path.read_bytes()
        anchor = json.loads(content)
        if anchor["form"] != ANCHOR_FORM or content != canonical(anchor):
            raise UnreadableError(f"{path} is not an anchor in its canonical form.")
        said = (anchor["number"], anchor["taken_at"], anchor["before"], anchor["signature"])
        if not all(isinstance(text, str) for text in said) or not all(isinstance(n, int) for n in anchor["counts"].values()):
            raise UnreadableError(f"{path} does not say what an anchor says.")
        number_of(anchor["number"])
        for account, seq, head, *node in anchor["accounts"]:
            if not (number_of(account) and number_of(seq) >= 0 and isinstance(head, str) and len(node) == 4):
                raise UnreadableError(f"{path} does not say an account's head.")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{path} is not an anchor: {error}.") from error
    return anchor, hashlib.sha256(content).hexdigest()


def _form_of(path: Path) -> Any:
    """Return which of the two forms a file is of; what is neither is taken for an anchor, and told of as one."""
    try:
        with path.open("rb") as file:
            head = file.read(LARGEST_ANCHOR + 1)
        said = json.loads(head) if len(head) <= LARGEST_ANCHOR else {}
        return said.get("form") if isinstance(said, dict) else None
    except (OSError, ValueError, RecursionError):
        return None


def _place_of(path: Path) -> tuple[int, str]:
    anchor, _ = _anchor_in(path)
    return number_of(anchor["number"]), str(anchor["taken_at"])


def _restore_in(path: Path) -> tuple[Row, str]:
    try:
        content = path.read_bytes()
        said = json.loads(content)
        if content != canonical(said):
            raise UnreadableError(f"{path} is not an accepted restore in its canonical form.")
        texts = ("number", "before", "accepted_at", "by", "reason", "backup", "token", "anchor", "restores", "signature")
        if not all(isinstance(said[name], str) for name in texts):
            raise UnreadableError(f"{path} does not say what an accepted restore says.")
        for account, seq, head, *node in said["accounts"]:
            if not (number_of(account) and number_of(seq) >= 0 and isinstance(head, str) and len(node) == 4):
                raise UnreadableError(f"{path} does not say an account's head.")
        for name in ("number", "anchor", "restores"):
            number_of(said[name])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{path} is not an accepted restore: {error}.") from error
    return said, hashlib.sha256(content).hexdigest()


def is_signed(said: Row, key: bytes) -> bool:
    return hmac.compare_digest(signature_of(said, key), str(said["signature"]))


def canonical(anchor: Row) -> bytes:
    """Return the one form of an anchor: keys in order, no spaces, UTF-8, a line feed at the end."""
    return json.dumps(anchor, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def signature_of(anchor: Row, key: bytes) -> str:
    """Return the HMAC-SHA256 of the anchor's canonical form without its signature, in hexadecimal."""
    return hmac.new(key, canonical({name: value for name, value in anchor.items() if name != "signature"}), "sha256").hexdigest()


def key_in(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path} is no key file: 64 hexadecimal digits are expected.") from error


# The ledger ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Account:
    """One account while its lines go by: its chain so far, the sums of its entries by month, and links that fail in a row."""

    row: Row
    anchored: Anchored | None
    seq: int = 0
    head: str = ""
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    failing: list[tuple[int, str]] = field(default_factory=list)

    def add(self, month: str, bucket: str, amount: Decimal, pooled: Decimal) -> None:
        sums = self.sums.setdefault(month, {})
        sums[bucket] = sums.get(bucket, Decimal(0)) + amount
        if bucket != "paid":
            name = "pooled_held" if bucket in HELD else "pooled_allotted"
            sums[name] = sums.get(name, Decimal(0)) + pooled


class Ledger:
    """The dump as it goes by. `found` holds the places that differ; `more` counts those beyond the most that are named."""

    def __init__(self, anchors: Anchors) -> None:
        self.anchors = anchors
        self.found: list[Place] = list(anchors.found)
        self.more = 0
        self.counts = dict.fromkeys(COUNTED, 0)
        # What links and what journals say of each (journal, account) is added here, and taken away: equal, nothing is left.
        self.bins = [0] * BINS
        self._account: Account | None = None
        self._latest = {"account": -1, "journal": -1}
        self._stage = 0
        self._seen: set[int] = set()

    def say(self, what: str, account: str = "", link: str = "", journal: str = "", anchor: str = "") -> None:
        if len(self.found) < MOST_NAMED:
            self.found.append(Place(what, account, link, journal, anchor))
        else:
            self.more += 1

    def take(self, number: int, row: Row) -> None:
        """Take one line. Raises UnreadableError where it is none of a dump's lines, or out of its order."""
        try:
            stage, take = LINES[row["line"]]
            next_account = row["line"] == "account" and self._stage == 2
            if (stage == 0) != (number == 1) or self._stage == LAST_STAGE or (stage < self._stage and not next_account):
                raise ValueError(f"a line “{row['line']}” does not belong here")
            self._stage = stage
            take(self, row)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError) as error:
            raise UnreadableError(f"Line {number} is not one of a ledger's dump: {error!r:.200}.") from error

    def finish(self) -> None:
        """Say what is missing at the end. Raises UnreadableError where the dump was cut short."""
        if self._stage != LAST_STAGE:
            raise UnreadableError("The dump ends before its last line: it was cut short.")
        for account, known in self.anchors.accounts.items():
            if account not in self._seen:
                self.say("it was anchored, and is not there", str(account), anchor=known.number)
        counts = {} if self.anchors.last.get("given_up") else self.anchors.last.get("counts", {})
        for name, then in counts.items():
            if name in self.counts and self.counts[name] < then:
                self.say(f"it counted {then} {name}, and there are {self.counts[name]}", anchor=self.anchors.last["number"])

    def take_head(self, row: Row) -> None:
        if row["form"] != DUMP_FORM:
            raise ValueError(f"its form is {row['form']!r:.40}, not {DUMP_FORM}")

    def take_account(self, row: Row) -> None:
        self._close_account()
        number = self._in_order("account", row["id"])
        self._account = Account(row, self.anchors.accounts.get(number))
        if row["node"] is None:
            self.say("it has links or balances, and is no account", row["id"])
            return
        self.counts["accounts"] += 1
        if known := self._account.anchored:
            self._seen.add(number)
            if known.node != row["node"]:
                self.say(f"it is {row['node']}, and was {known.node} when anchored", row["id"], anchor=known.number)

    def take_link(self, row: Row) -> None:
        account, journal, entries = self._open_account(), row["journal"], row["entries"]
        seq = number_of(row["seq"])
        self.counts["links"] += 1
        self._check_place(account, seq, row)
        self._check_hash(account, seq, row)
        self._check_anchored(account, seq, row)
        account.seq, account.head = seq, row["hash"]
        if not entries or journal["form"] is None:
            self.say("its journal is not there, or has no entries here", account.row["id"], row["seq"], journal["id"])
        for entry in entries:
            self._add_entry(account, row["seq"], journal, entry)
        self.bins[number_of(journal["id"]) % BINS] += token(account.row["id"], journal, entries)

    def _check_place(self, account: Account, seq: int, row: Row) -> None:
        at = (account.row["id"], row["seq"], row["journal"]["id"])
        if seq != account.seq + 1:
            self.say(f"it comes after link {account.seq}: a link is missing between", *at)
        elif row["prev"] != account.head:
            self.say("it does not name the hash of the link before it", *at)

    def _check_hash(self, account: Account, seq: int, row: Row) -> None:
        text = link_text(account.row, row["seq"], row["journal"], row["entries"])
        if hashlib.sha256(bytes.fromhex(row["prev"]) + text).hexdigest() == row["hash"]:
            self._name_failing(account)
        elif account.failing:
            account.failing[1:] = [(seq, "")]
        else:
            account.failing.append((seq, row["journal"]["id"]))

    def _name_failing(self, account: Account) -> None:
        """Name links that fail in a row as one place: an account that was changed itself breaks each of them."""
        if account.failing:
            (first, journal), (last, _) = account.failing[0], account.failing[-1]
            upto = f", nor are those after it up to link {last}" if last != first else ""
            self.say(f"its hash is not that of what it holds{upto}", account.row["id"], str(first), journal)
            account.failing.clear()

    def _check_anchored(self, account: Account, seq: int, row: Row) -> None:
        head, anchor = account.anchored.hashes.pop(seq, (row["hash"], "")) if account.anchored else (row["hash"], "")
        if head != row["hash"]:
            self.say("the anchor has another hash for it", account.row["id"], row["seq"], row["journal"]["id"], anchor)

    def _add_entry(self, account: Account, seq: str, journal: Row, entry: list[Any]) -> None:
        number, month, bucket, amount, _, _, rate, pooled, recorded = entry
        exact, in_entity = amount_of(amount), amount_of(pooled)
        at = (account.row["id"], seq, journal["id"])
        if exact is None or in_entity is None or amount_of(rate) is None or bucket not in BUCKETS:
            self.say(f"its entry {number} has no usable amount, rate or bucket", *at)
            return
        if journal["form"] == "1" and (exact != in_entity or rate != "1"):
            self.say(f"its entry {number} is in another currency, which its form did not know", *at)
        if recorded is not None:
            self.say(f"its entry {number} was not recorded when its journal was", *at)
        account.add(month, bucket, exact, in_entity)

    def take_balance(self, row: Row) -> None:
        account = self._open_account()
        self.counts["balances"] += 1
        rebuilt = account.sums.pop(row["month"], {})
        for name in SUMS:
            if amount_of(row["sums"][name]) != rebuilt.get(name, Decimal(0)):
                said = f"{name} of {row['month']} is stored as {row['sums'][name]}; its entries add up to {rebuilt.get(name, 0)}"
                self.say(said, account.row["id"])

    def _close_account(self) -> None:
        account, self._account = self._account, None
        if account is None:
            return
        number = account.row["id"]
        self._name_failing(account)
        if account.row["node"] is not None and (account.row["seq"], account.row["head"]) != (str(account.seq), account.head):
            self.say(f"its head is not its last link, which is {account.seq}", number)
        for month, sums in account.sums.items():
            if any(sums.values()):
                self.say(f"it has entries in {month}, and no balance", number)
        for seq, (_, anchor) in account.anchored.hashes.items() if account.anchored else ():
            ends = f"its chain ends at link {account.seq}: it was shortened" if seq > account.seq else "the link is not there"
            self.say(ends, number, str(seq), anchor=anchor)

    def take_journal(self, row: Row) -> None:
        self._close_account()
        journal, entries = row["journal"], row["entries"]
        number = self._in_order("journal", journal["id"])
        self.counts["journals"] += 1
        self.counts["entries"] += len(entries)
        if [entry[1] for entry in entries] != [str(place) for place in range(1, len(entries) + 1)] or not entries:
            self.say("its entries are not numbered from 1 on without a gap", journal=journal["id"])
        if hashlib.sha256(digest_text(journal, entries)).hexdigest() != journal["digest"]:
            self.say("it is not whole: its digest is of other entries", journal=journal["id"])
        for account, there in by_account(entries).items():
            self.bins[number % BINS] -= token(account, journal, there)

    def take_orphan(self, row: Row) -> None:
        self._close_account()
        self.counts["entries"] += 1
        self.say(f"entry {row['entry']} belongs to no journal", row["account"], journal=row["journal"])

    def take_end(self, row: Row) -> None:
        self._close_account()
        for name in COUNTED:
            if number_of(row[name]) != self.counts[name]:
                self.say(f"it says that there are {row[name]} {name}, and has {self.counts[name]}")

    def _open_account(self) -> Account:
        if self._account is None:
            raise ValueError("no account was named before it")
        return self._account

    def _in_order(self, what: str, text: Any) -> int:
        number = number_of(text)
        if number <= self._latest[what]:
            raise ValueError(f"{what} {number} comes after {self._latest[what]}")
        self._latest[what] = number
        return number


# An account's balances come after its links, and the next account after its balances.
LINES: dict[str, tuple[int, Callable[[Ledger, Row], None]]] = {
    "head": (0, Ledger.take_head),
    "account": (1, Ledger.take_account),
    "link": (1, Ledger.take_link),
    "balance": (2, Ledger.take_balance),
    "journal": (3, Ledger.take_journal),
    "orphan": (4, Ledger.take_orphan),
    "end": (5, Ledger.take_end),
}
LAST_STAGE = 5


def token(account: str, journal: Row, entries: list[list[Any]]) -> int:
    """Return a number for what is said of a journal at an account."""
    names = (*SECOND_FORM, "form")
    return int.from_bytes(hashlib.sha256(text_of([account, *(journal[name] for name in names), entries])).digest())


def by_account(entries: list[list[Any]]) -> dict[str, list[list[Any]]]:
    """Return a journal's entries as its accounts' links hold them."""
    parted: dict[str, list[list[Any]]] = {}
    for account, *entry in entries:
        parted.setdefault(account, []).append(entry)
    return parted


def compare_sections(ledger: Ledger, dump: Path) -> None:
    """Name the journals whose links do not say what the journals themselves say: entries without a link, links without entries.

    It reads the dump again, and only where something is left in the bins.
    """
    unequal = {place for place, left in enumerate(ledger.bins) if left}
    looked_at = set(sorted(unequal)[:MOST_BINS_AGAIN])
    ledger.more += len(unequal - looked_at)
    left: dict[tuple[str, str], list[int]] = {}
    account = ""
    for _, row in rows_of(dump) if looked_at else ():
        account = row["id"] if row["line"] == "account" else account
        if row["line"] in {"link", "journal"} and number_of(row["journal"]["id"]) % BINS in looked_at:
            _count_sides(left, account, row)
    for (journal, at), (linked, posted, differ) in left.items():
        if not posted:
            ledger.say("it is linked here, and has no entries here", at, journal=journal)
        elif not linked:
            ledger.say("it has entries here that no link of the account names", at, journal=journal)
        elif differ:
            ledger.say("its links and its entries do not say the same", at, journal=journal)


def _count_sides(left: dict[tuple[str, str], list[int]], account: str, row: Row) -> None:
    journal = row["journal"]
    if row["line"] == "link":
        sides = left.setdefault((journal["id"], account), [0, 0, 0])
        sides[0] += 1
        sides[2] += token(account, journal, row["entries"])
        return
    for at, there in by_account(row["entries"]).items():
        sides = left.setdefault((journal["id"], at), [0, 0, 0])
        sides[1] += 1
        sides[2] -= token(at, journal, there)


# The answer ------------------------------------------------------------------------------------------------------------


def verify(dump: Path, anchors: Anchors) -> Ledger:
    """Return the ledger that the dump holds, with every place that differs. Raises UnreadableError."""
    ledger = Ledger(anchors)
    with localcontext(prec=60):
        for number, row in rows_of(dump):
            ledger.take(number, row)
        ledger.finish()
        compare_sections(ledger, dump)
    return ledger


def notes_on(anchors: Anchors, ledger: Ledger) -> list[str]:
    """Return what the reader must know about how far this goes."""
    if not anchors.count:
        return [*anchors.restores.notes, WITHOUT_ANCHOR]
    last = anchors.last
    said = [
        *anchors.restores.notes,
        f"Held against {anchors.count} anchors, the last of them number {last['number']} of {last['taken_at']}.",
    ]
    if anchors.key is None:
        said.append("No key was given: their signatures were not checked.")
    if anchors.first != "1":
        said.append(f"They begin with number {anchors.first}: those before were not given.")
    if last["given_up"]:
        said.append("The last anchor is one that was given up: take one of the ledger as it is now.")
    elif later := ledger.counts["entries"] - last["counts"].get("entries", 0):
        said.append(f"{later} entries are later than the last anchor: of these, what was cut off at the end is not seen.")
    return said


def as_json(ledger: Ledger, notes: list[str]) -> str:
    named = [{key: value for key in Place.__slots__ if (value := getattr(place, key))} for place in ledger.found]
    differences = len(ledger.found) + ledger.more
    outcome = {"whole": not differences, **ledger.counts, "anchors": ledger.anchors.count, "differences": differences}
    return json.dumps({**outcome, "notes": notes, "places": named}, ensure_ascii=False)


def as_text(ledger: Ledger, notes: list[str]) -> str:
    counted = ", ".join(f"{number:,} {name}" for name, number in ledger.counts.items())
    verdict = f"{len(ledger.found) + ledger.more:,} places differ." if ledger.found else "The ledger is whole."
    more = [f"… and {ledger.more:,} more."] if ledger.more else []
    return "\n".join([f"{counted}.", *notes, *map(str, ledger.found), *more, verdict])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump", type=Path, help="what `manage.py dump_ledger` wrote, gzip or plain")
    parser.add_argument("--anchors", type=Path, nargs="+", default=[], metavar="PATH", help="files, or folders of *.json")
    parser.add_argument("--key", type=Path, help="the key that the anchors are signed with")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    given = parser.parse_args(arguments)
    try:
        anchors = Anchors(given.anchors, key_in(given.key) if given.key else None)
        ledger = verify(given.dump, anchors)
    except UnreadableError as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n" if given.json else "")
        sys.stderr.write("" if given.json else f"{error}\n")
        return 2
    notes = notes_on(anchors, ledger)
    sys.stdout.write((as_json if given.json else as_text)(ledger, notes) + "\n")
    return 1 if ledger.found else 0


if __name__ == "__main__":
    sys.exit(main())
