"""Whether the ledger's proofs are fresh: anchors, checks, backups. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.operations.parts import Part, ago, bad, fine, note

FRESH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Anchoring:
    """What is known of the anchors.

    `since`: how many journals came after the last. `posted`: when the oldest came that is in none.
    """

    taken_at: datetime | None
    posted: datetime | None
    since: int
    file_is_there: bool
    key_is_there: bool


def judge_anchors(found: Anchoring, *, now: datetime) -> Part:
    """Judge whether what is posted is anchored outside the database within two days, and the key is there to prove it."""
    fix = "manage.py take_anchor; and see that the beat and the schedule “budgets: take the day's anchor” run."
    if found.taken_at and not found.key_is_there:
        return bad(
            "anchors",
            "The anchors' key is gone: they prove nothing without it.",
            "Put it back at PURSER_ANCHOR_KEY_FILE from its copy; see docs/verify.md.",
        )
    if found.taken_at and not found.file_is_there:
        return bad(
            "anchors",
            "The last anchor's file is gone from PURSER_ANCHOR_DIR.",
            "Put the folder PURSER_ANCHOR_DIR back from its copy; see docs/verify.md.",
        )
    if not found.since:
        return fine(
            "anchors",
            f"All that is posted is anchored; the last from {ago(found.taken_at, now)}."
            if found.taken_at
            else "Nothing is posted yet.",
        )
    if found.posted is not None and now - found.posted > FRESH:
        return bad("anchors", f"{found.since:,} journals are in no anchor, the oldest from {ago(found.posted, now)}.", fix)
    return fine("anchors", f"{found.since:,} journals wait for the day's anchor.")


@dataclass(frozen=True, slots=True)
class Last:
    """A sign that something ran: when, whether well, and its words."""

    at: datetime
    is_well: bool
    said: str


def judge_ledger_check(last: Last | None, *, now: datetime) -> Part:
    """Judge the outcome and the age of the daily check."""
    if last is None:
        return note("ledger-check", "The ledger was never checked here.", "manage.py check_ledger; the beat has it done daily.")
    if not last.is_well:
        fix = "manage.py check_ledger names the places; docs/verify.md says what to do. Let nobody post until it is known."
        return bad("ledger-check", f"The check of {ago(last.at, now)} failed: {last.said}", fix)
    if now - last.at > FRESH:
        return bad(
            "ledger-check",
            f"The last check is from {ago(last.at, now)}.",
            "manage.py check_ledger; and see that beat and worker run.",
        )
    return fine("ledger-check", f"Checked {ago(last.at, now)}: {last.said}.")


def judge_backup(last: Last | None, *, now: datetime) -> Part:
    """Judge the age of the last backup that Purser itself made."""
    fix = "manage.py backup; let the system's timer run it daily, and copy what it makes to another machine."
    if last is None:
        return note("backup", "Purser has made no backup here.", fix)
    if not last.is_well:
        return bad("backup", f"The backup of {ago(last.at, now)} failed: {last.said}", fix)
    if now - last.at > FRESH:
        return bad("backup", f"The last backup is from {ago(last.at, now)}.", fix)
    return fine("backup", f"The last backup is from {ago(last.at, now)}. {last.said}".strip())
