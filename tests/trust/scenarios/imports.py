"""Scenarios of reconciliation's files: received, staged, posted, and what a person does with their rows."""

from pathlib import Path
from typing import Any

from budgets.services.periods import close_period, reopen_period
from core.errors import Refusal
from reconciliation.models import Confirmation, ImportFile, Invoice, RawRow, Source
from reconciliation.rules.source_files import parse_sources
from reconciliation.services import (
    bill_gaps,
    coding,
    confirming,
    findings,
    fixing,
    ingest,
    invoice_rows,
    restating,
    row_answers,
    row_marks,
    row_postings,
    source_files,
    sources,
    spend_rows,
    staging,
    statement_rows,
)
from tests.factories.reconciliation import Detail, Entry, an_invoice, camt
from tests.trust.scenarios.ground import MARCH, Ground, day
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

only_reads(bill_gaps.key_of, ingest.address_of, invoice_rows.invoice_of, invoice_rows.amounts_of, statement_rows.gap_before)
steps_of(
    ingest.apply,
    steps=[
        ingest.recount,
        bill_gaps.close_gaps,
        invoice_rows.post_invoice_rows,
        invoice_rows.settle_document,
        spend_rows.post_spend_rows,
        spend_rows.settle_rows,
        statement_rows.post_statements,
        row_marks.mark_posted,
        row_marks.mark_accepted,
        row_marks.mark_quarantined,
        row_marks.mark_duplicate,
    ],
)
steps_of(staging.stage_rows, steps=[row_marks.mark_known, row_marks.mark_changed])

SPEND_HEADER = "Date,Number,Vendor,Category,Cost centre,Amount"
SPEND_MAPPING = {"columns": {name.lower().replace(" ", "_"): name for name in SPEND_HEADER.split(",")}}
SOURCES = Path(__file__).with_name("ledger.yaml")
FINE = "2026-03-05,INV-1,Acme Cloud,software,PLATFORM,10.00"
OTHER = "2026-03-06,INV-2,Acme Cloud,training,PRODUCT,20.00"
UNKNOWN = "2026-03-05,INV-{n},Acme Cloud,SaaS tools,PLATFORM,{n}.00"
INVOICES = {
    "columns": {
        "date": "Date",
        "number": "Number",
        "vendor": "Vendor",
        "net": "Net",
        "vat": "VAT",
        "category": "Category",
        "cost_centre": "Cost centre",
    },
    "restates": False,
}
INVOICE_FILE = (
    "Date,Number,Vendor,Net,VAT,Category,Cost centre\n"
    "2026-03-05,INV-7,Streamline,100.00,21.00,software,PLATFORM\n"
    "2026-03-05,INV-7,Streamline,50.00,0.00,training,PRODUCT\n"
)


def _spend(ground: Ground) -> dict[str, Any]:
    told = {"code": "ledger", "name": "Ledger export", "format_code": "spend_csv", "mapping": SPEND_MAPPING}
    return {"entity": ground.entity, "actor": ground.finance, **told}


@scenario(sources.save_source)
def _save_source(ground: Ground) -> dict[str, Any]:
    return _spend(ground)


@scenario(sources.expect_of_source)
def _expect_of_source(ground: Ground) -> dict[str, Any]:
    source = sources.save_source(**_spend(ground))
    data = sources.ExpectedData("erp", "weekly", 2, ground.finance)
    return {"source_id": source.pk, "data": data, "actor": ground.finance}


@scenario(source_files.load_sources)
def _load_sources(ground: Ground) -> dict[str, Any]:
    text = SOURCES.read_text(encoding="utf-8")
    return {"document": parse_sources(text), "entity": ground.entity, "actor": ground.finance}


@scenario(source_files.find_source)
def _find_source(ground: Ground) -> dict[str, Any]:
    return {"code": "ledger", "entity_code": "acme", "actor": ground.finance}


def _file(ground: Ground, *rows: str, header: str = SPEND_HEADER) -> dict[str, Any]:
    source = sources.save_source(**_spend(ground))
    content = "\n".join([header, *rows, ""]).encode()
    return {"source": source, "name": "spend.csv", "content": content, "actor": ground.finance}


def received(ground: Ground, *rows: str) -> ImportFile:
    """Receive a file of spend with these rows, or with two fine ones."""
    return ingest.receive_file(**_file(ground, *(rows or (FINE, OTHER))))


def _imported(ground: Ground, *rows: str) -> ImportFile:
    return ingest.apply(import_file_id=received(ground, *rows).pk, actor=ground.finance)


@scenario(ingest.receive_file, small=True)
def _receive_file(ground: Ground) -> dict[str, Any]:
    return _file(ground, FINE)


@scenario(ingest.start_import)
def _start_import(ground: Ground) -> dict[str, Any]:
    return {"import_file_id": received(ground).pk, "actor": ground.finance}


IN_STEPS = "the rows are staged in one transaction and posted in others, a batch, a document or a statement each"


@scenario(ingest.apply, label="spend", steps=IN_STEPS)
def _apply(ground: Ground) -> dict[str, Any]:
    return {"import_file_id": received(ground, FINE, OTHER, UNKNOWN.format(n=3)).pk, "actor": ground.finance}


@scenario(ingest.apply, label="refused", steps="that it was refused is kept after its rows were not", refusal=Refusal)
def _apply_refused(ground: Ground) -> dict[str, Any]:
    file = ingest.receive_file(**_file(ground, FINE, header="Day,What"))
    return {"import_file_id": file.pk, "actor": ground.finance}


@scenario(ingest.apply, label="invoices", steps=IN_STEPS)
def _apply_invoices(ground: Ground) -> dict[str, Any]:
    told: dict[str, Any] = {"code": "invoices", "name": "Invoices", "format_code": "invoice_csv", "mapping": INVOICES}
    source = sources.save_source(entity=ground.entity, actor=ground.finance, **told)
    return {"import_file_id": _received_from(ground, source, INVOICE_FILE.encode()).pk, "actor": ground.finance}


@scenario(ingest.apply, label="statements", steps=IN_STEPS)
def _apply_statements(ground: Ground) -> dict[str, Any]:
    """The first statement is known from an earlier file."""
    told: dict[str, Any] = {"code": "bank", "name": "Bank", "format_code": "camt053", "mapping": {}}
    source = sources.save_source(entity=ground.entity, actor=ground.finance, **told)
    first = camt(Entry([Detail("60.00"), Detail("40.00")]))
    earlier = _received_from(ground, source, first)
    ingest.apply(import_file_id=earlier.pk, actor=ground.finance)
    second = camt(Entry([Detail("5.00")]), opening="9900.00", identification="STMT-2", day=day(21))
    body = second.split(b"<Stmt>")[1].split(b"</Stmt>")[0]
    both = first.replace(b"</Stmt>", b"</Stmt><Stmt>" + body + b"</Stmt>")
    return {"import_file_id": _received_from(ground, source, both).pk, "actor": ground.finance}


def _received_from(ground: Ground, source: Source, content: bytes) -> ImportFile:
    return ingest.receive_file(source=source, name="file", content=content, actor=ground.finance)


@scenario(staging.stage_rows)
def _stage_rows(ground: Ground) -> dict[str, Any]:
    """Of an earlier file's rows one is here again, one says something else, one has vanished."""
    _imported(ground, FINE, OTHER, UNKNOWN.format(n=3))
    rows = (FINE, OTHER.replace("20.00", "25.00"), "2026-03-07,INV-4,Acme Cloud,software,PLATFORM,1.00")
    given = _file(ground, *rows)
    return {"import_file_id": ingest.receive_file(**given).pk, "content": given["content"]}


def _row_of(ground: Ground, *rows: str) -> RawRow:
    row = _imported(ground, *rows).raw_rows.filter(status="quarantined").order_by("number").first()
    assert row is not None
    return row


@scenario(fixing.fix_row)
def _fix_row(ground: Ground) -> dict[str, Any]:
    row = _row_of(ground, "2026-03-05,1,Acme,software,,10.00", FINE)
    return {"row_id": row.pk, "actor": ground.finance, "changes": {"cost_centre": "PLATFORM"}}


@scenario(fixing.fix_rows_like)
def _fix_rows_like(ground: Ground) -> dict[str, Any]:
    row = _row_of(ground, *(UNKNOWN.format(n=n) for n in (1, 2, 3)))
    return {"row_id": row.pk, "actor": ground.finance, "changes": {"category": "software"}}


@scenario(fixing.retry_rows)
def _retry_rows(ground: Ground) -> dict[str, Any]:
    close_period(entity=ground.entity, month=MARCH, actor=ground.finance)
    file = _imported(ground, FINE, OTHER)
    reopen_period(entity=ground.entity, month=MARCH, actor=ground.finance, reason="A late file.")
    return {"import_file_id": file.pk, "actor": ground.finance}


@scenario(fixing.ignore_rows)
def _ignore_rows(ground: Ground) -> dict[str, Any]:
    row = _row_of(ground, UNKNOWN.format(n=1), UNKNOWN.format(n=2))
    return {"row_id": row.pk, "actor": ground.finance, "reason": "Test rows of the supplier.", "alike": True}


only_reads(
    confirming.weigh,
    confirming.doubts_about,
    confirming.postings_back,
    confirming.reason_of,
    confirming.name_of,
    row_postings.thread_of,
    row_postings.posting_of,
    row_postings.taken_back,
    row_postings.memo_of,
    findings.besides_key,
    coding.is_spent,
)
steps_of(fixing.accept_change, steps=[restating.replace_row])
steps_of(
    row_answers.confirm_row,
    steps=[confirming.confirm, confirming.keep_weighed, confirming.judge_besides, findings.raise_counted_besides],
)
steps_of(
    row_answers.restore_row,
    steps=[confirming.undo_confirmations, confirming.confirm_unposted, coding.let_go, row_marks.mark_posted_again],
)
steps_of(coding.code_invoice_line, steps=[coding.lock_rows_of_line])
steps_of(coding.uncode_invoice_line, steps=[coding.lock_confirmations_of_line])
DOUBLE = "2026-03-05,INV-1001,Acme Cloud,software,PLATFORM,{amount}"


def _coded(ground: Ground) -> Invoice:
    return an_invoice(ground.entity, ground.finance, account_id=ground.account.pk, month=MARCH)


def _besides(ground: Ground) -> dict[str, Any]:
    """A row names a coded invoice and says something else: both are spent."""
    row = _imported(ground, DOUBLE.format(amount="90.00")).raw_rows.get()
    return {"invoice_id": _coded(ground).pk, "row_id": row.pk, "actor": ground.finance}


@scenario(coding.code_invoice_line, label="that a row was before")
def _code_after_row(ground: Ground) -> dict[str, Any]:
    """Of two sources' rows one gives way, and one is doubtful."""
    _imported(ground, DOUBLE.format(amount="100.00"), DOUBLE.format(amount="90.00"))
    line = an_invoice(ground.entity, ground.finance).lines.get()
    return {"line_id": line.pk, "account": ground.account, "month": MARCH, "actor": ground.finance}


@scenario(coding.uncode_invoice_line, label="that a row gave way to")
def _uncode_after_row(ground: Ground) -> dict[str, Any]:
    line = coding.code_invoice_line(**_code_after_row(ground))
    return {"line_id": line.pk, "actor": ground.finance}


@scenario(row_answers.confirm_row)
def _confirm_row(ground: Ground) -> dict[str, Any]:
    return _besides(ground)


@scenario(row_answers.release_row)
def _release_row(ground: Ground) -> dict[str, Any]:
    said = _besides(ground)
    row_answers.confirm_row(**said)
    return said


@scenario(row_answers.restore_row, label="that was never spent")
def _restore_row(ground: Ground) -> dict[str, Any]:
    line = _coded(ground).lines.get()
    _imported(ground, DOUBLE.format(amount="100.00"))
    coding.uncode_invoice_line(line_id=line.pk, actor=ground.finance)
    return {"confirmation_id": Confirmation.objects.get().pk}


@scenario(fixing.accept_change)
def _accept_change(ground: Ground) -> dict[str, Any]:
    _imported(ground, FINE)
    row = _row_of(ground, FINE.replace("PLATFORM,10.00", "PRODUCT,11.00"))
    return {"row_id": row.pk, "actor": ground.finance}
