"""The chain as docs/ledger.md describes it, verified without the database's functions."""

import hashlib
import json
from datetime import UTC
from decimal import Decimal

from budgets.models import Entry, Journal, Link
from budgets.services.ledger import reverse
from core.models import User
from tests.factories.budgets import move
from tests.fixtures.budgets import SmallBudget


def _text(link: Link) -> str:
    journal: Journal = link.journal
    account = link.account
    entries = Entry.objects.filter(journal=journal, account_id=link.account_id).order_by("number")
    fields = [
        "v2",
        str(link.account_id),
        str(link.seq),
        [str(account.budget_id), str(account.cost_centre_id), str(account.category_id), account.currency],
        str(journal.pk),
        journal.key,
        bytes(journal.digest).hex(),
        journal.kind,
        str(journal.entity_id),
        str(journal.actor_id or ""),
        journal.source_type,
        journal.source_id,
        str(journal.reverses_id or ""),
        str(journal.settles_id or ""),
        str(journal.is_fact).lower(),
        str(journal.is_override).lower(),
        journal.memo,
        journal.correlation_id,
        journal.recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        [_entry_text(row) for row in entries],
    ]
    return json.dumps(fields, ensure_ascii=False)


def _entry_text(row: Entry) -> list[str]:
    said = [str(row.number), str(row.month), row.bucket, _plain(row.amount), row.thread, row.memo]
    return [*said, _plain(row.rate), _plain(row.pooled)]


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def test_a_stranger_can_verify_every_link(small_budget: SmallBudget, controller: User) -> None:
    account = small_budget.account
    for amount, memo in (("100", "plain"), ("0.1", 'quotes " and \\ and | and \n\t\x01\x7f'), ("-0.05", "ünï – 漢字 🧾")):
        posted = move(account, "spent", amount, memo=memo, thread=memo[:80], actor=controller)
    reverse(journal_id=posted.id, key="undo", actor=None)
    prev, links = b"", Link.objects.filter(account=account).order_by("seq").select_related("journal")
    assert len(links) == 5
    for link in links:
        assert bytes(link.prev) == prev
        prev = hashlib.sha256(prev + _text(link).encode()).digest()
        assert bytes(link.hash) == prev
    account.refresh_from_db()
    assert bytes(account.head) == prev
    assert account.seq == 5
