"""Planting: every column of text in every room's tables takes a hostile text, but for those that keep rows findable."""

from collections.abc import Iterator
from typing import Any

import psycopg
from django.apps import apps
from django.db.models import CharField, EmailField, Field, FileField, Model, SlugField, TextField
from psycopg import sql

ROOMS = ("core", "budgets", "approvals", "reconciliation", "reporting")
# What an address leads by, what code looks things up by, and what a hash covers: a person's text never comes to stand there.
KEPT = frozenset({
    "code", "number", "currency", "time_zone", "country", "subdivision", "path", "kind", "topic", "key", "state", "status",
    "level", "digest", "sha256", "snapshot_sha256", "snapshot", "content_type", "password", "correlation_id",
    "source_type", "subject_type", "subject_id", "source_id", "bucket",
    "thread", "form_key", "token", "token_hash", "weekdays", "format", "role_code", "language", "prefix",
    # JSON as a text, which the database writes itself.
    "approvals.Receipt.body",
})  # fmt: skip


def fields() -> Iterator[tuple[type[Model], Field[Any, Any]]]:
    """Give each column that is planted: found in the models, so that one that is added is planted too."""
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            if model._meta.managed and not model._meta.proxy:
                yield from ((model, field) for field in model._meta.concrete_fields if _is_text(field))


def _is_text(field: Field[Any, Any]) -> bool:
    if not isinstance(field, CharField | TextField) or isinstance(field, EmailField | SlugField | FileField):
        return False
    return not (
        field.choices
        or field.unique
        or field.primary_key
        or {field.name, str(field)} & KEPT
        or type(field).__name__ == "FSMField"
    )


def plant(owner: psycopg.Connection[Any], texts: list[str], *, turn: int) -> dict[str, int]:
    """Put texts in, another one in each column and row and at each turn; return how many columns and cells took one.

    Straight into the rows, past the forms: what a form would not take may have come by another way. What a constraint of the
    database refuses stays as it was.
    """
    columns = cells = 0
    for table in {model._meta.db_table for model, _ in fields()}:
        # The walls against changing what was written stay down: this database ends with the measure.
        owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
    for place, (model, field) in enumerate(fields()):
        planted = _plant_column(owner, model, field, texts, place + turn)
        columns, cells = columns + bool(planted), cells + planted
    return {"columns": columns, "cells": cells}


def _plant_column(owner: psycopg.Connection[Any], model: type[Model], field: Any, texts: list[str], first: int) -> int:
    table, key = sql.Identifier(model._meta.db_table), sql.Identifier(str(model._meta.pk.column))
    rows = owner.execute(sql.SQL("SELECT {} FROM {} ORDER BY 1 LIMIT 400").format(key, table)).fetchall()
    planted = 0
    for number, (row,) in enumerate(rows):
        text = texts[(first + number) % len(texts)][: field.max_length or 20_000]
        try:
            with owner.transaction():
                statement = sql.SQL("UPDATE {} SET {} = %s WHERE {} = %s")
                owner.execute(statement.format(table, sql.Identifier(field.column), key), [text, row])
        except psycopg.IntegrityError:
            continue
        planted += 1
    return planted
