#!/usr/bin/env python3
"""Verify receipts of decisions, on any machine: the standard library of Python 3.11 is all it needs.

    python verify_receipts.py DUMP_OR_RECEIPT [--held RECEIPT …] [--head NUMBER:HASH …]
        [--anchors FOLDER_OR_FILE …] [--key FILE] [--json]

DUMP is what `manage.py dump_receipts` wrote; RECEIPT is one that was downloaded from a request's page (docs/receipts.md).
Whoever can rewrite the whole database can compute a chain anew. Receipts that were kept elsewhere (--held), ends of the chain
that were noted before (--head), and anchors of the ledger, which hold each chain's end (--anchors, docs/verify.md), are what that
cannot change. With --key the anchors' signatures are verified too.
Exit codes: 0 whole, 1 something differs (each place is named), 2 wrong use, or a file that cannot be read.
"""

import argparse
import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

DUMP_FORM, FORM, ANCHOR_FORM = "purser-receipts-1", "purser-receipt-1", "purser-anchor-1"
LONGEST_LINE = 64 * 1024 * 1024
WITHOUT_OTHERS = (
    "Nothing was given that was kept elsewhere: this can only show that the chain is consistent in itself. "
    "Whoever can rewrite the whole database can also compute it anew."
)
Row = dict[str, Any]


class UnreadableError(Exception):
    """A file is not what it is taken for. The message is a sentence that says which and where."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place that differs: the receipt's number, the request where it is known, and what is wrong there."""

    what: str
    receipt: str = ""
    request: str = ""

    def __str__(self) -> str:
        named = [f"{name} {getattr(self, name)}" for name in ("receipt", "request") if getattr(self, name)]
        return f"{', '.join(named) or 'chain'}: {self.what}"


# Reading ---------------------------------------------------------------------------------------------------------------


def rows_of(path: Path) -> Iterator[Row]:
    """Yield a file's lines. Raises UnreadableError."""
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                yield _row(path, number, line)
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}.") from error


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        row = json.loads(line) if len(line) <= LONGEST_LINE else None
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path}, line {number} is not JSON.") from error
    if not isinstance(row, dict) or row.get("line") not in {"head", "receipt", "end"}:
        raise UnreadableError(f"{path}, line {number} is no line of receipts.")
    if not all(isinstance(value, str) for value in row.values()):
        raise UnreadableError(f"{path}, line {number} does not say what a receipt says.")
    return row


def receipt_in(path: Path) -> Row:
    """Return the one receipt of a file. Raises UnreadableError."""
    rows = list(rows_of(path))
    if len(rows) != 1 or rows[0]["line"] != "receipt":
        raise UnreadableError(f"{path} is not one receipt.")
    return rows[0]


@dataclass(frozen=True, slots=True)
class Anchor:
    """What an anchor says of receipts: by organization the number and hash of its chain's end. None where it says nothing."""

    number: str
    ends: dict[str, tuple[str, str]] | None
    is_signed: bool


def anchors_in(paths: list[Path], key: bytes | None) -> list[Anchor]:
    """Return the anchors of files and folders, in order. Raises UnreadableError."""
    files = [file for path in paths for file in (sorted(path.glob("anchor-*.json")) if path.is_dir() else [path])]
    if paths and not files:
        raise UnreadableError(f"{paths[0]} holds no anchor.")
    return sorted((_anchor(path, key) for path in files), key=lambda anchor: _number(anchor.number))


def _anchor(path: Path, key: bytes | None) -> Anchor:
    try:
        content = path.read_bytes()
        said = json.loads(content)
        if said["form"] != ANCHOR_FORM or content != canonical(said).encode() + b"\n":
            raise UnreadableError(f"{path} is not an anchor in its canonical form.")
        chains = said["chains"]["receipts"] if "receipts" in said.get("chains", {}) else None
        ends = None if chains is None else {str(whose): (str(number), str(last)) for whose, number, last in chains}
        unsigned = canonical({name: value for name, value in said.items() if name != "signature"}).encode() + b"\n"
        is_signed = key is None or hmac.compare_digest(hmac.new(key, unsigned, "sha256").hexdigest(), str(said["signature"]))
        return Anchor(str(_number(said["number"])), ends, is_signed)
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{path} is not an anchor.") from error


def key_in(path: Path) -> bytes:
    """Return the anchors' key. Raises UnreadableError."""
    try:
        return bytes.fromhex(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path} is not the anchors' key.") from error


# What is hashed --------------------------------------------------------------------------------------------------------


def canonical(said: Any) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(row: Row) -> str:
    """Return the hash that a receipt must have: of the one before it, its entity, its number, and its body as it stands."""
    return hashlib.sha256("\n".join((row["prev"], row["entity"], row["number"], row["body"])).encode()).hexdigest()


def digest_of(content: Row) -> str:
    """Return the digest that a decision is bound to, from the content that was shown."""
    vendor = content["vendor_id"]
    said = {
        "kind": content["kind"],
        "currency": content["currency"],
        "vendor": int(vendor) if vendor else None,
        "monthly_increase": _plain(content["monthly_increase"]),
        "lines": [
            [line["account"], line["month"], *(_plain(line[name]) for name in ("net", "vat", "recoverable"))]
            for line in content["lines"]
        ],
    }
    if content.get("bound"):
        said["terms"] = content["bound"]
    if content.get("particulars"):
        said["particulars"] = content["particulars"]
    # Said only where there are any, as the digest is made.
    said |= {name: content[name] for name in ("tags", "emergency") if content.get(name)}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(amount: str) -> str:
    return f"{Decimal(amount):.2f}" if amount else ""


# Judging ---------------------------------------------------------------------------------------------------------------


class Chain:
    """The receipts of one entity as they go by. `found` holds the places that differ."""

    def __init__(self, held: list[Row], heads: dict[str, str]) -> None:
        self.found: list[Place] = []
        self.count = 0
        self.entity = ""
        self._prev, self._number = "", 0
        self._kept = {**{row["number"]: row["hash"] for row in held}, **heads}
        self._missing = set(self._kept)
        self._decided: dict[str, str] = {}
        self._taken_back: set[str] = set()
        self._anchored: dict[str, list[tuple[str, str]]] = {}
        self.anchors = 0

    def say(self, what: str, row: Row | None = None, body: Row | None = None) -> None:
        self.found.append(Place(what, row["number"] if row else "", str((body or {}).get("request", ""))))

    def hold(self, anchors: list[Anchor]) -> None:
        """Be held to what anchors saw of this entity's chain."""
        for anchor in anchors:
            if not anchor.is_signed:
                self.say(f"the signature of anchor {anchor.number} is not one that this key makes")
            elif anchor.ends is not None and self.entity in anchor.ends:
                number, last = anchor.ends[self.entity]
                self.anchors += 1
                self._anchored.setdefault(str(_number(number)), []).append((anchor.number, last))

    def take(self, row: Row) -> None:
        """Judge one receipt in its place in the chain."""
        body = judge_alone(row, self.say)
        number = _number(row["number"])
        if number != self._number + 1:
            gap = "it comes twice, or out of its order" if number <= self._number else f"those after {self._number} are missing"
            self.say(gap, row, body)
        elif row["prev"] != self._prev:
            self.say("it does not follow the one before it: that one, or this one's place, was changed", row, body)
        if row["entity"] != self.entity:
            self.say(f"it is of {row['entity']}, and the chain is of {self.entity}", row, body)
        self._prev, self._number, self.count = row["hash"], max(number, self._number), self.count + 1
        self._missing.discard(row["number"])
        if self._kept.get(row["number"], row["hash"]) != row["hash"]:
            self.say("what was kept elsewhere has another hash: the chain was computed anew from here, or before", row, body)
        for anchor, last in self._anchored.pop(row["number"], ()):
            if last != row["hash"]:
                self.say(f"anchor {anchor} saw another hash: the chain was computed anew from here, or before", row, body)
        self._pair(row, body)

    def _pair(self, row: Row, body: Row) -> None:
        decision, kind = str(body.get("decision")), body.get("kind")
        if kind == "decision" and decision in self._decided:
            self.say(f"decision {decision} has a receipt already", row, body)
        if kind == "decision":
            self._decided[decision] = str(body.get("digest"))
            self._hold_to_earlier(row, body)
        elif decision not in self._decided:
            self.say(f"decision {decision} is taken back, and there is no receipt of it", row, body)
        elif decision in self._taken_back:
            self.say(f"decision {decision} is taken back twice", row, body)
        else:
            self._taken_back.add(decision)

    def _hold_to_earlier(self, row: Row, body: Row) -> None:
        """What stands from a round before names a decision of this chain, as it was made, and that was not taken back."""
        stands = body.get("stands_from")
        if stands is None:
            return
        named = stands if isinstance(stands, dict) else {}
        earlier = str(named.get("decision"))
        if self._decided.get(earlier) != str(named.get("digest")):
            self.say(f"it stands from decision {earlier:.20}, and there is no such receipt before it", row, body)
        elif earlier in self._taken_back:
            self.say(f"it stands from decision {earlier:.20}, which was taken back", row, body)

    def finish(self, end: Row) -> None:
        """Hold the chain's end against what the database says it is, and say which of those kept elsewhere are not there."""
        if end["receipts"] != str(self._number):
            self.say(f"it ends with {self._number}, and the database counted {end['receipts']}")
        elif end["hash"] != self._prev:
            self.say("its last hash is not the one that the database holds as its end")
        for number in sorted(self._missing, key=_number):
            self.found.append(Place("it was kept elsewhere, and is not there", number))
        for number in sorted(self._anchored, key=_number):
            for anchor, _ in self._anchored[number]:
                self.found.append(Place(f"anchor {anchor} saw it, and it is not there", number))


def judge_alone(row: Row, say: Any) -> Row:
    """Judge a receipt by itself; return its body. `say` takes what is wrong, the row and the body."""
    try:
        body = json.loads(row["body"])
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        say("its body is not JSON", row)
        return {}
    if hash_of(row) != row["hash"]:
        say("its hash is not that of what it says: its body, number, entity or predecessor was changed", row, body)
    if canonical(body) != row["body"]:
        say("its body is not in canonical form", row, body)
    if body.get("form") != FORM or body.get("kind") not in {"decision", "taken_back"}:
        say(f"its form is {body.get('form')!r:.40}, its kind {body.get('kind')!r:.40}", row, body)
    elif body.get("entity") != row["entity"]:
        say("its body names another entity", row, body)
    elif body["kind"] == "decision":
        try:
            fits = digest_of(body["content"]) == body["digest"]
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation):
            fits = False
        if not fits:
            say("its digest is not that of the content that it shows", row, body)
    return body


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise UnreadableError(f"{text!r:.40} is no receipt's number.")
    return int(text)


def verify(path: Path, held: list[Row], heads: dict[str, str], anchors: list[Anchor] | None = None) -> Chain:
    """Verify a dump, or one receipt by itself. Raises UnreadableError."""
    chain = Chain(held, heads)
    for row in held:
        judge_alone(row, chain.say)
    rows = rows_of(path)
    first = next(rows, None)
    if first is None:
        raise UnreadableError(f"{path} is empty.")
    try:
        if first["line"] == "receipt":
            _alone(chain, first, path, rows, anchors or [])
        else:
            _whole(chain, first, path, rows, anchors or [])
    except KeyError as error:
        raise UnreadableError(f"{path} has a line without {error}.") from error
    return chain


def _alone(chain: Chain, row: Row, path: Path, rest: Iterator[Row], anchors: list[Anchor]) -> None:
    if next(rest, None) is not None:
        raise UnreadableError(f"{path} does not begin as a dump does.")
    judge_alone(row, chain.say)
    chain.count, chain.entity = 1, row["entity"]
    # Of one receipt an anchor says something where it was the chain's end.
    ends = [anchor for anchor in anchors if (anchor.ends or {}).get(row["entity"], ("", ""))[0] == row["number"]]
    chain.hold(ends)
    for anchor in ends:
        if anchor.is_signed and anchor.ends is not None and anchor.ends[row["entity"]][1] != row["hash"]:
            chain.say(f"anchor {anchor.number} saw another hash", row)


def _whole(chain: Chain, head: Row, path: Path, rest: Iterator[Row], anchors: list[Anchor]) -> None:
    if head["line"] != "head" or head["form"] != DUMP_FORM:
        raise UnreadableError(f"{path} is no dump of receipts.")
    chain.entity, last = head["entity"], head
    chain.hold(anchors)
    for row in rest:
        if last["line"] == "end" or row["line"] == "head":
            raise UnreadableError(f"{path} goes on after its end.")
        last = row
        if row["line"] == "receipt":
            chain.take(row)
    if last["line"] != "end":
        raise UnreadableError(f"{path} ends before its last line: it was cut short.")
    chain.finish(last)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a dump, or one receipt")
    parser.add_argument("--held", type=Path, nargs="+", default=[], help="receipts that were kept elsewhere")
    parser.add_argument("--head", nargs="+", default=[], help="NUMBER:HASH of receipts that were noted elsewhere")
    parser.add_argument("--anchors", type=Path, nargs="+", default=[], help="anchors of the ledger, or folders of them")
    parser.add_argument("--key", type=Path, help="the key that anchors are signed with")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    options = parser.parse_args(arguments)
    try:
        held = [receipt_in(path) for path in options.held]
        heads = dict(each.split(":", 1) for each in options.head if ":" in each)
        if len(heads) != len(options.head):
            raise UnreadableError("--head takes NUMBER:HASH.")
        anchors = anchors_in(options.anchors, key_in(options.key) if options.key else None)
        chain = verify(options.file, held, heads, anchors)
    except UnreadableError as error:
        sys.stderr.write(f"{json.dumps({'error': str(error)}) if options.json else error}\n")
        return 2
    notes = [] if held or heads or chain.anchors else [WITHOUT_OTHERS]
    if silent := [anchor.number for anchor in anchors if anchor.is_signed and chain.entity not in (anchor.ends or {})]:
        notes.append(f"Of {len(anchors)} anchors {len(silent)} say nothing of the receipts of {chain.entity}.")
    if options.json:
        found = [asdict(place) for place in chain.found]
        said = [json.dumps({"receipts": chain.count, "anchors": chain.anchors, "found": found, "notes": notes})]
    else:
        held_by = f", held by {chain.anchors} anchors" if anchors else ""
        end = f"{chain.count} receipts of {chain.entity}{held_by}: {len(chain.found) or 'nothing'} differs."
        said = [*map(str, chain.found), *notes, end]
    sys.stdout.write("".join(f"{line}\n" for line in said))
    return 1 if chain.found else 0


if __name__ == "__main__":
    sys.exit(main())
