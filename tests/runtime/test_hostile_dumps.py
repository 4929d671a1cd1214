"""The stand-alone verifier refuses what is not a dump, or not an anchor, with a sentence: never a traceback, never a verdict."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

VERIFIER = Path(settings.BASE_DIR) / "verify_ledger.py"
HEAD = {"line": "head", "form": "purser-ledger-1"}
END = {"line": "end", "accounts": "0", "links": "0", "journals": "0", "entries": "0", "balances": "0"}
ACCOUNT = {"line": "account", "id": "1", "node": ["1", "1", "1", "EUR"], "name": "One", "seq": "0", "head": ""}
BALANCE = {"line": "balance", "month": "2026-01-01", "sums": {}}
JOURNAL = {"line": "journal", "journal": {"id": "1"}, "entries": []}


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run the verifier as an auditor would: isolated, without the project or its packages on the path."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def refused(path: Path, content: bytes, *more: Any) -> str:
    """Return the sentence with which this content is refused."""
    path.write_bytes(content)
    done = run(path, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_empty_ledger_is_whole(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(lines(HEAD, END))
    done = run(tmp_path / "dump")
    assert done.returncode == 0
    assert "The ledger is whole." in done.stdout
    assert "only show that the chains are consistent in themselves" in done.stdout


def test_a_packed_dump_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(lines(HEAD, *({**ACCOUNT, "id": str(number)} for number in range(1, 500)), END))
    assert "cannot be read after line" in refused(tmp_path / "dump.gz", packed[:-200])
    assert "cannot be read after line" in refused(tmp_path / "dump.gz", packed[:200] + b"\0" * 50 + packed[250:])


NOT_DUMPS = {
    "empty": (b"", "cut short"),
    "not JSON": (b"PK\x03\x04\n", "Line 1 is not JSON"),
    "not UTF-8": (b'{"line": "\xff\xfe"}\n', "Line 1 is not JSON"),
    "no object": (lines(HEAD, [1, 2]), "Line 2 is not a JSON object"),
    "too deep": (b"[" * 200_000 + b"\n", "Line 1 is not JSON"),
    "a number too long": (lines(HEAD) + b'{"line": ' + b"9" * 10_000 + b"}\n", "Line 2 is not JSON"),
    "another form": (lines({**HEAD, "form": "purser-ledger-9"}, END), "its form is"),
    "no head": (lines(END), "does not belong here"),
    "two heads": (lines(HEAD, HEAD, END), "does not belong here"),
    "no end": (lines(HEAD, ACCOUNT), "cut short"),
    "more after the end": (lines(HEAD, END, END), "does not belong here"),
    "an unknown line": (lines(HEAD, {"line": "gift"}, END), "Line 2 is not one of a ledger's dump"),
    "a list for a name": (lines(HEAD, {"line": []}, END), "Line 2 is not one of a ledger's dump"),
    "no id": (lines(HEAD, {**ACCOUNT, "id": None}, END), "Line 2 is not one of a ledger's dump"),
    "an id that is none": (lines(HEAD, {**ACCOUNT, "id": "-1"}, END), "is no number"),
    "an account twice": (lines(HEAD, ACCOUNT, ACCOUNT, END), "account 1 comes after 1"),
    "no sums": (lines(HEAD, ACCOUNT, BALANCE, END), "Line 3 is not one of a ledger's dump"),
    "a balance of nobody": (lines(HEAD, BALANCE, END), "no account was named before it"),
    "an account after the journals": (lines(HEAD, JOURNAL, ACCOUNT, END), "Line 2 is not one of a ledger's dump"),
}


@pytest.mark.parametrize("name", NOT_DUMPS)
def test_what_is_no_dump_is_refused(tmp_path: Path, name: str) -> None:
    content, said = NOT_DUMPS[name]
    assert said in refused(tmp_path / "dump", content)


def test_a_huge_line_is_refused_before_it_is_read(tmp_path: Path) -> None:
    endless = gzip.compress(lines(HEAD) + b'{"line": "' + b"x" * (80 << 20), compresslevel=1)
    assert "Line 2 is longer than 67,108,864 bytes." in refused(tmp_path / "dump.gz", endless)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        done = run(path)
        assert done.returncode == 2
        assert "cannot be read" in done.stderr
        assert "cannot be read" in json.loads(run(path, "--json").stdout)["error"]


def test_wrong_use_is_refused() -> None:
    assert run().returncode == 2
    assert run("--whole").returncode == 2


ANCHOR = {
    "form": "purser-anchor-1",
    "number": "1",
    "taken_at": "",
    "before": "",
    "counts": {"entries": 0},
    "accounts": [],
    "signature": "",
}


def _canonical(anchor: dict[str, Any]) -> bytes:
    return json.dumps(anchor, sort_keys=True, separators=(",", ":")).encode() + b"\n"


NOT_ANCHORS = {
    "not JSON": (b"{", "is not an anchor"),
    "no object": (b"[]\n", "is not an anchor"),
    "not canonical": (json.dumps(ANCHOR).encode(), "is not an anchor in its canonical form"),
    "no number": (_canonical({**ANCHOR, "number": "one"}), "is no number"),
    "no signature": (_canonical({name: said for name, said in ANCHOR.items() if name != "signature"}), "is not an anchor"),
    "no counts": (_canonical({**ANCHOR, "counts": {"entries": "many"}}), "does not say what an anchor says"),
    "no list of counts": (_canonical({**ANCHOR, "counts": []}), "is not an anchor"),
    "no heads": (_canonical({**ANCHOR, "accounts": [["1", "2"]]}), "is not an anchor"),
    "heads that are none": (_canonical({**ANCHOR, "accounts": [["1", "x", "", "1", "1", "1", "EUR"]]}), "is no number"),
}


@pytest.mark.parametrize("name", NOT_ANCHORS)
def test_what_is_no_anchor_is_refused(tmp_path: Path, name: str) -> None:
    content, said = NOT_ANCHORS[name]
    (tmp_path / "anchor-000001.json").write_bytes(content)
    assert said in refused(tmp_path / "dump", lines(HEAD, END), "--anchors", tmp_path / "anchor-000001.json")


def test_no_anchors_and_no_key_where_they_should_be_are_refused(tmp_path: Path) -> None:
    dump, folder = tmp_path / "dump", tmp_path / "anchors"
    assert "is not there" in refused(dump, lines(HEAD, END), "--anchors", folder)
    folder.mkdir()
    assert "holds no anchor" in refused(dump, lines(HEAD, END), "--anchors", folder)
    assert "is no key file" in refused(dump, lines(HEAD, END), "--key", dump)
