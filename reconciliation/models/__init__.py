"""The nouns of reconciliation."""

from reconciliation.models.attributes import InvoiceAttribute
from reconciliation.models.banking import BankAccount, BankEntry, Payment, Statement
from reconciliation.models.commitments import CommitmentMatch
from reconciliation.models.confirmations import Confirmation
from reconciliation.models.events import StatusEvent
from reconciliation.models.exceptions import ExceptionItem
from reconciliation.models.ingest import ImportFile, RawRow, Source
from reconciliation.models.invoices import Invoice, InvoiceLine
from reconciliation.models.matching import Allocation
from reconciliation.models.suggestions import Suggestion

__all__ = [
    "Allocation",
    "BankAccount",
    "BankEntry",
    "CommitmentMatch",
    "Confirmation",
    "ExceptionItem",
    "ImportFile",
    "Invoice",
    "InvoiceAttribute",
    "InvoiceLine",
    "Payment",
    "RawRow",
    "Source",
    "Statement",
    "StatusEvent",
    "Suggestion",
]
