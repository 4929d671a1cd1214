"""The anchors that were taken, and whether the ledger still is what they saw."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from budgets.models import AcceptedRestore, Anchor
from budgets.rules import restores
from budgets.rules.anchors import AnchoredChain, Heads, NotAnAnchorError, digest_of, is_signed_by, name_of, read


@dataclass(frozen=True, slots=True)
class AnchorCheck:
    """How many anchors there are, and each place where one is not as it was, or the ledger is not as one saw it.

    `restores` has a sentence for each restore that was accepted: what anchors saw beyond it is given up, and that is said.
    """

    anchors: int
    breaks: list[str] = field(default_factory=list)
    restores: list[str] = field(default_factory=list)


def anchor_file(number: int) -> Path:
    """Return where the anchor of this number lies, or would."""
    return Path(settings.ANCHOR_DIR) / name_of(number)


def restore_file(number: int) -> Path:
    """Return where the accepted restore of this number lies, or would."""
    return Path(settings.ANCHOR_DIR) / restores.name_of(number)


def anchor_key() -> bytes | None:
    """Return the key that anchors are signed with, or None where there is none yet."""
    path = Path(settings.ANCHOR_KEY_FILE)
    return bytes.fromhex(path.read_text().strip()) if path.is_file() else None


def current_heads() -> Heads:
    """Return the ends of all chains, the ledger's read by one statement: a posting is in all of them or in none."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        rows = cursor.fetchall()
        chains = {}
        for name, chain in anchored_chains().items():
            cursor.execute(chain.heads)
            chains[name] = [list(row) for row in cursor.fetchall()]
    others = {name: found for name, found in chains.items() if found}
    journals, entries = rows[0][7:] if rows else (0, 0)
    return Heads([list(row[:7]) for row in rows], journals, entries, others)


def anchored_chains() -> dict[str, AnchoredChain]:
    """Return the chains of other rooms that anchors hold, by name."""
    return {name: chain for room in apps.get_app_configs() for name, chain in getattr(room, "anchored_chains", {}).items()}


def chains_in(anchor: Anchor) -> dict[str, list[list[str]]]:
    """Return what the file of an anchor says of other rooms' chains; nothing where it is not there or is none."""
    path = anchor_file(anchor.number)
    try:
        said: dict[str, list[list[str]]] = read(path.read_bytes()).get("chains", {})
    except (OSError, NotAnAnchorError):
        return {}
    return said


def check_anchors() -> AnchorCheck:
    """Hold every anchor in the folder against its own signature, the one before it, its row, and the ledger as it is now."""
    files = sorted(Path(settings.ANCHOR_DIR).glob("anchor-*.json"))
    known = {anchor.name: anchor.digest for anchor in Anchor.objects.all()}
    accepted, breaks = _accepted_restores()
    breaks += _not_there(known, files)
    breaks += _breaks(files, known, accepted)
    return AnchorCheck(len(known.keys() | {path.name for path in files}), breaks, [sentence_of(said) for said in accepted])


def sentence_of(restore: dict[str, Any]) -> str:
    """Say what was accepted, and how far that goes."""
    later = f"anchors after {restore['anchor']} and before that moment hold only as far as it reached"
    why = f": {restore['reason']}" if restore["reason"] else ""
    what = f"restore {restore['number']} from {restore['backup']}, accepted {restore['accepted_at']} by {restore['by']}"
    return f"{what}{why}; {later}"


def _not_there(known: dict[str, str], files: list[Path]) -> list[str]:
    there = {path.name for path in files}
    return [f"{name} is not in {settings.ANCHOR_DIR}" for name in known if name not in there]


def _accepted_restores() -> tuple[list[dict[str, Any]], list[str]]:
    """Return the accepted restores that are as they were written, and what is wrong. One that is not signed counts not."""
    files = sorted(Path(settings.ANCHOR_DIR).glob("restore-*.json"))
    known = {restore.name: restore.digest for restore in AcceptedRestore.objects.all()}
    accepted, breaks, before = list[dict[str, Any]](), _not_there(known, files), ""
    for path in files:
        content = path.read_bytes()
        try:
            said = restores.read(content)
        except NotAnAnchorError:
            breaks.append(f"{path.name} is not an accepted restore")
            continue
        wrong = _wrong_with(path.name, said, digest_of(content), known, before)
        breaks += wrong
        if not wrong:
            accepted.append(said)
            before = digest_of(content)
    for said in accepted:
        giving_up = [other for other in accepted if restores.gives_up_restore(other, said)]
        breaks += _differing(restores.name_of(int(said["number"])), restores.still_held(said["accounts"], giving_up))
    return accepted, breaks


def _wrong_with(name: str, said: dict[str, Any], digest: str, known: dict[str, str], before: str) -> list[str]:
    key, wrong = anchor_key(), list[str]()
    if known.get(name) != digest:
        wrong.append(f"{name} is not the restore that was accepted" if name in known else f"{name} has no row")
    if said["before"] != before:
        wrong.append(f"{name} does not follow the accepted restore before it")
    if key is not None and not is_signed_by(said, key):
        wrong.append(f"{name} is not signed with the key")
    return wrong


def _breaks(files: list[Path], known: dict[str, str], accepted: list[dict[str, Any]]) -> Iterator[str]:
    key, before, seen = anchor_key(), "", dict[str, list[str]]()
    if files and key is None:
        yield f"the anchors' key is not at {settings.ANCHOR_KEY_FILE}"
    for path in files:
        content = path.read_bytes()
        if known.get(path.name) != digest_of(content):
            yield f"{path.name} is not the anchor that was taken" if path.name in known else f"{path.name} has no row"
        try:
            anchor = read(content)
        except NotAnAnchorError:
            yield f"{path.name} is not an anchor"
            continue
        if anchor["before"] != before:
            yield f"{path.name} does not follow the anchor before it"
        if key is not None and not is_signed_by(anchor, key):
            yield f"{path.name} is not signed with the key"
            continue
        held = restores.still_held(anchor["accounts"], [one for one in accepted if restores.gives_up_anchor(one, anchor)])
        yield from _differing(path.name, [row for row in held if seen.get(row[0]) != row])
        if not any(restores.gives_up_anchor(one, anchor) for one in accepted):
            yield from _chains_differing(path.name, anchor.get("chains", {}))
        seen.update({row[0]: row for row in held})
        before = digest_of(content)


def _chains_differing(name: str, chains: dict[str, list[list[str]]]) -> Iterator[str]:
    known = anchored_chains()
    with connection.cursor() as cursor:
        for chain, rows in chains.items():
            if chain not in known:
                yield f"{name} holds {chain}, which nothing here knows"
                continue
            cursor.execute(known[chain].differing, [json.dumps(rows)])
            for whose, number in cursor.fetchall():
                yield f"number {number} of the {chain} of {whose} is not what {name} saw"


def _differing(name: str, accounts: list[list[Any]]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING, [name, json.dumps(accounts)])
        return [row[0] for row in cursor.fetchall()]


_HEADS = """
SELECT a.id::text, a.seq::text, encode(a.head, 'hex'), a.budget_id::text, a.cost_centre_id::text, a.category_id::text, a.currency,
       n.journals, n.entries
FROM budgets_fundsaccount a
CROSS JOIN (SELECT (SELECT count(*) FROM budgets_journal) AS journals, (SELECT count(*) FROM budgets_entry) AS entries) n
ORDER BY a.id
"""

_DIFFERING = """
SELECT format('link %%s of account %%s is not what %%s saw', x.seq, x.id, %s::text)
FROM (SELECT (r->>0)::bigint AS id, (r->>1)::bigint AS seq, r->>2 AS hash,
             jsonb_build_array(r->3, r->4, r->5, r->6) AS node FROM jsonb_array_elements(%s::jsonb) r) x
LEFT JOIN budgets_fundsaccount a ON a.id = x.id
LEFT JOIN budgets_link l ON l.account_id = x.id AND l.seq = x.seq
WHERE a.id IS NULL OR x.seq > 0 AND encode(l.hash, 'hex') IS DISTINCT FROM x.hash
   OR x.node <> jsonb_build_array(a.budget_id::text, a.cost_centre_id::text, a.category_id::text, a.currency)
ORDER BY x.id
"""
