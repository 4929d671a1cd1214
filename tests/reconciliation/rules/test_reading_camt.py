"""Bank statements: what adds up, what is counted once, what is refused."""

from decimal import Decimal

import pytest

from reconciliation.rules.camt import ParsedStatement, parse_statements
from reconciliation.rules.problems import FileRefused

DETAIL = '<TxDtls><Refs><EndToEndId>{ref}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt></TxDtls>'
ENTRY = (
    '<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{more}<Sts>{status}</Sts>'
    "<BookgDt><Dt>2026-03-05</Dt></BookgDt>"
    "<NtryDtls>{details}</NtryDtls></Ntry>"
)
BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'
    "<Dt><Dt>2026-03-05</Dt></Dt></Bal>"
)


def entry(amount: str, sign: str = "DBIT", *, details: str = "", status: str = "<Cd>BOOK</Cd>", more: str = "") -> str:
    return ENTRY.format(amount=amount, sign=sign, details=details, status=status, more=more)


def document(*entries: str, closing: str = "70.00", version: str = "08", message: str = "camt.053", head: str = "") -> bytes:
    balances = BALANCE.format(code="OPBD", amount="100.00", sign="CRDT") + BALANCE.format(
        code="CLBD", amount=closing, sign="CRDT"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}.001.{version}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S1</Id><Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def read(content: bytes) -> ParsedStatement:
    (statement,) = parse_statements(content)
    return statement


@pytest.mark.parametrize("version", ["02", "03", "04", "06", "08", "10"])
def test_every_version_says_the_same(version: str) -> None:
    statement = read(document(entry("30.00"), version=version))
    assert (statement.opening, statement.closing, statement.moved) == (Decimal(100), Decimal(70), Decimal(-30))
    assert (statement.account, statement.currency, statement.unexplained) == ("NL91ABNA0417164300", "EUR", Decimal(0))


def test_the_parts_of_a_batch_are_counted_instead_of_it_never_besides() -> None:
    parts = DETAIL.format(ref="A", amount="10.00") + DETAIL.format(ref="A", amount="20.00")
    statement = read(document(entry("30.00", details=parts)))
    assert [part.amount for part in statement.entries[0].parts] == [Decimal("-10.00"), Decimal("-20.00")]
    assert statement.moved == Decimal("-30.00")
    partial = read(document(entry("30.00", details=DETAIL.format(ref="A", amount="10.00") * 2)))
    assert [part.amount for part in partial.entries[0].parts] == [Decimal("-30.00")]


def test_a_reversal_carries_its_own_sign_and_what_is_pending_is_not_booked() -> None:
    statement = read(
        document(
            entry("30.00"), entry("5.00", "CRDT", more="<RvslInd>true</RvslInd>"), entry("9.00", status="PDNG"), closing="75.00"
        )
    )
    assert [each.amount for each in statement.entries] == [Decimal("-30.00"), Decimal("5.00")]
    assert statement.entries[1].is_reversal
    assert statement.unexplained == 0


def test_what_is_not_explained_is_said_and_a_statement_of_balances_alone_is_none_of_it() -> None:
    assert read(document(entry("30.00"), closing="60.00")).unexplained == Decimal("-10.00")
    assert read(document(closing="100.00")).unexplained == 0


BOMB = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (document(head=BOMB), "doctype"),
        (document(head='<!DOCTYPE d SYSTEM "file:///etc/passwd">'), "doctype"),
        (document(message="camt.052"), "not_camt053"),
        (b"<html/>", "not_camt053"),
        (document()[:-20], "not_xml"),
        (document(entry("NaN")), "bad_amount"),
        (document(entry("1e400")), "bad_amount"),
        (document().replace(b"UTF-8", b"UTF-7"), "bad_encoding"),
        (document().decode().encode("utf-16"), "bad_encoding"),
        (document().replace(b"<GrpHdr>", b"<GrpHdr>" + b"<x/>" * 250_000), "too_many_elements"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">' + b"<a>" * 400, "not_xml"),
    ],
)
def test_what_is_no_statement_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        list(parse_statements(content))
    assert refusal.value.code == code
