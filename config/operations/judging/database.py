"""Whether the database is fit and its walls stand. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from config.operations.parts import Part, bad, fine, listed, note

OLDEST = 150000
PREPARE = "Stop Purser and run manage.py up: it migrates and hardens as the owner. By hand: manage.py prepare, as the owner."


def judge_reach(version: int, failure: str) -> list[Part]:
    """Judge whether the server answers, and is new enough. `version` is PostgreSQL's server_version_num."""
    if failure:
        fix = "Start it (manage.py up starts the embedded one), or correct DATABASE_URL."
        return [bad("database", f"The database does not answer: {failure}", fix)]
    said = f"PostgreSQL {version // 10000}.{version % 10000}"
    if version < OLDEST:
        newer = bad(
            "database-version", f"{said} is too old.", "Move to PostgreSQL 15 or newer: dump, restore there, set DATABASE_URL."
        )
        return [fine("database", "The database answers."), newer]
    return [fine("database", "The database answers."), fine("database-version", f"{said}; 15 or newer is needed.")]


def judge_encoding(encoding: str, collation: str, *, deterministic_order: bool) -> Part:
    """Judge the database's encoding; names in any script must fit, and be told apart."""
    if encoding != "UTF8":
        return bad(
            "encoding", f"The database is kept in {encoding}.", "Create a database with ENCODING 'UTF8' and restore into it."
        )
    if not deterministic_order:
        return bad(
            "encoding",
            f"The collation {collation} takes different names for one.",
            "Create the database with a collation that does not.",
        )
    return fine("encoding", f"UTF8, ordered by {collation}.")


@dataclass(frozen=True, slots=True)
class Roles:
    """Who the app is in the database."""

    current: str
    login: str
    wanted: str
    is_superuser: bool
    login_is_superuser: bool
    bypasses_rows: bool
    owns_tables: bool
    wanted_exists: bool


def judge_role(roles: Roles) -> Part:
    """Judge whether the app runs without the owner's rights. One role for both is possible, and said."""
    if roles.current == roles.wanted and (roles.is_superuser or roles.owns_tables or roles.bypasses_rows):
        what = "is a superuser" if roles.is_superuser else "owns tables" if roles.owns_tables else "passes by row-level security"
        fix = (
            f"As a superuser: ALTER ROLE {roles.wanted} NOSUPERUSER NOBYPASSRLS; give its tables to the owner; then manage.py up."
        )
        return bad("app-role", f"The app's role {roles.current} {what}.", fix)
    if roles.owns_tables or roles.is_superuser:
        made = (
            f'As a superuser: CREATE ROLE {roles.wanted}; GRANT {roles.wanted} TO "{roles.login}"; then manage.py up takes it up.'
        )
        there = "Run this with the app's login in DATABASE_URL, as manage.py up does: the owner's rights are for migrations."
        fix = there if roles.wanted_exists else made
        return note("app-role", f"One role for all ({roles.current}): the ledger is guarded by triggers alone.", fix)
    if roles.login_is_superuser:
        fix = f"Give DATABASE_URL a login of its own that is no superuser and may SET ROLE {roles.wanted}."
        return note("app-role", f"The app is {roles.current}, but logs in as the superuser {roles.login}.", fix)
    return fine("app-role", f"The app is {roles.current}: no owner, no superuser.")


def judge_ledger_walls(succeeded: Collection[str], tried: int, *, one_role: bool) -> Part:
    """Judge what of writing to closed tables was not refused when it was tried."""
    if one_role:
        return note("ledger-walls", "Not tried: the owner may do anything; triggers guard the ledger.", "See the check app-role.")
    if succeeded:
        return bad("ledger-walls", f"The app may do what it must not: {listed(sorted(succeeded))}.", PREPARE)
    return fine("ledger-walls", f"{tried} ways to write where the app only reads were tried; all were refused.")


def judge_triggers(*, disabled: Collection[str], missing: Collection[str], replication: str) -> Part:
    """Judge whether the triggers that hold append-only rows and legal states are in force."""
    if replication != "origin":
        fix = "ALTER ROLE or DATABASE ... RESET session_replication_role, then start Purser again."
        return bad("triggers", f"session_replication_role is {replication}: no trigger fires.", fix)
    if disabled:
        one = min(disabled)
        table, _, trigger = one.partition(".")
        fix = f"As the owner: ALTER TABLE {table} ENABLE TRIGGER {trigger}; and so for each. Then manage.py check_ledger."
        return bad("triggers", f"Switched off: {listed(sorted(disabled))}.", fix)
    if missing:
        fix = "As the owner: manage.py pgtrigger install; then manage.py check_ledger."
        return bad("triggers", f"Missing: {listed(sorted(missing))}.", fix)
    return fine("triggers", "Every trigger is there and in force.")


def judge_migrations(missing: Collection[str], unknown: Collection[str]) -> Part:
    """Judge whether code and tables are of one version."""
    if missing:
        return bad("migrations", f"Not applied: {listed(sorted(missing))}.", PREPARE)
    if unknown:
        fix = "Run the version of Purser that made this database, or a newer one; going back is by restoring a backup."
        return bad("migrations", f"The database is ahead of this code: {listed(sorted(unknown))}.", fix)
    return fine("migrations", "All are applied.")


def judge_hardening(too_open: Collection[str], *, stands_aside: bool, one_role: bool) -> Part:
    """Judge what the catalog says of the app's rights."""
    if stands_aside and not one_role:
        return bad("hardening", "Triggers may be told to stand aside (_pgtrigger_should_ignore).", PREPARE)
    if too_open and not one_role:
        return bad("hardening", f"More is open to the app than declared: {listed(sorted(too_open))}.", PREPARE)
    if one_role:
        return note("hardening", "There is one role, so there is nothing to take from the app.", "See the check app-role.")
    return fine("hardening", "The app's rights are as declared.")


def judge_rows(unguarded: Collection[str], seen: Mapping[str, int], *, walled: int, one_role: bool) -> Part:
    """Judge row-level security: `unguarded` tables should have it in force, and `seen` showed rows to a session for nobody."""
    if unguarded:
        return bad("row-security", f"Row-level security is not in force on {listed(sorted(unguarded))}.", PREPARE)
    if shown := sorted(table for table, count in seen.items() if count):
        return bad("row-security", f"Rows are shown to a session that stands for nobody: {listed(shown)}.", PREPARE)
    if one_role:
        return note("row-security", "The owner passes by it unless it is forced.", "See the check app-role.")
    return fine("row-security", f"In force on {walled} tables; a session that stands for nobody sees nothing.")


def judge_clock(seconds_apart: float) -> Part:
    """Judge this machine's clock against the database's: moments of one story come from both."""
    if abs(seconds_apart) > 5:
        which = "ahead of" if seconds_apart > 0 else "behind"
        fix = "Let both machines keep time by NTP: timedatectl set-ntp true."
        return bad("clock", f"This machine's clock is {abs(seconds_apart):.0f} s {which} the database's.", fix)
    return fine("clock", "This machine's clock agrees with the database's.")
