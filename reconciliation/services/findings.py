"""The exceptions that invoices, commitments and payments raise: the sentences, the figures, the keys."""

from collections.abc import Mapping
from decimal import Decimal

from reconciliation.models import Allocation, CommitmentMatch, Invoice, Payment, RawRow, Statement
from reconciliation.rules.same_document import Doubt
from reconciliation.services.exceptions import raise_exception


def raise_uncoded(invoice: Invoice) -> None:
    """Say that an invoice has lines without a budget line."""
    raise_exception(
        entity=invoice.entity,
        code="uncoded_invoice",
        subject=invoice,
        key=f"invoice:{invoice.pk}:uncoded",
        sentence=f"Invoice {invoice.number} of {invoice.vendor.name} is not on a budget line yet.",
        remedy="Match it to its request, or choose a budget line and a month.",
        amount=invoice.gross,
        currency=invoice.currency,
    )


def raise_counted_besides(invoice: Invoice, rows: Mapping[RawRow, Doubt]) -> None:
    """Say that rows of ledgers that name a coded invoice are spent besides it, so that the document may count twice."""
    amount = sum((row.amount or Decimal(0) for row in rows), Decimal(0))
    raise_exception(
        entity=invoice.entity,
        code="counted_besides",
        subject=invoice,
        key=besides_key(invoice),
        sentence=_besides(invoice, rows, amount),
        remedy="On the invoice's page say which row is this document, or close this with the reason why both are owed.",
        amount=amount,
        currency=invoice.currency,
    )


def _besides(invoice: Invoice, rows: Mapping[RawRow, Doubt], amount: Decimal) -> str:
    named = f"invoice {invoice.number} of {invoice.vendor.name}"
    if len(rows) > 1:
        return f"{len(rows)} rows of ledgers name {named} and are spent besides it: {amount:,} may count twice."
    [(row, doubt)] = rows.items()
    subject = f"Row {row.number} of {row.import_file.name}"
    if doubt == Doubt.AMOUNT:
        return f"{subject} names {named} and says {amount:,}, the invoice {invoice.gross:,}: both are spent."
    if doubt == Doubt.SEVERAL:
        return f"{subject} is like an earlier row that is {named}, and is spent besides it: {amount:,} may count twice."
    return f"{subject} is {named} too, and stands in a closed month: {amount:,} count twice."


def besides_key(invoice: Invoice) -> str:
    """Return the key of the exception of an invoice besides which rows are spent."""
    return f"invoice:{invoice.pk}:besides"


def raise_over_commitment(match: CommitmentMatch, *, beyond: Decimal, remaining: Decimal) -> None:
    """Say that an invoice costs more than was left of the commitment; the excess is spent beyond it."""
    invoice, line = match.invoice_line.invoice, match.request_line
    raise_exception(
        entity=invoice.entity,
        code="over_commitment",
        subject=invoice,
        key=over_key(match),
        sentence=(
            f"Invoice {invoice.number} costs {match.amount:,} and {remaining:,} was left of {line.request.number} "
            f"line {line.number}: {beyond:,} is spent beyond the commitment."
        ),
        remedy="Ask for the difference with a new request, or ask the vendor for a corrected invoice.",
        amount=beyond,
        currency=invoice.currency,
    )


def over_key(match: CommitmentMatch) -> str:
    """Return the key of what a match raises."""
    return f"commitment-match:{match.pk}:over"


def raise_unmatched(payment: Payment) -> None:
    """Say that money left without an invoice to settle. What merely came in raises nothing."""
    if payment.amount < 0 and not payment.is_return:
        return
    whom = payment.counterparty_name or "an unnamed account"
    raise_exception(
        entity=payment.entity,
        code="unmatched_payment",
        subject=payment,
        key=unmatched_key(payment),
        sentence=f"{abs(payment.open_amount):,} to {whom} on {payment.booked_on:%-d %b %Y} settles no invoice yet."[:400],
        remedy="Choose its invoice, record the invoice that is missing, or close this with the reason.",
        amount=payment.open_amount,
        currency=payment.currency,
    )


def unmatched_key(payment: Payment) -> str:
    """Return the key of the exception of a payment without an invoice."""
    return f"payment:{payment.pk}:unmatched"


def raise_paid_waits(allocation: Allocation) -> None:
    """Say that a payment is known and the ledger has no open month for it."""
    raise_exception(
        entity=allocation.invoice.entity,
        code="paid_not_posted",
        subject=allocation.payment,
        key=f"allocation:{allocation.pk}:waits",
        sentence=f"{allocation.amount:,} paid on invoice {allocation.invoice.number} has no open month to be posted in.",
        remedy=f"Open {allocation.payment.booked_on:%B %Y} or a later month, then look for matches again.",
        amount=allocation.amount,
        currency=allocation.invoice.currency,
    )


def raise_gap(statement: Statement, *, before: Statement, amount: Decimal) -> None:
    """Say that a statement does not begin where the one before ended."""
    raise_exception(
        entity=statement.bank_account.entity,
        code="statement_gap",
        subject=statement,
        key=gap_key(statement),
        sentence=(
            f"{statement.bank_account}: the statement of {statement.from_on:%-d %b %Y} opens with {statement.opening:,}, "
            f"the one before closed with {before.closing:,}."
        ),
        remedy="Import the statement between the two. If there is none, ask the bank.",
        amount=amount,
        currency=statement.bank_account.currency,
    )


def gap_key(statement: Statement) -> str:
    """Return the key of the exception of a broken chain."""
    return f"statement:{statement.pk}:gap"


def raise_unbalanced(statement: Statement, *, amount: Decimal) -> None:
    """Say that opening and entries do not make the closing balance."""
    raise_exception(
        entity=statement.bank_account.entity,
        code="statement_unbalanced",
        subject=statement,
        key=f"statement:{statement.pk}:unbalanced",
        sentence=f"{statement.bank_account}: statement {statement.identification} does not add up, {amount:,} is unexplained.",
        remedy="Download the statement from the bank again and compare.",
        amount=amount,
        currency=statement.bank_account.currency,
    )


def raise_changed(statement: Statement) -> None:
    """Say that a bank sent a statement again with other content. The first one stands."""
    raise_exception(
        entity=statement.bank_account.entity,
        code="statement_changed",
        subject=statement,
        key=f"statement:{statement.pk}:changed",
        sentence=f"{statement.bank_account}: statement {statement.identification} came again and says something else.",
        remedy="Compare the two files and ask the bank which one counts. The first is in the books.",
        amount=None,
        currency="",
    )


def raise_returned(payment: Payment) -> None:
    """Say that a payment that settled something came back."""
    raise_exception(
        entity=payment.entity,
        code="payment_returned",
        subject=payment,
        key=f"payment:{payment.pk}:returned",
        sentence=f"The bank returned {payment.amount:,} to {payment.counterparty_name or 'an unnamed account'}."[:400],
        remedy="Take it off its invoice, and pay again once the reason is known.",
        amount=payment.amount,
        currency=payment.currency,
    )
