"""Receipts of a request's decisions, and an entity's whole chain."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet

from approvals.models import Receipt, ReceiptHead, Request
from approvals.rules.receipts import DUMP_FORM, canonical, moment
from core import clock
from core.errors import NotFound
from core.models import Entity


def receipts_of(request: Request) -> QuerySet[Receipt]:
    """Return the receipts of a request, the oldest first."""
    related = ("entity", "request", "decision__person", "decision__rule__version__policy")
    return Receipt.objects.filter(request=request).select_related(*related).order_by("number")


def access_receipt_by_number(request: Request, number: int) -> Receipt:
    """Return a receipt of a request that was reached through its own door. Raises NotFound."""
    found = receipts_of(request).filter(number=number).first()
    if found is None:
        raise NotFound("There is no such receipt.", remedy="Open the request and choose one of its receipts.")
    return found


def line_of(receipt: Receipt) -> str:
    """Return a receipt as a line of JSON, as the dump and its own file have it."""
    return canonical(
        {
            "line": "receipt",
            "entity": receipt.entity.code,
            "number": str(receipt.number),
            "prev": receipt.prev,
            "hash": receipt.hash,
            "recorded_at": moment(receipt.recorded_at),
            "body": receipt.body,
        }
    )


@contextmanager
def dump_lines(entity: Entity) -> Iterator[Iterator[str]]:
    """Give the lines of an entity's dump, without their line feeds, in one snapshot. Decisions go on meanwhile."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            # Inside a caller's transaction the snapshot is the caller's.
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield _lines(entity)


def _lines(entity: Entity) -> Iterator[str]:
    yield canonical({"line": "head", "form": DUMP_FORM, "entity": entity.code, "taken_at": moment(clock.now())})
    for receipt in Receipt.objects.filter(entity=entity).select_related("entity").order_by("number").iterator(chunk_size=2000):
        yield line_of(receipt)
    head = ReceiptHead.objects.filter(entity=entity).first()
    yield canonical({"line": "end", "receipts": str(head.number if head else 0), "hash": head.hash if head else ""})
