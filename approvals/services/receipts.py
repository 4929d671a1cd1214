"""Receipts: what a decider saw and said, written by the database into its entity's chain, in the decision's transaction."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.db import connection

from approvals.models import Decision, Receipt, Request, Stage
from approvals.rules.receipts import FORM, canonical, moment
from approvals.selectors.receipts import dump_lines
from approvals.selectors.terms import terms_of
from core.models import Entity, User


def keep_receipt(*, decision: Decision, request: Request, stage: Stage | None = None) -> None:
    """Keep what was decided on. The caller has written the decision, and holds the request's lock.

    Where an approval stands from the round before, it says which: its decider saw that one's content, and not this. Where the
    policy approved by itself there is no stage, and the rule is named.
    """
    content = request.rounds.get(number=decision.round).content
    version = request.policy_version
    assert version is not None
    bound = terms_of(request)
    earlier = decision.stands_from
    _write(
        decision,
        Receipt.Kind.DECISION,
        _head(decision, request, Receipt.Kind.DECISION)
        | {
            "content": content | {"vendor_id": str(request.vendor_id or "")} | ({"bound": bound} if bound else {}),
            "reason": request.reason,
            "attachments": [
                {"name": file.name, "size": str(file.size), "sha256": file.sha256} for file in request.attachments.order_by("id")
            ],
            "stage": {"number": str(stage.number), "name": stage.name, "role": stage.role_code} if stage else None,
            "rule": decision.rule.name if decision.rule else "",
            "risk": {"score": str(_score(request)), "reasons": [reason["text"] for reason in request.risk_reasons]},
            "slot": str(decision.slot),
            "delegation": str(decision.delegation_id or ""),
            "undo_until": moment(decision.undo_until) if decision.undo_until else "",
            "policy": {"code": version.policy.code, "version": str(version.number), "digest": version.digest},
        }
        | ({"stands_from": _earlier(earlier)} if earlier else {}),
    )


def keep_taking_back(*, decision: Decision, request: Request) -> None:
    """Keep that a decision was taken back. The caller has voided it."""
    assert decision.voided_at is not None
    said = _head(decision, request, Receipt.Kind.TAKEN_BACK) | {"taken_back_at": moment(decision.voided_at)}
    _write(decision, Receipt.Kind.TAKEN_BACK, said)


def write_dump(*, entity: Entity, path: Path) -> int:
    """Write an entity's receipts to `path`, for verify_receipts.py; return how many. The file appears when it is whole.

    Raises OSError where the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    count = 0
    try:
        with partial.open("xb") as file, dump_lines(entity) as lines:
            for count, line in enumerate(lines):  # noqa: B007  the last one is the end's
                file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count - 1


def _head(decision: Decision, request: Request, kind: str) -> dict[str, Any]:
    return {
        "form": FORM,
        "kind": str(kind),
        "entity": request.entity.code,
        "request": request.number,
        "round": str(decision.round),
        "decision": str(decision.pk),
        "digest": decision.digest,
        "verdict": str(decision.verdict),
        "comment": decision.comment,
        "decider": _person(decision.person) if decision.person else _policy(decision),
        "on_behalf_of": _person(decision.on_behalf_of) if decision.on_behalf_of else None,
        "decided_at": moment(decision.decided_at),
    }


def _earlier(decision: Decision) -> dict[str, str]:
    """Name the approval that stands."""
    return {"decision": str(decision.pk), "round": str(decision.round), "digest": decision.digest}


def _score(request: Request) -> int | str:
    return "" if request.risk_score is None else request.risk_score


def _policy(decision: Decision) -> dict[str, Any]:
    """Name the policy in the place of a person."""
    return {"id": None, "name": decision.who, "email": ""}


def _person(person: User) -> dict[str, str]:
    return {"id": str(person.pk), "name": person.name, "email": person.email}


def _write(decision: Decision, kind: str, said: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT approvals_write_receipt(%s, %s, %s)", [decision.pk, str(kind), canonical(said)])
