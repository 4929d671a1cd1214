"""A ledger's row is posted and its invoice coded at the same moment: the damage without the lock, then the cure."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from budgets.models import Entry, VendorAlias
from budgets.selectors.check import check_ledger
from budgets.services.recoding import recode
from core.errors import Refusal
from core.models import User
from reconciliation import locks
from reconciliation.models import Confirmation, ImportFile, Invoice, Source
from reconciliation.selectors.same_document import invoices_named
from reconciliation.services import coding, row_postings, spend_rows
from reconciliation.services.coding import code_invoice_line, uncode_invoice_line
from reconciliation.services.confirming import weigh
from reconciliation.services.fixing import accept_change
from reconciliation.services.ingest import apply, receive_file
from tests.factories.reconciliation import an_invoice, handle_events
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.documents import MARCH, ROW, spent
from tests.fixtures.documents import standing as placed
from tests.fixtures.imports import SPEND_HEADER
from tests.races.test_payments import at_once, errors

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 5
Step = Callable[[], Any]


def unlocked(_: int) -> None:
    """Keep nobody out."""


def importing(source: Source, *rows: str, actor: User) -> Step:
    """Return the posting of a file's rows, which are staged already."""
    content = "\n".join([SPEND_HEADER, *rows, ""]).encode()
    received = receive_file(source=source, name="spend.csv", content=content, actor=actor)
    return lambda: apply(import_file_id=received.pk, actor=actor)


def coded(invoice: Invoice, small: SmallBudget, actor: User) -> Step:
    line = invoice.lines.get()
    return lambda: code_invoice_line(line_id=line.pk, account=small.account, month=MARCH, actor=actor)


def standing() -> int:
    return Confirmation.objects.filter(undone_at__isnull=True).count()


def test_posted_and_coded_at_once_without_the_lock_the_document_counts_twice(
    spend_source: Source, invoice: Invoice, small_budget: SmallBudget, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(2)

    def after_both_have_read(function: Callable[..., Any]) -> Callable[..., Any]:
        def read(*args: Any, **kwargs: Any) -> Any:
            answer = function(*args, **kwargs)
            met.wait(timeout=20)
            return answer

        return read

    monkeypatch.setattr(locks, "hold_documents", unlocked)
    monkeypatch.setattr(spend_rows, "lock_documents", unlocked)
    monkeypatch.setattr(spend_rows, "invoices_named", after_both_have_read(invoices_named))
    monkeypatch.setattr(coding, "weigh", after_both_have_read(weigh))
    steps = importing(spend_source, ROW, actor=controller), coded(invoice, small_budget, controller)
    assert errors(at_once(*steps)) == []
    assert (spent(), standing()) == (Decimal("200.00"), 0)


@pytest.mark.parametrize("time", range(TIMES))
def test_posted_and_coded_at_once_the_document_counts_once(
    time: int, spend_source: Source, invoice: Invoice, small_budget: SmallBudget, controller: User
) -> None:
    steps = [importing(spend_source, ROW, actor=controller), coded(invoice, small_budget, controller)]
    assert errors(at_once(*(steps if time % 2 else reversed(steps)))) == []
    assert (spent(), standing()) == (Decimal("100.00"), 1)
    assert check_ledger().is_whole


@pytest.mark.parametrize("time", range(TIMES))
def test_posted_and_uncoded_at_once_the_row_counts_in_the_end(
    time: int, spend_source: Source, invoice: Invoice, small_budget: SmallBudget, controller: User
) -> None:
    coded(invoice, small_budget, controller)()
    line = invoice.lines.get()
    steps = [
        importing(spend_source, ROW, actor=controller),
        lambda: uncode_invoice_line(line_id=line.pk, actor=controller),
    ]
    assert errors(at_once(*(steps if time % 2 else reversed(steps)))) == []
    handle_events()
    assert (spent(), standing()) == (Decimal("100.00"), 0)
    assert ImportFile.objects.get().accepted == 1


@pytest.mark.parametrize("time", range(TIMES))
def test_of_two_invoices_that_look_the_same_coded_at_once_one_takes_the_row(
    time: int, spend_source: Source, invoice: Invoice, small_budget: SmallBudget, controller: User
) -> None:
    twin = an_invoice(small_budget.entity, controller, "INV-7", vendor_name="Acme Hosting")
    VendorAlias.objects.create(vendor=twin.vendor, entity=twin.entity, name="Acme Cloud", name_key="acme cloud")
    importing(spend_source, ROW, actor=controller)()
    assert errors(at_once(*(coded(each, small_budget, controller) for each in (invoice, twin)))) == []
    assert (spent(), standing()) == (Decimal("200.00"), 1)


@pytest.mark.parametrize("time", range(TIMES))
def test_a_change_accepted_while_the_invoice_is_coded_counts_once(
    time: int, spend_source: Source, invoice: Invoice, small_budget: SmallBudget, controller: User
) -> None:
    """The row said 90.00 and says 100.00 now, as the invoice does."""
    importing(spend_source, ROW.replace("100.00", "90.00"), actor=controller)()
    importing(spend_source, ROW, actor=controller)()
    changed = ImportFile.objects.latest("pk").raw_rows.get()
    steps = [coded(invoice, small_budget, controller), lambda: accept_change(row_id=changed.pk, actor=controller)]
    assert errors(at_once(*(steps if time % 2 else reversed(steps)))) == []
    assert (spent(), standing()) == (Decimal("100.00"), 1)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_row_that_is_recoded_while_its_invoice_is_coded(
    *,
    is_kept: bool,
    spend_source: Source,
    invoice: Invoice,
    small_budget: SmallBudget,
    controller: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without what keeps the re-coding out the row is taken back where it no longer lies."""
    importing(spend_source, ROW, actor=controller)()
    entry, target = Entry.objects.get(bucket="spent"), small_budget.accounts["PRODUCT", "training"]

    def moved() -> None:
        try:
            recode(key="there", entry_ids=[entry.pk], to_account=target, actor=controller)
        except Refusal:
            pass  # nothing of it is left there
        finally:
            connection.close()

    recoding = threading.Thread(target=moved)

    def weighed(*args: Any) -> Any:
        found = weigh(*args)
        recoding.start()
        recoding.join(timeout=2 if is_kept else 20)
        return found

    monkeypatch.setattr(coding, "weigh", weighed)
    if not is_kept:
        monkeypatch.setattr(row_postings, "keep_structure", lambda: None)
    coded(invoice, small_budget, controller)()
    recoding.join(timeout=20)
    lies = {account for account, _, thread, _ in placed() if thread.startswith("raw-row:")}
    assert lies == (set() if is_kept else {small_budget.account.pk, target.pk})
    assert spent() == Decimal("100.00")
