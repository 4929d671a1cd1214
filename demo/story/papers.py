"""The papers that arrive: CSV exports and bank statements, as bytes, in the formats of `demo/sources`."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from xml.sax.saxutils import escape

Cell = str | Decimal | date


def csv_bytes(rows: Sequence[Mapping[str, Cell]]) -> bytes:
    """Return rows as CSV with a header, the way a ledger exports them."""
    text = StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, fieldnames=names, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: cell.isoformat() if isinstance(cell, date) else str(cell) for name, cell in row.items()})
    return text.getvalue().encode()


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement: `amount` is signed, money out is negative."""

    booked_on: date
    amount: Decimal
    name: str
    iban: str
    text: str
    end_to_end_id: str = ""


@dataclass(frozen=True, slots=True)
class BankAccountFacts:
    iban: str
    holder: str
    currency: str


def camt053(
    account: BankAccountFacts, *, number: int, opening: Decimal, first_on: date, last_on: date, lines: Sequence[BankLine]
) -> bytes:
    """Return a camt.053.001.08 statement whose opening, entries and closing add up. Amounts in the account's currency."""
    closing = opening + sum((line.amount for line in lines), Decimal(0))
    entries = "".join(_entry(account, position, line) for position, line in enumerate(lines, 1))
    statement = f"STMT-{last_on:%Y%m%d}-{number:04d}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>{statement}</MsgId><CreDtTm>{last_on:%Y-%m-%d}T21:00:00Z</CreDtTm></GrpHdr>
<Stmt><Id>{statement}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{last_on:%Y-%m-%d}T21:00:00Z</CreDtTm>
<FrToDt><FrDtTm>{first_on:%Y-%m-%d}T00:00:00Z</FrDtTm><ToDtTm>{last_on:%Y-%m-%d}T23:59:59Z</ToDtTm></FrToDt>
<Acct><Id><IBAN>{account.iban}</IBAN></Id><Ccy>{account.currency}</Ccy><Ownr><Nm>{escape(account.holder)}</Nm></Ownr></Acct>
{_balance(account, "OPBD", opening, first_on)}{_balance(account, "CLBD", closing, last_on)}
{entries}</Stmt></BkToCstmrStmt></Document>
""".encode()


def _direction(amount: Decimal) -> str:
    return "CRDT" if amount >= 0 else "DBIT"


def _balance(account: BankAccountFacts, code: str, amount: Decimal, day: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{account.currency}">{abs(amount):.2f}</Amt>'
        f"<CdtDbtInd>{_direction(amount)}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(account: BankAccountFacts, position: int, line: BankLine) -> str:
    money = f'<Amt Ccy="{account.currency}">{abs(line.amount):.2f}</Amt><CdtDbtInd>{_direction(line.amount)}</CdtDbtInd>'
    role = ("Dbtr", "DbtrAcct") if line.amount >= 0 else ("Cdtr", "CdtrAcct")
    party = f"<{role[0]}><Pty><Nm>{escape(line.name)}</Nm></Pty></{role[0]}>"
    at_bank = f"<{role[1]}><Id><IBAN>{line.iban}</IBAN></Id></{role[1]}>" if line.iban else ""
    return (
        f"<Ntry><NtryRef>{position}</NtryRef>{money}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{line.booked_on}</Dt></BookgDt><ValDt><Dt>{line.booked_on}</Dt></ValDt>"
        f"<AcctSvcrRef>BK{line.booked_on:%Y%m%d}{position:04d}</AcctSvcrRef><BkTxCd><Prtry><Cd>TRF</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{escape(line.end_to_end_id or 'NOTPROVIDED')}</EndToEndId></Refs>{money}"
        f"<RltdPties>{party}{at_bank}</RltdPties><RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )
