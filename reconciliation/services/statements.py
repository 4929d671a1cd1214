"""Bank statements: recorded once, chained by their balances, their entries turned into payments."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db import transaction

from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.services.audit import record
from core.services.outbox import publish
from reconciliation.events import StatementRecorded
from reconciliation.locks import lock_bank_account
from reconciliation.models import BankAccount, BankEntry, ImportFile, Payment, Statement, StatusEvent
from reconciliation.rules import states
from reconciliation.rules.camt import EntryDetail, ParsedStatement, StatementEntry
from reconciliation.services.exceptions import resolve_exceptions
from reconciliation.services.findings import gap_key, raise_changed, raise_gap, raise_unbalanced
from reconciliation.services.folds import BANK
from reconciliation.services.returns import note_returns


@dataclass(frozen=True, slots=True)
class RecordedStatement:
    """The statement, and whether it is new here."""

    statement: Statement
    is_new: bool


@transaction.atomic
def record_statement(
    *, entity: Entity, statement: ParsedStatement, actor: User | None, import_file: ImportFile | None = None
) -> RecordedStatement:
    """Record a bank statement with its entries and payments. The same one again changes nothing, twice at once included.

    A statement that does not follow on from its neighbours, or does not add up, is recorded and raises an exception:
    what a bank says is never refused. Raises InvalidInput where it names no account or no currency.
    """
    account = _lock_account(entity, statement)
    digest = _digest(statement)
    identification = statement.identification[:80] or f"{statement.first_on}/{digest[:16]}"
    known = Statement.objects.filter(bank_account=account, identification=identification).first()
    if known:
        if known.digest != digest:
            raise_changed(known)
        return RecordedStatement(known, is_new=False)
    made = _create(account, statement, identification, digest, import_file)
    payments = _create_payments(made, _create_entries(made, statement))
    _chain(made)
    if statement.unexplained:
        raise_unbalanced(made, amount=statement.unexplained)
    note_returns(payments)
    after = {"statement": identification, "entries": made.entry_count, "closing": str(made.closing)}
    record(actor=actor, verb="statement.recorded", subject=made, entity=entity, after=after)
    publish(StatementRecorded(statement_id=made.pk, actor_id=actor.pk if actor else None))
    return RecordedStatement(made, is_new=True)


def _lock_account(entity: Entity, parsed: ParsedStatement) -> BankAccount:
    if not parsed.account or not parsed.currency:
        raise InvalidInput(
            "The statement names no account or no currency.", remedy="Download it from the bank again.", code="no_account"
        )
    account, _ = BankAccount.objects.get_or_create(
        entity=entity, iban=parsed.account[:34], currency=parsed.currency, defaults={"name": parsed.account_name[:200]}
    )
    return lock_bank_account(account.pk)


def _digest(parsed: ParsedStatement) -> str:
    return hashlib.sha256(repr(parsed).encode()).hexdigest()


def _create(
    account: BankAccount, parsed: ParsedStatement, identification: str, digest: str, import_file: ImportFile | None
) -> Statement:
    return Statement.objects.create(
        bank_account=account,
        identification=identification,
        sequence=parsed.sequence[:40],
        from_on=parsed.first_on,
        to_on=parsed.last_on,
        opening=parsed.opening,
        closing=parsed.closing,
        entry_count=len(parsed.entries),
        digest=digest,
        import_file=import_file,
        recorded_at=clock.now(),
    )


def _create_entries(statement: Statement, parsed: ParsedStatement) -> list[tuple[BankEntry, StatementEntry]]:
    rows = [_entry(statement, said) for said in parsed.entries]
    return list(zip(BankEntry.objects.bulk_create(rows), parsed.entries, strict=True))


def _entry(statement: Statement, said: StatementEntry) -> BankEntry:
    first = said.parts[0]
    return BankEntry(
        statement=statement,
        number=said.number,
        booked_on=said.booked_on,
        value_on=said.value_on,
        amount=said.amount,
        currency=said.currency,
        counterparty_name=first.counterparty_name[:300],
        counterparty_iban=first.counterparty_iban[:34],
        reference=(first.remittance or said.information)[:600],
        end_to_end_id=first.end_to_end_id[:80],
        bank_reference=said.bank_reference[:80],
        is_reversal=said.is_reversal,
        details=[_detail(part) for part in said.details],
    )


def _detail(part: EntryDetail) -> dict[str, str]:
    return {name: str(getattr(part, name)) for name in part.__dataclass_fields__ if getattr(part, name) not in ("", None)}


def _create_payments(statement: Statement, entries: list[tuple[BankEntry, StatementEntry]]) -> list[Payment]:
    """Make one payment per part: the entry and its parts are never both counted."""
    rows = [payment for entry, said in entries for payment in _payments(statement, entry, said)]
    payments = Payment.objects.bulk_create(rows)
    StatusEvent.objects.bulk_create([_booked(payment) for payment in payments])
    return payments


def _payments(statement: Statement, entry: BankEntry, said: StatementEntry) -> Iterator[Payment]:
    for number, part in enumerate(said.parts, start=1):
        if part.amount == 0:
            continue
        yield Payment(
            entity=statement.bank_account.entity,
            entry=entry,
            number=number,
            booked_on=entry.booked_on,
            amount=-part.amount,
            open_amount=-part.amount,
            currency=part.currency or entry.currency,
            counterparty_name=part.counterparty_name[:300],
            counterparty_iban=part.counterparty_iban[:34],
            end_to_end_id=part.end_to_end_id[:80],
            structured_reference=part.reference[:80],
            remittance=(part.remittance or said.information)[:600],
            is_return=entry.is_reversal,
            recorded_at=clock.now(),
        )


def _booked(payment: Payment) -> StatusEvent:
    """Return the bank's word that the payment was booked, on its own day."""
    at = datetime.combine(payment.booked_on, time(), UTC)
    external_id = f"entry:{payment.entry_id}:{payment.number}"
    return StatusEvent(payment=payment, source=BANK, code=states.BOOKED, at=at, external_id=external_id, recorded_at=clock.now())


def _chain(statement: Statement) -> None:
    """Put the statement between its neighbours by date, and check both joints. A late one closes the gap that it left."""
    others = Statement.objects.filter(bank_account=statement.bank_account).exclude(pk=statement.pk)
    others = others.select_related("bank_account__entity")
    before = others.filter(to_on__lte=statement.to_on).order_by("to_on", "id").last()
    after = others.filter(to_on__gt=statement.to_on).order_by("to_on", "id").first()
    if before:
        _join(before, statement)
    if after:
        _join(statement, after)


def _join(before: Statement, statement: Statement) -> None:
    statement.previous = before
    statement.save(update_fields=["previous"])
    if before.closing is None or statement.opening is None:
        return
    if before.closing == statement.opening:
        resolve_exceptions(entity=statement.bank_account.entity, keys=[gap_key(statement)])
    else:
        raise_gap(statement, before=before, amount=statement.opening - before.closing)
