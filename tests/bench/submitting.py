"""The sides of P1: a submission through the services, the same rows by bare statements, and the whole of submitting a request."""

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
from django.db import models, transaction

from approvals.models import Request, RequestLine
from approvals.services.requests import submit_request
from budgets.services.ledger import CALL, Posting, post
from config.runtime.logins import Login
from core.models import AuditRecord, Entity, User
from core.services import audit
from tests.bench.lines import MONTH, Lines

AMOUNT = Decimal("10.00")
Act = Callable[[], object]
Row = Mapping[str, Any]


def pick(lines: Lines, hot: bool) -> int:
    """Return the account to ask of: always the same one, or any."""
    return lines.account_ids[0] if hot else random.choice(lines.account_ids)


def through_services(login: Login, *, lines: Lines, hot: bool) -> Act:
    """Return a submission: request, line and audit record by the ORM, then the posting, in one transaction."""
    entity, person = Entity.objects.get(pk=lines.entity_id), User.objects.get(pk=lines.person_id)

    @transaction.atomic
    def act() -> None:
        account_id, number = pick(lines, hot), uuid4().hex[:20]
        asked = {"kind": "vendor_payment", "title": "Laptops", "currency": lines.currency, "amount": AMOUNT}
        request = Request.objects.create(number=number, entity=entity, requester=person, **asked)
        bought = {"number": 1, "description": "Laptops", "month": MONTH, "net": AMOUNT}
        line = RequestLine.objects.create(request=request, account_id=account_id, **bought)
        audit.record(actor=person, verb="request.submitted", subject=request, entity=entity, after={"state": "submitted"})
        post(
            key=f"request:{number}:reserve",
            kind="reserve",
            entity=entity,
            postings=[Posting(account_id, MONTH, "reserved", AMOUNT, line.thread, number)],
            actor=person,
            source=("request", str(request.pk)),
            memo=f"{number} Laptops",
        )

    return act


def whole_submission(login: Login, *, lines: Lines, drafts: int) -> Act:
    """Return the submission of a draft, with routing, stages and timers, over all lines; so many drafts are made beforehand."""
    person = User.objects.get(pk=lines.person_id)
    waiting = _drafts(lines, drafts)

    def act() -> None:
        if not waiting:
            waiting.extend(_drafts(lines, 100))
        submit_request(request_id=waiting.pop(), actor=person)

    return act


@transaction.atomic
def _drafts(lines: Lines, count: int) -> list[int]:
    asked = {"entity_id": lines.entity_id, "requester_id": lines.person_id, "currency": lines.currency, "amount": AMOUNT}
    requests = Request.objects.bulk_create(
        Request(number=uuid4().hex[:20], kind="vendor_payment", title="Laptops", **asked) for _ in range(count)
    )
    RequestLine.objects.bulk_create(
        RequestLine(request=request, number=1, description="Laptops", account_id=pick(lines, False), month=MONTH, net=AMOUNT)
        for request in requests
    )
    return [request.pk for request in requests]


def by_bare_statements(login: Login, *, lines: Lines, hot: bool) -> Act:
    """Return the same rows by INSERT and the same call of the posting function, on a connection of psycopg."""
    database = login.connect()
    database.autocommit = False

    def act() -> None:
        account_id, number, now = pick(lines, hot), uuid4().hex[:20], datetime.now(UTC)
        request_id = _insert(database, Request, _request(lines, number, now))
        line_id = _insert(database, RequestLine, _line(request_id, account_id))
        _insert(database, AuditRecord, _audit(lines, request_id, now))
        database.execute(CALL, _posting(lines, number, request_id, line_id, account_id)).fetchone()
        database.commit()

    return act


def _insert(database: psycopg.Connection[Any], model: type[models.Model], row: Row) -> int:
    statement = _STATEMENTS.get(model) or _STATEMENTS.setdefault(model, _statement(model, row))
    found = database.execute(statement, list(row.values())).fetchone()
    assert found is not None
    return int(found[0])


_STATEMENTS: dict[type[models.Model], str] = {}


def _statement(model: type[models.Model], row: Row) -> str:
    """Return the INSERT that the ORM would send. Raises ValueError for a row of other columns than the model's: no fair peer."""
    stored = [field for field in model._meta.concrete_fields if not field.primary_key]
    generated = [str(field.column) for field in stored if getattr(field, "generated", False)]
    columns = {str(field.column) for field in stored}.difference(generated)
    if columns != set(row):
        raise ValueError(f"{model._meta.label}: the bare side must write {columns ^ set(row)} too, or no longer.")
    names, places = ", ".join(row), ", ".join(["%s"] * len(row))
    return f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({places}) RETURNING {', '.join(['id', *generated])}"


def _request(lines: Lines, number: str, now: datetime) -> Row:
    return {
        "number": number,
        "entity_id": lines.entity_id,
        "kind": "vendor_payment",
        "subject_kind": "spend",
        "title": "Laptops",
        "reason": "",
        "vendor_id": None,
        "requester_id": lines.person_id,
        "currency": lines.currency,
        "amount": AMOUNT,
        "monthly_increase": None,
        "needed_by": None,
        "tags": "{}",
        "is_emergency": False,
        "card_id": None,
        "under_contract_id": None,
        "risk_score": None,
        "risk_reasons": "[]",
        "state": "draft",
        "round": 0,
        "reopened": 0,
        "digest": "",
        "policy_version_id": None,
        "trace": "[]",
        "follow_up": "",
        "copied_from_id": None,
        "form_key": None,
        "created_at": now,
        "updated_at": now,
        "submitted_at": None,
        "decided_at": None,
    }


def _line(request_id: int, account_id: int) -> Row:
    return {
        "request_id": request_id,
        "number": 1,
        "description": "Laptops",
        "account_id": account_id,
        "month": MONTH,
        "net": AMOUNT,
        "vat": Decimal(0),
        "recoverable": Decimal(0),
    }


def _audit(lines: Lines, request_id: int, now: datetime) -> Row:
    return {
        "at": now,
        "actor_id": lines.person_id,
        "acted_by_id": None,
        "by_token_id": None,
        "verb": "request.submitted",
        "subject_type": "approvals.request",
        "subject_id": str(request_id),
        "entity_id": lines.entity_id,
        "correlation_id": "",
        "before": None,
        "after": '{"state": "submitted"}',
    }


def _posting(lines: Lines, number: str, request_id: int, line_id: int, account_id: int) -> list[Any]:
    """Return the values of the posting function in their order."""
    entry = {"account": account_id, "month": MONTH.isoformat(), "bucket": "reserved", "amount": str(AMOUNT)}
    entries = json.dumps([{**entry, "thread": f"request-line:{line_id}", "memo": number}])
    said = [f"request:{number}:reserve", "reserve", lines.entity_id, lines.person_id, "request", str(request_id)]
    return [*said, None, "", False, False, f"{number} Laptops", "", entries, None]
