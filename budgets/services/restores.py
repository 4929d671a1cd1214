"""Accepting that the ledger came back from a backup: what later anchors saw beyond it is given up, signed and said for ever."""

from datetime import datetime
from typing import Any

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import AcceptedRestore, Anchor
from budgets.rules import restores
from budgets.rules.anchors import Heads, NotAnAnchorError, digest_of, is_signed_by
from budgets.selectors.anchors import current_heads, restore_file
from budgets.services.anchors import adopt_what_lies_there, signing_key, write_anchor, write_once
from core import clock
from core.archive import keep_copy
from core.errors import WrongState


@transaction.atomic
def accept_restore(*, by: str, reason: str, backup: str, token: str) -> AcceptedRestore:
    """Write down that the ledger was restored, as it is now, and take an anchor of it.

    One restore, known by its token, is accepted once. Raises WrongState where files lie in the anchors' folder that do not follow
    what is known.
    """
    lock_key("anchor")
    key = signing_key()
    known = AcceptedRestore.objects.order_by("number").last()
    anchor = Anchor.objects.order_by("number").last()
    heads = current_heads()
    accepted = _adopt(known, key)
    last = adopt_what_lies_there(anchor, key)
    if accepted is None or _token_of(accepted) != token:
        told = {"by": by, "reason": reason, "backup": backup, "token": token, **_given_up(known, anchor)}
        accepted = _accept(accepted, told, heads, key)
    # Its file may be older than its row: then the commit failed, and the anchor is still to come.
    if heads.accounts and (last is None or last.taken_at < accepted.accepted_at):
        write_anchor(last=last, heads=heads, key=key)
    return accepted


def _given_up(known: AcceptedRestore | None, anchor: Anchor | None) -> dict[str, Any]:
    """Return up to where the backup knew anchors and restores, and the later anchors that are known here."""
    after = anchor.number if anchor else 0
    later = Anchor.objects.filter(number__gt=after).order_by("number")
    restores_known = str(known.number if known else 0)
    return {"anchor": str(after), "restores": restores_known, "given_up": [[str(row.number), row.digest] for row in later]}


def _accept(before: AcceptedRestore | None, told: dict[str, Any], heads: Heads, key: bytes) -> AcceptedRestore:
    number = before.number + 1 if before else 1
    content = restores.signed(
        number=number, before=before.digest if before else "", accepted_at=clock.now(), told=told, heads=heads, key=key
    )
    accepted = _record(restores.read(content), content)
    write_once(restore_file(number), content)
    keep_copy(restore_file(number), f"anchors/{accepted.name}")
    return accepted


def _adopt(last: AcceptedRestore | None, key: bytes) -> AcceptedRestore | None:
    """Make the rows of what was accepted after the backup, or just before the commit failed."""
    while (path := restore_file(last.number + 1 if last else 1)).exists():
        content = path.read_bytes()
        try:
            said = restores.read(content)
        except NotAnAnchorError as error:
            raise _does_not_follow(str(path)) from error
        if said["before"] != (last.digest if last else "") or not is_signed_by(said, key):
            raise _does_not_follow(str(path))
        last = _record(said, content)
    return last


def _token_of(accepted: AcceptedRestore) -> str:
    path = restore_file(accepted.number)
    return str(restores.read(path.read_bytes())["token"]) if path.is_file() else ""


def _record(said: dict[str, Any], content: bytes) -> AcceptedRestore:
    number = int(said["number"])
    return AcceptedRestore.objects.create(
        number=number,
        accepted_at=datetime.fromisoformat(said["accepted_at"]),
        by=said["by"],
        reason=said["reason"],
        backup=said["backup"],
        anchor=int(said["anchor"]),
        given_up=said["given_up"],
        digest=digest_of(content),
        name=restore_file(number).name,
    )


def _does_not_follow(path: str) -> WrongState:
    return WrongState(
        f"{path} does not follow the last accepted restore that this database knows.",
        remedy="Give this database a folder of its own in PURSER_ANCHOR_DIR, and keep the other: it says what was there.",
        code="foreign_anchor",
    )
