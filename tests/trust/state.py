"""What the whole database says, in a number for each table, to compare moments by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.apps import apps
from django.db.models import FileField

# Sessions come and go; what a migration wrote about itself says nothing of the books.
SKIPPED = frozenset({"django_session", "django_migrations"})
# Salts and the names of kept files are drawn at random, and some moments, which the ledger's hashes cover, are of the server's
# own clock, those of sessions of a library's: two runs that do the same differ in them. Only whether there is one counts.
DRAWN = {
    "core_user": ("password",),
    "core_firstadministratorlink": ("token_hash",),
    "approvals_decisionlink": ("nonce", "token_hash", "credential"),
    "core_outboxevent": ("recorded_at", "due_at"),
    "usersessions_usersession": ("created_at", "last_seen_at"),
    "approvals_decision": ("recorded_at", "voided_in"),
    "approvals_receipt": ("recorded_at",),
    "budgets_journal": ("recorded_at",),
    "budgets_entry": ("recorded_at",),
    "budgets_link": ("prev", "hash"),
    "budgets_fundsaccount": ("head", "posted_at"),
}
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
# Numbers, moments and hashes differ between two runs that do the same.
LOOSE = r"regexp_replace({row}, '[0-9a-f]{{16,}}|[0-9]+', '#', 'g')"
Digest = dict[str, tuple[int, int]]
Notes = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class State:
    """How to digest a database. `exact` tells any two states apart; `loose` is equal where two runs did the same.

    `notes` are columns in which a failure itself may be kept, by table; without columns it is the whole table.
    """

    exact: str
    loose: str

    @classmethod
    def whole(cls, tables: Sequence[str]) -> "State":
        """Leave nothing out: any change of these tables shows."""
        text = _query(dict.fromkeys(tables, "t::text"))
        return cls(text, text)

    @classmethod
    def of(cls, tables: Sequence[str], notes: Notes) -> "State":
        kept = [table for table in tables if table not in SKIPPED and notes.get(table) != ()]
        rows = {table: _row(table, notes.get(table, ())) for table in kept}
        return cls(_query(rows), _query({table: LOOSE.format(row=row) for table, row in rows.items()}))

    def digest(self, database: psycopg.Connection[Any], *, loose: bool = False) -> Digest:
        """Return, for each table, the number of its rows and the sum of their hashes."""
        # To plan so many tables takes longer than to read them.
        rows = database.execute(self.loose if loose else self.exact, prepare=True)
        return {table: (count, hashed) for table, count, hashed in rows}


def tables_of(database: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in database.execute(TABLES)]


def differences(one: Digest, other: Digest) -> list[str]:
    """Return the tables in which two states differ."""
    return sorted(table for table in {*one, *other} if one.get(table) != other.get(table))


def _row(table: str, notes: Sequence[str]) -> str:
    drawn = [*DRAWN.get(table, ()), *_files().get(table, ())]
    row = "to_jsonb(t)" if drawn or notes else ""
    for column in drawn:
        row = f"{row} || jsonb_build_object('{column}', left(t.{column}::text, 1) <> '')"
    if notes:
        row = f"({row}) - ARRAY[{', '.join(repr(column) for column in notes)}]"
    return f"({row})::text" if row else "t::text"


def _query(rows: Mapping[str, str]) -> str:
    parts = [
        f"SELECT '{table}', count(*), coalesce(sum(hashtextextended({row}, 0)), 0) FROM public.{table} t"
        for table, row in rows.items()
    ]
    return " UNION ALL ".join(parts)


def _files() -> dict[str, list[str]]:
    return {
        model._meta.db_table: [str(field.column) for field in model._meta.concrete_fields if isinstance(field, FileField)]
        for model in apps.get_models()
    }
