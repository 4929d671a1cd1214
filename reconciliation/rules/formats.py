"""The registry of formats: how each is called, what its mapping looks like, and what reads it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from pydantic import BaseModel

from reconciliation.rules import content as bytes_
from reconciliation.rules.bill import read_bill
from reconciliation.rules.camt import ParsedStatement, parse_statements
from reconciliation.rules.mapping import BillMapping, CamtMapping, CsvMapping, InvoiceMapping, SpendMapping
from reconciliation.rules.problems import FileFinding, FileRefused, Problem
from reconciliation.rules.rows import QUARANTINED, ParsedRow, Reading, digest_of, read_rows

CENT = Decimal("0.01")


class Reader(Protocol):
    """Reads a file's bytes by a mapping; `currency` is meant where the file says none. Raises FileRefused."""

    def __call__(self, content: bytes, *, name: str, mapping: Any, currency: str) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files: its code, its mapping's model and its reader. `posts` says what its rows become."""

    code: str
    mapping: type[BaseModel]
    read: Reader
    posts: str


def statements_of(content: bytes, *, name: str) -> Iterator[ParsedStatement]:
    """Yield the statements of a file that is XML by its bytes. Raises FileRefused."""
    bytes_.refuse_other_kinds(content, name=name, expected="XML")
    yield from parse_statements(content)


def statement_problem(statement: ParsedStatement, mapping: CamtMapping) -> Problem | None:
    """Return why a statement as a whole cannot be recorded, or None."""
    amounts = [entry.amount for entry in statement.entries] + [
        each for each in (statement.opening, statement.closing) if each is not None
    ]
    if mapping.accounts and statement.account not in mapping.accounts:
        return Problem(
            "other_account", f"The account {statement.account} is not one of this source.", "Choose the source of that account."
        )
    if any(amount != amount.quantize(CENT) for amount in amounts):
        return Problem(
            "amount_too_fine", "The statement has amounts finer than a cent.", "Ask the bank for the statement rounded."
        )
    return None


def _unbalanced(statement: ParsedStatement) -> FileFinding:
    # It is recorded all the same: what a bank says is a fact, and what does not fit is an exception.
    return FileFinding(
        "does_not_add_up",
        f"statement {statement.identification}",
        statement.unexplained,
        f"Opening and entries differ from the closing balance by {statement.unexplained:,.2f}.",
        "Ask the bank for the statement again; it is incomplete.",
    )


def _read_camt(content: bytes, *, name: str, mapping: CamtMapping, currency: str) -> Reading:
    reading = Reading(rows=iter(()))
    reading.rows = _entries(statements_of(content, name=name), mapping, reading.findings)
    return reading


def _entries(statements: Iterator[ParsedStatement], mapping: CamtMapping, findings: list[FileFinding]) -> Iterator[ParsedRow]:
    number = 0
    for statement in statements:
        problem = statement_problem(statement, mapping)
        if statement.unexplained:
            findings.append(_unbalanced(statement))
        for row in entry_rows(statement, number, problem):
            number = row.number
            yield row


def entry_rows(statement: ParsedStatement, after: int, problem: Problem | None) -> Iterator[ParsedRow]:
    """Yield a statement's entries as rows, numbered on from `after`."""
    for number, entry in enumerate(statement.entries, after + 1):
        part = entry.parts[0]
        payload = {
            "Statement": statement.identification,
            "Account": statement.account,
            "Entry": str(entry.number),
            "Booked": entry.booked_on.isoformat(),
            "Amount": str(entry.amount),
            "Currency": entry.currency,
            "Counterparty": part.counterparty_name,
            "Text": part.remittance,
            "Details": str(len(entry.details)),
        }
        row = ParsedRow(
            number,
            {name: text for name, text in payload.items() if text},
            {"statement": statement.identification[:80], "account": statement.account, "entry": str(entry.number)},
            digest_of(statement.account, statement.identification, str(entry.number), str(entry.booked_on), str(entry.amount)),
            digest_of(statement.account, statement.identification, str(entry.number)),
            occurred_on=entry.booked_on,
            amount=entry.amount.quantize(CENT),
            currency=entry.currency,
        )
        if problem:
            row.status, row.problem = QUARANTINED, problem
        yield row


def _read_csv(content: bytes, *, name: str, mapping: CsvMapping, currency: str) -> Reading:
    return read_rows(content, name=name, mapping=mapping, currency=currency)


FORMATS: dict[str, Format] = {
    each.code: each
    for each in (
        Format("spend_csv", SpendMapping, _read_csv, "spend"),
        Format("invoice_csv", InvoiceMapping, _read_csv, "invoices"),
        Format("bill_csv", BillMapping, read_bill, "spend"),
        Format("camt053", CamtMapping, _read_camt, "statements"),
    )
}


def format_of(code: str) -> Format:
    """Return a format by its code. Raises FileRefused when there is none such."""
    try:
        return FORMATS[code]
    except KeyError as error:
        known = ", ".join(FORMATS)
        raise FileRefused(f"There is no format “{code}”.", remedy=f"Use one of {known}.", code="unknown_format") from error
