"""What reconciliation announces. Amounts stay in the rows; events carry ids."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class InvoiceRecorded(Event):
    """An invoice was recorded, or became matchable again."""

    topic: ClassVar[str] = "reconciliation.invoice_recorded"
    invoice_id: int
    actor_id: int | None


@dataclass(frozen=True)
class StatementRecorded(Event):
    """A bank statement was recorded; its payments look for their invoices."""

    topic: ClassVar[str] = "reconciliation.statement_recorded"
    statement_id: int
    actor_id: int | None


@dataclass(frozen=True)
class PaymentMatchFound(Event):
    """A payment names an invoice beyond doubt; its handler looks again and applies it."""

    topic: ClassVar[str] = "reconciliation.payment_match_found"
    payment_id: int


@dataclass(frozen=True)
class AnswerFound(Event):
    """An invoice line answers a request beyond doubt; its handler looks again and applies it."""

    topic: ClassVar[str] = "reconciliation.answer_found"
    invoice_line_id: int


@dataclass(frozen=True)
class InvoiceCoded(Event):
    """Every line of an invoice is on a budget line, and payments wait to be posted as paid."""

    topic: ClassVar[str] = "reconciliation.invoice_coded"
    invoice_id: int


@dataclass(frozen=True)
class ConfirmationLost(Event):
    """The invoice that a ledger's row confirmed is on no budget line any more; its handler lets the row count by itself."""

    topic: ClassVar[str] = "reconciliation.confirmation_lost"
    confirmation_id: int


@dataclass(frozen=True)
class PaymentAllocated(Event):
    """A payment settles an invoice, in whole or in part."""

    topic: ClassVar[str] = "reconciliation.payment_allocated"
    allocation_id: int


@dataclass(frozen=True)
class CommitmentLiquidated(Event):
    """An invoice line was matched to a request line."""

    topic: ClassVar[str] = "reconciliation.commitment_liquidated"
    match_id: int
