"""Taking anchors: the ends of all chains, signed, in a file outside the database, out of reach of whoever rewrites that."""

import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from budgets.locks import lock_key
from budgets.models import Anchor
from budgets.rules.anchors import Heads, NotAnAnchorError, digest_of, is_signed_by, read, signed
from budgets.selectors.anchors import anchor_file, anchor_key, chains_in, current_heads
from core import clock
from core.archive import keep_copy
from core.errors import WrongState

KEY_BYTES = 32


@transaction.atomic
def take_anchor() -> tuple[Anchor | None, bool]:
    """Take an anchor now. Returns the newest there is, and whether this call took it: where no chain has grown since, it did not.

    Raises WrongState where a file of the next number lies in the folder and does not follow the last anchor.
    """
    lock_key("anchor")
    key = signing_key()
    last = adopt_what_lies_there(Anchor.objects.order_by("number").last(), key)
    heads = current_heads()
    if not heads.accounts or (last is not None and _counts(last) == heads.counts and chains_in(last) == heads.chains):
        return last, False
    return write_anchor(last=last, heads=heads, key=key), True


def write_anchor(*, last: Anchor | None, heads: Heads, key: bytes) -> Anchor:
    """Write the next anchor, in the caller's transaction, which holds the lock on anchors."""
    now, number, before = clock.now(), _number_after(last), last.digest if last else ""
    content = signed(heads=heads, number=number, before=before, taken_at=now, key=key)
    anchor = _record(read(content), content)
    # The file comes last: should the commit fail after it, the next call finds it and makes its row.
    write_once(anchor_file(number), content)
    keep_copy(anchor_file(number), f"anchors/{anchor.name}")
    return anchor


def _number_after(last: Anchor | None) -> int:
    return last.number + 1 if last else 1


def _counts(anchor: Anchor) -> dict[str, int]:
    return {"accounts": anchor.accounts, "journals": anchor.journals, "entries": anchor.entries}


def adopt_what_lies_there(last: Anchor | None, key: bytes) -> Anchor | None:
    """Make the rows of anchors whose commit failed after their file was written, or that a restore has set back before."""
    while (path := anchor_file(_number_after(last))).exists():
        content = path.read_bytes()
        try:
            anchor = read(content)
        except NotAnAnchorError as error:
            raise _does_not_follow(path) from error
        if anchor["before"] != (last.digest if last else "") or not is_signed_by(anchor, key):
            raise _does_not_follow(path)
        last = _record(anchor, content)
    return last


def _does_not_follow(path: Path) -> WrongState:
    return WrongState(
        f"{path} does not follow the last anchor that this database knows.",
        remedy="Give this database a folder of its own in PURSER_ANCHOR_DIR, and keep the other: it says what was there.",
        code="foreign_anchor",
    )


def _record(anchor: dict[str, Any], content: bytes) -> Anchor:
    number = int(anchor["number"])
    return Anchor.objects.create(
        number=number,
        taken_at=datetime.fromisoformat(anchor["taken_at"]),
        digest=digest_of(content),
        name=anchor_file(number).name,
        **anchor["counts"],
    )


def signing_key() -> bytes:
    """Return the key that anchors are signed with, made where there is none yet."""
    return anchor_key() or _new_key()


def _new_key() -> bytes:
    """Make the key, once: of two that try, one finds the other's."""
    path = Path(settings.ANCHOR_KEY_FILE)
    with suppress(FileExistsError):
        write_once(path, secrets.token_hex(KEY_BYTES).encode() + b"\n", mode=0o600)
    return bytes.fromhex(path.read_text().strip())


def write_once(path: Path, content: bytes, *, mode: int = 0o444) -> None:
    """Write a file that was not there, whole and on the disk before it has its name. Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces what is there.
        path.hardlink_to(partial)
    finally:
        partial.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
