"""Bank statements in ISO 20022 camt.053, any version, by our own map of its elements.

Two levels: an entry is what the balance moved by; its details are the parts of it. Only one of the two is ever
counted (`StatementEntry.parts`). Signs come from CdtDbtInd alone: a reversal already carries its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from io import BytesIO

from lxml import etree

from reconciliation.rules.problems import FileRefused

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,5})?")
_NAMESPACE = re.compile(r"^urn:iso:std:iso:20022:tech:xsd:(?P<message>camt\.\d{3})\.001\.\d{2}$")
_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)
MAX_STANDING_ELEMENTS = 200_000  # a batch of 10,000 details with all its parties stays below it
_SAFE_ENCODINGS = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["'](?P<name>[^"']+)["']""")
_ENCODINGS = re.compile(r"(?i)^(utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|latin-?1)$")


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """One transaction of an entry. `amount` is signed: money in is positive."""

    amount: Decimal
    currency: str
    counterparty_name: str = ""
    counterparty_iban: str = ""
    end_to_end_id: str = ""
    reference: str = ""
    remittance: str = ""


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """What moved the balance once. `amount` is signed: money in is positive."""

    number: int
    booked_on: date
    value_on: date | None
    amount: Decimal
    currency: str
    bank_reference: str
    is_reversal: bool
    information: str
    details: tuple[EntryDetail, ...] = ()

    @property
    def parts(self) -> tuple[EntryDetail, ...]:
        """Return what may settle documents: the details where they add up to the entry, else the entry as one."""
        if len(self.details) > 1 and sum(each.amount for each in self.details) == self.amount:
            return self.details
        one = self.details[0] if len(self.details) == 1 else None
        return (
            EntryDetail(
                amount=self.amount,
                currency=self.currency,
                counterparty_name=one.counterparty_name if one else "",
                counterparty_iban=one.counterparty_iban if one else "",
                end_to_end_id=one.end_to_end_id if one else "",
                reference=one.reference if one else "",
                remittance=(one.remittance if one else "") or self.information,
            ),
        )


@dataclass(frozen=True, slots=True)
class ParsedStatement:
    """A statement of one account. `opening` and `closing` are signed; None where the bank did not say."""

    identification: str
    sequence: str
    account: str
    account_name: str
    currency: str
    opening: Decimal | None
    closing: Decimal | None
    first_on: date
    last_on: date
    entries: tuple[StatementEntry, ...] = field(default=())

    @property
    def moved(self) -> Decimal:
        """Return what the entries add up to."""
        return sum((entry.amount for entry in self.entries), Decimal(0))

    @property
    def unexplained(self) -> Decimal:
        """Return closing minus opening minus entries: zero when the statement adds up, or has no balances."""
        if self.opening is None or self.closing is None:
            return Decimal(0)
        return self.closing - self.opening - self.moved


def parse_statements(content: bytes) -> Iterator[ParsedStatement]:
    """Yield the statements of a camt.053 file, in its order. Memory is bounded by the largest statement.

    Raises FileRefused for what is not camt.053, has a document type declaration, or is not well formed.
    """
    _refuse_unsafe(content)
    # The tree is built and thrown away entry by entry; no DTD, no entities, no network, no huge nodes.
    events = etree.iterparse(
        BytesIO(content), events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    entries: list[StatementEntry] = []
    standing = 0
    is_checked = False
    try:
        for event, element in events:
            if not is_checked:
                _check_root(element)
                is_checked = True
            if event == "start":
                standing = _count(standing)
                continue
            name = _local(element)
            if name == "Ntry":
                if entry := _entry(element, len(entries) + 1):
                    entries.append(entry)
                element.clear()
                standing = 0
            elif name == "Stmt":
                yield _statement(element, tuple(entries))
                entries = []
                element.clear()
    except etree.XMLSyntaxError as error:
        raise FileRefused(
            f"The file is not well-formed XML: {str(error)[:200]}.",
            remedy="Download the statement from the bank again.",
            code="not_xml",
        ) from error


def _count(standing: int) -> int:
    """Count the elements that stand in memory; a real header or entry has hundreds, a bomb has millions."""
    if standing >= MAX_STANDING_ELEMENTS:
        raise FileRefused(
            "One part of the file holds more elements than any statement has.",
            remedy="Do not import it. Download the statement from the bank again.",
            code="too_many_elements",
        )
    return standing + 1


def _refuse_unsafe(content: bytes) -> None:
    declared = _SAFE_ENCODINGS.match(content.removeprefix(b"\xef\xbb\xbf")[:200])
    if b"\x00" in content or (declared and not _ENCODINGS.match(declared["name"].decode("ascii", "replace"))):
        raise FileRefused(
            "The file is in an encoding that is not taken.",
            remedy="Ask the bank for the statement in UTF-8.",
            code="bad_encoding",
        )
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise FileRefused(
            "The file carries a document type declaration, which a bank statement never has.",
            remedy="Do not import it. Download the statement from the bank again.",
            code="doctype",
        )


def _check_root(root: etree._Element) -> None:
    found = _NAMESPACE.match(etree.QName(root).namespace or "")
    if _local(root) != "Document" or found is None or found["message"] != "camt.053":
        what = found["message"] if found else f"<{_local(root)}>"
        raise FileRefused(
            f"The file is not a camt.053 statement but {what}.",
            remedy="Export the end-of-day statement, camt.053, from the bank.",
            code="not_camt053",
        )


def _local(element: etree._Element) -> str:
    # Comments and processing instructions have no name of their own.
    tag: object = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _find(element: etree._Element, path: str) -> etree._Element | None:
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    return element.find(steps)


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall("/".join(f"{{*}}{step}" for step in path.split("/")))


def _text(element: etree._Element, *paths: str) -> str:
    for path in paths:
        found = _find(element, path)
        if found is not None and found.text and found.text.strip():
            return found.text.strip()[:500]
    return ""


def _day(element: etree._Element, *paths: str) -> date | None:
    text = _text(element, *paths)[:10]
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FileRefused(f"“{text}” is not a date.", remedy="Ask the bank for the statement again.", code="bad_date") from error


def _signed(element: etree._Element) -> tuple[Decimal, str] | None:
    found = _find(element, "Amt")
    if found is None:
        return None
    text = (found.text or "").strip()
    if not _NUMBER.fullmatch(text):
        raise FileRefused(f"“{text[:40]}” is not an amount.", remedy="Ask the bank for the statement again.", code="bad_amount")
    sign = -1 if _text(element, "CdtDbtInd") == "DBIT" else 1
    return sign * Decimal(text), found.get("Ccy", "")


def _entry(element: etree._Element, number: int) -> StatementEntry | None:
    if _text(element, "Sts/Cd", "Sts") in ("PDNG", "INFO", "FUTR"):
        return None
    signed = _signed(element)
    if signed is None:
        return None
    booked = _day(element, "BookgDt/Dt", "BookgDt/DtTm")
    valued = _day(element, "ValDt/Dt", "ValDt/DtTm")
    return StatementEntry(
        number=number,
        booked_on=booked or valued or date.min,  # `_statement` puts the statement's own day where the entry has none
        value_on=valued,
        amount=signed[0],
        currency=signed[1],
        bank_reference=_text(element, "AcctSvcrRef", "NtryRef"),
        is_reversal=_text(element, "RvslInd") in ("true", "1"),
        information=_text(element, "AddtlNtryInf"),
        details=tuple(_details(element, signed)),
    )


def _details(entry: etree._Element, whole: tuple[Decimal, str]) -> Iterator[EntryDetail]:
    found = _all(entry, "NtryDtls/TxDtls")
    for each in found:
        amount = _detail_amount(each, whole, is_only=len(found) == 1)
        paid = whole[0] < 0
        party = "Cdtr" if paid else "Dbtr"
        yield EntryDetail(
            amount=amount,
            currency=whole[1],
            counterparty_name=_text(each, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm", f"RltdPties/Ultmt{party}/Nm"),
            counterparty_iban=_text(each, f"RltdPties/{party}Acct/Id/IBAN", f"RltdPties/{party}Acct/Id/Othr/Id"),
            end_to_end_id=_text(each, "Refs/EndToEndId").replace("NOTPROVIDED", ""),
            reference=_text(each, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb"),
            remittance=" ".join((line.text or "").strip() for line in _all(each, "RmtInf/Ustrd"))[:500]
            or _text(each, "AddtlTxInf"),
        )


def _detail_amount(detail: etree._Element, whole: tuple[Decimal, str], *, is_only: bool) -> Decimal:
    """Return a part's amount in the entry's currency, signed as the part says, or as its entry."""
    if is_only:
        return whole[0]
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        found = _find(detail, path)
        if found is not None and found.get("Ccy", whole[1]) == whole[1] and _NUMBER.fullmatch((found.text or "").strip()):
            stated = _text(detail, "CdtDbtInd")
            is_debit = stated == "DBIT" if stated else whole[0] < 0
            return (-1 if is_debit else 1) * Decimal((found.text or "").strip())
    return Decimal(0)


def _statement(element: etree._Element, entries: tuple[StatementEntry, ...]) -> ParsedStatement:
    balances = _balances(element)
    opening, closing = _balance(balances, _OPENING), _balance(balances, _CLOSING)
    first, last = _span(element, balances, entries)
    return ParsedStatement(
        identification=_text(element, "Id"),
        sequence=_text(element, "ElctrncSeqNb", "LglSeqNb"),
        account=_text(element, "Acct/Id/IBAN", "Acct/Id/Othr/Id").replace(" ", ""),
        account_name=_text(element, "Acct/Nm", "Acct/Ownr/Nm"),
        currency=_text(element, "Acct/Ccy") or _currency(balances, entries),
        opening=opening,
        closing=closing,
        first_on=first,
        last_on=last,
        entries=tuple(entry if entry.booked_on != date.min else _dated(entry, last) for entry in entries),
    )


def _dated(entry: StatementEntry, day: date) -> StatementEntry:
    return StatementEntry(
        entry.number,
        day,
        entry.value_on,
        entry.amount,
        entry.currency,
        entry.bank_reference,
        entry.is_reversal,
        entry.information,
        entry.details,
    )


@dataclass(frozen=True, slots=True)
class _Balance:
    code: str
    amount: Decimal
    currency: str
    on: date | None


def _balances(element: etree._Element) -> list[_Balance]:
    found = []
    for each in _all(element, "Bal"):
        signed = _signed(each)
        if signed is not None:
            code = _text(each, "Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd")
            found.append(_Balance(code, signed[0], signed[1], _day(each, "Dt/Dt", "Dt/DtTm")))
    return found


def _balance(balances: list[_Balance], codes: tuple[str, ...]) -> Decimal | None:
    for code in codes:
        matching = [each.amount for each in balances if each.code == code]
        if matching:
            return matching[0]
    return None


def _currency(balances: list[_Balance], entries: tuple[StatementEntry, ...]) -> str:
    said = [each.currency for each in balances] + [each.currency for each in entries]
    return next((currency for currency in said if currency), "")


def _span(element: etree._Element, balances: list[_Balance], entries: tuple[StatementEntry, ...]) -> tuple[date, date]:
    """Return the days a statement covers: as it says, else its balances' days, else its entries', else its making."""
    first = _day(element, "FrToDt/FrDtTm", "FrToDt/FrDt")
    last = _day(element, "FrToDt/ToDtTm", "FrToDt/ToDt")
    days = [each.on for each in balances if each.on] or [each.booked_on for each in entries if each.booked_on != date.min]
    made = _day(element, "CreDtTm")
    if not days and made:
        days = [made]
    if not (first or last or days):
        raise FileRefused("A statement has no date.", remedy="Ask the bank for the statement again.", code="no_date")
    return first or min(days or [last or date.max]), last or max(days or [first or date.min])
